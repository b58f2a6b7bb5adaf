//! Multipliers: when a tool takes DSP slices, and how many ([`Mapping`]).
//!
//! **Yosys** (`synth_xilinx`, pass `mul2dsp`; measured on version 0.23): a product goes to DSPs when both operands have at least 2
//! bits and the product at least 9. An operand wider than the slice's port is cut into slices of one bit less than the port, the last one
//! signed.
//!
//! **Vivado HLS** (no measurement of ours; the tool is closed and was never run here): it instantiates a multiplier core, which lands in
//! a DSP slice, when the wider operand has at least 11 bits; narrower products (8 x 8, 10 x 10) it leaves as an operator, which ends as
//! logic. Source: generated code shown in public reports, such as the cores `mul_11n...` (11 x 18 bits) in
//! github.com/fastmachinelearning/hls4ml/issues/49. Wide operands are cut as above. So the steps of the paper's third observation lie
//! elsewhere for its designs than for Yosys.

use crate::board::{Board, Mapping};

/// Narrowest operand that goes to a DSP, bits.
const LEAST_OPERAND_BITS: u32 = 2;
/// Narrowest product that Yosys gives to a DSP, bits.
const LEAST_PRODUCT_BITS: u32 = 9;
/// Narrowest of the wider operands that Vivado HLS makes a core of, bits.
const LEAST_CORE_BITS: u32 = 11;

/// DSP slices of a signed `a` x `b` bit product; 0 means look-up tables. An unsigned operand counts one bit more.
pub fn slices(a_bits: u32, b_bits: u32, board: &Board) -> u64 {
    let (long, short) = (a_bits.max(b_bits), a_bits.min(b_bits));
    let taken = match board.mapping {
        Mapping::Yosys => long + short >= LEAST_PRODUCT_BITS,
        Mapping::VivadoHls => long >= LEAST_CORE_BITS,
    };
    if short < LEAST_OPERAND_BITS || !taken {
        return 0;
    }
    let (wide, narrow) = (u32::from(board.dsp_operand_bits.0), u32::from(board.dsp_operand_bits.1));
    u64::from(pieces(long, wide)) * u64::from(pieces(short, narrow))
}

/// DSP slices of a feature of `feature_bits` (zero point subtracted) times a weight. Weights of 1 bit (binary) or 2 (ternary and two-bit)
/// never take one: they select, double or negate the other operand.
pub fn product_slices(feature_bits: u32, weight_bits: u32, board: &Board) -> u64 {
    if weight_bits <= 2 { 0 } else { slices(feature_bits, weight_bits, board) }
}

/// DSP slices of two products of one feature: both weights lie beside each other on the wide port (contract, point 21).
pub fn pair_slices(feature_bits: u32, weight_bits: u32, board: &Board) -> u64 {
    slices(feature_bits + 2 * weight_bits + 1, feature_bits + 1, board)
}

/// Look-up tables of a product of `a` x `b` bits in logic: for each bit of `b` but the sign a gated addition; what single-module
/// synthesis gives is 3 a + 1 for two bits, 4 a + 5 for three, and about 1.6 (a + 3) for each further one.
pub fn logic_luts(a_bits: u64, b_bits: u64) -> f64 {
    let a = a_bits as f64;
    match b_bits {
        0..=2 => 3.0 * a + 1.0,
        3 => 4.0 * a + 5.0,
        _ => 1.6 * (a + 3.0) * (b_bits - 1) as f64,
    }
}

/// Pieces of an operand on a signed port: all but the last are unsigned and lose the sign bit.
fn pieces(bits: u32, port_bits: u32) -> u32 {
    1 + bits.saturating_sub(port_bits).div_ceil(port_bits.max(2) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(ports: (u8, u8), mapping: Mapping) -> Board {
        Board { dsp_operand_bits: ports, mapping, ..crate::board::builtin("pynq-z1").unwrap() }
    }

    /// The values of the groundwork, as synthesis gave them.
    #[test]
    fn slices_follow_yosys() {
        let e1 = &board((25, 18), Mapping::Yosys);
        for (a, b, n) in [(18, 25, 1), (25, 18, 1), (19, 19, 2), (25, 19, 2), (25, 25, 2), (32, 32, 4), (8, 8, 1), (4, 4, 0), (5, 4, 1)] {
            assert_eq!(slices(a, b, e1), n, "{a} x {b}");
        }
        assert_eq!(slices(1, 16, e1), 0);
        assert_eq!(slices(2, 7, e1), 1);
        assert_eq!(slices(32, 17, e1), 2);
        assert_eq!(slices(27, 18, &board((27, 18), Mapping::Yosys)), 1, "DSP48E2");
    }

    /// The paper's third observation: DSPs move in steps with the operand widths, and are flat between.
    #[test]
    fn slices_step_with_bits() {
        let board = board((25, 18), Mapping::Yosys);
        let by_width: Vec<u64> = (1..=32).map(|b| slices(b, b, &board)).collect();
        let steps: Vec<usize> = (1..32).filter(|&i| by_width[i] != by_width[i - 1]).map(|i| i + 1).collect();
        assert_eq!(steps, [5, 19, 26], "equal widths at which the number changes");
        assert_eq!((by_width[17], by_width[18], by_width[31]), (1, 2, 4));
    }

    /// Narrow products are logic to Vivado HLS, which is where the two rules differ.
    #[test]
    fn vivado_hls_steps_at_eleven_bits() {
        let hls = &board((25, 18), Mapping::VivadoHls);
        for (a, b, n) in [(8, 8, 0), (10, 10, 0), (11, 18, 1), (11, 2, 1), (11, 1, 0), (9, 11, 1), (19, 19, 2), (32, 32, 4)] {
            assert_eq!(slices(a, b, hls), n, "{a} x {b}");
        }
        assert_eq!((product_slices(16, 2, hls), product_slices(10, 9, hls), product_slices(10, 11, hls)), (0, 0, 1));
    }
}
