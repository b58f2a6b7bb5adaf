//! A job before its tokens are known, with what the simulator wants to know beside the descriptor.

use super::access::Access;
use super::job::{Job, Task};
use crate::model::graph::NodeId;

/// What a job means in terms of the graph; the hardware does not know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing (`nop`, `end`).
    Nothing,
    /// Features of a node from or to DRAM.
    Features {
        /// The node whose features move.
        node: NodeId,
    },
    /// Weight or parameter rows of a node.
    Rows {
        /// The node whose rows move.
        node: NodeId,
    },
    /// Output blocks of a node, from `first_block` on.
    Blocks {
        /// The node that is computed.
        node: NodeId,
        /// First output block (first channel block for channel-wise ops).
        first_block: usize,
    },
}

/// One job of a program under construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The job; tokens are filled in by `hazards`.
    pub job: Job,
    /// What it touches.
    pub accesses: Vec<Access>,
    /// What it means.
    pub work: Work,
    /// Of the popped tokens: those that wait for space, not for operands.
    pub pop_space: u8,
    /// Rough duration, to interleave the jobs of a pipeline.
    pub estimate_cycles: u64,
}

impl Draft {
    /// A job with what it touches.
    pub fn new(job: Job, accesses: Vec<Access>) -> Draft {
        Draft { job, accesses, work: Work::Nothing, pop_space: 0, estimate_cycles: 1 }
    }
    /// Whether this ends the frame.
    pub fn is_end(&self) -> bool {
        matches!(self.job.task, Task::End)
    }
}
