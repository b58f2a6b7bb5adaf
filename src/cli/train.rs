//! `bico train`: trains the layers of a network folder, in float and then on the fixed-point grids, and writes it as a folder.

use super::common;
use super::images::{LabelArguments, Opened};
use super::progress::Progress;
use crate::dataset::OnBroken;
use crate::dataset::scene::{Split, version_hash};
use crate::error::{Error, Result};
use crate::files::write_atomically;
use crate::model::float::Activation;
use crate::model::{self, LoadOptions, Network, WeightsFile, raw::ScaleKind};
use crate::report::training;
use crate::tensor::Shape;
use crate::train::checkpoint::Epoch;
use crate::train::data::{Images, Source};
use crate::train::net::Net;
use crate::train::phase::Schedule;
use crate::train::proxy::{IMAGES, Proxy};
use crate::train::run::{self, Plan, Trained, Training};
use crate::train::{evaluate, evaluate::mean, export};
use std::path::{Path, PathBuf};

/// Arguments of `bico train`.
#[derive(Clone, Debug, clap::Args)]
pub struct TrainArgs {
    /// An embedded network, or a folder with network.toml: the layers to train
    #[arg(default_value = "uav-detector")]
    pub network: String,
    /// Folder for network.toml, weights.safetensors, training.csv, training.svg, and what a run needs to be resumed
    #[arg(long, required_unless_present = "proxy")]
    pub out: Option<PathBuf>,
    /// Only score the layers as a search does: in float, on crops, in about a minute; nothing is written
    #[arg(long, conflicts_with_all = ["out", "resume", "until", "features", "weights", "scale", "tune_epochs", "epoch_images", "batch", "crops",
          "tune_crops", "rate", "tune_rate", "patience", "validation"])]
    pub proxy: bool,
    /// Bits of features; the network's own where left out
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=16))]
    pub features: Option<u8>,
    /// Bits of weights; the network's own where left out
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub weights: Option<u8>,
    /// How accumulators are scaled; the network's own where left out
    #[arg(long, value_enum)]
    pub scale: Option<ScaleKind>,
    /// Epochs in float from random weights; 0 keeps the network's own weights [default: 40, with --proxy 4]
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub epochs: Option<u64>,
    /// Further epochs with weights and features on their fixed-point grids
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub tune_epochs: u64,
    /// Train on this folder of images (every tenth validates) rather than on procedural scenes
    #[arg(long, value_name = "FOLDER", conflicts_with = "proxy")]
    pub images: Option<PathBuf>,
    #[command(flatten)]
    pub labels: LabelArguments,
    /// Images an epoch: each epoch renders its own scenes, or takes its turn through the folder
    #[arg(long, default_value_t = run::EPOCH_IMAGES, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub epoch_images: u32,
    /// Images a step
    #[arg(long, default_value_t = run::BATCH, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,
    /// Share of the float epochs, the first ones, that train on crops of half the rows and columns, at a quarter of the cost
    #[arg(long, default_value_t = run::CROPS)]
    pub crops: f64,
    /// The same of the epochs on the grids; a few epochs do best without
    #[arg(long, default_value_t = 0.0)]
    pub tune_crops: f64,
    /// Highest learning rate in float
    #[arg(long, default_value_t = run::RATE)]
    pub rate: f32,
    /// Highest learning rate on the grids
    #[arg(long, default_value_t = 2e-4)]
    pub tune_rate: f32,
    /// End a phase after this many epochs without a better validation IoU; 0 for never
    #[arg(long, default_value_t = 0)]
    pub patience: u64,
    /// Validation scenes; they decide which epoch is kept
    #[arg(long, conflicts_with = "images", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub validation: u32,
    /// Stop after this float epoch, as if interrupted; finish later with --resume
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub until: Option<u64>,
    /// Seed of initial weights, order and variation
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; 0 takes all. The result does not depend on it
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// Go on from what --out holds. After a finished float phase other --features, --weights and --tune-epochs may be asked for
    #[arg(long)]
    pub resume: bool,
}

