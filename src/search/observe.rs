//! The papers' second and third observation: block RAM and DSP slices move in steps.

use super::bundle::Bundle;
use super::genes::Genes;
use crate::accelerator::check::packs;
use crate::accelerator::{Accelerator, Bank};
use crate::board::{Board, Mapping};
use crate::error::Result;
use crate::ip::cost;
use crate::plan::plan;
use crate::simulate::{Options, Simulation};
use serde::Serialize;

/// Block RAM at an input size and a feature width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BramRow {
    /// Input height over 160.
    pub resize_factor: f64,
    /// Rows of the input.
    pub height: u16,
    /// Columns of the input.
    pub width: u16,
    /// Width of feature maps.
    pub feature_bits: u8,
    /// Words of all feature banks together.
    pub bank_words: usize,
    /// Half block RAMs of the feature banks and all else.
    pub ramb18: u64,
    /// Simulated cycles of a frame with these banks.
    pub cycles: u64,
}

/// Input heights: what three pools can halve.
pub const HEIGHTS: std::ops::RangeInclusive<u16> = 64..=160;
const HEIGHT_STEP: usize = 8;
/// Output tile at the full input: rows and columns; it shrinks with the input, so that a layer keeps its number of tiles.
const TILE: [f64; 2] = [16.0, 32.0];
/// Banks while the planner finds out what it needs.
const LARGE_BANK_WORDS: usize = 1 << 16;

/// Block RAM against the input's resize factor, for each feature width: the accelerator's banks get as many words as the plan needs, no more, and the
/// network is simulated with them.
///
/// # Errors
/// When a network can not be planned or its run breaks the machine's contract.
pub fn bram(pool: &[Bundle], genes: &Genes, acc: &Accelerator, board: &Board, feature_bits: &[u8]) -> Result<Vec<BramRow>> {
    let mut rows = Vec::new();
    for &bits in feature_bits {
        for height in HEIGHTS.step_by(HEIGHT_STEP) {
            let genes = Genes { input: [height, 2 * height], feature_bits: bits, ..genes.clone() };
            let network = genes.network(pool)?;
            let factor = f64::from(height) / f64::from(*HEIGHTS.end());
            let side = |full: f64| (libm::ceil(full * factor) as usize).max(1);
            let mut fitted = acc.clone();
            (fitted.feature_bits, fitted.tile) = (bits, (side(TILE[0]), side(TILE[1])));
            fitted.weight_bits = genes.weight_bits.max(fitted.weight_bits);
            let large = |b: &Bank| Bank { words: LARGE_BANK_WORDS, ..b.clone() };
            fitted.banks = acc.banks.iter().map(large).collect();
            let planned = plan(&network.graph, &fitted)?;
            for (id, bank) in fitted.banks.iter_mut().enumerate() {
                let edges = planned.groups.iter().flat_map(|g| &g.edges).filter(|e| usize::from(e.bank) == id);
                bank.words = edges.map(|e| e.halves * e.half_words).max().unwrap_or(1).max(1);
            }
            let options = Options { frames: 1, allow_overflow: true, jobs: false };
            let simulation = Simulation::new(&network, &fitted, board, options)?;
            let frame = simulation.first_frame();
            rows.push(BramRow {
                resize_factor: factor,
                height,
                width: 2 * height,
                feature_bits: bits,
                bank_words: fitted.banks.iter().map(|b| b.words).sum(),
                ramb18: cost::total(&fitted, board).bram18,
                cycles: frame.end.0 - frame.start.0,
            });
        }
    }
    Ok(rows)
}

/// DSP slices at a pair of widths.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DspRow {
    /// Who maps products.
    pub mapping: Mapping,
    /// Width of feature maps.
    pub feature_bits: u8,
    /// Width of weights.
    pub weight_bits: u8,
    /// Whether two products share a multiplier.
    pub packed: bool,
    /// DSP slices of the whole accelerator.
    pub dsp: u64,
}

/// DSP slices against widths: of our RTL as Yosys maps it, with the packed IP wherever two products fit one multiplier, and as Vivado HLS maps the same
/// products.
pub fn dsp(acc: &Accelerator, board: &Board, feature_bits: &[u8], weight_bits: &[u8]) -> Vec<DspRow> {
    let mut rows = Vec::new();
    for mapping in [Mapping::Yosys, Mapping::VivadoHls] {
        let board = Board { mapping, ..board.clone() };
        for &features in feature_bits {
            for &weights in weight_bits {
                let packed = mapping == Mapping::Yosys && packs(features, weights);
                let mut a = acc.clone();
                (a.feature_bits, a.weight_bits) = (features, weights);
                for ip in [&mut a.pointwise, &mut a.conv].into_iter().flatten() {
                    ip.packed = packed && ip.parallel_out > 1;
                }
                rows.push(DspRow { mapping, feature_bits: features, weight_bits: weights, packed, dsp: cost::total(&a, &board).dsp });
            }
        }
    }
    rows
}
