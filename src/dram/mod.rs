//! DDR memory (placeholder type until the model lands).

/// Parameters of the memory.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct MemorySpec {}
