//! Adam with decoupled weight decay, and the learning rate over time.

use super::params::Params;

/// Optimiser state: Kingma and Ba, "Adam", ICLR 2015, algorithm 1; decay as Loshchilov and Hutter, ICLR 2019.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Steps taken.
    pub steps: u64,
    /// First moments.
    pub first: Params,
    /// Second moments.
    pub second: Params,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const TINY: f32 = 1e-8;

impl Adam {
    /// No steps taken yet.
    pub fn new(params: &Params) -> Adam {
        Adam { steps: 0, first: params.zeros_like(), second: params.zeros_like() }
    }

    /// One step at learning rate `rate`; `decay` shrinks weights (not batch norm or biases) by `rate * decay`.
    pub fn step(&mut self, params: &mut Params, grads: &Params, rate: f32, decay: f32) {
        self.steps += 1;
        let n = self.steps as f64;
        let rate_now = (f64::from(rate) * (1.0 - libm::pow(BETA2, n)).sqrt() / (1.0 - libm::pow(BETA1, n))) as f32;
        let (b1, b2) = (BETA1 as f32, BETA2 as f32);
        let moments = self.first.lists_mut().zip(self.second.lists_mut());
        for (i, ((p, g), (m, v))) in params.lists_mut().zip(grads.lists()).zip(moments).enumerate() {
            // Lists come as weight, gamma, beta for each stage.
            let shrink = if i % 3 == 0 { 1.0 - rate * decay } else { 1.0 };
            for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                *m = b1 * *m + (1.0 - b1) * g;
                *v = b2 * *v + (1.0 - b2) * g * g;
                *p = *p * shrink - rate_now * *m / (v.sqrt() + TINY);
            }
        }
    }
}

/// Linear warm-up over the first `warm_up` share of `total` steps, then half a cosine down to 1 % of `peak`.
pub fn cosine(peak: f32, step: u64, total: u64, warm_up: f64) -> f32 {
    let t = step as f64 / total.max(1) as f64;
    let level = if t < warm_up {
        (t + 1.0 / total.max(1) as f64) / warm_up
    } else {
        let u = ((t - warm_up) / (1.0 - warm_up)).min(1.0);
        0.01 + 0.99 * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * u))
    };
    (f64::from(peak) * level.min(1.0)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_rises_then_falls() {
        assert!(cosine(1.0, 0, 1000, 0.05) < 0.05);
        assert!((cosine(1.0, 50, 1000, 0.05) - 1.0).abs() < 1e-3);
        assert!((cosine(1.0, 1000, 1000, 0.05) - 0.01).abs() < 1e-6);
    }
}
