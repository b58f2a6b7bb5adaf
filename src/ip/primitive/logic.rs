//! Look-up tables and flip-flops of simple operators on LUT6 fabrics: structural estimates, not calibrated against synthesis.

use crate::board::Resources;

/// Look-up tables of an `n`-to-1 multiplexer of `bits`: two 2:1 in a LUT6 with its LUT5 halves, a 4:1 in one, an 8:1 in two with MUXF7.
pub fn mux(n: u64, bits: u64) -> u64 {
    match n {
        0 | 1 => 0,
        2 => bits.div_ceil(2),
        3..=4 => bits,
        5..=8 => 2 * bits,
        _ => 2 * bits * n.div_ceil(8) + mux(n.div_ceil(8), bits),
    }
}

/// A registered multiplexer.
pub fn mux_register(n: u64, bits: u64) -> Resources {
    Resources::logic(mux(n, bits), if n > 1 { bits } else { 0 })
}

/// A registered adder or subtracter: one LUT and one carry a bit.
pub fn adder(bits: u64) -> Resources {
    Resources::logic(bits, bits)
}

/// A counter with load and end comparison.
pub fn counter(bits: u64) -> Resources {
    Resources::logic(bits + bits.div_ceil(2), bits)
}

/// A barrel shifter of `bits` by up to 2^`stages` - 1, two stages in one level of 4:1 multiplexers.
pub fn barrel(bits: u64, stages: u64) -> u64 {
    bits * (stages / 2) + if stages % 2 == 1 { bits.div_ceil(2) } else { 0 }
}

/// Registered levels of a binary tree that sums `n` values of `bits`.
pub fn adder_tree(n: u64, bits: u64) -> Resources {
    let (mut values, mut width, mut sum) = (n, bits, Resources::NONE);
    while values > 1 {
        width += 1;
        sum += adder(width) * (values / 2) + Resources::logic(0, width * (values % 2));
        values = values.div_ceil(2);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_and_multiplexers_count_what_they_contain() {
        assert_eq!(adder_tree(1, 8), Resources::NONE);
        assert_eq!(adder_tree(4, 8), Resources::logic(9 + 9 + 10, 9 + 9 + 10));
        assert_eq!(adder_tree(3, 8), Resources::logic(9 + 10, 9 + 9 + 10));
        assert_eq!((mux(1, 8), mux(2, 8), mux(4, 8), mux(8, 8), mux(16, 8)), (0, 4, 8, 16, 36));
        assert_eq!((barrel(32, 5), barrel(10, 2)), (80, 10));
    }
}
