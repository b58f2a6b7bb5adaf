//! Multipliers: when Yosys takes DSP slices, and how many.
//!
//! The rule (`synth_xilinx`, pass `mul2dsp`; measured on version 0.23): a product goes to DSPs when both operands have at least 2
//! bits and the product at least 9. An operand wider than the slice's port is cut into slices of one bit less than the port, the last one
//! signed. Vivado HLS decides otherwise (a macro from 11 bits on), so figures of its designs step elsewhere.

use crate::board::{Board, Resources};

/// Narrowest operand that goes to a DSP, bits.
const LEAST_OPERAND_BITS: u32 = 2;
/// Narrowest product that goes to a DSP, bits.
const LEAST_PRODUCT_BITS: u32 = 9;

/// DSP slices of a signed `a` x `b` bit product on slices with signed ports of (wide, narrow) bits; 0 means look-up tables. An
/// unsigned operand counts one bit more.
pub fn slices(a_bits: u32, b_bits: u32, ports: (u8, u8)) -> u64 {
    if a_bits.min(b_bits) < LEAST_OPERAND_BITS || a_bits + b_bits < LEAST_PRODUCT_BITS {
        return 0;
    }
    let (wide, narrow) = (u32::from(ports.0), u32::from(ports.1));
    let (long, short) = (a_bits.max(b_bits), a_bits.min(b_bits));
    u64::from(pieces(long, wide)) * u64::from(pieces(short, narrow))
}

/// Pieces of an operand on a signed port: all but the last are unsigned and lose the sign bit.
fn pieces(bits: u32, port_bits: u32) -> u32 {
    1 + bits.saturating_sub(port_bits).div_ceil(port_bits.max(2) - 1)
}

/// A signed product registered on both sides, with the adder of its pieces where there are several.
///
/// Weights of 1 bit (binary) or 2 (ternary and two-bit) never take a DSP: they select, double or negate the other operand.
pub fn multiplier(feature_bits: u32, weight_bits: u32, board: &Board) -> Resources {
    let product_bits = u64::from(feature_bits + weight_bits);
    if weight_bits <= 2 {
        return Resources::logic(u64::from(feature_bits) + 1, product_bits);
    }
    match slices(feature_bits, weight_bits, board.dsp_operand_bits) {
        // An array of partial products, two rows a LUT6 pair with its carry chain.
        0 => Resources::logic(u64::from(feature_bits) * u64::from(weight_bits).div_ceil(2), product_bits),
        // Operand and product registers are inside the slice; each further piece needs an adder unless it cascades (half do).
        n => Resources { dsp: n, bram18: 0, lut: (n - 1) * product_bits / 2, ff: (n - 1) * product_bits / 2 },
    }
}

/// Two products of one feature in one multiplier: both weights beside each other on its wide port, the borrow of the lower product
/// taken before and put back after.
pub fn multiplier_pair(feature_bits: u32, weight_bits: u32, board: &Board) -> Resources {
    let packed = slices(feature_bits + 2 * weight_bits + 1, feature_bits + 1, board.dsp_operand_bits);
    let (borrow, restore) = (u64::from(weight_bits) + 1, u64::from(feature_bits + weight_bits));
    Resources { dsp: packed, ..Resources::logic(borrow + restore, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the groundwork, as synthesis gave them.
    #[test]
    fn slices_follow_yosys() {
        let e1 = (25, 18);
        for (a, b, n) in [(18, 25, 1), (25, 18, 1), (19, 19, 2), (25, 19, 2), (25, 25, 2), (32, 32, 4), (8, 8, 1), (4, 4, 0), (5, 4, 1)] {
            assert_eq!(slices(a, b, e1), n, "{a} x {b}");
        }
        assert_eq!(slices(1, 16, e1), 0);
        assert_eq!(slices(2, 7, e1), 1);
        assert_eq!(slices(32, 17, e1), 2);
        assert_eq!(slices(27, 18, (27, 18)), 1, "DSP48E2");
    }

    /// The paper's third observation: DSPs move in steps with the operand widths, and are flat between.
    #[test]
    fn slices_step_with_bits() {
        let by_width: Vec<u64> = (1..=32).map(|b| slices(b, b, (25, 18))).collect();
        let steps: Vec<usize> = (1..32).filter(|&i| by_width[i] != by_width[i - 1]).map(|i| i + 1).collect();
        assert_eq!(steps, [5, 19, 26], "equal widths at which the number changes");
        assert_eq!((by_width[17], by_width[18], by_width[31]), (1, 2, 4));
    }
}
