//! Bottom-up, the second look: each bundle with every activation and several widths, judged on the grids, on accelerators of its own.

use super::bottomup::{check_contents, contents, judged_how, probe};
use super::bundle::Bundle;
use super::cache::Cache;
use super::candidate::{Evaluator, Judging};
use super::genes::{Clip, DEFAULT_BITS, Genes};
use super::jobs;
use super::topdown::Target;
use crate::board::Board;
use crate::error::Result;
use crate::sweep::journal::kept;
use crate::train::proxy;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A bundle with an activation and widths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Name of the bundle.
    pub bundle: String,
    /// The board.
    pub board: String,
    /// Assumed fabric clock, megahertz.
    pub clock_mhz: f64,
    /// Activation.
    pub activation: Clip,
    /// Width of feature maps.
    pub feature_bits: u8,
    /// Width of weights.
    pub weight_bits: u8,
    /// Cycles of a frame on the fastest accelerator found.
    pub cycles: u64,
    /// Lanes of that accelerator.
    pub lanes: usize,
    /// Its depthwise parallel factor, 0 without the IP.
    pub depthwise: usize,
    /// Its pointwise parallel factors, input times output, 0 without the IP.
    pub pointwise: usize,
    /// Its standard convolution's, input times output, 0 without the IP.
    pub conv: usize,
    /// DSP slices.
    pub dsp: u64,
    /// Half block RAMs.
    pub ramb18: u64,
    /// Look-up tables.
    pub lut: u64,
    /// Frames a second, host stage included.
    pub fps: f64,
    /// Board energy of a frame, millijoules.
    pub mj_per_frame: f64,
    /// Mean IoU by the proxy, on the grids.
    pub proxy_iou: f64,
    /// Passes over the proxy's scenes in float.
    pub epochs: u64,
    /// Which proxy: [`proxy::name`].
    pub proxy: String,
    /// Tells board, bundle and effort from others of the same names.
    pub content: String,
}

impl Row {
    fn is_of(&self, genes: &Genes) -> bool {
        self.bundle == genes.bundle
            && (self.activation, self.feature_bits, self.weight_bits) == (genes.activation, genes.feature_bits, genes.weight_bits)
    }
}

/// Widths of features and weights that are tried with the default activation.
const WIDTHS: [(u8, u8); 4] = [(8, 8), (8, 11), (9, 7), (6, 6)];

/// How variants are judged after so many passes in float: one on the grids.
pub const fn judging(epochs: u64) -> Judging {
    Judging { grid_epochs: 1, ..Judging::float(epochs, 1) }
}

/// What a bundle is tried with.
pub fn variants(bundle: &str) -> Vec<Genes> {
    let activations = [Clip::Relu, Clip::Relu4, Clip::Relu6, Clip::Relu8].map(|activation| (activation, DEFAULT_BITS));
    let widths = WIDTHS.map(|bits| (Clip::default(), bits));
    let with = |(activation, (feature_bits, weight_bits))| Genes { activation, feature_bits, weight_bits, ..probe(bundle) };
    activations.into_iter().chain(widths).map(with).collect()
}

