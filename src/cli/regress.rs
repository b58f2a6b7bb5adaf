//! `bico regress`: re-runs the golden runs and says what moved.

use super::Talk;
use super::accuracy;
use super::common::{self, print};
use super::samples;
use crate::dataset::Split;
use crate::error::{Error, Kind, Result};
use crate::files::write_in_folder;
use crate::golden::{self, Expected, Golden};
use crate::model::LoadOptions;
use crate::simulate::{Options, Simulation};
use crate::{accelerator, board};
use std::path::{Path, PathBuf};

/// Frames of a golden run: refresh makes the second differ from the first.
const FRAMES: usize = 2;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder of the golden runs (*.json).
    #[arg(long, value_name = "DIR", default_value = "traces")]
    traces: PathBuf,
    /// Accept what the runs give now.
    #[arg(long)]
    bless: bool,
    /// Hold accuracy instead of cycles: mean IoU and every layer's integers, against `accuracy/*.json` of that folder.
    #[arg(long)]
    accuracy: bool,
    #[command(flatten)]
    own: accuracy::Own,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    if arguments.accuracy {
        return accuracy::run(&arguments.own, &arguments.traces.join("accuracy"), arguments.bless, talk);
    }
    let files = golden_files(&arguments.traces)?;
    let bar = common::progress(talk.quiet, files.len(), "golden runs");
    let mut moved = 0;
    for path in &files {
        let golden = golden::read(path)?;
        let now = rerun(&golden)?;
        bar.inc(1);
        let differences = match &golden.expected {
            Some(expected) => expected.differences(&now),
            None => "  not blessed yet\n".to_string(),
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if differences.is_empty() {
            print(&format!("{name}: same, {} cycles\n", now.frame_cycles[0]));
            continue;
        }
        print(&format!("{name}: moved\n{differences}"));
        moved += 1;
        if arguments.bless {
            let text = serde_json::to_string_pretty(&Golden { expected: Some(now), ..golden }).map_err(|e| Error::fault(e.to_string()))?;
            write_in_folder(path, format!("{text}\n").as_bytes())?;
        }
    }
    bar.finish_and_clear();
    match (moved, arguments.bless) {
        (0, _) => Ok(()),
        (_, true) => {
            print(&format!("{moved} of {} blessed\n", files.len()));
            Ok(())
        }
        _ => {
            let command = format!("bico regress --traces {} --bless", arguments.traces.display());
            Err(Error::new(Kind::Difference, format!("{moved} of {} golden runs moved", files.len()))
                .hint(format!("if this is meant, accept it with `{command}` and say why in the commit")))
        }
    }
}

/// The golden files of a folder, in order of their names.
pub(super) fn golden_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).map_err(|e| Error::io("read the golden runs", folder, &e).hint("name their folder with --traces"))?;
    let mut files: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    if files.is_empty() {
        return Err(Error::input("no golden runs (*.json) here").file(folder).hint("name their folder with --traces"));
    }
    Ok(files)
}

fn rerun(golden: &Golden) -> Result<Expected> {
    let network = common::network(&golden.network, LoadOptions::default())?;
    let (acc, board) = (accelerator::builtin(&golden.accelerator)?, board::builtin(&golden.board)?);
    let options = Options { frames: FRAMES, allow_overflow: true, jobs: false };
    let simulation = Simulation::new(&network, &acc, &board, options)?;
    let samples = [samples::one(&network, Split::Validation)?];
    let execution = simulation.execute(&samples, || ())?;
    Ok(Expected::of(&simulation.record(&samples, &execution, options)?))
}
