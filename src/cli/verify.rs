//! `bico verify`: the simulator against the RTL, cycle by cycle and bit by bit.

use super::Talk;
use super::common::{DesignArguments, print, progress};
use super::samples;
use crate::accelerator::{Accelerator, IpConfig};
use crate::board::Board;
use crate::dataset::Split;
use crate::dataset::rng::Rng;
use crate::dram::trace::capacity_bytes;
use crate::error::{Error, Kind, Result};
use crate::files::write_in_folder;
use crate::model::Network;
use crate::plan;
use crate::rtl::random::{self, Limits};
use crate::rtl::verify::{Answers, Comparison, trace, verify};
use crate::rtl::{self, Case, Model, Trace};
use crate::sweep::journal::{kept, to_csv};
use crate::units::Cycles;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Cycles of a waveform before and after the first difference.
const WAVEFORM_CYCLES: (u64, u64) = (200, 50);
/// Layers of a random network, at most.
const MOST_LAYERS: usize = 5;

#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("random_designs").args(["random", "builds"]).multiple(true))]
pub struct Arguments {
    #[command(flatten)]
    design: DesignArguments,
    /// Frames in a row; refresh makes them differ.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    frames: u32,
    /// Instead of MODEL: N random networks, on this accelerator or on each of `--builds`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["model", "frames", "features", "weights"])]
    random: Option<u32>,
    /// Instead of the accelerator: B random ones, each with random networks (10 where `--random` does not say).
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..),
          conflicts_with_all = ["model", "frames", "features", "weights", "accelerator", "accelerator_settings", "clock_mhz"])]
    builds: Option<u32>,
    /// Seed of what is random.
    #[arg(long, value_name = "S", default_value_t = 1, requires = "random_designs")]
    seed: u64,
    /// Table with a row a build; a run that was interrupted goes on where it ended.
    #[arg(long, value_name = "FILE", requires = "builds")]
    csv: Option<PathBuf>,
    /// Fail when a condition of the list below the result was never met. Not judged where rows of --csv stand for builds: they do not say what was met.
    #[arg(long)]
    every_condition: bool,
    /// Folder for the waveform of a difference.
    #[arg(long, value_name = "DIR", default_value = "bico-verify")]
    out: PathBuf,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    let design = arguments.design.load()?;
    if let Some(tool) = rtl::missing_tool() {
        return Err(Error::new(Kind::Environment, format!("cannot run `{tool}`")).hint("install verilator 5 and g++"));
    }
    match (arguments.builds, arguments.random) {
        (Some(builds), random) => many(arguments, &design.board, builds as usize, random.unwrap_or(10) as usize, talk),
        (None, Some(programs)) => {
            let model = rtl::verilate(&design.accelerator)?;
            let total = programs_on(&design.accelerator, &design.board, &model, arguments.seed, programs as usize, &arguments.out)?;
            print(&format!("{programs} random programs on {}: {}\n", design.accelerator.name, summary(&total.comparison)));
            cover(&total.comparison, arguments.every_condition)
        }
        (None, None) => one(arguments, &design.network, &design.accelerator, &design.board, talk),
    }
}

/// The named network for whole frames.
fn one(arguments: &Arguments, network: &Network, acc: &Accelerator, board: &Board, talk: Talk) -> Result<()> {
    let image = samples::one(network, Split::Validation)?.image;
    let case = Case::new(&network.graph, acc, image)?;
    let bar = progress(talk.quiet, 2, "compile, run");
    let model = rtl::verilate(acc)?;
    bar.inc(1);
    case.plan.check_dram(capacity_bytes(&board.memory)?)?;
    let answers = Answers::Ddr(Box::new(board.memory.clone()));
    let found = verify(&case, &model, &answers, arguments.frames)?;
    bar.finish_and_clear();
    report(&case, &answers, arguments.frames, &found, &arguments.out)?;
    print(&format!("{} on {}: {}\n", network.name, acc.name, summary(&found)));
    cover(&found, arguments.every_condition)
}

/// What several programs on one accelerator gave.
#[derive(Default)]
struct Programs {
    comparison: Comparison,
    /// Cycles of each run.
    runs: Vec<u64>,
}

impl Programs {
    fn longest_run(&self) -> u64 {
        self.runs.iter().max().copied().unwrap_or(0)
    }
}

