//! The random numbers of scenes, shuffles and initial weights: SplitMix64, equal on every platform.
//!
//! Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.

/// A stream of random numbers, fully given by its seed.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of `seed`. Nearby seeds give unrelated streams.
    pub fn new(seed: u64) -> Rng {
        let mut rng = Rng { state: seed };
        rng.state = rng.bits();
        rng
    }
    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Uniform in `0.0..1.0` with 24 random bits.
    #[inline]
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 24) as f32
    }
    /// Uniform in `low..high`.
    #[inline]
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }
    /// Log-uniform in `low..high`, both positive.
    pub fn log_range(&mut self, low: f32, high: f32) -> f32 {
        libm::expf(self.range(libm::logf(low), libm::logf(high)))
    }
    /// Uniform in `0..n`; `n` is at least 1.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }
    /// True with probability `p`.
    pub fn chance(&mut self, p: f32) -> bool {
        self.unit() < p
    }
    /// Roughly normal, mean 0 and deviation 1: the sum of four uniforms (range -3.46 to 3.46).
    #[inline]
    pub fn normal(&mut self) -> f32 {
        let b = self.bits();
        let sum = (b & 0xffff) + ((b >> 16) & 0xffff) + ((b >> 32) & 0xffff) + (b >> 48);
        (sum as f32 / 65535.0 - 2.0) * 1.732_050_8
    }
    /// A random order of `0..n` (Fisher and Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_named_distributions() {
        let mut rng = Rng::new(7);
        let n = 20_000;
        let normal: Vec<f32> = (0..n).map(|_| rng.normal()).collect();
        let mean = normal.iter().sum::<f32>() / n as f32;
        let var = normal.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / n as f32;
        assert!(mean.abs() < 0.03 && (var - 1.0).abs() < 0.05, "{mean} {var}");
        let unit = (0..n).map(|_| rng.unit()).sum::<f32>() / n as f32;
        assert!((unit - 0.5).abs() < 0.01);
        let mut order = rng.permutation(100);
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
