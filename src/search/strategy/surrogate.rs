//! Sequential model-based optimisation (Hutter, Hoos, Leyton-Brown, 2011): a model of what was tried says what to try next. Here Bayesian linear regression (Bishop,
//! "Pattern Recognition and Machine Learning", 2006, section 3.3) on the choices of each dimension, once for merit and once for the logarithm of the rate; next are the points of
//! the highest upper confidence bound of merit among those whose rate may reach the target. What no accelerator runs counts as slower than anything that one runs.

use super::{History, Strategy, Trial};
use crate::search::space::{Point, shuffled};

/// Trials that keep to the limits before the model of merit is asked.
const START: usize = 4;
/// Trials that do not before the model of rates is asked, where none keeps to the limits, and where some do.
const START_RATES: [usize; 2] = [3, 24];
/// Points at a time.
const BATCH: usize = 2;
/// Points looked at for a question; in a larger space others for the next one.
const LOOKED_AT: usize = 20_000;
/// Standard deviations of the upper confidence bound.
const CONFIDENCE: f64 = 1.0;
/// Precision of the prior of each weight, in units of the noise's.
const PRIOR: f64 = 0.5;
/// Share of the target that a foretold rate has to reach: trying one that misses it costs no training.
const NEARLY: f64 = 0.95;
/// Rate that stands for what no accelerator runs, and from which on one is expected to, as shares of the slowest that one ran.
const UNFIT: f64 = 0.5;
const FIT: f64 = 0.75;

/// A shuffled space.
pub struct Surrogate {
    sizes: Vec<usize>,
    left: Vec<Point>,
}

impl Surrogate {
    /// Points of this many choices in each dimension.
    pub fn new(sizes: &[usize], seed: u64) -> Surrogate {
        Surrogate { sizes: sizes.to_vec(), left: shuffled(sizes, seed) }
    }

    /// The points of most value, the first of equals in the shuffled order.
    fn most(&self, value: impl Fn(&Point) -> f64) -> Vec<Point> {
        let mut valued: Vec<(f64, &Point)> = self.left.iter().take(LOOKED_AT).map(|p| (value(p), p)).collect();
        valued.sort_by(|a, b| b.0.total_cmp(&a.0));
        valued.into_iter().take(BATCH).map(|(_, p)| p.clone()).collect()
    }
}

/// The rate that is asked for, as those tell that miss it (see [`Trial::merit`]); none where they disagree, because it is not the rate that they miss.
fn target(missed: &[&Trial]) -> Option<f64> {
    let told = |t: &&Trial| t.fps / (1.0 + t.merit);
    let first = missed.first().map(told)?;
    missed.iter().all(|t| (told(t) / first - 1.0).abs() < 1e-6).then_some(first)
}

impl Strategy for Surrogate {
    fn ask(&mut self, history: &History) -> Vec<Point> {
        self.left.retain(|p| history.of(p).is_none());
        if self.left.len() > LOOKED_AT {
            self.left.rotate_left(LOOKED_AT);
        }
        let trials = history.trials();
        let (run, unfit): (Vec<&Trial>, Vec<&Trial>) = trials.iter().partition(|t| t.fps > 0.0);
        let (kept, missed): (Vec<&Trial>, Vec<&Trial>) = run.iter().partition(|t| t.merit >= 0.0);
        let slowest = run.iter().map(|t| t.fps).reduce(f64::min).unwrap_or(1.0);
        let all_rates = run.iter().map(|t| (&t.point, t.fps)).chain(unfit.iter().map(|t| (&t.point, UNFIT * slowest)));
        let rates = Model::fit(&self.sizes, all_rates.map(|(point, fps)| (point, libm::log(fps))));
        let least = match target(&missed) {
            Some(fps) => Some(libm::log(NEARLY * fps)),
            None if unfit.is_empty() => None,
            None => Some(libm::log(FIT * slowest)),
        };
        // By how much a point is foretold to be too slow.
        let short = |p: &Point| least.map_or(0.0, |least| (rates.at(p).0 - least).min(0.0));
        if kept.len() < START {
            let others = missed.len() + unfit.len();
            if kept.is_empty() && others >= START_RATES[0] {
                return self.most(|p| rates.at(p).0);
            }
            // The first of those that may do; where none may, the fastest.
            return self.most(|p| if others < START_RATES[1] { 0.0 } else { short(p) });
        }
        let merit = Model::fit(&self.sizes, kept.iter().map(|t| (&t.point, t.merit)));
        self.most(|p| {
            if short(p) < 0.0 {
                // Behind all others, the fastest first.
                return short(p) - 1e9;
            }
            let (mean, deviation) = merit.at(p);
            mean + CONFIDENCE * deviation
        })
    }
}

/// Linear in one number a choice of each dimension, and an intercept.
struct Model {
    /// Where the choices of each dimension begin among the weights.
    begins: Vec<usize>,
    mean: f64,
    weights: Vec<f64>,
    /// Covariance of the weights, in units of the noise's variance.
    covariance: Vec<Vec<f64>>,
    noise: f64,
}

