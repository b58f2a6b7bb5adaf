//! `bico train`: trains the default detector on procedural scenes and writes it as a network folder.

use super::progress::Progress;
use crate::dataset::scene::{Split, version_hash};
use crate::error::{Error, Result};
use crate::tensor::Shape;
use crate::train::data::{Images, anchors};
use crate::train::export::Export;
use crate::train::finish::{self, Finished, Recipe};
use crate::train::run::{self, Plan};
use crate::train::spec::NetSpec;
use std::path::{Path, PathBuf};

/// Arguments of `bico train`.
#[derive(Clone, Debug, clap::Args)]
pub struct TrainArgs {
    /// Folder to write network.toml, weights.safetensors and checkpoint.safetensors to
    #[arg(long)]
    pub out: PathBuf,
    /// Training scenes
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub images: u32,
    /// Passes over the training scenes in float
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub epochs: u32,
    /// Stop after this epoch, as if interrupted; finish later with --resume
    #[arg(long)]
    pub until: Option<u32>,
    /// Further passes with weights and features on their fixed-point grids
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub qat_epochs: u32,
    /// Images a step
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,
    /// Highest learning rate
    #[arg(long, default_value_t = 2e-3)]
    pub rate: f32,
    /// Bits of features
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u8).range(2..=16))]
    pub feature_bits: u8,
    /// Bits of weights
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u8).range(2..=16))]
    pub weight_bits: u8,
    /// Test scenes to score the result on
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub test: u32,
    /// Seed of initial weights, order and variation
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; 0 takes all. The result does not depend on it
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// Continue from the checkpoint in --out
    #[arg(long)]
    pub resume: bool,
}

/// Runs `bico train`; returns the lines of its summary.
///
/// # Errors
/// When arguments do not fit each other, a checkpoint is in the way, or files cannot be written.
pub fn train(args: &TrainArgs, quiet: bool) -> Result<Vec<String>> {
    if !(args.rate > 0.0 && args.rate <= 1.0) {
        return Err(Error::usage("--rate is out of range").value(args.rate).allowed("above 0, at most 1"));
    }
    std::fs::create_dir_all(&args.out).map_err(|e| Error::io("create", &args.out, &e))?;
    let checkpoint = args.out.join("checkpoint.safetensors");
    if checkpoint.exists() && !args.resume {
        let e = Error::usage("the folder holds an unfinished run").file(&checkpoint);
        return Err(e.hint("continue it with --resume, or name another --out"));
    }
    run::with_threads(args.threads, || in_pool(args, &checkpoint, quiet))
}

fn in_pool(args: &TrainArgs, checkpoint: &Path, quiet: bool) -> Result<Vec<String>> {
    let shape = Shape::new(3, 160, 320);
    let progress = Progress::new(quiet);
    progress.note("generating scenes");
    let images = Images::scenes(Split::Training, args.images as usize, shape);
    let validation = Images::scenes(Split::Validation, 200.min(args.test as usize), shape);
    let spec = NetSpec::default_detector(anchors(&images.targets, 2));
    let batch = args.batch as usize;
    let plan = Plan { epochs: u64::from(args.epochs), batch, rate: args.rate, decay: 1e-2, seed: args.seed };
    let mut net = run::fresh(spec, args.seed, batch)?;
    let path = checkpoint.to_path_buf();
    let until = args.until.map_or(plan.epochs, u64::from);
    run::train_until(&mut net, &plan, until, &images, &validation, Some(&path), &mut |d, of, e| progress.epoch("float", d, of, e))?;
    let tune = Plan { epochs: u64::from(args.qat_epochs), rate: args.rate * 0.05, decay: 0.0, ..plan };
    let recipe = Recipe { feature_bits: args.feature_bits, weight_bits: args.weight_bits, tune };
    progress.note("scoring");
    let test = Images::scenes(Split::Test, args.test as usize, shape);
    let done = finish::finish(&mut net, &recipe, &images, &test, &mut |d, of, e| progress.epoch("quantised", d, of, e))?;
    export(args, &done)?;
    let (float, quantised) = done.means();
    Ok(vec![
        format!("{} parameters, {:.1} MMAC a frame", done.params.count(), done.spec.macs()? as f64 / 1e6),
        format!(
            "mean IoU on {} test scenes: {float:.4} in float, {quantised:.4} at {}/{} bits",
            args.test, args.feature_bits, args.weight_bits
        ),
        format!("written to {}", args.out.display()),
    ])
}

fn export(args: &TrainArgs, done: &Finished) -> Result<()> {
    let (float, quantised) = done.means();
    let command = format!(
        "bico train --images {} --epochs {}{} --qat-epochs {} --batch {} --rate {} --feature-bits {} --weight-bits {} --seed {}",
        args.images,
        args.epochs,
        args.until.map_or(String::new(), |u| format!(" --until {u}")),
        args.qat_epochs,
        args.batch,
        args.rate,
        args.feature_bits,
        args.weight_bits,
        args.seed,
    );
    let provenance = [
        ("command", command),
        ("scenes_sha256", version_hash(4)),
        ("iou_float", format!("{float:.4}")),
        ("iou_quantised", format!("{quantised:.4}")),
        ("scored_on", format!("first {} scenes of the test split", args.test)),
    ];
    let provenance = provenance.map(|(k, v)| (k.to_string(), v));
    Export {
        name: "uav-detector",
        description: "Finds one car, truck, person, rider, boat or drone seen from above",
        spec: &done.spec,
        params: &done.params,
        grids: &done.grids,
        provenance: &provenance,
    }
    .write(&args.out)
}
