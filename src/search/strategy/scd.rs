//! Stochastic coordinate descent (DAC 2019): one coordinate at a time, chosen at random, moves a step up and a step down; the better of the two is where the
//! search goes on when it is better than where it stands. Where no coordinate helps any more it starts again elsewhere.

use super::{History, Strategy};
use crate::dataset::rng::Rng;
use crate::search::pareto::first_most;
use crate::search::space::{Point, random_point};

/// Where the descent stands.
pub struct Scd {
    sizes: Vec<usize>,
    rng: Rng,
    at: Option<Point>,
    /// Coordinates that were not tried since the last step, the next last.
    left: Vec<usize>,
    asked: Vec<Point>,
}

/// Starts that are drawn before a space counts as exhausted.
const MOST_STARTS: usize = 1000;

impl Scd {
    /// Points of this many choices in each dimension.
    pub fn new(sizes: &[usize], seed: u64) -> Scd {
        Scd { sizes: sizes.to_vec(), rng: Rng::new(seed), at: None, left: Vec::new(), asked: Vec::new() }
    }

    /// The neighbours of a point along a coordinate.
    fn neighbours(&self, at: &[usize], coordinate: usize) -> Vec<Point> {
        let steps = [at[coordinate].checked_sub(1), Some(at[coordinate] + 1).filter(|v| *v < self.sizes[coordinate])];
        let moved = |v: usize| at.iter().enumerate().map(|(k, &old)| if k == coordinate { v } else { old }).collect();
        steps.into_iter().flatten().map(moved).collect()
    }
}

impl Strategy for Scd {
    fn ask(&mut self, history: &History) -> Vec<Point> {
        let merit = |point: &Point| history.of(point).map_or(f64::NEG_INFINITY, |t| t.merit);
        for _ in 0..MOST_STARTS {
            let better = first_most(self.asked.drain(..), merit);
            if let Some(better) = better
                && self.at.as_ref().is_none_or(|at| merit(&better) > merit(at))
            {
                self.at = Some(better);
                self.left = self.rng.permutation(self.sizes.len());
            }
            let Some(at) = self.at.clone() else {
                self.asked = vec![random_point(&self.sizes, &mut self.rng)];
                if history.of(&self.asked[0]).is_none() {
                    return self.asked.clone();
                }
                continue;
            };
            match self.left.pop() {
                Some(coordinate) => self.asked = self.neighbours(&at, coordinate),
                None => self.at = None,
            }
            if self.asked.iter().any(|p| history.of(p).is_none()) {
                return self.asked.clone();
            }
        }
        Vec::new()
    }
}
