//! What the vector kernels need of an instruction set.

use super::conv::{Columns, Gather, Walk};
use super::depthwise::Span;
use crate::kernels::tables::Tables;

/// A register of [`Vector::WIDTH`] 32-bit accumulators, or of twice as many 16-bit features.
///
/// # Safety
/// All functions need the instruction set of the implementing type. Those with pointers read or write one register there, unless said otherwise;
/// pointers need no alignment. The arithmetic ones are `inline(always)` and are only called from the entry points
/// (`tile`, `gather`, `span`), which enable the instruction set.
pub(in crate::kernels) trait Vector: Copy {
    /// 32-bit accumulators in a register.
    const WIDTH: usize;
    /// Most pixels in a tile of one or two columns that the register file holds.
    const MAX_TILE: usize;

    unsafe fn load(p: *const i16) -> Self;
    unsafe fn load_i32(p: *const i32) -> Self;
    unsafe fn load_i64(p: *const i64) -> Self;
    unsafe fn store(self, p: *mut i16);
    unsafe fn store_i32(self, p: *mut i32);
    /// Two features from `p` in every position.
    unsafe fn broadcast_pair(p: *const i16) -> Self;
    /// `self + a.even * b.even + a.odd * b.odd` modulo 2^32. Products of 16-bit extremes may wrap on the way, which is harmless: the
    /// caller has proven that the final sum fits, and addition modulo 2^32 does not mind intermediate wraps.
    unsafe fn dot(self, a: Self, b: Self) -> Self;
    /// Arithmetic right shift of each position by its count.
    unsafe fn shift_right(self, counts: Self) -> Self;
    /// Low 32 bits of `(self * mult + offset) >> shift`, in 64 bits with a logical shift; offsets of even and odd positions.
    unsafe fn multiply_shift(self, mult: Self, offset: [Self; 2], shift: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    /// `min(max(self, low), high)`.
    unsafe fn clamp(self, low: Self, high: Self) -> Self;
    /// Stores the low 16 bits of each of the `WIDTH` positions.
    unsafe fn store_low(self, p: *mut i16);
    /// Interleaves the low (high) 4 features of each 128 bits with those of `other`.
    unsafe fn interleave(self, other: Self) -> [Self; 2];
    /// Undoes [`Vector::interleave`] on accumulators that fit 16 bits.
    unsafe fn pack(low: Self, high: Self) -> Self;

    /// `P` outputs of one row, `STEP` elements apart in source and target, all of whose taps are inside.
    unsafe fn tile<const V: usize, const P: usize, const STEP: usize>(walk: &Walk, columns: &Columns<V>, source: *const i16, target: usize);
    /// Up to `GATHER` outputs anywhere, with padding.
    unsafe fn gather<const V: usize>(walk: &Walk, columns: &Columns<V>, pixels: &Gather);
    /// Requantises and stores accumulators `[column][pixel]` whose form is not a plain shift.
    unsafe fn finish<const V: usize>(columns: &Columns<V>, accumulators: &[Self], targets: &[usize]);
    /// Requantises and stores both halves of a depthwise accumulator whose form is not a plain shift.
    unsafe fn finish_halves(low: Self, high: Self, tables: &Tables, at: [usize; 2], target: *mut i16);
    /// A run of depthwise outputs.
    unsafe fn span(span: &Span);
}

/// Implements the entry points of [`Vector`] for a type: the generic kernels, compiled with its instruction set.
macro_rules! entry_points {
    ($features:literal) => {
        unsafe fn tile<const V: usize, const P: usize, const STEP: usize>(w: &Walk, c: &Columns<V>, source: *const i16, target: usize) {
            #[target_feature(enable = $features)]
            unsafe fn enabled<const V: usize, const P: usize, const STEP: usize>(
                w: &Walk,
                c: &Columns<V>,
                source: *const i16,
                target: usize,
            ) {
                unsafe { conv::tile::<Register, V, P, STEP>(w, c, source, target) }
            }
            unsafe { enabled::<V, P, STEP>(w, c, source, target) }
        }
        unsafe fn gather<const V: usize>(w: &Walk, c: &Columns<V>, pixels: &Gather) {
            #[target_feature(enable = $features)]
            unsafe fn enabled<const V: usize>(w: &Walk, c: &Columns<V>, pixels: &Gather) {
                unsafe { conv::gather::<Register, V>(w, c, pixels) }
            }
            unsafe { enabled::<V>(w, c, pixels) }
        }
        unsafe fn finish<const V: usize>(c: &Columns<V>, accumulators: &[Self], targets: &[usize]) {
            #[target_feature(enable = $features)]
            unsafe fn enabled<const V: usize>(c: &Columns<V>, accumulators: &[Register], targets: &[usize]) {
                unsafe { conv::finish(c, accumulators, targets) }
            }
            unsafe { enabled::<V>(c, accumulators, targets) }
        }
        unsafe fn finish_halves(low: Self, high: Self, tables: &Tables, at: [usize; 2], target: *mut i16) {
            #[target_feature(enable = $features)]
            unsafe fn enabled(low: Register, high: Register, tables: &Tables, at: [usize; 2], target: *mut i16) {
                unsafe { depthwise::finish_halves(low, high, tables, at, target) }
            }
            unsafe { enabled(low, high, tables, at, target) }
        }
        unsafe fn span(span: &Span) {
            #[target_feature(enable = $features)]
            unsafe fn enabled(span: &Span) {
                unsafe { depthwise::span::<Register>(span) }
            }
            unsafe { enabled(span) }
        }
    };
}
pub(super) use entry_points;
