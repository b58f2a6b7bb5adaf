//! Memories: the RTL says of each whether it is block RAM or LUTRAM (`ram_style`); here is how much of it.
//!
//! Left alone, Yosys takes block RAM from 4,096 bits on (8 x 512, 16 x 256, 32 x 128). We force the style by role: feature banks and weights
//! are block RAM, parameters, queues and descriptor buffers LUTRAM, since a block RAM would stand nearly empty for each 36 of their bits.

use crate::board::Resources;

/// Shapes of a RAMB18 (depth, width) that Yosys chooses from; the widest is simple dual-port only (UG473, table 1-11).
const SHAPES: [(u64, u64); 6] = [(16_384, 1), (8_192, 2), (4_096, 4), (2_048, 9), (1_024, 18), (512, 36)];
/// The shape that takes the fewest RAMB18; of equals the deepest, which selects among the fewest outputs.
fn shape(words: u64, bits: u64) -> (u64, u64) {
    let total = |shape: &(u64, u64)| words.div_ceil(shape.0) * bits.div_ceil(shape.1);
    SHAPES.into_iter().min_by_key(total).unwrap_or(SHAPES[0])
}

/// RAMB18 of a simple dual-port memory (one write and one read port) of `words` x `bits` when it is built of block RAM: the
/// fewest over all shapes.
pub fn ramb18(words: u64, bits: u64) -> u64 {
    let (depth, width) = shape(words, bits);
    words.div_ceil(depth) * bits.div_ceil(width)
}

/// RAMB18 that one access of such a memory switches on: those across the width of one word, in the shape that [`ramb18`] takes.
pub fn ramb18_per_access(words: u64, bits: u64) -> u64 {
    if words == 0 { 0 } else { bits.div_ceil(shape(words, bits).1) }
}

/// A simple dual-port block RAM of `words` x `bits`; nothing when it has no words.
pub fn block(words: u64, bits: u64) -> Resources {
    let shape = shape(words, bits);
    // Blocks behind each other need their outputs selected.
    let rows = words.div_ceil(shape.0);
    Resources { dsp: 0, bram18: rows * bits.div_ceil(shape.1), lut: super::logic::mux(rows, bits), ff: 0 }
}

/// A simple dual-port LUTRAM of `words` x `bits`, read without a register.
pub fn distributed(words: u64, bits: u64) -> Resources {
    if words == 0 { Resources::NONE } else { Resources::logic(lutram(words, bits), 0) }
}

/// Look-up tables of a LUTRAM: RAM32M gives 32 x 6 and RAM64M 64 x 3 of four (UG474, table 2-3); deeper ones add a multiplexer a bit.
fn lutram(words: u64, bits: u64) -> u64 {
    if words <= 32 {
        return 4 * bits.div_ceil(6);
    }
    let rows = words.div_ceil(64);
    rows * 4 * bits.div_ceil(3) + super::logic::mux(rows, bits)
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
        assert_eq!([(32, 12), (33, 12), (64, 3), (128, 3), (0, 8)].map(|(w, b)| distributed(w, b).lut), [8, 16, 4, 10, 0]);
        assert_eq!((block(0, 8), block(6144, 144).lut), (Resources::NONE, 144));
        assert_eq!((ramb18_per_access(6144, 144), ramb18_per_access(512, 144), ramb18_per_access(0, 144)), (16, 4, 0));
    }
}
