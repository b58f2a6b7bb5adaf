//! The fast forms of requantisation in registers. Small functions rather than closures: all of it must be inlined into an entry
//! point, where the instruction set is enabled.

use super::vector::Vector;
use crate::kernels::tables::Tables;

/// One register of a table from position `at` on.
#[inline(always)]
pub(super) unsafe fn entry<S: Vector>(table: &[i32], at: usize) -> S {
    debug_assert!(at + S::WIDTH <= table.len());
    unsafe { S::load_i32(table.as_ptr().add(at)) }
}

/// The shift form.
#[inline(always)]
pub(super) unsafe fn shift<S: Vector>(acc: S, tables: &Tables, at: usize) -> S {
    unsafe { acc.shift_right(entry(&tables.shift, at)).clamp(entry(&tables.low, at), entry(&tables.high, at)) }
}

/// The multiply form.
#[inline(always)]
pub(super) unsafe fn scale<S: Vector>(acc: S, tables: &Tables, at: usize) -> S {
    unsafe {
        let offset = [S::load_i64(tables.offset[0].as_ptr().add(at / 2)), S::load_i64(tables.offset[1].as_ptr().add(at / 2))];
        let scaled = acc.multiply_shift(entry(&tables.mult, at), offset, entry(&tables.shift, at));
        scaled.add(entry(&tables.post, at)).clamp(entry(&tables.low, at), entry(&tables.high, at))
    }
}