/// Runs `bico train`; returns the lines of its summary.
///
/// # Errors
/// When arguments do not fit each other, a checkpoint is in the way, a layer cannot be trained, or files cannot be written.
pub fn train(args: &TrainArgs, quiet: bool) -> Result<Vec<String>> {
    for (name, rate) in [("--rate", args.rate), ("--tune-rate", args.tune_rate)] {
        if !(rate > 0.0 && rate <= 1.0) {
            return Err(Error::usage(format!("{name} is out of range")).value(rate).allowed("above 0, at most 1"));
        }
    }
    for (name, share) in [("--crops", args.crops), ("--tune-crops", args.tune_crops)] {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::usage(format!("{name} is out of range")).value(share).allowed("0 to 1"));
        }
    }
    if let Some(until) = args.until.filter(|u| *u > epochs(args)) {
        let e = Error::usage("--until lies beyond the last float epoch").value(until).allowed(format!("1 to {}", epochs(args)));
        return Err(e.hint("leave it out to train to the end"));
    }
    let network = load(args)?;
    let weighted = network.float.layers.iter().filter(|l| l.weights.is_some()).count();
    if !quiet && weighted > 1 && network.float.layers.iter().all(|l| l.activation == Activation::None) {
        let name = &network.name;
        common::note(&format!("note: no layer of `{name}` has an activation: is `activation = \"relu4\"` missing?"));
    }
    let Some(out) = args.out.as_deref() else {
        return run::with_threads(args.threads, || score(args, &network, quiet));
    };
    if model::builtin(&args.network).is_none() && holds_network(out, &args.network) {
        let e = Error::usage("--out is the folder of the network that is read: its formats and weights would be lost").file(out);
        return Err(e.hint("name another --out"));
    }
    if args.resume && !out.exists() {
        let e = Error::usage("there is no run to go on with").file(out);
        return Err(e.hint("name the folder of the run, or leave --resume out to begin one"));
    }
    crate::files::make_folder(out)?;
    let holds = |names: [&str; 2]| names.map(|name| out.join(name)).into_iter().find(|path| path.exists());
    let begun = holds(["float.safetensors", "quantised.safetensors"]);
    match (begun, args.resume) {
        (Some(begun), false) => {
            let e = Error::usage("the folder holds a run").file(begun);
            return Err(e.hint("go on from it with --resume, or name another --out"));
        }
        (None, _) => {
            if let Some(there) = holds(["network.toml", "weights.safetensors"]) {
                return Err(Error::usage("the folder holds a network, which would be overwritten").file(there).hint("name another --out"));
            }
        }
        (Some(_), true) => {}
    }
    run::with_threads(args.threads, || in_pool(args, &network, out, quiet))
}

/// Whether `folder` is the one that a network given by its folder or its `network.toml` is read from.
fn holds_network(folder: &Path, network: &str) -> bool {
    let (Ok(folder), Ok(network)) = (folder.canonicalize(), Path::new(network).canonicalize()) else { return false };
    folder == network || network.is_file() && network.parent() == Some(&folder)
}

/// Epochs of the proxy where the command line does not say.
const PROXY_EPOCHS: u64 = 4;

fn score(args: &TrainArgs, network: &Network, quiet: bool) -> Result<Vec<String>> {
    let progress = Progress::new(quiet);
    progress.note("rendering scenes");
    let started = std::time::Instant::now();
    let epochs = args.epochs.unwrap_or(PROXY_EPOCHS);
    if epochs == 0 {
        let e = Error::usage("the proxy scores what it trained itself").value("--epochs 0").allowed("1 or more with --proxy");
        return Err(e.hint("score the network's own weights with `bico evaluate`"));
    }
    let input = network.float.input().shape;
    let proxy = Proxy::at([input.h, input.w], IMAGES);
    let iou = proxy.score(network, epochs, args.seed, 0, &mut |done, of| progress.images("proxy", done, of, None))?;
    let seconds = started.elapsed().as_secs_f64();
    Ok(vec![format!("{}: proxy IoU {iou:.4} after {epochs} epochs, {seconds:.0} s", network.name)])
}

