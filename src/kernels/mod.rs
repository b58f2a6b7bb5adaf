//! The host kernels: they execute the quantised network, integer for integer, on the processor that simulates.
//!
//! Features are channel-blocked 16-bit integers (see [`crate::tensor::Blocked`]); a kernel call is one job of a simulated unit, so calls are cheap (well
//! under a microsecond) and allocate nothing. Parameters are packed once for a network. Every path - AVX-512 VNNI, AVX2, plain Rust -
//! gives the integers of the definition: a sum in unbounded integers, then [`crate::fixed::Requantise::apply`].
//!
//! Widths are decided when a layer is packed: where bias and weights prove that no accumulator leaves 32 bits, 32 bits are
//! used, otherwise 64 (portable path).

mod add;
mod aligned;
mod compiled;
mod conv;
mod conv_portable;
mod depthwise;
mod depthwise_portable;
mod general;
mod isa;
mod pool;
#[cfg(target_arch = "x86_64")]
mod simd;
mod sum;
mod tables;
mod view;

pub use add::{AddJob, Operand, PackedAdd, add};
pub use conv::{ConvJob, ConvSpec, PackedConv, conv};
pub use depthwise::{DepthwiseJob, DepthwiseSpec, PackedDepthwise, depthwise};
pub use isa::Isa;
pub use pool::{PackedPool, PoolJob, PoolKind, pool};
pub use view::{Geometry, Source, Target};

use crate::error::{Error, Result};
use crate::fixed::Requantise;

/// Largest stride, dilation and filter side: far above any network's, small enough that coordinates cannot overflow.
const MAX_GEOMETRY: usize = 4096;

fn check_lanes(lanes: usize) -> Result<()> {
    if [4, 8, 16, 32].contains(&lanes) {
        return Ok(());
    }
    Err(Error::input("lanes is out of range").value(lanes).allowed("4, 8, 16 or 32"))
}

fn check_geometry(g: Geometry) -> Result<()> {
    if [g.kernel.0, g.kernel.1, g.stride, g.dilation].into_iter().all(|v| (1..=MAX_GEOMETRY).contains(&v)) {
        return Ok(());
    }
    Err(Error::input("kernel, stride or dilation is out of range").value(format!("{g:?}")).allowed(format!("1 to {MAX_GEOMETRY}")))
}

/// Weights are as many as expected and fit 16 bits; so do features.
fn check_weights(weights: &[i32], expected: usize, features: (i32, i32)) -> Result<()> {
    if weights.len() != expected {
        return Err(Error::input(format!("a layer needs {expected} weights")).value(weights.len()));
    }
    if let Some(&w) = weights.iter().find(|&&w| i16::try_from(w).is_err()) {
        return Err(Error::input("weight is out of range").value(w).allowed("-32768 to 32767"));
    }
    check_features(features)
}

fn check_features((low, high): (i32, i32)) -> Result<()> {
    let fits = low <= high
        && (i16::try_from(low).is_ok() && i16::try_from(high).is_ok() || u16::try_from(low).is_ok() && u16::try_from(high).is_ok());
    if fits {
        return Ok(());
    }
    Err(Error::input("feature range does not fit 16 bits").value(format!("{low} to {high}")).allowed("-32768 to 32767, or 0 to 65535"))
}

/// Biases and scales are as many as channels, or bias empty, or one scale.
fn check_channels(bias: &[i64], requantise: &Requantise, channels: usize) -> Result<()> {
    requantise.format.check()?;
    if !bias.is_empty() && bias.len() != channels {
        return Err(Error::input(format!("a layer of {channels} channels needs as many biases, or none")).value(bias.len()));
    }
    if let Some(&b) = bias.iter().find(|b| b.unsigned_abs() > 1 << 45) {
        return Err(Error::input("bias is out of range").value(b).allowed("-2^45 to 2^45"));
    }
    if requantise.scales.len() != 1 && requantise.scales.len() != channels {
        return Err(Error::input(format!("a layer of {channels} channels needs as many scales, or one")).value(requantise.scales.len()));
    }
    Ok(())
}
