//! How a search chooses what to try next. A strategy is one file here and one line in [`REGISTRY`]; it sees trials, never the simulator.

mod nsga2;
mod pso;
mod random;
mod scd;
mod surrogate;

use super::pareto::first_most;
use super::space::Point;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// What a strategy is told about a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Where in the space.
    pub point: Point,
    /// How good it is, the more the better: what the objective says where the target is reached; below 0, by how much it is missed as a share of the target, where it is
    /// not; [`NO_DESIGN`] where no accelerator runs it.
    pub merit: f64,
    /// Mean IoU; 0 where it was not trained.
    pub iou: f64,
    /// Frames a second of its fastest accelerator; 0 where there is none.
    pub fps: f64,
}

/// The merit of what no accelerator runs.
pub const NO_DESIGN: f64 = -2.0;

/// Trials so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    trials: Vec<Trial>,
    at: BTreeMap<Point, usize>,
}

impl History {
    /// Adds a trial.
    pub fn push(&mut self, trial: Trial) {
        self.at.insert(trial.point.clone(), self.trials.len());
        self.trials.push(trial);
    }
    /// The trial of a point.
    pub fn of(&self, point: &[usize]) -> Option<&Trial> {
        self.at.get(point).map(|&k| &self.trials[k])
    }
    /// All, in the order they were made.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }
    /// The first of most merit.
    pub fn best(&self) -> Option<&Trial> {
        first_most(&self.trials, |t| t.merit)
    }
}

/// Chooses what to try next.
pub trait Strategy {
    /// Points to try, those that were tried before among them or not; none when there is nothing left to try. Once they are tried `history` has them all, unless the
    /// search has ended.
    fn ask(&mut self, history: &History) -> Vec<Point>;
}

/// A way to search.
pub struct Entry {
    /// What to ask for.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Starts it: choices of each dimension, seed.
    pub start: fn(&[usize], u64) -> Box<dyn Strategy>,
}

/// The strategy where none is named: of all the one that `bico study strategies` finds ahead of random search.
pub const DEFAULT: &str = "surrogate";

/// All strategies.
pub const REGISTRY: [Entry; 5] = [
    Entry {
        name: "scd",
        about: "stochastic coordinate descent with restarts (DAC 2019)",
        start: |sizes, seed| Box::new(scd::Scd::new(sizes, seed)),
    },
    Entry { name: "pso", about: "group-based particle swarm (SkyNet)", start: |sizes, seed| Box::new(pso::Pso::new(sizes, seed)) },
    Entry {
        name: "nsga2",
        about: "NSGA-II over IoU and FPS (Deb et al., 2002)",
        start: |sizes, seed| Box::new(nsga2::Nsga2::new(sizes, seed)),
    },
    Entry {
        name: "surrogate",
        about: "a model of merit and rate says what to try next (sequential model-based optimisation)",
        start: |sizes, seed| Box::new(surrogate::Surrogate::new(sizes, seed)),
    },
    Entry {
        name: "random",
        about: "every point once, in random order: the baseline",
        start: |sizes, seed| Box::new(random::Random::new(sizes, seed)),
    },
];

/// A strategy by name.
///
/// # Errors
/// When there is none of this name: lists them.
pub fn by_name(name: &str) -> Result<&'static Entry> {
    let names = || REGISTRY.map(|e| e.name).join(", ");
    let entry = REGISTRY.iter().find(|e| e.name == name);
    entry.ok_or_else(|| Error::usage("no strategy of this name").value(name).allowed(names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a strategy on a merit of the point; what was tried, in order.
    fn tried(entry: &Entry, sizes: &[usize], seed: u64, most: usize, merit: impl Fn(&[usize]) -> f64) -> History {
        let mut strategy = (entry.start)(sizes, seed);
        let mut history = History::default();
        for _ in 0..100 {
            let asked = strategy.ask(&history);
            if asked.is_empty() || history.trials().len() >= most {
                break;
            }
            for point in asked {
                assert!(point.len() == sizes.len() && point.iter().zip(sizes).all(|(p, s)| p < s), "{}: {point:?}", entry.name);
                if history.of(&point).is_none() {
                    let merit = merit(&point);
                    history.push(Trial { iou: merit.max(0.0), fps: point[0] as f64, merit, point });
                }
            }
        }
        history
    }

    #[test]
    fn the_same_seed_asks_the_same() {
        let merit = |p: &[usize]| p.iter().sum::<usize>() as f64;
        for entry in &REGISTRY {
            let points = |seed| tried(entry, &[3, 4, 3, 5], seed, 40, merit).trials().iter().map(|t| t.point.clone()).collect::<Vec<_>>();
            assert_eq!(points(1), points(1), "{}", entry.name);
            assert_ne!(points(1), points(2), "{}", entry.name);
            assert!(points(1).len() >= 10, "{} tries {}", entry.name, points(1).len());
        }
    }

    #[test]
    fn a_space_of_one_point_is_searched() {
        for entry in &REGISTRY {
            assert_eq!(tried(entry, &[1, 1, 1, 1], 1, 40, |_| 1.0).trials().len(), 1, "{}", entry.name);
        }
    }

    #[test]
    fn a_slope_is_climbed_faster_than_by_chance() {
        // Of 1,296 points one is best. A swarm has a group for each of six bundles to move first.
        let merit = |p: &[usize]| 1.0 - p.iter().map(|&v| (v as f64 - 4.0).abs()).sum::<f64>() / 20.0;
        let found = |name, most| {
            let best = |seed| tried(by_name(name).unwrap(), &[6; 4], seed, most, merit).best().unwrap().merit;
            (0..20).filter(|&seed| best(seed) > 0.99).count()
        };
        for (name, most) in [("scd", 60), ("nsga2", 60), ("surrogate", 60), ("pso", 160)] {
            let (ours, chance) = (found(name, most), found("random", most));
            assert!(ours >= 15 && ours > 2 * chance, "{name} found it in {ours} of 20 runs, chance in {chance}");
        }
    }

    #[test]
    fn what_misses_the_target_leads_to_what_reaches_it() {
        // Only points of a first coordinate of at least 5 reach the target, those below say by how much they miss it.
        let merit = |p: &[usize]| if p[0] >= 5 { p[1] as f64 } else { (p[0] as f64 - 5.0) / 5.0 };
        for name in ["scd", "pso", "surrogate"] {
            let history = tried(by_name(name).unwrap(), &[6, 6, 6, 6], 3, 60, merit);
            assert!(history.best().unwrap().merit >= 3.0, "{name}: {:?}", history.best());
        }
    }
}
