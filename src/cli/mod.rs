//! (to come)

pub mod dataset;
pub mod progress;
pub mod train;
