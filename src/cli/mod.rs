//! The command line: one file a subcommand, one line each in `Command`.
//!
//! Exit codes: 0 success, 2 usage, 3 bad input, 4 the design does not fit the board, 5 an operation has no IP, 6 the simulated machine broke its
//! contract, 7 a comparison found a difference, 8 the environment failed (disk, missing tool).

mod accelerators;
mod accuracy;
mod boards;
mod bundles;
mod common;
mod compare;
mod dataset;
mod design;
pub mod dram;
mod emit;
mod evaluate;
mod evaluate_candidate;
mod explain;
mod images;
mod import;
mod networks;
mod observe;
mod progress;
mod regress;
mod samples;
mod schema;
mod search;
mod simulate;
mod study;
mod sweep;
mod synth;
mod train;
mod verify;

use crate::error::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

const EXIT_CODES: &str = "Exit codes:
  0  success                             5  no IP accepts an operation of the network
  2  wrong command line                  6  the simulated machine broke its contract (please report it)
  3  unreadable or wrong input           7  a comparison found a difference
  4  no design fits, or is fast enough   8  the environment failed (disk full, tool missing)";

/// Simulate DNN accelerators on small FPGAs: bit-exact values, exact cycles, resources, power, from one execution.
#[derive(Parser, Debug)]
#[command(name = "bico", version, about, after_help = EXIT_CODES, max_term_width = 110)]
struct Arguments {
    /// Print results only: no progress, no remarks; files that are skipped are listed all the same.
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// How much to say.
#[derive(Clone, Copy, Debug)]
pub struct Talk {
    /// Results only.
    pub quiet: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a network on an accelerator on a board: IoU, latency, FPS, power, resources, and where the cycles went.
    Simulate(simulate::Arguments),
    /// How well a network finds objects, in float and executed: IoU by size, or AP, with intervals.
    Evaluate(evaluate::Arguments),
    /// What changed between two runs, by layer.
    Compare(compare::Arguments),
    /// Networks that come with bico.
    Networks(networks::Arguments),
    /// A network from an ONNX file, as a folder that the other commands take: layers, weights, formats calibrated on images.
    Import(import::Arguments),
    /// Boards that come with bico.
    Boards(boards::Arguments),
    /// Accelerators that come with bico, and what they take.
    Accelerators(accelerators::Arguments),
    /// The resolved configuration, and where each value came from.
    Explain(explain::Arguments),
    /// Re-run the golden runs, or with `--accuracy` the golden accuracies, and say what moved.
    Regress(regress::Arguments),
    /// Accuracy against bit width: every pair of feature and weight widths executed, as table, CSV, heat map and figure.
    Sweep(sweep::Arguments),
    /// The building blocks of networks, each in a network of fixed depth on the accelerator that the board allows it.
    Bundles(bundles::Arguments),
    /// The accelerator for a network: parallel factors and memories that use the board up, every candidate simulated.
    Design(design::Arguments),
    /// The papers' observations on resources, each with figure and CSV from real runs.
    Observe(observe::Arguments),
    /// Network and accelerator found together: under a target, on a board; the Pareto front, the chosen pair, why it won.
    Search(search::Arguments),
    /// One candidate of a search evaluated, from a JSON file to a JSON file, for an outside scheduler.
    EvaluateCandidate(evaluate_candidate::Arguments),
    /// Experiments about searches, repeatable by anyone.
    Study(study::Arguments),

    /// Run a plain request trace through the DDR model alone.
    Dram(dram::Arguments),
    /// Make or look at images: procedural scenes, or a folder.
    Dataset(dataset::DatasetArgs),
    /// Train a detector on procedural scenes.
    Train(train::TrainArgs),
    /// Write the accelerator as SystemVerilog, with memory image, Vivado script and driver.
    Emit(emit::Arguments),
    /// Synthesise the accelerator with Yosys and hold its counts against the cost model.
    Synth(synth::Arguments),
    /// Compare simulator and RTL: every job's cycles, every word, every byte (needs Verilator).
    Verify(verify::Arguments),
    /// JSON schemas of configurations, records, candidates and evaluations.
    Schema(schema::Arguments),
}

/// Parses the command line, runs it, prints an error if there is one, and gives the exit code.
pub fn main() -> ExitCode {
    let arguments = parse(std::env::args_os()).unwrap_or_else(|e| e.exit());
    let talk = Talk { quiet: arguments.quiet };
    match run(arguments.command, talk) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            common::note(&format!("error: {e}"));
            ExitCode::from(e.kind().exit_code())
        }
    }
}

fn run(command: Command, talk: Talk) -> Result<()> {
    match command {
        Command::Simulate(a) => simulate::run(&a, talk),
        Command::Evaluate(a) => evaluate::run(&a, talk),
        Command::Compare(a) => compare::run(&a),
        Command::Networks(a) => networks::run(&a),
        Command::Import(a) => import::run(&a, talk),
        Command::Boards(a) => boards::run(&a),
        Command::Accelerators(a) => accelerators::run(&a),
        Command::Explain(a) => explain::run(&a),
        Command::Regress(a) => regress::run(&a, talk),
        Command::Sweep(a) => sweep::run(&a, talk),
        Command::Bundles(a) => bundles::run(&a, talk),
        Command::Design(a) => design::run(&a, talk),
        Command::Observe(a) => observe::run(&a, talk),
        Command::Search(a) => search::run(&a, talk),
        Command::EvaluateCandidate(a) => evaluate_candidate::run(&a),
        Command::Study(a) => study::run(&a, talk),

        Command::Dram(a) => dram::run(&a),
        Command::Dataset(a) => lines(&dataset::dataset(&a, talk.quiet)?),
        Command::Train(a) => lines(&train::train(&a, talk.quiet)?),
        Command::Emit(a) => emit::run(&a, talk),
        Command::Synth(a) => synth::run(&a, talk),
        Command::Verify(a) => verify::run(&a, talk),
        Command::Schema(a) => schema::run(&a),
    }
}

/// Negative numbers are values of the options before them: it is for the option to say what it allows.
fn parse<T: Into<OsString> + Clone>(words: impl IntoIterator<Item = T>) -> std::result::Result<Arguments, clap::Error> {
    fn with_negative(command: clap::Command) -> clap::Command {
        let takes = |a: &clap::Arg| a.get_long().is_some() && a.get_action().takes_values();
        command.mut_args(|a| if takes(&a) { a.allow_negative_numbers(true) } else { a }).mut_subcommands(with_negative)
    }
    let mut command = with_negative(Arguments::command());
    Arguments::from_arg_matches(&command.try_get_matches_from_mut(words)?).map_err(|e| e.format(&mut command))
}

/// Runs another command, given as its words without `bico`.
fn again(words: &[String], talk: Talk) -> Result<()> {
    let words = std::iter::once("bico").chain(words.iter().map(String::as_str));
    let arguments = parse(words).map_err(|e| crate::Error::fault(e.to_string()))?;
    run(arguments.command, talk)
}

fn lines(lines: &[String]) -> Result<()> {
    lines.iter().for_each(|l| common::print(&format!("{l}\n")));
    Ok(())
}
