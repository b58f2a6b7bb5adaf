//! From (quantised graph, accelerator) to a program: the immutable list of jobs of each unit.

pub mod descriptor;
pub mod job;

pub use job::{Compute, ComputeOp, Job, Program, Task, Transfer, Unit};
