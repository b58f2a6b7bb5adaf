//! The vector kernels: one generic source, compiled for AVX2 and for AVX-512 VNNI.
#![allow(clippy::needless_range_loop, reason = "register tiles: several arrays share the index, and the loops must unroll")]

mod avx2;
mod avx512;
pub(super) mod conv;
pub(super) mod depthwise;
mod epilogue;
mod rows;
pub(super) mod vector;

use super::conv::ConvJob;
use super::depthwise::DepthwiseJob;
use super::isa::{Isa, Level};
use super::view::Target;

/// Runs a checked convolution, unless `isa` has no vector path for it. Lanes must be 8, 16 or 32.
pub(super) fn conv(isa: Isa, job: &ConvJob, target: &mut Target) -> bool {
    // SAFETY: an `Isa` is only made for detected instruction sets, and the caller has checked the job.
    match isa.level() {
        Level::Portable => return false,
        Level::Avx512Vnni if job.conv.lanes >= 16 => unsafe { conv::run::<avx512::Register>(job, target) },
        Level::Avx2 | Level::Avx512Vnni => unsafe { conv::run::<avx2::Register>(job, target) },
    }
    true
}

/// Runs a checked depthwise convolution, unless `isa` has no vector path for it.
pub(super) fn depthwise(isa: Isa, job: &DepthwiseJob, target: &mut [i16], row_stride: usize) -> bool {
    if isa.level() == Level::Portable || job.layer.geometry.taps() > depthwise::MAX_TAPS {
        return false;
    }
    // SAFETY: as above.
    unsafe { depthwise::run(isa.level(), job, target, row_stride) };
    true
}
