//! The bursts of one transfer, in order.

use super::timing;
use crate::plan::Transfer;

/// Walks blocks, runs and bursts.
#[derive(Clone, Debug, Default)]
pub struct Bursts {
    block: u64,
    run: u64,
    offset_beats: u64,
    runs: u64,
    blocks: u64,
    run_beats: u64,
    base: u64,
    run_stride: u64,
    block_stride: u64,
}

impl Bursts {
    /// At the first burst.
    pub fn new(t: &Transfer) -> Bursts {
        Bursts {
            runs: u64::from(t.runs),
            blocks: if t.run_beats == 0 || t.runs == 0 { 0 } else { u64::from(t.blocks) },
            run_beats: u64::from(t.run_beats),
            base: u64::from(t.dram_address),
            run_stride: u64::from(t.run_stride),
            block_stride: u64::from(t.block_stride),
            ..Bursts::default()
        }
    }
    /// Whether all bursts were taken.
    pub fn is_done(&self) -> bool {
        self.block == self.blocks
    }
}

impl Iterator for Bursts {
    /// Byte address and beats.
    type Item = (u64, u8);

    fn next(&mut self) -> Option<(u64, u8)> {
        if self.is_done() {
            return None;
        }
        let start = self.base + self.block * self.block_stride + self.run * self.run_stride + self.offset_beats * 8;
        let burst = timing::bursts(start, self.run_beats - self.offset_beats).next()?;
        self.offset_beats += u64::from(burst.1);
        if self.offset_beats == self.run_beats {
            self.offset_beats = 0;
            self.run += 1;
            if self.run == self.runs {
                self.run = 0;
                self.block += 1;
            }
        }
        Some(burst)
    }
}
