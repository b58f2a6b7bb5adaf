//! What the README prints, what the committed tables and figures hold, and what rate, power, energy and score of a run follow from.

#[path = "common/cli.rs"]
mod cli;

use bico::board;
use bico::config::Override;
use bico::record::RunRecord;
use bico::search::topdown::{Target, design};
use bico::simulate::{Execution, Options, Simulation};
use bico::units::Hertz;
use bico::{accelerator, model, power, report};

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// Times one frame, without values.
fn timed(network: &str, acc: &str, board_settings: &[&str]) -> RunRecord {
    let network = model::builtin(network).unwrap().load(Default::default()).unwrap();
    let acc = accelerator::builtin(acc).unwrap();
    let settings: Vec<Override> = board_settings.iter().map(|s| Override::parse(s).unwrap()).collect();
    let board = board::open("pynq-z1", &settings).unwrap().check().unwrap();
    let options = Options { frames: 1, jobs: false, ..Options::default() };
    Simulation::new(&network, &acc, &board, options).unwrap().record(&[], &Execution::default(), options).unwrap()
}

#[test]
fn the_first_command_prints_what_the_readme_shows() {
    let readme = readme();
    let block = readme.split("```text\n").nth(2).unwrap().split("```").next().unwrap();
    assert!(block.starts_with("bico ") && block.lines().count() > 25, "the second block of text is another:\n{block}");
    let dir = tempfile::tempdir().unwrap();
    let o = cli::bico(dir.path(), &["simulate"]);
    for (line, (shown, printed)) in block.lines().zip(cli::out(&o).lines()).enumerate() {
        assert_eq!(shown, printed, "line {} of the block", line + 1);
    }
    assert!(cli::out(&o).lines().count() >= block.lines().count());
}

#[test]
fn the_pairs_reach_the_rates_of_the_readme() {
    let readme = readme();
    for name in ["uav-fast", "uav-accurate", "uav-precise", "uav-finest", "uav-large"] {
        let row = readme.lines().find(|l| l.starts_with(&format!("| `{name}`"))).unwrap();
        let shown = row.split('|').nth(3).unwrap().trim();
        assert_eq!(format!("{:.1}", timed(name, name, &[]).performance.fps), shown, "{name}");
    }
}

#[test]
fn rate_power_and_energy_follow_from_the_frame_and_the_host() {
    let run = |overlapped: bool| timed("uav-detector", "pynq-z1-default", &[&format!("host.overlapped={overlapped}")]);
    let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    for (overlapped, figures) in [(false, "55.8 FPS, 2.12 W, 37.9 mJ"), (true, "92.5 FPS, 2.30 W, 24.9 mJ")] {
        let (run, board) = (run(overlapped), board::builtin("pynq-z1").unwrap());
        let (p, w) = (&run.performance, &run.power);
        let said = format!("{:.1} FPS, {:.2} W, {:.1} mJ", p.fps, w.total_w, 1e3 * w.energy_per_frame_j);
        assert_eq!(said, figures);
        assert_eq!(run.performance.host_overlapped, overlapped);
        assert!(close(p.latency_ms, p.host_ms + p.accelerator_ms), "a frame waits for both either way");
        let interval_ms = if overlapped { p.host_ms.max(p.accelerator_ms) } else { p.host_ms + p.accelerator_ms };
        assert!(close(1e3 / p.fps, interval_ms) && close(w.total_w / p.fps, w.energy_per_frame_j));
        assert!(close(p.accelerator_ms, run.frames[0].end_cycle.abs_diff(run.frames[0].start_cycle) as f64 / 1e5), "at 100 MHz");
        // What is drawn all the time is the same at both rates; what a frame costs comes more often.
        let watts = |name: &str| w.parts.iter().find(|part| part.0 == name).unwrap().1;
        assert!(close(watts("device static") + watts("ARM side") + watts("board"), board.power.fixed_w));
        let bytes = (run.memory.read_bytes + run.memory.write_bytes) as f64 * board.power.ddr_pj_per_byte * 1e-12;
        let of_a_frame = watts("DDR") / p.fps;
        assert!(bytes < of_a_frame && of_a_frame < 1.5 * bytes, "bytes of one frame, and its activates: {of_a_frame} {bytes}");
    }
}

