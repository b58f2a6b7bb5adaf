//! (to come)

pub mod progress;
pub mod train;