/// Random programs: on the DDR model and at a fixed latency (cycles and bits), and on the hostile memory (bits).
fn programs_on(acc: &Accelerator, board: &Board, model: &Model, seed: u64, programs: usize, out: &Path) -> Result<Programs> {
    const MOST_TRIES: usize = 100;
    let mut rng = Rng::new(seed);
    let mut total = Programs::default();
    for program in 0..programs {
        // The last program is a large one.
        let limits = Limits { large: program + 1 == programs && programs > 1, ..Limits::of(acc) };
        let mut tries = 0;
        let graph = loop {
            let layers = 1 + rng.below(MOST_LAYERS);
            let graph = random::network(&mut rng, &limits, layers);
            tries += 1;
            match plan::plan(&graph, acc) {
                Ok(_) => break graph,
                Err(e) if matches!(e.kind(), Kind::Unsupported | Kind::DoesNotFit) && tries < MOST_TRIES => {}
                Err(e) => return Err(e),
            }
        };
        let case = Case::new(&graph, acc, random::input(&graph, seed ^ program as u64))?;
        let answers =
            if program % 2 == 0 { Answers::Ddr(Box::new(board.memory.clone())) } else { Answers::Fixed(Cycles(1 + rng.below(80) as u64)) };
        let frames = if limits.large { 1 } else { 2 };
        let found = verify(&case, model, &answers, frames)?;
        let of_program = |e: Error| e.within(format!("program {program}"));
        // Builds run beside each other: each difference has its own waveform.
        let out = out.join(format!("seed{seed}-program{program}"));
        report(&case, &answers, frames, &found, &out).map_err(of_program)?;
        let answers = Answers::Hostile(rng.bits());
        let hostile = verify(&case, model, &answers, 1)?;
        report(&case, &answers, 1, &hostile, &out).map_err(of_program)?;
        total.runs.push(found.cycles);
        total.comparison.add(&found);
        total.comparison.words += hostile.words;
        total.comparison.dram_bytes += hostile.dram_bytes;
    }
    Ok(total)
}

/// Random accelerators, each with random programs.
fn many(arguments: &Arguments, board: &Board, builds: usize, programs: usize, talk: Talk) -> Result<()> {
    let rows = Mutex::new(read_rows(arguments.csv.as_deref(), programs)?);
    let bar = progress(talk.quiet, builds, "builds");
    let total: Mutex<BTreeMap<usize, Programs>> = Mutex::default();
    (0..builds).into_par_iter().try_for_each(|build| -> Result<()> {
        let seed = arguments.seed.wrapping_mul(1_000_003).wrapping_add(build as u64);
        let place = Build { seed: arguments.seed, build: build as u64 };
        if !lock(&rows).contains_key(&place) {
            let acc = random::accelerator(&mut Rng::new(seed));
            let found = programs_on(&acc, board, &rtl::verilate(&acc)?, seed, programs, &arguments.out);
            let found = found.map_err(|e| e.within(format!("build {place}")))?;
            let mut rows = lock(&rows);
            rows.insert(place, Row::of(place, &acc, &found));
            if let Some(path) = &arguments.csv {
                write_in_folder(path, &to_csv(&rows.values().collect::<Vec<_>>())?)?;
            }
            lock(&total).insert(build, found);
        }
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    let mut all = Programs::default();
    for found in lock(&total).values() {
        all.comparison.add(&found.comparison);
        all.runs.extend(&found.runs);
    }
    let done = lock(&total).len();
    if done < builds {
        print(&format!("{} of {builds} builds were in the table already\n", builds - done));
    }
    print(&format!("{done} builds with {programs} random programs each: {}\n", summary(&all.comparison)));
    let long = all.runs.iter().filter(|c| **c > 100_000).count();
    print(&format!("{long} runs over 100,000 cycles, the longest {}\n", all.longest_run()));
    if done < builds && arguments.every_condition {
        print("what builds in the table have met is not known: --every-condition is not judged\n");
    }
    cover(&all.comparison, arguments.every_condition && done == builds)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

/// A difference as an error, with a waveform of the RTL around it.
fn report(case: &Case, answers: &Answers, frames: u32, found: &Comparison, out: &Path) -> Result<()> {
    let Some(first) = &found.first else { return Ok(()) };
    let what = format!(
        "simulator and RTL differ: {} job times, {} words, {} bytes of DRAM; the first: {}",
        found.time_differences,
        found.word_differences,
        found.dram_differences,
        first.describe(case)
    );
    let error = Error::new(Kind::Difference, what);
    let Some(cycle) = first.cycle() else { return Err(error) };
    crate::files::make_folder(out)?;
    let path = out.join("difference.vcd");
    let (before, after) = WAVEFORM_CYCLES;
    let cut = Trace { path: path.clone(), from_cycle: cycle.saturating_sub(before), to_cycle: cycle + after };
    trace(case, answers, frames, &cut)?;
    Err(error.hint(format!("look at the nets around it: {} (cycles {} to {})", path.display(), cut.from_cycle, cut.to_cycle)))
}

fn summary(c: &Comparison) -> String {
    let (jobs, words, bytes, cycles) = (c.jobs, c.words, c.dram_bytes, c.cycles);
    let verdict = if c.is_equal() { "no difference".to_string() } else { format!("{} job times differ", c.time_differences) };
    let frames = if c.frames == 1 { "1 frame".to_string() } else { format!("{} frames", c.frames) };
    format!("{frames}, {cycles} cycles: start and end of {jobs} jobs, {words} words on chip, {bytes} bytes of DRAM: {verdict}")
}

fn cover(c: &Comparison, all: bool) -> Result<()> {
    let mut text = "met:\n".to_string();
    for (name, count) in c.cover.counts() {
        let _ = writeln!(text, "  {name:<38} {count:>12}");
    }
    print(&text);
    match c.cover.missed() {
        missed if all && !missed.is_empty() => {
            Err(Error::new(Kind::Difference, format!("never met: {}", missed.join(", "))).hint("run more programs or builds"))
        }
        _ => Ok(()),
    }
}

/// Which of the random builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Build {
    seed: u64,
    build: u64,
}

impl TryFrom<String> for Build {
    type Error = String;
    fn try_from(text: String) -> std::result::Result<Build, String> {
        let parsed = text.split_once('/').and_then(|(seed, build)| Some(Build { seed: seed.parse().ok()?, build: build.parse().ok()? }));
        parsed.ok_or_else(|| format!("`{text}` is not SEED/BUILD"))
    }
}

impl From<Build> for String {
    fn from(build: Build) -> String {
        build.to_string()
    }
}

impl std::fmt::Display for Build {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.seed, self.build)
    }
}