/// A file under `traces/`.
fn committed(name: &str) -> String {
    std::fs::read_to_string(format!("{}/traces/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The columns of these names of a CSV, row by row.
fn columns<const N: usize>(text: &str, names: [&str; N]) -> Vec<[String; N]> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let head = table.headers().unwrap().clone();
    let places = names.map(|name| head.iter().position(|h| h == name).unwrap());
    table.records().map(|row| row.map(|row| places.map(|k| row[k].to_string())).unwrap()).collect()
}

#[test]
fn observations_are_those_of_this_simulator() {
    let dir = tempfile::tempdir().unwrap();
    for (what, name) in [("bram", "observation2"), ("dsp", "observation3")] {
        assert!(cli::bico(dir.path(), &["observe", what, "--out", "."]).status.success());
        for file in [format!("{name}.csv"), format!("{name}.svg")] {
            let drawn = std::fs::read_to_string(dir.path().join(&file)).unwrap();
            assert!(
                drawn == committed(&format!("observations/{file}")),
                "`bico observe {what} --out traces/observations` gives another {file}"
            );
        }
    }
}

#[test]
fn bundles_take_the_cycles_of_the_committed_table() {
    let dir = tempfile::tempdir().unwrap();
    assert!(cli::bico(dir.path(), &["bundles", "--csv", "b.csv"]).status.success());
    let found = std::fs::read_to_string(dir.path().join("b.csv")).unwrap();
    let names = ["bundle", "cycles", "accelerator_ms", "dsp", "ramb18", "lut", "designs", "content"];
    assert_eq!(columns(&found, names), columns(&committed("bundles/bundles.csv"), names));
}

/// The designs of `bico study analytical`, without the executions that it holds against them.
#[test]
fn designs_of_the_analytical_model_take_the_cycles_of_the_committed_table() {
    let board = board::builtin("pynq-z1").unwrap();
    let rows = columns(&committed("codesign/analytical.csv"), ["network", "design", "dsp", "analytical_cycles", "timed_cycles"]);
    assert!(rows.len() >= 50);
    for of_one in rows.chunk_by(|a, b| a[0] == b[0]) {
        let network = model::builtin(&of_one[0][0]).unwrap().load(Default::default()).unwrap();
        let target = Target { clock: Hertz(150_000_000), fps: None, designs: 60, jobs: 0 };
        let found = design(&network, &board, target, &|| ()).unwrap();
        for row in of_one {
            let t = &found.trials[row[1].parse::<usize>().unwrap()];
            let now = [t.resources.dsp, t.analytical_cycles, t.cycles].map(|v| v.to_string());
            assert_eq!(now, row[2..], "design {} of {}", row[1], row[0]);
        }
    }
}

/// Half the energy is worth 0.2 more at any level, and nothing falls below 0.
#[test]
fn the_score_is_that_of_the_contest() {
    let reference = power::REFERENCE_ENERGY_J;
    for (joules, score) in [(reference, 1.0), (reference / 2.0, 1.2), (reference * 4.0, 0.6), (reference * 64.0, 0.0)] {
        assert!((power::energy_score(joules) - score).abs() < 1e-12, "{joules} J");
    }
    let mut run = timed("uav-detector", "pynq-z1-default", &[]);
    assert!(report::dac_sdc_score(&run).is_none(), "no image was run");
    run.accuracy.as_mut().unwrap().mean_iou = Some(0.5);
    let score = report::dac_sdc_score(&run).unwrap();
    assert!((score.energy_score - power::energy_score(run.power.energy_per_frame_j)).abs() < 1e-12);
    assert!((score.total - 0.5 * (1.0 + score.energy_score)).abs() < 1e-12);
}
