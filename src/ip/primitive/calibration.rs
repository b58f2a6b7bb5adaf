//! What is fitted rather than derived: how far the logic optimiser gets below, or stays above, the structural count of each kind of logic.
//!
//! Fitted on the rows of set `fit` of `traces/synthesis.csv`: least squares of the relative error of the logic look-up tables, with a
//! ridge of 0.05 x (0.02 + mean share of the kind) that draws each factor to 1. Held against the other rows by `tests/synthesis.rs`.
//! Everything else in this folder follows from the RTL or from synthesis of single modules.

/// Kinds of logic with a factor of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Queues' pointers, tokens, descriptor fetch, address generators of transfers, counters.
    Control,
    /// Loop counters, addresses and padding test of a compute unit.
    Walker,
    /// Bias, requantise, overflow.
    Requantise,
    /// Containers to words and back.
    Packing,
    /// And-or networks between banks and units, rows of memories.
    Wires,
    /// Operands, products in logic, sums.
    Arithmetic,
}

impl Kind {
    /// Synthesised over structural look-up tables.
    const fn factor(self) -> f64 {
        match self {
            Kind::Control => 0.93,
            Kind::Walker => 0.98,
            Kind::Requantise => 0.99,
            Kind::Packing => 0.86,
            Kind::Wires => 0.87,
            Kind::Arithmetic => 0.59,
        }
    }

    /// Look-up tables after synthesis.
    pub fn luts(self, structural: f64) -> u64 {
        (structural.max(0.0) * self.factor()).round() as u64
    }
}