/// A line of the table: one build, verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    seed_and_build: Build,
    lanes: usize,
    feature_bits: u8,
    weight_bits: u8,
    depthwise: String,
    pointwise: String,
    conv: String,
    vector: String,
    bank_words: usize,
    weight_rows: usize,
    queue_depth: usize,
    clock_mhz: u64,
    programs: usize,
    frames: u32,
    jobs: u64,
    words: u64,
    dram_bytes: u64,
    cycles: u64,
    longest_run_cycles: u64,
    time_differences: u64,
    word_differences: u64,
    dram_differences: u64,
}

impl Row {
    fn of(build: Build, acc: &Accelerator, found: &Programs) -> Row {
        let factors = |ip: &Option<IpConfig>| {
            ip.map_or("-".into(), |ip| format!("{}x{}{}", ip.parallel_in, ip.parallel_out, if ip.packed { " packed" } else { "" }))
        };
        let c = &found.comparison;
        Row {
            seed_and_build: build,
            lanes: acc.lanes,
            feature_bits: acc.feature_bits,
            weight_bits: acc.weight_bits,
            depthwise: factors(&acc.depthwise),
            pointwise: factors(&acc.pointwise),
            conv: factors(&acc.conv),
            vector: factors(&acc.vector),
            bank_words: acc.banks[0].words,
            weight_rows: acc.pointwise.map_or(0, |ip| ip.weight_rows),
            queue_depth: acc.queue_depth,
            clock_mhz: acc.clock.mhz() as u64,
            programs: found.runs.len(),
            frames: c.frames,
            jobs: c.jobs,
            words: c.words,
            dram_bytes: c.dram_bytes,
            cycles: c.cycles,
            longest_run_cycles: found.longest_run(),
            time_differences: c.time_differences,
            word_differences: c.word_differences,
            dram_differences: c.dram_differences,
        }
    }

    /// What a row must say to stand for a build that is asked for.
    fn verdict(&self) -> String {
        verdict(self.programs, self.time_differences + self.word_differences + self.dram_differences)
    }
}

fn verdict(programs: usize, differences: u64) -> String {
    format!("{programs} random programs, {differences} differences")
}

/// Rows of a table that an earlier run left, each of `programs` programs and without a difference.
fn read_rows(path: Option<&Path>, programs: usize) -> Result<BTreeMap<Build, Row>> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let rows = kept(path, "a row of `bico verify`", "--csv", Row::verdict, &verdict(programs, 0))?;
    Ok(rows.into_iter().map(|row| (row.seed_and_build, row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_other_programs_or_with_a_difference_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let row =
            |key: &str, programs: u32, words: u32| format!("{key},4,4,7,1x1,2x2,4x2,4x4,512,64,2,100,{programs},2,3,4,5,6,7,0,{words},0\n");
        let committed = include_str!("../../traces/verification.csv");
        let header = format!("{}\n", committed.lines().next().unwrap());
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_rows(Some(&path), 10)
        };
        let table = |rows: &[String]| header.clone() + &rows.concat();
        let written = |rows: &BTreeMap<Build, Row>| String::from_utf8(to_csv(&rows.values().collect::<Vec<_>>()).unwrap()).unwrap();
        let good = [row("1/2", 10, 0), row("1/0", 10, 0)];
        assert_eq!(written(&read(&table(&good)).unwrap()), table(&[good[1].clone(), good[0].clone()]), "by seed and build");
        assert_eq!(written(&read(committed).unwrap()), committed);
        for (bad, says) in [
            (row("1/3", 1, 0), "1 random programs, 0 differences"),
            (row("1/3", 10, 5), "10 random programs, 5 differences"),
            (row("3", 10, 0), "`3` is not SEED/BUILD"),
            ("garbage\n".to_string(), "not a row"),
        ] {
            let e = read(&table(&[good[0].clone(), bad])).unwrap_err().to_string();
            assert!(e.contains("rows.csv:3") && e.contains(says), "{e}");
        }
        assert!(read("a,b\n1,2\n").unwrap_err().to_string().contains("not a row of `bico verify`"));
        assert!(read_rows(Some(&folder.path().join("none.csv")), 10).unwrap().is_empty());
    }
}
