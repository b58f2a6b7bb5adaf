//! Accumulators of 32 and 64 bits, and how stored features are read.

/// An accumulator. Sums wrap on the way; it has been proven that the final one fits.
pub(super) trait Sum: Copy + Into<i64> {
    /// From the bias.
    fn start(bias: i64) -> Self;
    /// A stored feature; with `U16` it is the bit pattern of an unsigned one.
    fn feature<const U16: bool>(stored: i16) -> Self;
    /// A weight.
    fn weight(stored: i16) -> Self;
    /// `self + a * b`.
    fn add_product(self, a: Self, b: Self) -> Self;
}

macro_rules! sum {
    ($type:ty) => {
        impl Sum for $type {
            #[inline(always)]
            fn start(bias: i64) -> $type {
                bias as $type
            }
            #[inline(always)]
            fn feature<const U16: bool>(stored: i16) -> $type {
                if U16 { <$type>::from(stored as u16) } else { <$type>::from(stored) }
            }
            #[inline(always)]
            fn weight(stored: i16) -> $type {
                <$type>::from(stored)
            }
            #[inline(always)]
            fn add_product(self, a: $type, b: $type) -> $type {
                self.wrapping_add(a.wrapping_mul(b))
            }
        }
    };
}
sum!(i32);
sum!(i64);
