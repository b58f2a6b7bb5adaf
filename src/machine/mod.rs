//! The accelerator as a machine: units that run jobs, banks, tokens, ports.
//!
#![doc = include_str!("CONTRACT.md")]

pub mod timing;
