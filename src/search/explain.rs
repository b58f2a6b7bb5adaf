//! What a little more of a budget would buy: the top-down search again, on a board that has it.

use super::jobs;
use super::topdown::{self, Target};
use crate::board::Board;
use crate::error::Result;
use crate::model::Network;

/// A board with more of something.
#[derive(Clone, Debug)]
pub struct Gain {
    /// Of what.
    pub resource: &'static str,
    /// How much more, as people say it.
    pub more: String,
    /// Cycles of a frame of the fastest accelerator there; none where still nothing fits.
    pub cycles: Option<u64>,
    /// Its frames a second.
    pub fps: Option<f64>,
}

/// More of each budget, one at a time: these percentages, and of the logic one more.
fn richer(board: &Board, percent: &[u64]) -> Vec<(&'static str, String, Board)> {
    let mut all = Vec::new();
    for (name, amount) in board.budget.named() {
        let mut add = |more: u64, text: String| {
            let mut b = board.clone();
            *match name {
                "DSP" => &mut b.budget.dsp,
                "RAMB18" => &mut b.budget.bram18,
                "LUT" => &mut b.budget.lut,
                _ => &mut b.budget.ff,
            } += more;
            all.push((name, text, b));
        };
        add(1, format!("1 more than {amount}"));
        for &p in percent {
            add((amount * p).div_ceil(100), format!("{p} % more than {amount}"));
        }
    }
    let peak = board.memory.peak_bytes_per_second() / 1_000_000;
    for &p in percent {
        let mut b = board.clone();
        b.memory.ddr_clock_hz += b.memory.ddr_clock_hz * p / 100;
        all.push(("DDR MB/s", format!("{p} % more than {peak}"), b));
    }
    all
}

/// The fastest accelerator for a network on boards that have more, `target.jobs` at a time.
///
/// # Errors
/// When no accelerator runs a layer.
pub fn gains(network: &Network, board: &Board, target: Target, percent: &[u64], done: &(dyn Fn() + Sync)) -> Result<Vec<Gain>> {
    let one = Target { jobs: 1, fps: None, ..target };
    jobs::map(target.jobs, &richer(board, percent), |(resource, more, board)| {
        let found = match topdown::design(network, board, one, &|| ()) {
            Ok(found) => Some(found),
            Err(e) if e.kind().refuses_design() => None,
            Err(e) => return Err(e),
        };
        done();
        let best = found.as_ref().and_then(|f| f.trials.iter().min_by_key(|t| t.cycles));
        Ok(Gain { resource, more: more.clone(), cycles: best.map(|t| t.cycles), fps: best.map(|t| t.fps) })
    })
}

/// Boards that [`gains`] tries.
pub fn count(board: &Board, percent: &[u64]) -> usize {
    richer(board, percent).len()
}
