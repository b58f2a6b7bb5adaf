//! What single operators and memories take: the only place that knows how synthesis maps them.

pub mod dsp;
pub mod logic;
pub mod memory;
pub mod stage;
