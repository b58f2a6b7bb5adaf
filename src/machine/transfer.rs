//! The bursts of one transfer, in order.

use super::timing;
use crate::plan::Transfer;

/// Walks blocks, runs and bursts.
#[derive(Clone, Debug, Default)]
pub struct Bursts {
    /// Address of the next burst, and the beats that its run has left.
    address: u64,
    beats: u64,
    /// Address of that run, and the runs that its block has left, this one included.
    run: u64,
    runs: u64,
    /// Address of that block, and the blocks left, this one included.
    block: u64,
    blocks: u64,
    runs_of_a_block: u64,
    beats_of_a_run: u64,
    run_stride: u64,
    block_stride: u64,
}

impl Bursts {
    /// At the first burst.
    pub fn new(t: &Transfer) -> Bursts {
        let (start, runs, beats) = (u64::from(t.dram_address), u64::from(t.runs), u64::from(t.run_beats));
        Bursts {
            address: start,
            beats,
            run: start,
            runs,
            block: start,
            blocks: if beats == 0 || runs == 0 { 0 } else { u64::from(t.blocks) },
            runs_of_a_block: runs,
            beats_of_a_run: beats,
            run_stride: u64::from(t.run_stride),
            block_stride: u64::from(t.block_stride),
        }
    }
}

impl Iterator for Bursts {
    /// Byte address and beats.
    type Item = (u64, u8);

    #[inline]
    fn next(&mut self) -> Option<(u64, u8)> {
        if self.blocks == 0 {
            return None;
        }
        let burst = (self.address, timing::beats_of_burst(self.address, self.beats));
        self.address += u64::from(burst.1) * 8;
        self.beats -= u64::from(burst.1);
        if self.beats == 0 {
            self.beats = self.beats_of_a_run;
            self.runs -= 1;
            self.run += self.run_stride;
            if self.runs == 0 {
                self.runs = self.runs_of_a_block;
                self.blocks -= 1;
                self.block += self.block_stride;
                self.run = self.block;
            }
            self.address = self.run;
        }
        Some(burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of runs from an address on, in beats, each run and block this many bytes from the one before.
    fn cut(dram_address: u32, (run_beats, runs, blocks): (u32, u16, u16), run_stride: u32, block_stride: u32) -> Vec<(u64, u8)> {
        let (word_beats, memory, bank_address, container_bits, signed) = (1, 0, 0, 8, false);
        let shape = Transfer {
            dram_address,
            runs,
            blocks,
            run_beats,
            word_beats,
            run_stride,
            block_stride,
            memory,
            bank_address,
            container_bits,
            signed,
        };
        Bursts::new(&shape).collect()
    }

    #[test]
    fn bursts_end_at_128_byte_boundaries() {
        assert_eq!(cut(0x1068, (22, 1, 1), 0, 0), [(0x1068, 3), (0x1080, 16), (0x1100, 3)]);
    }

    #[test]
    fn runs_and_blocks_begin_at_their_strides() {
        let starts = [0, 0x80, 0x100, 0x180, 0x1000, 0x1080, 0x1100, 0x1180];
        let bursts = starts.map(|at| (at, if at & 0x80 == 0 { 16 } else { 1 }));
        assert_eq!(cut(0, (17, 2, 2), 0x100, 0x1000), bursts);
        // And from an address on, blocks count from there too.
        assert_eq!(cut(0x4000, (17, 2, 2), 0x100, 0x1000), bursts.map(|(at, beats)| (0x4000 + at, beats)));
        for none in [(0, 2, 2), (17, 0, 2), (17, 2, 0)] {
            assert_eq!(cut(0, none, 0x100, 0x1000), []);
        }
    }
}