fn load(args: &TrainArgs) -> Result<Network> {
    // Trained in float, it begins from random weights.
    let file = if epochs(args) == 0 { WeightsFile::Optional } else { WeightsFile::Ignored };
    common::network(&args.network, LoadOptions { feature_bits: args.features, weight_bits: args.weights, file })
}

/// The checkpoint of the second phase is of one pair of widths; another pair starts that phase anew.
fn forget_other_widths(args: &TrainArgs, tune: &Schedule, out: &Path) -> Result<()> {
    let path = out.join("quantised.safetensors");
    let (before, now) = (std::fs::read_to_string(out.join(WIDTHS)).unwrap_or_default(), widths(args, tune)?);
    if path.exists() && before != now {
        std::fs::remove_file(&path).map_err(|e| Error::io("remove", &path, &e))?;
    }
    write_atomically(&out.join(WIDTHS), now.as_bytes())
}

/// File that says what the second phase's checkpoint was made for.
const WIDTHS: &str = "quantised.txt";

fn widths(args: &TrainArgs, tune: &Schedule) -> Result<String> {
    let schedule = serde_json::to_string(tune).map_err(|e| Error::fault(e.to_string()))?;
    Ok(format!("features {:?}, weights {:?}, scale {:?}, {schedule}\n", args.features, args.weights, args.scale))
}

fn in_pool(args: &TrainArgs, network: &Network, out: &Path, quiet: bool) -> Result<Vec<String>> {
    let progress = Progress::new(quiet);
    let shape = network.float.input().shape;
    let (source, validation) = data(args, shape, &progress, quiet)?;
    let plan = plan(args, network);
    let tune = plan.tune.clone();
    let training = Training { network, plan, source: &source, validation: &validation, folder: Some(out) };
    let watch = &mut |phase: &str, done: u64, of: u64, epoch: Option<&Epoch>| progress.images(phase, done, of, epoch);
    if args.until.is_some() {
        let stopped = training.float(args.until, watch)?;
        return Ok(vec![format!("stopped after float epoch {}; finish with --resume", stopped.history.len())]);
    }
    // What is refused here must not have cost the second phase of before.
    let begun = training.begin(watch)?;
    forget_other_widths(args, &tune, out)?;
    let mut trained = training.finish(begun, watch)?;
    progress.note("scoring");
    let mut net = Net::new(trained.float.0.clone(), trained.float.1.clone(), args.batch.min(16) as usize)?;
    let float = mean(&evaluate::ious(&mut net, &validation)?);
    let executed = mean(&evaluate::executed(&trained.network, &validation)?);
    let parameters = trained.network.float.parameters();
    let anchors = trained
        .network
        .head
        .as_ref()
        .filter(|_| epochs(args) > 0)
        .map(|head| format!("anchors, by the boxes of the training images: {:?}", head.anchors));
    provenance(args, &mut trained, &source, validation.len(), (float, executed))?;
    export::write(&trained.network, out)?;
    write_history(out, &trained)?;
    let lines = [
        Some(format!("{parameters} parameters, {:.1} MMAC a frame", trained.network.float.macs() as f64 / 1e6)),
        anchors,
        Some(format!("mean IoU on {} validation images: {float:.4} in float, {executed:.4} executed in integers", validation.len())),
        Some(format!("written to {}", out.display())),
    ];
    Ok(lines.into_iter().flatten().collect())
}

/// What to train on and what to judge by.
fn data(args: &TrainArgs, shape: Shape, progress: &Progress, quiet: bool) -> Result<(Source, Images)> {
    let Some(folder) = &args.images else {
        progress.note("rendering validation scenes");
        return Ok((Source::Scenes, Images::scenes(Split::Validation, 0, args.validation as usize, shape)));
    };
    let Opened { folder, remarks, .. } = args.labels.open(folder, quiet)?;
    remarks.iter().filter(|_| !quiet).for_each(|remark| common::note(remark));
    progress.note("reading images");
    let [training, validation] = Images::split(&folder, shape)?;
    Ok((Source::Images(training), validation))
}

