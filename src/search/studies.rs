//! Experiments about searches on a proxy table: every network of a space is simulated once, then searches cost next to nothing.

use super::candidate::Evaluator;
use super::genes::Genes;
use super::jobs;
use super::joint::{Goal, Objective, Outcome, Plan, search};
use super::pareto::{Pair, first_most, hypervolume};
use super::space::Space;
use super::strategy::{self, Entry};
use super::topdown::{self, Target};
use crate::board::Board;
use crate::error::{Error, Kind, Result};
use crate::model::Network;
use crate::simulate::{Options, Sample, Simulation};
use crate::stats::{Bootstrap, Estimate};
use crate::sweep::rounded;
use serde::Serialize;
use std::collections::BTreeSet;

/// The networks of a space that an accelerator runs: frames a second of the fastest, and IoU.
///
/// # Errors
/// When a network is not in the evaluator's table, or can not be evaluated.
pub fn landscape(space: &Space, evaluator: &Evaluator<'_>, jobs: usize, done: &(dyn Fn() + Sync)) -> Result<Vec<Pair>> {
    space.check_tabled()?;
    let all: Vec<Genes> = space.points().iter().map(|p| space.genes(p)).collect();
    if let Some(missing) = all.iter().find(|g| evaluator.tabled(g).is_none()) {
        return Err(Error::input("the table lacks a network of the space")
            .value(missing.name())
            .hint("name the space that the table covers with --space FILE, or finish the table with `bico study table`"));
    }
    let pairs = jobs::map(jobs, &all, |genes| {
        let hardware = evaluator.hardware(genes)?;
        done();
        hardware.fastest().map(|o| Ok((o.fps, evaluator.iou(genes)?))).transpose()
    })?;
    Ok(pairs.into_iter().flatten().collect())
}

/// The quarter, half and three-quarter points of the rates of a landscape, to one decimal: targets that nobody picked.
pub fn targets(landscape: &[Pair]) -> [f64; 3] {
    let mut rates: Vec<f64> = landscape.iter().map(|p| p.0).collect();
    rates.sort_by(f64::total_cmp);
    let at = |share: f64| rates.get((share * rates.len() as f64) as usize).copied().unwrap_or(0.0);
    [0.25, 0.5, 0.75].map(|share| libm::round(at(share) * 10.0) / 10.0)
}

/// One search of one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmRow {
    /// Rate to reach, frames a second.
    pub target_fps: f64,
    /// Of the strategy.
    pub seed: u64,
    /// `co-design`: only networks that reach the target are trained. `separate`: the most accurate of all trained, then its accelerator. `separate, next best`: of
    /// the same trained ones the most accurate that reaches the target.
    pub arm: &'static str,
    /// Distinct networks that were trained.
    pub trainings: usize,
    /// Whether the target is reached.
    pub reached: bool,
    /// Frames a second of what was found; 0 for nothing.
    pub fps: f64,
    /// Its IoU by the proxy where the target is reached, else 0.
    pub proxy_iou: f64,
    /// What was found: [`Genes::name`]; empty for nothing.
    pub network: String,
    /// Its IoU by another training than the one that chose it ([`judge`]), where the target is reached, else 0; absent where nobody asked.
    pub judged_iou: Option<f64>,
    /// What was found.
    #[serde(skip)]
    pub genes: Option<Genes>,
}

/// The arms of [`codesign`].
pub const ARMS: [&str; 3] = ["co-design", "separate, next best", "separate"];

/// How studies search.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs of each search, seeds 1 to this.
    pub seeds: u64,
    /// Distinct trainings of a search.
    pub trainings: usize,
}

/// Co-design against separate design, at equal numbers of distinct trainings, by one strategy, with the same accelerators.
///
/// # Errors
/// Those of the evaluator.
pub fn codesign(space: &Space, evaluator: &Evaluator<'_>, entry: &Entry, targets: &[f64], effort: Effort) -> Result<Vec<ArmRow>> {
    let run = |fps: Option<f64>, seed: u64| -> Result<Outcome> {
        let objective = Objective { goal: Goal::Iou, fps, mj: None };
        let plan = Plan { objective, trainings: effort.trainings, known: &BTreeSet::new(), jobs: 1 };
        search(space, evaluator, &mut *(entry.start)(&space.sizes(), seed), plan, &|_| ())
    };
    let mut rows = Vec::new();
    for seed in 1..=effort.seeds {
        let separate = run(None, seed)?;
        for &target_fps in targets {
            let together = run(Some(target_fps), seed)?;
            for (arm, (outcome, least)) in ARMS.into_iter().zip([(&together, target_fps), (&separate, target_fps), (&separate, 0.0)]) {
                let found = outcome.candidates.iter().filter_map(|c| Some((c.rates()?.0, c.iou?, &c.genes)));
                let found = first_most(found.filter(|f| f.0 >= least), |f| f.1);
                let (fps, iou, genes) = found.map_or((0.0, 0.0, None), |(fps, iou, genes)| (fps, iou, Some(genes.clone())));
                let reached = fps >= target_fps;
                let proxy_iou = if reached { iou } else { 0.0 };
                let network = genes.as_ref().map_or_else(String::new, Genes::name);
                rows.push(ArmRow {
                    target_fps,
                    seed,
                    arm,
                    trainings: outcome.trainings(),
                    reached,
                    fps,
                    proxy_iou,
                    network,
                    judged_iou: None,
                    genes,
                });
            }
        }
    }
    Ok(rows)
}

