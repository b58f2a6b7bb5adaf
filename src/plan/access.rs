//! What a job touches, and when two jobs may not overlap in time.

use crate::model::graph::NodeId;

/// One range that a job reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Words `lo..hi` of an on-chip memory.
    Memory {
        /// Memory id (contract, section 1).
        id: u8,
        /// First word.
        lo: u32,
        /// One past the last word.
        hi: u32,
        /// Write, or read.
        write: bool,
    },
    /// Rows of a feature region in DRAM.
    Dram {
        /// Node that owns the region.
        region: NodeId,
        /// Channel blocks `first..end`.
        blocks: (u32, u32),
        /// Rows `first..end`.
        rows: (u32, u32),
        /// Write, or read.
        write: bool,
    },
}

/// Why an order between two jobs is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hazard {
    /// The later one reads what the earlier one writes.
    Operand,
    /// The later one writes where the earlier one works, or wants its port.
    Space,
}

impl Access {
    /// Whether it writes.
    pub fn is_write(&self) -> bool {
        match *self {
            Access::Memory { write, .. } | Access::Dram { write, .. } => write,
        }
    }

    /// What stands between `earlier` and `self` when different units do them: overlapping ranges with a write, or the one
    /// read or write port of a memory.
    pub fn hazard(&self, earlier: &Access) -> Option<Hazard> {
        match (*self, *earlier) {
            (Access::Memory { id: a, lo, hi, write }, Access::Memory { id: b, lo: lo2, hi: hi2, write: write2 }) => {
                // A source that is all padding is empty; it still takes the port.
                let overlap = lo.max(lo2) < hi.min(hi2);
                match (a == b, write, write2) {
                    (false, ..) => None,
                    (_, false, true) => overlap.then_some(Hazard::Operand),
                    (_, true, false) => overlap.then_some(Hazard::Space),
                    // Same port of the same memory: ordered whatever the addresses.
                    (_, true, true) | (_, false, false) => Some(Hazard::Space),
                }
            }
            (Access::Dram { region: a, blocks, rows, write }, Access::Dram { region: b, blocks: blocks2, rows: rows2, write: write2 }) => {
                let overlap = a == b && meet(blocks, blocks2) && meet(rows, rows2);
                match (write, write2) {
                    (false, true) => overlap.then_some(Hazard::Operand),
                    (true, _) => overlap.then_some(Hazard::Space),
                    (false, false) => None,
                }
            }
            _ => None,
        }
    }
}

fn meet(a: (u32, u32), b: (u32, u32)) -> bool {
    a.0 < b.1 && b.0 < a.1
}