fn epochs(args: &TrainArgs) -> u64 {
    args.epochs.unwrap_or(EPOCHS)
}

/// Epochs in float where the command line does not say.
const EPOCHS: u64 = 40;

fn plan(args: &TrainArgs, network: &Network) -> Plan {
    let float = Schedule {
        images: args.epoch_images as usize,
        batch: args.batch as usize,
        rate: args.rate,
        patience: args.patience,
        crop_epochs: run::share(epochs(args), args.crops),
        ..run::float_schedule(network, epochs(args), args.seed)
    };
    let crop_epochs = run::share(args.tune_epochs, args.tune_crops);
    let tune = Schedule { phase: "quantised", epochs: args.tune_epochs, rate: args.tune_rate, decay: 0.0, crop_epochs, ..float.clone() };
    Plan { float, tune, scale: args.scale }
}

/// How the network came about, into its file; nothing in it depends on the machine.
fn provenance(args: &TrainArgs, trained: &mut Trained, source: &Source, judged: usize, (float, executed): (f32, f32)) -> Result<()> {
    let flag = |name: &str, value: Option<String>| value.map_or(String::new(), |v| format!(" --{name} {v}"));
    let scale = args.scale.map(|s| s.name().to_string());
    // The folder a network was read from is nobody's business.
    let name = &trained.network.name;
    let images = args.images.as_ref().map(|_| "FOLDER".to_string());
    let validation = args.images.is_none().then(|| args.validation.to_string());
    let command = format!(
        "bico train {name}{}{}{}{}{}{} --epochs {} --tune-epochs {} --epoch-images {} --batch {} --crops {} --tune-crops {} --rate {} --tune-rate {} --patience {}{} --seed {}",
        flag("features", args.features.map(|b| b.to_string())),
        flag("weights", args.weights.map(|b| b.to_string())),
        flag("scale", scale),
        flag("images", images),
        flag("labels", args.labels.labels.map(|l| l.name().to_string())),
        flag("on-broken", (args.labels.on_broken == OnBroken::Skip).then(|| "skip".to_string())),
        epochs(args),
        args.tune_epochs,
        args.epoch_images,
        args.batch,
        args.crops,
        args.tune_crops,
        args.rate,
        args.tune_rate,
        args.patience,
        flag("validation", validation),
        args.seed,
    );
    let mut table = trained.network.provenance.clone();
    let data = if let Source::Scenes = source { format!("scenes {}", version_hash(4)) } else { source.name() };
    let entries = [
        ("command", command),
        ("data", data),
        ("iou_float", format!("{float:.4}")),
        ("iou_executed", format!("{executed:.4}")),
        ("scored_on", format!("the {judged} validation images{}", if trained.history.is_empty() { "" } else { " that chose the epoch" })),
    ];
    for stale in ["weights", "iou_quantised", "scenes_sha256"] {
        table.remove(stale);
    }
    for (key, value) in entries {
        table.insert(key.to_string(), toml::Value::String(value));
    }
    let head = trained.network.head.clone().ok_or_else(|| Error::fault("a trained network has a head"))?;
    trained.network = trained.network.trained(trained.network.float.clone(), head, table)?;
    Ok(())
}

fn write_history(out: &Path, trained: &Trained) -> Result<()> {
    let mut csv = String::from("phase,epoch,learning_rate,loss,validation_iou\n");
    for Epoch { epoch, phase, rate, loss, iou } in &trained.history {
        csv.push_str(&format!("{phase},{epoch},{rate:e},{loss:.5},{iou:.5}\n"));
    }
    write_atomically(&out.join("training.csv"), csv.as_bytes())?;
    let svg = training::draw(&trained.network.name, &trained.history)?;
    write_atomically(&out.join("training.svg"), svg.as_bytes())
}
