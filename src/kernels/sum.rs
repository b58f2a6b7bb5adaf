//! Accumulators of 32 and 64 bits.

/// An accumulator. Sums wrap on the way; the planner of widths has proven that the final one fits.
pub(super) trait Sum: Copy + Into<i64> {
    /// From the bias.
    fn start(bias: i64) -> Self;
    /// A stored feature, which may be the bit pattern of an unsigned one.
    fn feature(stored: i16, unsigned16: bool) -> Self;
    /// `self + feature * weight`.
    fn add_product(self, feature: Self, weight: i16) -> Self;
}

macro_rules! sum {
    ($type:ty) => {
        impl Sum for $type {
            #[inline(always)]
            fn start(bias: i64) -> $type {
                bias as $type
            }
            #[inline(always)]
            fn feature(stored: i16, unsigned16: bool) -> $type {
                if unsigned16 { <$type>::from(stored as u16) } else { <$type>::from(stored) }
            }
            #[inline(always)]
            fn add_product(self, feature: $type, weight: i16) -> $type {
                self.wrapping_add(feature.wrapping_mul(<$type>::from(weight)))
            }
        }
    };
}
sum!(i32);
sum!(i64);