impl Model {
    fn fit<'p>(sizes: &[usize], samples: impl Iterator<Item = (&'p Point, f64)>) -> Model {
        let samples: Vec<(&Point, f64)> = samples.collect();
        let mean = samples.iter().map(|s| s.1).sum::<f64>() / samples.len().max(1) as f64;
        let begins: Vec<usize> = sizes.iter().scan(1, |at, size| Some(std::mem::replace(at, *at + size))).collect();
        let count = 1 + sizes.iter().sum::<usize>();
        let mut model = Model { begins, mean, weights: vec![0.0; count], covariance: Vec::new(), noise: 0.0 };
        let mut precision: Vec<Vec<f64>> = (0..count).map(|i| (0..count).map(|j| if i == j { PRIOR } else { 0.0 }).collect()).collect();
        let mut moments = vec![0.0; count];
        for (point, value) in &samples {
            for i in model.active(point) {
                moments[i] += value - mean;
                model.active(point).for_each(|j| precision[i][j] += 1.0);
            }
        }
        model.covariance = inverse(precision);
        model.weights = model.covariance.iter().map(|row| row.iter().zip(&moments).map(|(c, m)| c * m).sum()).collect();
        let squares: f64 = samples.iter().map(|(point, value)| (value - model.at(point).0).powi(2)).sum();
        model.noise = squares / samples.len().max(1) as f64;
        model
    }

    /// Weights that count at a point.
    fn active(&self, point: &Point) -> impl Iterator<Item = usize> + Clone {
        let choices: Vec<usize> = self.begins.iter().zip(point).map(|(begin, choice)| begin + choice).collect();
        std::iter::once(0).chain(choices)
    }

    /// Mean and standard deviation of the model at a point.
    fn at(&self, point: &Point) -> (f64, f64) {
        let active = self.active(point);
        let mean = self.mean + active.clone().map(|i| self.weights[i]).sum::<f64>();
        let variance: f64 = active.clone().map(|i| active.clone().map(|j| self.covariance[i][j]).sum::<f64>()).sum();
        (mean, (self.noise * variance).max(0.0).sqrt())
    }
}

/// Of a symmetric positive definite matrix, by Gauss-Jordan elimination: its pivots are never 0.
fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut out: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for k in 0..n {
        let pivot = a[k][k];
        a[k].iter_mut().chain(&mut out[k]).for_each(|v| *v /= pivot);
        let (row, of_out) = (a[k].clone(), out[k].clone());
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i][k];
            a[i].iter_mut().zip(&row).chain(out[i].iter_mut().zip(&of_out)).for_each(|(v, r)| *v -= factor * r);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_is_one() {
        let a = vec![vec![4.0, 1.0, 0.5], vec![1.0, 3.0, 0.25], vec![0.5, 0.25, 2.0]];
        let inverse = inverse(a.clone());
        for (i, row) in a.iter().enumerate() {
            for j in 0..3 {
                let product: f64 = row.iter().zip(&inverse).map(|(a, of)| a * of[j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_model_learns_what_adds_up_and_is_surer_where_it_was() {
        let value = |p: &[usize]| p[0] as f64 - 2.0 * p[1] as f64;
        let all = crate::search::space::points(&[4, 3]);
        let seen: Vec<&Point> = all.iter().filter(|p| **p != [3, 2] && **p != [0, 0]).collect();
        let model = Model::fit(&[4, 3], seen.iter().map(|p| (*p, value(p))));
        let (unseen, deviation) = model.at(&vec![3, 2]);
        assert!((unseen - value(&[3, 2])).abs() < 0.7, "{unseen}");
        assert!(deviation > model.at(&vec![1, 1]).1);
    }

    /// Candidates that are simulated until eight are trained, on the average of eight seeds; `rate` of a point is 0 where no accelerator runs it.
    fn simulated(rate: impl Fn(&[usize]) -> f64, target: f64) -> usize {
        let one = |seed| {
            let (mut strategy, mut history) = (Surrogate::new(&[6; 4], seed), History::default());
            while history.trials().iter().filter(|t| t.merit >= 0.0).count() < 8 {
                for point in strategy.ask(&history) {
                    let (fps, size) = (rate(&point), point.iter().sum::<usize>() as f64);
                    let merit = if fps == 0.0 {
                        super::super::NO_DESIGN
                    } else if fps < target {
                        fps / target - 1.0
                    } else {
                        size / 24.0
                    };
                    history.push(Trial { point, merit, iou: merit.max(0.0), fps });
                }
            }
            history.trials().len()
        };
        (0..8).map(one).sum::<usize>() / 8
    }

    #[test]
    fn few_points_that_reach_the_target_are_found() {
        let rate = |p: &[usize]| 100.0 / (1.0 + p.iter().sum::<usize>() as f64);
        // The 15 of 1,296 whose choices add up to 2 at most.
        let count = simulated(rate, 100.0 / 3.0);
        assert!(count < 60, "{count}");
    }

    #[test]
    fn what_no_accelerator_runs_is_learnt_from() {
        // Choices that add up to 5 at most fit, 126 of 1,296; the larger the better.
        let rate = |p: &[usize]| if p.iter().sum::<usize>() > 5 { 0.0 } else { 100.0 - p.iter().sum::<usize>() as f64 };
        let count = simulated(rate, 1.0);
        assert!(count < 80, "{count}");
    }

    #[test]
    fn the_target_is_what_those_that_miss_it_tell() {
        let trial = |fps: f64, merit: f64| Trial { point: vec![0], merit, iou: 0.0, fps };
        let (a, b, of_energy) = (trial(30.0, 30.0 / 60.0 - 1.0), trial(45.0, 45.0 / 60.0 - 1.0), trial(80.0, -0.1));
        assert!((target(&[&a, &b]).unwrap() - 60.0).abs() < 1e-9);
        assert_eq!((target(&[]), target(&[&a, &of_energy])), (None, None));
    }
}
