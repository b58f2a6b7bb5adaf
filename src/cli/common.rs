//! What several subcommands share: how a design is named on the command line, and progress.

use crate::accelerator::{self, Accelerator, RawAccelerator};
use crate::board::{self, Board, Mapping, RawBoard};
use crate::config::Override;
use crate::config::suggest::did_you_mean;
use crate::error::{Error, Kind, Result};
use crate::files::write_in_folder;
use crate::model::{self, LoadOptions, Network, WeightsFile};
use crate::units::Hertz;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};

/// Name of the network that runs when none is named.
pub const DEFAULT_NETWORK: &str = "uav-detector";

/// An accelerator on a board.
#[derive(clap::Args, Debug, Clone)]
pub struct PairArguments {
    /// Board: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = crate::board::DEFAULT)]
    board: String,
    /// Accelerator: a name from `bico accelerators`, or a TOML file [default: that of the network's name where one ships that holds its widths, else pynq-z1-default]
    #[arg(long, value_name = "A")]
    accelerator: Option<String>,
    /// Fabric clock in megahertz, instead of the accelerator's: assumed, not timed; as `--set clock_mhz=MHZ`.
    #[arg(long, value_name = "MHZ")]
    clock_mhz: Option<f64>,
    /// Change one value of the accelerator, e.g. `--set clock_mhz=150` or `--set pointwise.parallel_out=4`.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    accelerator_settings: Vec<Override>,
    /// Change one value of the board, e.g. `--set-board host.overlapped=true`.
    #[arg(long = "set-board", value_name = "KEY=VALUE", value_parser = parse_board_override)]
    board_settings: Vec<Override>,
    /// How products are mapped to DSP slices, instead of the board file's choice.
    #[arg(long, value_enum, value_name = "M")]
    mapping: Option<Mapping>,
}

/// A design: network, accelerator, board.
#[derive(clap::Args, Debug, Clone)]
pub struct DesignArguments {
    /// Network: a name from `bico networks`, or a folder with network.toml and weights.safetensors.
    #[arg(value_name = "MODEL", default_value = DEFAULT_NETWORK)]
    model: String,
    #[command(flatten)]
    pair: PairArguments,
    #[command(flatten)]
    widths: WidthArguments,
}

/// Widths instead of those of a network.
#[derive(clap::Args, Debug, Clone, Copy)]
pub struct WidthArguments {
    /// Width of every feature map in bits, instead of the network's.
    #[arg(long, value_name = "BITS", value_parser = bits())]
    pub features: Option<u8>,
    /// Width of all weights in bits, instead of the network's.
    #[arg(long, value_name = "BITS", value_parser = bits())]
    pub weights: Option<u8>,
}

impl WidthArguments {
    /// With these widths, from a file of this kind.
    pub fn options(self, file: WeightsFile) -> LoadOptions {
        LoadOptions { feature_bits: self.features, weight_bits: self.weights, file }
    }
}

/// Widths that a network may be given.
pub fn bits() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(1..=16)
}

/// What is printed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// `KEY=VALUE` of `--set`.
///
/// # Errors
/// When it is not of that form.
pub fn parse_override(text: &str) -> std::result::Result<Override, String> {
    Override::parse(text).map_err(|e| e.to_string())
}

/// `KEY=VALUE` of `--set-board`.
///
/// # Errors
/// When it is not of that form.
fn parse_board_override(text: &str) -> std::result::Result<Override, String> {
    Override::of("--set-board", text).map_err(|e| e.to_string())
}

/// `--mapping` as a setting of the board.
///
/// # Errors
/// None that a value of the enumeration can cause.
pub fn mapping_setting(mapping: Option<Mapping>) -> Result<Option<Override>> {
    mapping.map(|m| Override::parse(&format!("mapping={m}"))).transpose()
}

/// A loaded design.
pub struct Design {
    /// The network.
    pub network: Network,
    /// The accelerator.
    pub accelerator: Accelerator,
    /// The board.
    pub board: Board,
    /// All three, resolved, with where each value came from.
    pub resolved: String,
    /// What the command line changed of accelerator and board, `KEY=VALUE`.
    pub settings: Vec<String>,
    /// What is to be said of the choice of accelerator.
    pub remark: Option<String>,
}

/// An accelerator and a board that have been read.
pub struct Pair {
    /// The accelerator.
    pub accelerator: Accelerator,
    /// The board.
    pub board: Board,
    /// Both, resolved, with where each value came from.
    resolved: String,
    /// What the command line changed, `KEY=VALUE`.
    settings: Vec<String>,
    /// What is to be said of the choice of accelerator.
    pub remark: Option<String>,
}

/// Accelerator where neither the command line nor the network's name tells one.
pub const DEFAULT_ACCELERATOR: &str = "pynq-z1-default";

