//! bico simulates DNN accelerators on small FPGAs: the quantised network really runs, integer for integer, through a model of
//! the hardware that counts every cycle, and one execution gives accuracy, latency, power and resources.
//!
//! ```
//! use bico::simulate::{Options, Sample, Simulation};
//! use bico::tensor::Tensor;
//! use bico::{accelerator, board, model};
//!
//! // A network, an accelerator, a board: embedded ones by name, or files.
//! let network = model::builtin("tiny").unwrap().load(Default::default())?;
//! let accelerator = accelerator::load("pynq-z1-default")?;
//! let board = board::load("pynq-z1")?;
//!
//! // Plan it and time one frame; no value is computed yet.
//! let options = Options { frames: 1, ..Options::default() };
//! let simulation = Simulation::new(&network, &accelerator, &board, options)?;
//!
//! // Run an image in the order of the timed frame, integer for integer.
//! let image = Tensor::zeros(network.graph.input().shape);
//! let samples = [Sample { name: "zero".into(), image: image.clone(), truth: None }];
//! let execution = simulation.execute(&samples, || ())?;
//! let golden = model::reference::run(&network.graph, &image)?;
//! assert_eq!(Some(&execution.outputs[0]), golden.last());
//!
//! // Everything that is to be known, as plain data.
//! let record = simulation.record(&samples, &execution, options)?;
//! assert!(record.resources.fits && record.performance.fps > 100.0);
//! # Ok::<(), bico::Error>(())
//! ```
//!
//! The dozen names to start from: [`model::load()`], [`model::builtin()`], [`accelerator::load`], [`board::load`], [`simulate::Simulation`],
//! [`simulate::Sample`], [`simulate::Options`], [`record::RunRecord`], [`report::write_all`], [`report::compare`](report::compare()),
//! [`plan::plan`], [`model::reference::run`].
//!
#![doc = include_str!("ARCHITECTURE.md")]
#![warn(missing_docs)]

pub mod accelerator;
pub mod account;
pub mod accuracy;
pub mod board;
pub mod dataset;
pub mod dram;
pub mod engine;
pub mod error;
pub mod evaluate;
pub mod files;
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
pub mod search;
pub mod simulate;
pub mod stats;
pub mod sweep;
pub mod tensor;
pub mod train;
pub mod units;

pub mod cli;
pub mod config;

pub use error::{Error, Result};
