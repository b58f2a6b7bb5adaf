//! Training on the CPU: a small trainer for chains of bundles, with quantisation in the loop.

pub mod adam;
pub mod checkpoint;
pub mod data;
pub mod dense;
pub mod depthwise;
pub mod evaluate;
pub mod export;
pub mod finish;
pub mod import;
pub mod integer;
pub mod loss;
pub mod net;
pub mod norm;
pub mod params;
pub mod quantise;
pub mod run;
pub mod sample;
pub mod simd;
pub mod spec;
