//! Co-design: bundles from below, accelerators from above, the pair found together.

pub mod bottomup;
pub mod bundle;
pub mod cache;
pub mod candidate;
pub mod explain;
pub mod features;
pub mod fine;
pub mod genes;
pub mod grid;
pub mod jobs;
pub mod joint;
pub mod observe;
pub mod pareto;
pub mod ranking;
mod refine;
pub mod space;
pub mod strategy;
pub mod studies;
pub mod table;
pub mod topdown;

pub use bundle::Bundle;
pub use genes::{Clip, Genes};
pub use space::Space;
pub use table::Table;