/// The accelerator that a network runs on where the command line names none: the embedded one of its name, if with these settings it holds the network's widths;
/// and what is to be said when it does not.
fn accelerator_of(network: &Network, settings: &[Override]) -> Result<(&'static str, Option<String>)> {
    let Some(own) = accelerator::names().find(|name| *name == network.name) else { return Ok((DEFAULT_ACCELERATOR, None)) };
    // Of the settings only these count: the others may be meant for the default.
    let widths: Vec<Override> = settings.iter().filter(|s| ["feature_bits", "weight_bits"].contains(&s.key.as_str())).cloned().collect();
    let holds = accelerator::open(own, &widths)?.check()?;
    let (features, weights) = network.graph.widths();
    if holds.feature_bits >= features && holds.weight_bits >= weights {
        return Ok((own, None));
    }
    let remark = format!(
        "The accelerator `{own}` holds {}/{} bits and the network has {features}/{weights}: it runs on `{DEFAULT_ACCELERATOR}` instead.",
        holds.feature_bits, holds.weight_bits
    );
    Ok((DEFAULT_ACCELERATOR, Some(remark)))
}

impl PairArguments {
    /// Loads both, the accelerator by the network where the command line names none.
    ///
    /// # Errors
    /// When a name is unknown, a file does not hold what it should, or a setting is one of the other's.
    pub fn load(&self, network: Option<&Network>) -> Result<Pair> {
        refuse_misplaced::<RawAccelerator, RawBoard>(&self.accelerator_settings, "--set-board", "board")?;
        refuse_misplaced::<RawBoard, RawAccelerator>(&self.board_settings, "--set", "accelerator")?;
        let mut of_accelerator = self.accelerator_settings.clone();
        if let Some(mhz) = self.clock_mhz {
            clock(mhz)?;
            if let Some(twice) = of_accelerator.iter().find(|s| s.key == "clock_mhz") {
                let e = Error::usage("the clock is set twice").value(format!("--clock-mhz {mhz}, --set clock_mhz={}", twice.value));
                return Err(e.hint("leave one of them out"));
            }
            of_accelerator.push(Override::of("--clock-mhz", &format!("clock_mhz={mhz:?}"))?);
        }
        let (name, remark) = match (&self.accelerator, network) {
            (Some(name), _) => (name.as_str(), None),
            (None, Some(network)) => accelerator_of(network, &of_accelerator)?,
            (None, None) => (DEFAULT_ACCELERATOR, None),
        };
        let accelerator = accelerator::open(name, &of_accelerator)?;
        let of_board: Vec<Override> = self.board_settings.iter().cloned().chain(mapping_setting(self.mapping)?).collect();
        let board = board::open(&self.board, &of_board)?;
        let resolved = format!("{}\n{}", board.resolved(), accelerator.resolved());
        let settings = of_accelerator.iter().chain(&of_board).map(ToString::to_string).collect();
        Ok(Pair { accelerator: accelerator.check()?, board: board.check()?, resolved, settings, remark })
    }
}

impl DesignArguments {
    /// Loads all three.
    ///
    /// # Errors
    /// When a name is unknown or a file does not hold what it should.
    pub fn load(&self) -> Result<Design> {
        let network = network(&self.model, self.widths.options(WeightsFile::Optional))?;
        let Pair { accelerator, board, resolved, settings, remark } = self.pair.load(Some(&network))?;
        let resolved = format!("{resolved}\n{}", network.resolved);
        Ok(Design { network, accelerator, board, resolved, settings, remark })
    }
}

/// Whether a kind of file has this key at its top.
fn has_key<T: schemars::JsonSchema>(key: &str) -> bool {
    schemars::schema_for!(T).to_value()["properties"].get(key).is_some()
}

/// Refuses settings whose key is not one of `Own`, but one of `Other`, which is called `what` and which `flag` changes.
fn refuse_misplaced<Own: schemars::JsonSchema, Other: schemars::JsonSchema>(settings: &[Override], flag: &str, what: &str) -> Result<()> {
    for setting in settings {
        let root = setting.key.split(['.', '[']).next().unwrap_or_default();
        if !has_key::<Own>(root) && has_key::<Other>(root) {
            let e = Error::usage(format!("`{root}` is a key of the {what}")).file(setting.origin());
            return Err(e.hint(format!("{flag} {}={}", setting.key, setting.value)));
        }
    }
    Ok(())
}

/// An embedded network by name, else a folder.
///
/// # Errors
/// When there is neither, or the folder does not hold a network.
pub fn network(name_or_path: &str, options: LoadOptions) -> Result<Network> {
    if let Some(embedded) = model::builtin(name_or_path) {
        return embedded.load(options);
    }
    let path = Path::new(name_or_path);
    if path.exists() { model::load(path, options) } else { Err(no_network(name_or_path, "no embedded network and no folder of this name")) }
}

