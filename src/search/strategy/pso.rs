//! Group-based particle swarm (SkyNet, MLSys 2020): networks of one bundle are a group, and move towards the best of their group and the best they were
//! themselves. The first coordinate is the bundle; the others move.

use super::random::Random;
use super::{History, Strategy};
use crate::dataset::rng::Rng;
use crate::search::pareto::first_most;
use crate::search::space::{Point, random_point};

/// Particles of a group.
const PARTICLES: usize = 4;
/// Chance that a coordinate steps aside by one.
const MUTATION: f32 = 0.15;
/// Iterations without anything new after which a point that nobody tried is taken at random.
const MOST_IDLE: usize = 200;

struct Particle {
    at: Point,
    best: Option<Point>,
}

/// The swarm.
pub struct Pso {
    sizes: Vec<usize>,
    rng: Rng,
    particles: Vec<Particle>,
    begun: bool,
    others: Random,
}

impl Pso {
    /// Points of this many choices in each dimension, the first of which makes the groups.
    pub fn new(sizes: &[usize], seed: u64) -> Pso {
        let mut rng = Rng::new(seed);
        // Particle by particle, so that an early end leaves no group out.
        let groups = (0..PARTICLES).flat_map(|_| 0..sizes[0]);
        let particles = groups
            .map(|group| {
                let mut at = random_point(sizes, &mut rng);
                at[0] = group;
                Particle { at, best: None }
            })
            .collect();
        Pso { sizes: sizes.to_vec(), rng, particles, begun: false, others: Random::new(sizes, seed) }
    }

    /// Everybody remembers, then moves.
    fn advance(&mut self, history: &History) {
        let merit = |point: &Point| history.of(point).map_or(f64::NEG_INFINITY, |t| t.merit);
        for p in &mut self.particles {
            if p.best.as_ref().is_none_or(|b| merit(&p.at) > merit(b)) {
                p.best = Some(p.at.clone());
            }
        }
        let best_of = |group: usize| {
            let in_group = history.trials().iter().filter(|t| t.point[0] == group);
            first_most(in_group, |t| t.merit).map(|t| t.point.clone())
        };
        let leaders: Vec<Option<Point>> = (0..self.sizes[0]).map(best_of).collect();
        for p in &mut self.particles {
            for k in 1..self.sizes.len() {
                let towards = |to: &Option<Point>, share: f32| to.as_ref().map_or(0.0, |to| share * (to[k] as f32 - p.at[k] as f32));
                let mut step = towards(&p.best, self.rng.unit()) + towards(&leaders[p.at[0]], self.rng.unit());
                if self.rng.chance(MUTATION) {
                    step += if self.rng.chance(0.5) { 1.0 } else { -1.0 };
                }
                p.at[k] = (p.at[k] as f32 + step).round().clamp(0.0, (self.sizes[k] - 1) as f32) as usize;
            }
        }
    }
}

impl Strategy for Pso {
    fn ask(&mut self, history: &History) -> Vec<Point> {
        for _ in 0..MOST_IDLE {
            if std::mem::replace(&mut self.begun, true) {
                self.advance(history);
            }
            let asked: Vec<Point> = self.particles.iter().map(|p| p.at.clone()).collect();
            if asked.iter().any(|p| history.of(p).is_none()) {
                return asked;
            }
        }
        self.others.untried(history)
    }
}
