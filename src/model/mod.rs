//! The quantised network: what is computed, with no clock and no hardware in sight.
//!
//! A network is a folder: `network.toml` (layers, formats) and `weights.safetensors`. [`load`] reads it into a [`FloatNetwork`],
//! quantises that into a [`graph::Graph`], and [`mod@reference`] runs the graph untiled: the golden for everything else.

pub mod builtin;
pub(crate) mod bundle;
pub mod calibrate;
pub mod check;
mod checked;
mod checked_layer;
pub mod float;
pub mod format_spec;
pub mod graph;
pub mod head;
pub mod head_spec;
pub mod import;
mod load;
pub mod quantise;
pub mod ranked;
pub mod raw;
mod raw_values;
pub mod reference;
mod resolved;
mod trained;
pub mod untiled;
mod weights;

pub use builtin::{BUILTIN, builtin};
pub use check::check;
pub use float::FloatNetwork;
pub use head_spec::HeadSpec;
pub use load::{LoadOptions, Network, Weights, WeightsFile, load, load_text};
pub use raw::RawNetwork;
