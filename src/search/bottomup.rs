//! Bottom-up: each bundle in a network of fixed depth, on the accelerator that the board allows it.

use super::bundle::Bundle;
use super::genes::{DEFAULT_INPUT, Genes};
use super::jobs;
use super::pareto::front;
use super::topdown::{self, Target};
use crate::board::Board;
use crate::error::{Error, Result};
use crate::sweep::journal::kept;
use crate::sweep::rounded;
use crate::train::proxy::{self, IMAGES, Proxy};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A bundle, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name.
    pub bundle: String,
    /// The board.
    pub board: String,
    /// Assumed fabric clock, megahertz.
    pub clock_mhz: f64,
    /// Multiply-accumulates of a frame.
    pub macs: u64,
    /// Cycles of a frame on the fastest accelerator found.
    pub cycles: u64,
    /// The same, milliseconds.
    pub accelerator_ms: f64,
    /// DSP slices of that accelerator.
    pub dsp: u64,
    /// Half block RAMs.
    pub ramb18: u64,
    /// Look-up tables.
    pub lut: u64,
    /// Largest share of a budget that it takes.
    pub largest_share: f64,
    /// Designs that were simulated to find it.
    pub designs: u64,
    /// Mean IoU by the proxy; empty without training.
    pub proxy_iou: Option<f64>,
    /// Passes over the proxy's scenes.
    pub epochs: u64,
    /// Which proxy: [`proxy::name`].
    pub proxy: String,
    /// Tells board, bundle and effort from others of the same names.
    pub content: String,
}

/// The network of fixed depth: four replications, pooled three times.
pub fn probe(bundle: &str) -> Genes {
    Genes::new(bundle, vec![8, 16, 32, 48], vec![1, 2, 3])
}

/// How bundles are judged.
pub struct Coarse<'a> {
    /// The bundles.
    pub pool: &'a [Bundle],
    /// The board.
    pub board: &'a Board,
    /// Clock and effort of the top-down search for each bundle.
    pub target: Target,
    /// Passes over the proxy's scenes; 0: accuracy is not judged.
    pub epochs: u64,
    /// Bundles at a time, one thread each.
    pub jobs: usize,
    /// CSV that finished bundles are kept in.
    pub path: Option<PathBuf>,
}

impl Coarse<'_> {
    /// Judges every bundle that the file lacks. A bundle that no accelerator of the board runs is left out; `note` is told of it.
    ///
    /// # Errors
    /// When the file holds something else or can not be written, or a network can not be trained.
    pub fn run(&self, done: &(dyn Fn() + Sync), note: &(dyn Fn(&str, &Error) + Sync)) -> Result<Vec<Row>> {
        let known = match &self.path {
            Some(path) => self.read(path)?,
            None => Vec::new(),
        };
        let content = contents(self.pool, self.board, self.target.designs)?;
        if let Some(path) = &self.path {
            check_contents(path, known.iter().map(|r| (r.bundle.as_str(), r.content.as_str())), &content)?;
        }
        let missing: Vec<&Bundle> = self.pool.iter().filter(|b| known.iter().all(|r| r.bundle != b.name)).collect();
        let proxy = (self.epochs > 0 && !missing.is_empty()).then(|| Proxy::at(DEFAULT_INPUT.map(usize::from), IMAGES));
        jobs::rows(
            self.jobs,
            &missing,
            known,
            self.path.as_deref(),
            |r| self.place(r),
            |bundle| {
                let of_bundle = content.get(&bundle.name).cloned().unwrap_or_default();
                let judged = match self.judge(bundle, proxy.as_ref(), of_bundle) {
                    Ok(row) => Some(row),
                    Err(e) if e.kind().refuses_design() => {
                        note(&bundle.name, &e);
                        None
                    }
                    Err(e) => return Err(e.within(format!("bundle `{}`", bundle.name))),
                };
                done();
                Ok(judged)
            },
        )
    }

    /// Rows are in the order of the pool.
    fn place(&self, row: &Row) -> Option<usize> {
        self.pool.iter().position(|b| b.name == row.bundle)
    }

    fn judge(&self, bundle: &Bundle, proxy: Option<&Proxy>, content: String) -> Result<Row> {
        let network = probe(&bundle.name).network(self.pool)?;
        let found = topdown::design(&network, self.board, self.target, &|| ())?;
        let best = &found.trials[found.best];
        let iou = proxy.map(|p| p.score(&network, self.epochs, SEED, 0, &mut |_, _| {})).transpose()?;
        let shares = best.resources.named().into_iter().zip(self.board.budget.named());
        Ok(Row {
            bundle: bundle.name.clone(),
            board: self.board.name.clone(),
            clock_mhz: self.target.clock.mhz(),
            macs: network.float.macs(),
            cycles: best.cycles,
            accelerator_ms: rounded(best.cycles as f64 / self.target.clock.0 as f64 * 1e3),
            dsp: best.resources.dsp,
            ramb18: best.resources.bram18,
            lut: best.resources.lut,
            largest_share: rounded(shares.map(|((_, n), (_, of))| n as f64 / of.max(1) as f64).fold(0.0, f64::max)),
            designs: found.trials.len() as u64,
            proxy_iou: iou.map(|v| rounded(f64::from(v))),
            epochs: self.epochs,
            proxy: proxy::name().into(),
            content,
        })
    }

    fn read(&self, path: &Path) -> Result<Vec<Row>> {
        let wanted = judged_how(&self.board.name, self.target.clock.mhz(), self.epochs, proxy::name());
        kept(path, "a row of judged bundles", "--csv", |r: &Row| judged_how(&r.board, r.clock_mhz, r.epochs, &r.proxy), &wanted)
    }
}

