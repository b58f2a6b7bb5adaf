//! Memories: the RTL says of each whether it is block RAM or LUTRAM (`ram_style`); here is how much of it.
//!
//! Left alone, Yosys takes block RAM from 4,096 bits on (8 x 512, 16 x 256, 32 x 128). We force the style by role: feature banks and
//! weights are block RAM, parameters, queues and descriptor buffers LUTRAM, since a block RAM would stand nearly empty for each 36 of
//! their bits.

use super::calibration::Kind;
use super::logic;
use crate::board::Resources;

/// Shapes of a block RAM (depth, width) that Yosys chooses from, with the RAMB18 it takes. The widest are simple dual-port only (UG473,
/// table 1-11).
const SHAPES: [(u64, u64, u64); 13] = [
    (16_384, 1, 1),
    (8_192, 2, 1),
    (4_096, 4, 1),
    (2_048, 9, 1),
    (1_024, 18, 1),
    (512, 36, 1),
    (32_768, 1, 2),
    (16_384, 2, 2),
    (8_192, 4, 2),
    (4_096, 9, 2),
    (2_048, 18, 2),
    (1_024, 36, 2),
    (512, 72, 2),
];
/// Cost of a RAMB18 and of a RAMB36 in Yosys' own choice (`xilinx/brams_xc4v.txt`): a RAMB36 is a little cheaper than two RAMB18.
const COSTS: [u64; 2] = [129, 257];
/// Look-up tables of a RAM32M or RAM64M.
pub const LUTRAM_LUTS: u64 = 4;

/// The block RAMs of one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRams {
    /// How many.
    pub count: u64,
    /// RAMB18 in each: 1, or 2 for a RAMB36.
    pub halves: u64,
    /// Rows of them behind each other; their outputs are selected.
    pub rows: u64,
}

/// The block RAMs of a simple dual-port memory (one write and one read port) of `words` x `bits`: what Yosys finds cheapest; of equals
/// the RAMB18, then the deepest.
///
/// A memory deeper than the block RAMs becomes one as wide as its rows together, cut into units of one write enable (up to 9 bits): rows
/// share a block RAM but no unit. Selecting among rows costs half a point a bit.
pub fn block_rams(words: u64, bits: u64) -> BlockRams {
    let of = |&(depth, width, halves): &(u64, u64, u64)| {
        let (rows, unit) = (words.div_ceil(depth), width.min(9));
        let count = (rows * bits.div_ceil(unit)).div_ceil(width / unit);
        let cost = 2 * count * COSTS[(halves - 1) as usize] + bits * rows.saturating_sub(1);
        (cost, BlockRams { count, halves, rows })
    };
    let best = SHAPES.iter().map(of).min_by_key(|(cost, _)| *cost);
    best.map_or(BlockRams { count: 0, halves: 1, rows: 0 }, |(_, rams)| rams)
}

/// RAMB18 halves of [`block_rams`].
pub fn ramb18(words: u64, bits: u64) -> u64 {
    let rams = block_rams(words, bits);
    rams.count * rams.halves
}

/// RAMB18 that one access of such a memory switches on: those across the width of one word.
pub fn ramb18_per_access(words: u64, bits: u64) -> u64 {
    let rams = block_rams(words, bits);
    if rams.rows == 0 { 0 } else { (rams.count * rams.halves).div_ceil(rams.rows) }
}

/// A simple dual-port block RAM of `words` x `bits`; nothing when it has no words.
pub fn block(words: u64, bits: u64) -> Resources {
    let rams = block_rams(words, bits);
    Resources { dsp: 0, bram18: rams.count * rams.halves, lut: Kind::Wires.luts(logic::mux(rams.rows, bits) as f64), ff: 0 }
}

/// Slices of LUTRAM.
pub fn slices(count: u64) -> Resources {
    Resources::logic(count * LUTRAM_LUTS, 0)
}

/// LUTRAM of a simple dual-port memory, (RAM32M, RAM64M): of 32 x 6 or 64 x 3 bits in four look-up tables each (UG474, table 2-3),
/// whichever takes fewer.
pub fn lutrams(words: u64, bits: u64) -> (u64, u64) {
    let (ram32m, ram64m) = (words.div_ceil(32) * bits.div_ceil(6), words.div_ceil(64) * bits.div_ceil(3));
    if ram32m < ram64m { (ram32m, 0) } else { (0, ram64m) }
}

/// A simple dual-port LUTRAM of `words` x `bits`, read without a register; behind 64 words the rows' outputs are selected.
pub fn distributed(words: u64, bits: u64) -> Resources {
    let (ram32m, ram64m) = lutrams(words, bits);
    slices(ram32m + ram64m)
        + Resources::logic(Kind::Wires.luts(logic::mux(words.div_ceil(if ram32m > 0 { 32 } else { 64 }), bits) as f64), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramb18_takes_the_cheapest_shape() {
        for (words, bits, n) in
            [(512, 36, 1), (513, 36, 2), (1024, 18, 1), (2048, 9, 1), (16_384, 1, 1), (2048, 144, 16), (2049, 144, 20), (4096, 44, 10)]
        {
            assert_eq!(ramb18(words, bits), n, "{words} x {bits}");
        }
        // Two RAMB18 are one RAMB36, an odd number stays.
        assert_eq!(block_rams(512, 72), BlockRams { count: 1, halves: 2, rows: 1 });
        // Three rows of five units, two units a block RAM of 1K x 18 or four a RAMB36 of 1K x 36.
        assert_eq!(block_rams(2685, 40), BlockRams { count: 4, halves: 2, rows: 3 });
        assert_eq!(block_rams(512, 176), BlockRams { count: 5, halves: 1, rows: 1 });
    }

    /// The paper's second observation: block RAM moves in steps with depth and width, and is flat between.
    #[test]
    fn ramb18_steps_with_words_and_bits() {
        let narrow = |words| ramb18(words, 9);
        assert_eq!([1, 2048, 2049, 4096, 4097].map(narrow), [1, 1, 2, 2, 3], "flat over 2,048 words");
        let wide = |words| ramb18(words, 144);
        assert_eq!([512, 513, 1024, 1025].map(wide), [4, 8, 8, 12], "flat over 512 words");
        assert_eq!((wide(1024), wide(512)), (8, 4), "an input shrunk below a threshold halves a buffer");
        let by_bits: Vec<u64> = (12..=16).map(|bits| ramb18(2048, 8 * bits)).collect();
        assert_eq!(by_bits, [11, 12, 13, 14, 15]);
        let coarse: Vec<u64> = (12..=16).map(|bits| ramb18(512, 16 * bits)).collect();
        assert_eq!(coarse, [6, 6, 7, 7, 8], "one bit less saves a RAM or none");
    }

    #[test]
    fn lutrams_and_accesses() {
        assert_eq!(
            [(32, 12), (33, 55), (64, 3), (78, 55), (119, 55), (0, 8)].map(|(w, b)| lutrams(w, b)),
            [(2, 0), (0, 19), (0, 1), (30, 0), (0, 38), (0, 0)]
        );
        assert_eq!(block(0, 8), Resources::NONE);
        assert_eq!((ramb18_per_access(6144, 144), ramb18_per_access(512, 144), ramb18_per_access(0, 144)), (16, 4, 0));
    }
}
