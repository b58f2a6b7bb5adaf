//! AVX2: 8 accumulators a register.

use super::conv::{self, Columns, Gather, Walk};
use super::depthwise::{self, Span};
use super::vector::{Vector, entry_points};
use crate::kernels::tables::Tables;
use std::arch::x86_64::*;

/// A ymm register.
pub(in crate::kernels) type Register = __m256i;

impl Vector for Register {
    const WIDTH: usize = 8;
    const MAX_TILE: usize = 6;

    #[inline(always)]
    unsafe fn load(p: *const i16) -> Self {
        unsafe { _mm256_loadu_si256(p.cast()) }
    }
    #[inline(always)]
    unsafe fn load_i32(p: *const i32) -> Self {
        unsafe { _mm256_loadu_si256(p.cast()) }
    }
    #[inline(always)]
    unsafe fn load_i64(p: *const i64) -> Self {
        unsafe { _mm256_loadu_si256(p.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut i16) {
        unsafe { _mm256_storeu_si256(p.cast(), self) }
    }
    #[inline(always)]
    unsafe fn store_i32(self, p: *mut i32) {
        unsafe { _mm256_storeu_si256(p.cast(), self) }
    }
    #[inline(always)]
    unsafe fn broadcast_pair(p: *const i16) -> Self {
        unsafe { _mm256_set1_epi32(p.cast::<i32>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn dot(self, a: Self, b: Self) -> Self {
        unsafe { _mm256_add_epi32(self, _mm256_madd_epi16(a, b)) }
    }
    #[inline(always)]
    unsafe fn shift_right(self, counts: Self) -> Self {
        unsafe { _mm256_srav_epi32(self, counts) }
    }
    #[inline(always)]
    unsafe fn multiply_shift(self, mult: Self, offset: [Self; 2], shift: Self) -> Self {
        unsafe {
            let odd = |v| _mm256_srli_epi64::<32>(v);
            let even_counts = _mm256_and_si256(shift, _mm256_set1_epi64x(0xffff_ffff));
            let scaled = |a, m, offset, counts| _mm256_srlv_epi64(_mm256_add_epi64(_mm256_mul_epi32(a, m), offset), counts);
            let low = scaled(self, mult, offset[0], even_counts);
            let high = scaled(odd(self), odd(mult), offset[1], odd(shift));
            _mm256_blend_epi32::<0xaa>(low, _mm256_slli_epi64::<32>(high))
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm256_add_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        unsafe { _mm256_min_epi32(_mm256_max_epi32(self, low), high) }
    }
    #[inline(always)]
    unsafe fn store_low(self, p: *mut i16) {
        unsafe {
            let low = _mm256_and_si256(self, _mm256_set1_epi32(0xffff));
            let packed = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256::<1>(low));
            _mm_storeu_si128(p.cast(), packed);
        }
    }
    #[inline(always)]
    unsafe fn interleave(self, other: Self) -> [Self; 2] {
        unsafe { [_mm256_unpacklo_epi16(self, other), _mm256_unpackhi_epi16(self, other)] }
    }
    #[inline(always)]
    unsafe fn pack(low: Self, high: Self) -> Self {
        unsafe { _mm256_packs_epi32(low, high) }
    }

    entry_points!("avx2");
}