/// What rows of one file have in common.
pub(super) fn judged_how(board: &str, clock_mhz: f64, epochs: u64, proxy: &str) -> String {
    format!("{board}, {clock_mhz} MHz, {epochs} epochs of proxy `{proxy}`")
}

/// By name of a bundle, the first digits of a hash of all that its cycles depend on: the board, its layers, how many designs are tried.
pub(super) fn contents(pool: &[Bundle], board: &Board, designs: usize) -> Result<BTreeMap<String, String>> {
    let of = |bundle: &Bundle| -> Result<(String, String)> {
        let text = format!("{board:?} {} {designs}", bundle.toml("relu4", None)?);
        Ok((bundle.name.clone(), hex::encode(&Sha256::digest(text)[..6])))
    };
    pool.iter().map(of).collect()
}

/// Refuses rows (bundle, content) of another board, bundle or effort of the same name.
///
/// # Errors
/// Names the first such line.
pub(super) fn check_contents<'r>(
    path: &Path,
    rows: impl Iterator<Item = (&'r str, &'r str)>,
    now: &BTreeMap<String, String>,
) -> Result<()> {
    let changed = |(bundle, content): (&str, &str)| now.get(bundle).is_some_and(|now| now != content);
    match rows.enumerate().find(|(_, row)| changed(*row)) {
        None => Ok(()),
        Some((k, (bundle, _))) => Err(Error::input("the board or the bundle has changed since this row was made")
            .at(path, k + 2)
            .value(bundle)
            .hint("name another file, or remove this one to judge the bundles anew")),
    }
}

/// Of initial weights and order.
const SEED: u64 = 1;

/// Which rows no other row beats: none is both at least as accurate and at least as fast, and better in one. Rows without accuracy are on no front.
pub fn pareto(rows: &[Row]) -> Vec<bool> {
    let point = |r: &Row| (r.proxy_iou.unwrap_or(f64::NEG_INFINITY), -(r.cycles as f64));
    let points: Vec<_> = rows.iter().map(point).collect();
    rows.iter().zip(front(&points)).map(|(r, optimal)| optimal && r.proxy_iou.is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_changed_board_are_refused_and_those_of_other_bundles_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundles.csv");
        let (all, board) = (super::super::bundle::builtin(), crate::board::builtin("pynq-z1").unwrap());
        let of = |names: &[&str]| all.iter().filter(|b| names.contains(&b.name.as_str())).cloned().collect::<Vec<_>>();
        let run = |pool: &[Bundle], board: &Board| {
            let target = Target { clock: crate::units::Hertz::from_mhz(100.0), fps: None, designs: 1, jobs: 1 };
            Coarse { pool, board, target, epochs: 0, jobs: 1, path: Some(path.clone()) }.run(&|| (), &|_, _| ())
        };
        let names = |rows: &[Row]| rows.iter().map(|r| r.bundle.clone()).collect::<Vec<_>>();
        assert_eq!(names(&run(&of(&["pw"]), &board).unwrap()), ["pw"]);
        assert_eq!(names(&run(&of(&["dw3-pw"]), &board).unwrap()), ["dw3-pw"]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\npw,") && text.contains("\ndw3-pw,"), "{text}");
        assert_eq!(run(&of(&["pw", "dw3-pw"]), &board).unwrap().len(), 2);
        assert_eq!(std::fs::read_to_string(&path).unwrap().len(), text.len(), "nothing was judged again");
        let mut larger = board.clone();
        larger.budget.dsp += 1;
        let e = run(&of(&["dw3-pw"]), &larger).unwrap_err().to_string();
        assert!(e.contains("bundles.csv:") && e.contains("dw3-pw") && e.contains("has changed"), "{e}");
    }

    #[test]
    fn the_front_is_what_nothing_beats() {
        let row = |cycles, iou: f64| Row {
            bundle: String::new(),
            board: String::new(),
            clock_mhz: 100.0,
            macs: 0,
            cycles,
            accelerator_ms: 0.0,
            dsp: 0,
            ramb18: 0,
            lut: 0,
            largest_share: 0.0,
            designs: 0,
            proxy_iou: (iou > 0.0).then_some(iou),
            epochs: 1,
            proxy: String::new(),
            content: String::new(),
        };
        let rows = [row(10, 0.3), row(20, 0.3), row(20, 0.4), row(5, 0.1), row(6, 0.05), row(1, 0.0)];
        assert_eq!(pareto(&rows), [true, false, true, true, false, false]);
    }
}
