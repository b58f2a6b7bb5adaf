//! bico: a cycle-accurate, bit-exact simulator of DNN accelerators on small FPGAs.
#![warn(missing_docs)]

pub mod accelerator;
pub mod account;
pub mod board;
pub mod dataset;
pub mod dram;
pub mod engine;
pub mod error;
pub mod fixed;
pub mod golden;
pub mod ip;
pub mod kernels;
pub mod machine;
pub mod model;
pub mod ops;
pub mod plan;
pub mod power;
pub mod record;
pub mod report;
pub mod rtl;
pub mod simulate;
pub mod tensor;
pub mod train;
pub mod units;

pub mod cli;
pub mod config;

pub use error::{Error, Result};