/// The networks of rows that reach their target, each once, in the order of the genes.
pub fn found(rows: &[ArmRow]) -> Vec<&Genes> {
    let distinct: BTreeSet<&Genes> = rows.iter().filter(|r| r.reached).filter_map(|r| r.genes.as_ref()).collect();
    distinct.into_iter().collect()
}

/// Judges what was found by an evaluator's own trainings, from another seed than those of the table that chose: who chooses the most of many noisy values gets one that is too
/// high, and the more so the more there are. Each network is trained once.
///
/// # Errors
/// Those of the evaluator.
pub fn judge(rows: &mut [ArmRow], evaluator: &Evaluator<'_>, jobs: usize, done: &(dyn Fn() + Sync)) -> Result<()> {
    let networks: Vec<Genes> = found(rows).into_iter().cloned().collect();
    let ious = jobs::map(jobs, &networks, |genes| {
        let iou = evaluator.iou(genes)?;
        done();
        Ok(iou)
    })?;
    for row in rows {
        let of = row.genes.as_ref().filter(|_| row.reached).and_then(|genes| networks.binary_search(genes).ok());
        row.judged_iou = Some(of.map_or(0.0, |k| ious[k]));
    }
    Ok(())
}

/// By how much the first arm's IoU is ahead of another's, seed by seed: means with their bootstrap intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    /// Over all seeds, where who misses the target has found nothing.
    pub all: Option<Estimate>,
    /// Seeds in which both reach the target.
    pub mutual: usize,
    /// Over those.
    pub where_both_reach: Option<Estimate>,
}

/// The first arm against another at a target, by an IoU of the rows.
pub fn paired(rows: &[ArmRow], target_fps: f64, other: &str, iou: fn(&ArmRow) -> f64) -> Ahead {
    let of = |arm: &str| rows.iter().filter(|r| r.arm == arm && r.target_fps == target_fps).collect::<Vec<_>>();
    let pairs: Vec<(&ArmRow, &ArmRow)> = of(ARMS[0]).into_iter().zip(of(other)).collect();
    let mean = |pairs: &[(&ArmRow, &ArmRow)]| Bootstrap::default().mean(&pairs.iter().map(|(a, b)| iou(a) - iou(b)).collect::<Vec<f64>>());
    let both: Vec<_> = pairs.iter().copied().filter(|(a, b)| a.reached && b.reached).collect();
    Ahead { all: mean(&pairs), mutual: both.len(), where_both_reach: mean(&both) }
}

/// One search by one strategy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StrategyRow {
    /// Its name, and how it was asked.
    pub strategy: String,
    /// Of the strategy.
    pub seed: u64,
    /// Distinct networks that were trained.
    pub trainings: usize,
    /// Hypervolume of FPS and IoU as a share of that of the whole space.
    pub hypervolume: f64,
}

/// How well strategies cover the front. Each is run at the targets, with an equal part of the trainings for each, and once more without a target. The reference point
/// of the hypervolume is the least rate and the least IoU of the landscape.
///
/// # Errors
/// Those of the evaluator.
pub fn strategies(
    space: &Space,
    evaluator: &Evaluator<'_>,
    landscape: &[Pair],
    targets: &[f64],
    effort: Effort,
) -> Result<Vec<StrategyRow>> {
    let least = |of: fn(&Pair) -> f64| landscape.iter().map(of).fold(f64::INFINITY, f64::min);
    let reference = (least(|p| p.0), least(|p| p.1));
    let all = hypervolume(landscape, reference);
    let free = [None];
    let aimed: Vec<Option<f64>> = targets.iter().copied().map(Some).collect();
    let mut rows = Vec::new();
    for (how, aims) in [("three targets", &aimed[..]), ("no target", &free[..])] {
        for entry in &strategy::REGISTRY {
            for seed in 1..=effort.seeds {
                let mut points: Vec<Pair> = Vec::new();
                let mut trained = BTreeSet::new();
                for (k, &fps) in aims.iter().enumerate() {
                    let objective = Objective { goal: if fps.is_some() { Goal::Iou } else { Goal::Throughput }, fps, mj: None };
                    // Networks that an earlier aim trained are no new trainings; what an aim has no use for is for those that are left.
                    let trainings = (effort.trainings - trained.len().min(effort.trainings)).div_ceil(aims.len() - k);
                    let plan = Plan { objective, trainings, known: &trained, jobs: 1 };
                    let seed = seed * aims.len() as u64 + k as u64;
                    let outcome = search(space, evaluator, &mut *(entry.start)(&space.sizes(), seed), plan, &|_| ())?;
                    for c in outcome.candidates.iter().filter(|c| c.iou.is_some()) {
                        trained.insert(c.point.clone());
                        // The fastest accelerator counts, whatever the target was.
                        points.extend(c.hardware.fastest().zip(c.iou).map(|(o, iou)| (o.fps, iou)));
                    }
                }
                let share = if all > 0.0 { hypervolume(&points, reference) / all } else { 0.0 };
                let strategy = format!("{}, {how}", entry.name);
                rows.push(StrategyRow { strategy, seed, trainings: trained.len(), hypervolume: rounded(share) });
            }
        }
    }
    Ok(rows)
}

