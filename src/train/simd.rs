//! Loops compiled twice: with AVX2 and FMA where the processor has them (found at run time), and portably.
//!
//! Reductions keep several partial sums, because floating-point addition must not be reordered by the compiler: one
//! accumulator would run at one element an addition latency.

#![allow(clippy::needless_range_loop, reason = "loops over vector lanes and filter taps read best with their index")]

/// Partial sums of a reduction: two AVX2 vectors.
pub const LANES: usize = 16;

/// `a * b + c`, fused where the surrounding function was compiled for it. (`f32::mul_add` without the target feature is a
/// library call, five times slower.)
#[inline(always)]
pub fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The sum of partial sums, their number a power of two: halves are added to each other, so that it takes few steps one after the other.
#[inline(always)]
pub fn total<T: Copy + std::ops::AddAssign, const N: usize>(mut sums: [T; N]) -> T {
    const { assert!(N.is_power_of_two()) };
    let mut half = N / 2;
    while half > 0 {
        for i in 0..half {
            let other = sums[i + half];
            sums[i] += other;
        }
        half /= 2;
    }
    sums[0]
}

/// Defines `pub fn $name` that runs `$body::<true>` under AVX2 and FMA, else `$body::<false>`.
macro_rules! dispatch {
    ($(#[$doc:meta])* $name:ident = $body:ident ( $($arg:ident : $ty:ty),* $(,)? ) $(-> $ret:ty)?) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        pub fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn fast($($arg: $ty),*) $(-> $ret)? {
                    $body::<true>($($arg),*)
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the features were just detected.
                    return unsafe { fast($($arg),*) };
                }
            }
            $body::<false>($($arg),*)
        }
    };
}
pub(crate) use dispatch;

dispatch! {
    /// Sum and sum of squares.
    moments = moments_body(values: &[f32]) -> [f64; 2]
}

#[inline(always)]
fn moments_body<const FMA: bool>(values: &[f32]) -> [f64; 2] {
    let (mut sum, mut square) = ([0.0f64; 2], 0.0f64);
    // Blocks short enough that 32-bit partial sums stay accurate.
    for block in values.chunks(4096) {
        let (mut s, mut q) = ([0.0f32; LANES], [0.0f32; LANES]);
        let chunks = block.chunks_exact(LANES);
        for v in chunks.remainder() {
            sum[1] += f64::from(*v);
            square += f64::from(*v) * f64::from(*v);
        }
        for chunk in chunks {
            for i in 0..LANES {
                s[i] += chunk[i];
                q[i] = fma::<FMA>(chunk[i], chunk[i], q[i]);
            }
        }
        sum[0] += total(s.map(f64::from));
        square += total(q.map(f64::from));
    }
    [sum[0] + sum[1], square]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_sums_come_to_their_sum() {
        assert_eq!(total([1.0f32, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]), 255.0);
        assert_eq!(total([3.0f64]), 3.0);
    }
}
