//! Co-design: bundles from below, accelerators from above, the pair found together.

pub mod bottomup;
pub mod bundle;
pub mod genes;
pub mod grid;
pub mod jobs;
pub mod observe;
pub mod space;
pub mod table;
pub mod topdown;

pub use bundle::Bundle;
pub use genes::{Clip, Genes};
pub use space::Space;
pub use table::Table;