/// Names of the runs of [`strategies`], in order.
pub fn runs(rows: &[StrategyRow]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.strategy.as_str()) {
            names.push(&row.strategy);
        }
    }
    names
}

/// A design, timed three ways.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelRow {
    /// Its network.
    pub network: String,
    /// Number of the design among those of the network.
    pub design: usize,
    /// DSP slices.
    pub dsp: u64,
    /// The papers' analytical model, cycles.
    pub analytical_cycles: u64,
    /// Simulated without values, cycles.
    pub timed_cycles: u64,
    /// Of the execution with values, cycles.
    pub executed_cycles: u64,
    /// Error of the analytical model, percent of the simulated cycles.
    pub analytical_error_percent: f64,
}

/// Designs of a network that [`analytical`] takes, spread over all that the top-down search tries.
pub const DESIGNS_EACH: usize = 7;

/// Holds the papers' analytical model against the simulation of designs for a network, and that against the execution of an image.
///
/// # Errors
/// When nothing fits, or the machine breaks its contract when values run through it.
pub fn analytical(network: &Network, board: &Board, target: Target, image: &Sample) -> Result<Vec<ModelRow>> {
    let found = topdown::design(network, board, target, &|| ())?;
    let step = found.trials.len().div_ceil(DESIGNS_EACH).max(1);
    let chosen: Vec<usize> = (0..found.trials.len()).step_by(step).collect();
    jobs::map(target.jobs, &chosen, |&k| {
        let trial = &found.trials[k];
        let options = Options { frames: 1, allow_overflow: false, jobs: false };
        let simulation = Simulation::new(network, &trial.accelerator, board, options)?;
        let execution = simulation.execute(std::slice::from_ref(image), || ())?;
        let record = simulation.record(std::slice::from_ref(image), &execution, options)?;
        let frame = record.frames.first().ok_or_else(|| Error::new(Kind::Fault, "a run has a frame"))?;
        let executed_cycles = frame.end_cycle - frame.start_cycle;
        let error = trial.analytical_cycles as f64 / trial.cycles as f64 - 1.0;
        Ok(ModelRow {
            network: network.name.clone(),
            design: k,
            dsp: trial.resources.dsp,
            analytical_cycles: trial.analytical_cycles,
            timed_cycles: trial.cycles,
            executed_cycles,
            analytical_error_percent: rounded(error * 100.0),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_are_paired_over_all_seeds_and_over_those_in_which_both_reach_the_target() {
        let row = |arm, seed, target_fps, proxy_iou: f64| {
            let reached = proxy_iou > 0.0;
            let fps = if reached { target_fps } else { 1.0 };
            ArmRow { target_fps, seed, arm, trainings: 3, reached, fps, proxy_iou, network: String::new(), judged_iou: None, genes: None }
        };
        let of = |arm, ious: [f64; 3]| (1..).zip(ious).map(move |(seed, iou)| row(arm, seed, 60.0, iou));
        let mut rows: Vec<ArmRow> = of(ARMS[0], [0.30, 0.28, 0.32]).chain(of(ARMS[2], [0.0, 0.26, 0.28])).collect();
        // Another target's rows do not count.
        rows.extend([row(ARMS[0], 1, 30.0, 0.9), row(ARMS[2], 1, 30.0, 0.1)]);
        let ahead = paired(&rows, 60.0, ARMS[2], |r| r.proxy_iou);
        let value = |e: Option<Estimate>| e.map_or(f64::NAN, |e| e.value);
        assert!((value(ahead.all) - 0.12).abs() < 1e-12 && (value(ahead.where_both_reach) - 0.03).abs() < 1e-12, "{ahead:?}");
        assert_eq!(ahead.mutual, 2);
        let never = paired(&rows, 60.0, ARMS[1], |r| r.proxy_iou);
        assert_eq!((never.all, never.mutual, never.where_both_reach), (None, 0, None));
    }
}
