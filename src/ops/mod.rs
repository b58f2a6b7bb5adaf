//! WHAT is computed: one file an operation, one line each in [`REGISTRY`]; no clock and no hardware in sight.
//!
//! Every operation is written once, over any [`Number`]: it turns centred operands (`raw - zero point`, so that padding is plain
//! zero) into full-width accumulators. [`evaluate`] runs it on integers and ends in [`crate::fixed::Requantise::apply`]; the float
//! executor of `model` runs the same text on `f32`. A new operation is a variant of [`Op`], a file here and a line in the registry.

mod activation;
mod add;
mod avg_pool;
mod concat;
mod conv;
mod evaluate;
mod fully_connected;
mod global_avg_pool;
mod max_pool;
mod operation;
mod space_to_depth;
mod upsample;

pub use evaluate::{Operand, accumulator_bound, evaluate, evaluate_wide};
pub use operation::{Entry, Kernel, LayerKeys, Map, Number, Operation};

use crate::model::graph::Op;

/// Every operation there is, `Input` apart.
pub static REGISTRY: &[Entry] = &[
    Entry::of::<conv::Conv>(),
    Entry::of::<max_pool::MaxPool>(),
    Entry::of::<avg_pool::AvgPool>(),
    Entry::of::<global_avg_pool::GlobalAvgPool>(),
    Entry::of::<add::Add>(),
    Entry::of::<concat::Concat>(),
    Entry::of::<space_to_depth::SpaceToDepth>(),
    Entry::of::<upsample::Upsample>(),
    Entry::of::<fully_connected::FullyConnected>(),
    Entry::of::<activation::Activation>(),
];

/// The registry's entry for `op`; `None` for [`Op::Input`] alone.
pub fn of(op: &Op) -> Option<&'static Entry> {
    REGISTRY.iter().find(|e| (e.recognises)(op))
}

/// The entry that a network file's `op = "name"` means.
pub fn by_layer_name(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|e| e.layers.contains(&name))
}

/// Every `op = "name"` that a network file may use, in the registry's order.
pub fn layer_names() -> Vec<&'static str> {
    REGISTRY.iter().flat_map(|e| e.layers.iter().copied()).collect()
}
