//! Training on the CPU: a small trainer for detectors of bundles, with quantisation in the loop.
//!
//! [`build`] turns a network folder's layers into stages, [`net`] runs them forward and back, [`run`] is a whole training: in float, then
//! on the fixed-point grids of [`quantise`], then [`export`] to a folder that the model loader reads.

pub mod adam;
pub mod augment;
pub mod build;
pub mod calibrate;
pub mod checkpoint;
pub mod data;
pub mod dense;
pub mod depthwise;
pub mod evaluate;
pub mod export;
pub mod loss;
pub mod moves;
pub mod net;
pub mod norm;
pub mod params;
pub mod phase;
pub mod proxy;
pub mod quantise;
pub mod run;
pub mod sample;
pub mod simd;
pub mod slots;
pub mod spec;