/// Judges the variants of bundles that the file lacks, `jobs` at a time; it has each as soon as it is finished.
///
/// # Errors
/// When the file holds something else or can not be written, or a network can not be trained.
pub fn run(
    (pool, bundles): (&[Bundle], &[String]),
    (board, target): (&Board, Target),
    judging: Judging,
    jobs: usize,
    path: &Path,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Row>> {
    let content = contents(pool, board, target.designs)?;
    let known = read(path, &board.name, target.clock.mhz(), judging.epochs)?;
    check_contents(path, known.iter().map(|r| (r.bundle.as_str(), r.content.as_str())), &content)?;
    let evaluator = Evaluator::new(pool, board, target.clock, target.designs, judging, Cache::in_memory());
    let all: Vec<Genes> = bundles.iter().flat_map(|b| variants(b)).collect();
    let missing: Vec<&Genes> = all.iter().filter(|g| !known.iter().any(|r| r.is_of(g))).collect();
    let place = |row: &Row| all.iter().position(|g| row.is_of(g));
    jobs::rows(jobs, &missing, known, Some(path), place, |genes| {
        let of_bundle = content.get(&genes.bundle).cloned().unwrap_or_default();
        let row = judge(&evaluator, (&board.name, target.clock.mhz()), genes, of_bundle)?;
        done();
        Ok(row)
    })
}

/// None where no accelerator runs it.
fn judge(evaluator: &Evaluator<'_>, (board, clock_mhz): (&str, f64), genes: &Genes, content: String) -> Result<Option<Row>> {
    let hardware = evaluator.hardware(genes)?;
    let Some(best) = hardware.fastest() else { return Ok(None) };
    let proxy_iou = evaluator.iou(genes)?;
    let acc = &best.accelerator;
    Ok(Some(Row {
        bundle: genes.bundle.clone(),
        board: board.to_string(),
        clock_mhz,
        activation: genes.activation,
        feature_bits: genes.feature_bits,
        weight_bits: genes.weight_bits,
        cycles: best.cycles,
        lanes: acc.lanes,
        depthwise: acc.depthwise.as_ref().map_or(0, |ip| ip.parallel),
        pointwise: acc.pointwise.as_ref().map_or(0, |ip| ip.parallel_in * ip.parallel_out),
        conv: acc.conv.as_ref().map_or(0, |ip| ip.parallel_in * ip.parallel_out),
        dsp: best.resources.dsp,
        ramb18: best.resources.bram18,
        lut: best.resources.lut,
        fps: best.fps,
        mj_per_frame: best.mj_per_frame,
        proxy_iou,
        epochs: evaluator.judging.epochs,
        proxy: proxy::name().into(),
        content,
    }))
}

fn read(path: &Path, board: &str, clock_mhz: f64, epochs: u64) -> Result<Vec<Row>> {
    let how = |r: &Row| judged_how(&r.board, r.clock_mhz, r.epochs, &r.proxy);
    kept(path, "a row of finely judged bundles", "--fine", how, &judged_how(board, clock_mhz, epochs, proxy::name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::journal::to_csv;

    #[test]
    fn what_a_file_has_is_not_judged_again() {
        let (pool, board) = (super::super::bundle::builtin(), crate::board::builtin("pynq-z1").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fine.csv");
        let target = Target { clock: crate::units::Hertz::from_mhz(100.0), fps: None, designs: 1, jobs: 1 };
        let count = std::sync::atomic::AtomicUsize::new(0);
        let counted = || {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let some = |epochs| {
            let judging = Judging { images: 16, ..judging(epochs) };
            super::run((&pool, &["pw".to_string()]), (&board, target), judging, 2, &path, &counted)
        };
        let rows = some(1).unwrap();
        assert!(rows.len() == 8 && rows.iter().all(|r| r.cycles > 0 && r.lut > 0));
        // As a killed run leaves it: some rows.
        std::fs::write(&path, to_csv(&rows[..5]).unwrap()).unwrap();
        assert_eq!(some(1).unwrap(), rows);
        assert_eq!(count.into_inner(), 8 + 3, "five were known");
        for other in [read(&path, "pynq-z1", 100.0, 2), read(&path, "pynq-z1", 150.0, 1), read(&path, "ultra96", 100.0, 1)] {
            let e = other.unwrap_err().to_string();
            assert!(e.contains("fine.csv:2") && e.contains("pynq-z1, 100 MHz, 1 epochs") && e.contains("--fine"), "{e}");
        }
    }

    #[test]
    fn a_bundle_is_tried_with_every_activation_and_with_widths() {
        let all = variants("dw3-pw");
        assert_eq!(all.len(), 8);
        assert!(all.iter().all(|g| g.check().is_ok()));
        assert!(all.contains(&probe("dw3-pw")), "the coarse look's network is among them");
    }
}
