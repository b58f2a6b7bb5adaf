//! The joint search: networks from a strategy, the accelerator of each from above, and accuracy by training for those that reach the target.

use super::candidate::{Evaluator, Hardware, Offer};
use super::genes::Genes;
use super::jobs;
use super::pareto::{self, first_most};
use super::space::{Point, Space};
use super::strategy::{History, NO_DESIGN, Strategy, Trial};
use crate::error::Result;
use crate::power::energy_score;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is to be as large as it can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Mean IoU.
    #[default]
    Iou,
    /// The contest's score: IoU times (1 + energy score).
    Score,
    /// IoU times frames a second: a compromise where there is no target.
    Throughput,
}

/// What a search is after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What is to be as large as it can be among the candidates that keep to the limits.
    pub goal: Goal,
    /// Frames a second to reach, host stage included.
    pub fps: Option<f64>,
    /// Most millijoules a frame, board energy.
    pub mj: Option<f64>,
}

impl Objective {
    /// By how much an offer misses the limits, as a share of them: 0 or less where it keeps to all.
    fn missed(&self, fps: f64, mj: f64) -> f64 {
        let short = self.fps.map_or(0.0, |least| 1.0 - fps / least);
        let over = self.mj.map_or(0.0, |most| mj / most - 1.0);
        short.max(over)
    }

    /// Of the offers that keep to the limits, by place: the one of least energy where a rate is asked for and more of it is worth nothing, else the one of most
    /// merit; none where none does.
    fn choose(&self, offers: &[Offer]) -> Option<usize> {
        let mut kept = (0..offers.len()).filter(|&k| self.missed(offers[k].fps, offers[k].mj_per_frame) <= 0.0);
        match (self.fps, self.goal) {
            // The fastest is the first, and each takes less energy than those before it.
            (Some(_), Goal::Iou | Goal::Score) => kept.next_back(),
            _ => first_most(kept, |&k| self.value(1.0, offers[k].fps, offers[k].mj_per_frame)),
        }
    }

    /// The merit of a candidate that keeps to the limits.
    fn value(&self, iou: f64, fps: f64, mj: f64) -> f64 {
        match self.goal {
            Goal::Iou => iou,
            Goal::Score => iou * (1.0 + energy_score(mj / 1e3)),
            Goal::Throughput => iou * fps,
        }
    }
}

/// A candidate, evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Where in the space.
    pub point: Point,
    /// The network.
    pub genes: Genes,
    /// Its accelerators.
    pub hardware: Hardware,
    /// The chosen one among them, by the objective; none where nothing fits.
    pub offer: Option<usize>,
    /// Whether that keeps to the limits.
    pub feasible: bool,
    /// Mean IoU by the proxy; none where it was not trained, because limits are missed.
    pub iou: Option<f64>,
    /// See [`Trial::merit`].
    pub merit: f64,
}

impl Candidate {
    /// The chosen accelerator.
    pub fn chosen(&self) -> Option<&Offer> {
        self.hardware.offers.get(self.offer?)
    }

    /// Frames a second and millijoules a frame of the chosen accelerator.
    pub fn rates(&self) -> Option<(f64, f64)> {
        self.chosen().map(|o| (o.fps, o.mj_per_frame))
    }

    /// With its accuracy, where it keeps to the limits.
    ///
    /// # Errors
    /// Those of the evaluator.
    pub fn trained(mut self, evaluator: &Evaluator<'_>, objective: Objective) -> Result<Candidate> {
        if let Some((fps, mj)) = self.rates().filter(|_| self.feasible) {
            let iou = evaluator.iou(&self.genes)?;
            self.iou = Some(iou);
            self.merit = objective.value(iou, fps, mj);
        }
        Ok(self)
    }

    /// What strategies see: how fast it can be, whatever the target made of it.
    fn trial(&self) -> Trial {
        let fps = self.hardware.fastest().map_or(0.0, |o| o.fps);
        Trial { point: self.point.clone(), merit: self.merit, iou: self.iou.unwrap_or(0.0), fps }
    }
}

/// How a search is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// What it is after.
    pub objective: Objective,
    /// Most distinct networks that are trained, those of `known` apart.
    pub trainings: usize,
    /// Points that an earlier search trained: they cost nothing.
    pub known: &'a BTreeSet<Point>,
    /// Evaluations at a time, one thread each. The result does not depend on it.
    pub jobs: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Everything that was evaluated, in order.
    pub candidates: Vec<Candidate>,
    /// Of most merit among those that keep to the limits.
    pub best: Option<usize>,
}

