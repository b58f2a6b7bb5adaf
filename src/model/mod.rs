//! The quantised network: what is computed, with no clock and no hardware in sight.

pub mod graph;
