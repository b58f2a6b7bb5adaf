//! How far a mean over a sample of images can be trusted: bootstrap intervals.
//!
//! Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13 (percentile intervals).

use crate::dataset::rng::Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number estimated on a sample, and where 95 % of its resamples lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// On the sample itself.
    pub value: f64,
    /// 2.5th percentile of the resamples.
    pub low: f64,
    /// 97.5th percentile of the resamples.
    pub high: f64,
}

/// How a sample is resampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: u32,
    /// Seed: the same one draws the same resamples, so that statistics of the same items are paired.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Bootstrap {
        Bootstrap { resamples: 2000, seed: 1 }
    }
}

impl Bootstrap {
    /// The interval of a statistic of `items` items. `statistic` gets how often each item was drawn; resamples on which it is no finite
    /// number do not count. `None` when it is none on the sample itself.
    ///
    /// A difference of two statistics of the same items is a statistic too: its interval is the paired one.
    pub fn estimate(self, items: usize, statistic: impl Fn(&[u32]) -> f64 + Sync) -> Option<Estimate> {
        let value = statistic(&vec![1; items]);
        if !value.is_finite() {
            return None;
        }
        let one = |k: u32| {
            let mut rng = Rng::new(self.seed.wrapping_mul(0x9e37_79b9).wrapping_add(u64::from(k)));
            let mut drawn = vec![0; items];
            (0..items).for_each(|_| drawn[rng.below(items)] += 1);
            statistic(&drawn)
        };
        let mut found: Vec<f64> = (0..self.resamples).into_par_iter().map(one).collect();
        found.retain(|v| v.is_finite());
        found.sort_by(f64::total_cmp);
        let [low, high] = [0.025, 0.975].map(|q| percentile(&found, q).unwrap_or(value));
        Some(Estimate { value, low, high })
    }

    /// The interval of the mean.
    pub fn mean(self, values: &[f64]) -> Option<Estimate> {
        self.estimate(values.len(), |drawn| weighted_mean(values, drawn))
    }
}

/// Kendall's rank correlation of pairs, ties allowed (tau-b), each pair as often as it was drawn: 1 for the same order, -1 for the reverse, NaN where one side
/// is all ties. Source: Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945.
pub fn kendall(pairs: &[(f64, f64)], drawn: &[u32]) -> f64 {
    let sign = |a: f64, b: f64| if a == b { 0.0 } else { (a - b).signum() };
    let (mut agree, mut of) = (0.0, [0.0, 0.0]);
    for (k, (a, &n)) in pairs.iter().zip(drawn).enumerate() {
        for (b, &m) in pairs.iter().zip(drawn).take(k) {
            let (x, y, weight) = (sign(a.0, b.0), sign(a.1, b.1), f64::from(n) * f64::from(m));
            agree += weight * x * y;
            of = [of[0] + weight * x.abs(), of[1] + weight * y.abs()];
        }
    }
    agree / (of[0] * of[1]).sqrt()
}

/// Mean of values that count as often as they were drawn; NaN for none.
fn weighted_mean(values: &[f64], drawn: &[u32]) -> f64 {
    let sum: f64 = values.iter().zip(drawn).map(|(v, &n)| v * f64::from(n)).sum();
    sum / drawn.iter().map(|&n| u64::from(n)).sum::<u64>() as f64
}

/// The middle value, or the mean of the two in the middle; `None` for none.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 0.5)
}

/// Linear between neighbours of sorted values.
fn percentile(sorted: &[f64], q: f64) -> Option<f64> {
    let at = q * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (above - below) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_proportion_is_that_of_the_binomial_distribution() {
        // 40 of 100: resampled counts are binomial(100, 0.4), whose 2.5th and 97.5th percentiles are 31 and 50 (to one count,
        // for 2,000 draws of it).
        let values: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < 40))).collect();
        let e = Bootstrap::default().mean(&values).unwrap();
        assert_eq!(e.value, 0.4);
        assert!((e.low - 0.31).abs() < 0.0101 && (e.high - 0.50).abs() < 0.0101, "{e:?}");
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_its_standard_error() {
        let mut rng = Rng::new(3);
        let values: Vec<f64> = (0..400).map(|_| f64::from(rng.normal())).collect();
        let mean = values.iter().sum::<f64>() / 400.0;
        let deviation = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 400.0).sqrt();
        let e = Bootstrap::default().mean(&values).unwrap();
        let half = 1.96 * deviation / 20.0;
        assert!((e.low - (mean - half)).abs() < 0.1 * half && (e.high - (mean + half)).abs() < 0.1 * half, "{e:?} {mean} {half}");
    }

    #[test]
    fn paired_differences_of_shifted_values_have_no_spread() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i * i % 17)).collect();
        let shifted: Vec<f64> = values.iter().map(|v| v + 0.5).collect();
        let e = Bootstrap::default().estimate(50, |drawn| weighted_mean(&shifted, drawn) - weighted_mean(&values, drawn)).unwrap();
        assert!([e.value, e.low, e.high].iter().all(|v| (v - 0.5).abs() < 1e-12), "{e:?}");
        assert!(Bootstrap::default().mean(&values).unwrap().high > e.high);
    }

    #[test]
    fn the_median_of_an_even_number_is_between() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[5.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 5.0, 3.0]), Some(4.0));
    }

    #[test]
    fn kendalls_tau_is_that_of_the_textbook() {
        // Two judges on seven items: 15 pairs in the same order, 6 in the reverse.
        let pairs = [(1.0, 1.0), (2.0, 3.0), (3.0, 6.0), (4.0, 2.0), (5.0, 7.0), (6.0, 4.0), (7.0, 5.0)];
        let once = [1; 7];
        assert!((kendall(&pairs, &once) - 9.0 / 21.0).abs() < 1e-12);
        assert_eq!(kendall(&pairs.map(|p| (p.0, p.0 * 2.0)), &once), 1.0);
        assert_eq!(kendall(&pairs.map(|p| (p.0, -p.0)), &once), -1.0);
        assert!(kendall(&pairs.map(|p| (p.0, 3.0)), &once).is_nan());
        // One tie on one side: (5 - 0) / sqrt(6 * 5). An item drawn twice is tied with itself, and one not drawn does not count.
        let tied = [(1.0, 1.0), (2.0, 1.0), (3.0, 2.0), (4.0, 3.0)];
        assert!((kendall(&tied, &[1; 4]) - 5.0 / 30.0f64.sqrt()).abs() < 1e-12);
        assert_eq!(kendall(&tied, &[2, 0, 1, 1]), 1.0);
    }

    #[test]
    fn the_seed_decides_and_nothing_is_no_estimate() {
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        let with = |seed| Bootstrap { resamples: 100, seed }.mean(&values).unwrap();
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
        assert_eq!(Bootstrap::default().mean(&[]), None);
        assert_eq!(Bootstrap { resamples: 0, seed: 1 }.mean(&values).unwrap(), Estimate { value: 6.2, low: 6.2, high: 6.2 });
    }
}