impl Outcome {
    /// Networks that were trained.
    pub fn trainings(&self) -> usize {
        self.candidates.iter().filter(|c| c.iou.is_some()).count()
    }

    /// FPS and IoU of those that were trained.
    pub fn points(&self) -> Vec<pareto::Pair> {
        self.candidates.iter().filter_map(|c| Some((c.rates()?.0, c.iou?))).collect()
    }

    /// Which candidates no other beats in FPS and IoU.
    pub fn front(&self) -> Vec<bool> {
        let optimal = pareto::front(&self.points());
        let mut trained = optimal.into_iter();
        let is_trained = |c: &Candidate| c.rates().is_some() && c.iou.is_some();
        self.candidates.iter().map(|c| is_trained(c) && trained.next().unwrap_or(false)).collect()
    }
}

/// Simulated candidates, for each training that is allowed, after which a search ends, however many were trained.
const MOST_SIMULATED: usize = 40;

/// Runs a strategy until the trainings are used up or it has nothing left to ask. `done` is told each time something was evaluated.
///
/// # Errors
/// Those of the evaluator.
pub fn search(
    space: &Space,
    evaluator: &Evaluator<'_>,
    strategy: &mut dyn Strategy,
    plan: Plan<'_>,
    done: &(dyn Fn(&Outcome) + Sync),
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut history = History::default();
    let costs = |c: &Candidate| !plan.known.contains(&c.point);
    let spent = |outcome: &Outcome| outcome.candidates.iter().filter(|c| c.iou.is_some() && costs(c)).count();
    while spent(&outcome) < plan.trainings && outcome.candidates.len() < plan.trainings * MOST_SIMULATED {
        let asked = strategy.ask(&history);
        if asked.is_empty() {
            break;
        }
        let mut fresh: Vec<Point> = Vec::new();
        for point in asked {
            if history.of(&point).is_none() && !fresh.contains(&point) {
                fresh.push(point);
            }
        }
        let mut batch = jobs::map(plan.jobs, &fresh, |point| simulated(space, evaluator, plan.objective, point))?;
        // Those beyond the trainings that are left are not looked at: the search ends with this batch.
        let left = plan.trainings - spent(&outcome);
        let feasible: Vec<usize> = (0..batch.len()).filter(|&k| batch[k].feasible && costs(&batch[k])).collect();
        if let Some(&first_beyond) = feasible.get(left) {
            batch.truncate(first_beyond);
        }
        for candidate in jobs::map(plan.jobs, &batch, |c| c.clone().trained(evaluator, plan.objective))? {
            history.push(candidate.trial());
            outcome.candidates.push(candidate);
        }
        outcome.best = best(&outcome.candidates);
        done(&outcome);
    }
    Ok(outcome)
}

fn best(candidates: &[Candidate]) -> Option<usize> {
    first_most((0..candidates.len()).filter(|&k| candidates[k].iou.is_some()), |&k| candidates[k].merit)
}

/// A point's accelerators, and whether one keeps to the limits.
fn simulated(space: &Space, evaluator: &Evaluator<'_>, objective: Objective, point: &Point) -> Result<Candidate> {
    let genes = space.genes(point);
    // A space may hold points that are no network, such as one pooled to nothing.
    let hardware = match genes.check() {
        Ok(()) => evaluator.hardware(&genes)?,
        Err(e) => Hardware::refused(e.to_string()),
    };
    Ok(judged(genes, point.clone(), hardware, objective))
}

/// A candidate before training.
pub fn judged(genes: Genes, point: Point, hardware: Hardware, objective: Objective) -> Candidate {
    let missed_by = |k: usize| objective.missed(hardware.offers[k].fps, hardware.offers[k].mj_per_frame);
    // Where none keeps to the limits, the one that comes nearest; the fastest of equals.
    let offer = objective.choose(&hardware.offers).or(first_most(0..hardware.offers.len(), |&k| -missed_by(k)));
    let missed = offer.map(missed_by);
    let feasible = missed.is_some_and(|m| m <= 0.0);
    let merit = missed.map_or(NO_DESIGN, |m| -m.max(0.0));
    Candidate { point, genes, hardware, offer, feasible, iou: None, merit }
}
