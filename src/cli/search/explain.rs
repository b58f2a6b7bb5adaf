//! `bico search --explain`: one candidate of a finished search.

use super::{Left, files};
use crate::board;
use crate::cli::Talk;
use crate::cli::common::{clock, print, progress};
use crate::config::Override;
use crate::error::{Error, Result};
use crate::search::bundle;
use crate::search::candidate::Offer;
use crate::search::explain::{Gain, count, gains};
use crate::search::pareto::first_most;
use crate::search::topdown::Target;
use std::fmt::Write;
use std::path::Path;

/// Shares of a budget that are added, percent.
const PERCENT: [u64; 3] = [10, 25, 50];

/// Prints why a candidate won or not, what binds, and what more would buy.
///
/// # Errors
/// When the folder holds no finished search, or no such candidate.
pub fn run(out: &Path, which: &str, jobs: usize, talk: Talk) -> Result<()> {
    let left = files::read(out)?;
    let by_number = which.parse::<usize>().ok().filter(|k| *k < left.candidates.len());
    let number = by_number.or_else(|| left.candidates.iter().rposition(|c| c.genes.name() == which)).ok_or_else(|| {
        Error::usage("no candidate of this number or name")
            .value(which)
            .allowed(format!("0 to {}, or a network of trials.csv", left.candidates.len().saturating_sub(1)))
    })?;
    let candidate = &left.candidates[number];
    let settings = left.board_settings.iter().map(|s| Override::of("--set-board", s)).collect::<Result<Vec<_>>>()?;
    let (pool, board) = (bundle::pool(left.pool.as_deref())?, board::open(&left.board, &settings)?.check()?);
    let mut text = standing(&left, number);
    let Some(offer) = candidate.chosen() else {
        let _ = writeln!(text, "no accelerator of the grid runs it: {}", candidate.hardware.refused.as_deref().unwrap_or("no design"));
        print(&text);
        return Ok(());
    };
    let _ =
        writeln!(text, "\nchosen of {} simulated designs; the `{}` unit bounds it from below", candidate.hardware.designs, offer.slowest);
    for ((name, used), (_, of)) in offer.resources.named().into_iter().zip(board.budget.named()) {
        let _ = writeln!(text, "  {name:<8}{used:>8} of {of:>8}{:>7.1} %", used as f64 / of.max(1) as f64 * 100.0);
    }
    let network = candidate.genes.network(&pool)?;
    let target = Target { clock: clock(left.clock_mhz)?, fps: None, designs: left.designs, jobs };
    let bar = progress(talk.quiet, count(&board, &PERCENT), "boards");
    let gains = gains(&network, &board, target, &PERCENT, &|| bar.inc(1))?;
    bar.finish_and_clear();
    text.push_str(&bought(&gains, candidate.hardware.fastest().unwrap_or(offer)));
    print(&text);
    Ok(())
}

/// Its place among those that were judged as it was.
fn standing(left: &Left, number: usize) -> String {
    let (searched, features) = left.candidates.split_at(left.searched.min(left.candidates.len()));
    let (all, first, how) = if number < searched.len() { (searched, 0, "in float") } else { (features, searched.len(), "on the grids") };
    let c = &all[number - first];
    let mut text = format!("candidate {number}: {}\n", c.genes.name());
    let rank = all.iter().filter(|o| o.iou.is_some() && o.merit > c.merit).count() + 1;
    let trained = all.iter().filter(|o| o.iou.is_some()).count();
    let best = first_most((0..all.len()).filter(|&k| all[k].iou.is_some()), |&k| all[k].merit);
    if let (Some(iou), Some((fps, mj))) = (c.iou, c.rates()) {
        let _ = writeln!(
            text,
            "IoU {iou:.3} by the proxy {how}, {fps:.1} FPS, {mj:.1} mJ a frame: merit {:.4}, place {rank} of {trained} judged so",
            c.merit
        );
    } else if let Some((fps, mj)) = c.rates() {
        let _ = writeln!(text, "not trained: {fps:.1} FPS, {mj:.1} mJ a frame miss the limits by {:.1} %", -c.merit * 100.0);
    }
    let other = match best {
        Some(best) if all[best].genes == c.genes => {
            let others = all.iter().filter(|o| o.iou.is_some() && o.genes != c.genes);
            first_most(others, |o| o.merit).map(|o| ("it won; the next", o))
        }
        Some(best) => Some(("the winner", &all[best])),
        None => None,
    };
    if let Some((what, o)) = other
        && let (Some(iou), Some((fps, mj))) = (o.iou, o.rates())
    {
        let _ = writeln!(text, "{what} is `{}`: IoU {iou:.3}, {fps:.1} FPS, {mj:.1} mJ, merit {:.4}", o.genes.name(), o.merit);
    }
    text
}

/// Share of a rate from which on more of it is a gain: offers are kept rounded.
const LEAST_GAIN: f64 = 1e-3;

/// A table of gains.
fn bought(gains: &[Gain], fastest: &Offer) -> String {
    let mut text = format!(
        "\nwhat more of a budget would buy, every design simulated again (fastest here: {} cycles, {:.1} FPS)\n",
        fastest.cycles, fastest.fps
    );
    for gain in gains {
        let result = match (gain.cycles, gain.fps) {
            // Where the host stage hides the accelerator, fewer cycles are no more frames.
            (Some(cycles), Some(fps)) if fps > fastest.fps * (1.0 + LEAST_GAIN) => {
                format!("{cycles} cycles, {fps:.1} FPS, {:+.1} %", (fps / fastest.fps - 1.0) * 100.0)
            }
            (Some(_), _) => "nothing".into(),
            _ => "nothing fits".into(),
        };
        let _ = writeln!(text, "  {:<9} {:<24} {result}", gain.resource, gain.more);
    }
    text
}
