//! (to come)

pub mod dram;