/// That there is none of this name, in words.
pub fn no_network(name: &str, what: &str) -> Error {
    let names: Vec<&str> = model::BUILTIN.iter().map(|b| b.name).collect();
    let hint = did_you_mean(name, names.iter().copied());
    Error::usage(what)
        .value(name)
        .allowed(names.join(", "))
        .hint(hint.unwrap_or_else(|| "run `bico networks`, or give a folder with network.toml".into()))
}

/// A progress bar on a terminal; silent in a pipe and with `--quiet`.
pub fn progress(quiet: bool, length: usize, what: &'static str) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {per_sec} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length as u64), target).with_style(style).with_message(what)
}

/// Where designs are judged.
#[derive(clap::Args, Debug, Clone)]
pub struct PlaceArguments {
    /// Board: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = board::DEFAULT)]
    pub board: String,
    /// Fabric clock in megahertz: assumed, not timed.
    #[arg(long, value_name = "MHZ", default_value_t = 100.0)]
    pub clock_mhz: f64,
    /// Change one value of the board, e.g. `--set-board budget.dsp=110` or `--set-board host.overlapped=true`.
    #[arg(long = "set-board", value_name = "KEY=VALUE", value_parser = parse_board_override)]
    pub board_settings: Vec<Override>,
}

impl PlaceArguments {
    /// The board and the clock.
    ///
    /// # Errors
    /// When there is no such board, a setting is none of it, or the clock is out of range.
    pub fn load(&self) -> Result<(Board, Hertz)> {
        let clock = clock(self.clock_mhz)?;
        Ok((board::open(&self.board, &self.board_settings)?.check()?, clock))
    }

    /// The settings as they were written, `KEY=VALUE`.
    pub fn settings(&self) -> Vec<String> {
        self.board_settings.iter().map(ToString::to_string).collect()
    }
}

/// One of what comes with bico, to start one's own from.
#[derive(clap::Args, Debug)]
pub struct CopyArguments {
    /// Print this one's TOML file instead of the list.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Copy it there, to start your own from: a file that does not exist yet, of a network a folder.
    #[arg(long, value_name = "PATH", requires = "name")]
    pub out: Option<PathBuf>,
}

/// Copies a text to where it is asked for, or prints it.
///
/// # Errors
/// As [`copy`].
pub fn copy_or_print(one: &CopyArguments, text: &str) -> Result<()> {
    match &one.out {
        Some(path) => copy(path, text.as_bytes()),
        None => {
            print(text);
            Ok(())
        }
    }
}

/// Writes a file that must not be there yet, its folder made when absent.
///
/// # Errors
/// When it is there, or can not be written.
pub fn copy(path: &Path, bytes: &[u8]) -> Result<()> {
    vacant(path)?;
    write_in_folder(path, bytes)?;
    print(&format!("Written to {}\n", path.display()));
    Ok(())
}

/// That a file is not there yet.
///
/// # Errors
/// When it is.
pub fn vacant(path: &Path) -> Result<()> {
    if path.exists() {
        return Err(Error::usage("the file is there already").file(path).hint("name another: a copy overwrites nothing"));
    }
    Ok(())
}

/// A limit that may be left out.
///
/// # Errors
/// When it is no number above 0.
pub fn limit(flag: &str, value: Option<f64>) -> Result<()> {
    match value.filter(|v| !(v.is_finite() && *v > 0.0)) {
        Some(value) => Err(Error::usage(format!("{flag} is out of range")).value(value).allowed("above 0")),
        None => Ok(()),
    }
}

/// What no accelerator can help: the rate of the host stage alone.
pub fn host_limit(board: &Board, fps: f64) -> String {
    let host_ms = board.host.total_ms();
    let most = 1e3 / host_ms;
    if fps < most {
        return String::new();
    }
    format!("  the host stage alone takes {host_ms:.1} ms a frame: {most:.1} FPS with an accelerator that takes no time\n")
}

/// Fabric clocks that are taken, in words.
pub const CLOCK_MHZ: &str = "1 to 1000";

/// `--clock-mhz`.
///
/// # Errors
/// When it is out of range.
pub fn clock(mhz: f64) -> Result<Hertz> {
    if !(1.0..=1000.0).contains(&mhz) {
        return Err(Error::usage("--clock-mhz is out of range").value(mhz).allowed(CLOCK_MHZ));
    }
    Ok(Hertz::from_mhz(mhz))
}

/// Prints to standard output. A closed pipe ends quietly; a disk that is full ends the program, with the exit code of the environment.
pub fn print(text: &str) {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout();
    if let Err(e) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && e.kind() != ErrorKind::BrokenPipe
    {
        note(&format!("error: cannot write to standard output: {e}"));
        std::process::exit(i32::from(Kind::Environment.exit_code()));
    }
}

/// Says something on standard error; that nobody listens there is no failure.
pub fn note(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What is to be said of a network's accuracy where its weights are random.
pub fn untrained(network: &Network) -> Option<String> {
    let is_random = network.weights == model::Weights::Random;
    is_random.then(|| format!("`{}` has random weights: its accuracy means nothing until it is trained (`bico train`)", network.name))
}
