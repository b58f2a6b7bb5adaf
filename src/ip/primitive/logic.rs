//! Look-up tables of simple structures on LUT6 fabrics, before the logic optimiser (`calibration`).

/// Look-up tables a bit of `n` words that are each gated and then or-ed: pairs of word and enable, six inputs a table.
pub fn gated(n: usize) -> u64 {
    match n {
        0 => 0,
        1..=3 => 1,
        4..=5 => 2,
        _ => (2 * n as u64 - 1).div_ceil(5),
    }
}

/// Look-up tables of an `n`-to-1 multiplexer of `bits` with a binary select: 4:1 in one, 8:1 in two with MUXF7.
pub fn mux(n: u64, bits: u64) -> u64 {
    match n {
        0 | 1 => 0,
        2..=4 => bits,
        _ => bits * n.next_power_of_two() / 4,
    }
}

/// Bits of the sums of a binary tree over `n` values of `bits`, from level `first` (1: nearest the values) on. Each is a register, and a
/// look-up table with its carry.
pub fn tree_bits(n: u64, bits: u64, first: u64) -> u64 {
    (first..=u64::from(n.max(1).ilog2())).map(|level| (n >> level) * (bits + level)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_and_multiplexers_count_what_they_contain() {
        assert_eq!((tree_bits(1, 8, 1), tree_bits(4, 8, 1), tree_bits(4, 8, 2)), (0, 9 + 9 + 10, 10));
        assert_eq!((mux(1, 8), mux(2, 8), mux(4, 8), mux(8, 8), mux(16, 8)), (0, 8, 8, 16, 32));
        assert_eq!([0, 1, 3, 4, 5, 8].map(gated), [0, 1, 1, 2, 2, 3]);
    }
}
