//! Cells of a synthesised netlist, and how they add up to the resources that a device has.

use crate::board::Resources;
use std::collections::BTreeMap;

/// Look-up tables that a cell occupies when it serves as memory (UG474, tables 2-3 and 2-4: a SLICEM has four).
const LUTRAM: [(&str, u64); 9] = [
    ("RAM32M", 4),
    ("RAM64M", 4),
    ("RAM32X1D", 2),
    ("RAM64X1D", 2),
    ("RAM128X1D", 4),
    ("RAM32X1S", 1),
    ("RAM64X1S", 1),
    ("RAM128X1S", 2),
    ("RAM256X1S", 4),
];
/// Shift registers: one look-up table each.
const SHIFT_REGISTERS: [&str; 2] = ["SRL16E", "SRLC32E"];
/// Logic. `INV` is a LUT1 to Vivado.
const LOGIC: [&str; 7] = ["LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "INV"];

/// Cells by type.
///
/// LUT are counted as Vivado's "Slice LUTs": each LUT1 to LUT6 and inverter is one, a LUTRAM cell as many as it occupies, a shift register
/// one. Two small functions that would share a LUT6 (its O5 and O6 outputs) are not paired: packing is placement's work, so Vivado's
/// figure for the same netlist is lower. MUXF7, MUXF8 and CARRY4 are not LUTs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(pub BTreeMap<String, u64>);

impl Cells {
    /// Reads the last table of Yosys' `stat`; lines that are no "name count" are passed over.
    pub fn of_stat(text: &str) -> Cells {
        let last = text.rsplit("Number of cells:").next().unwrap_or("");
        let row = |line: &str| {
            let mut words = line.split_whitespace();
            let (name, count) = (words.next()?, words.next()?.parse().ok()?);
            words.next().is_none().then(|| (name.to_string(), count))
        };
        Cells(last.lines().skip(1).map_while(|line| if line.trim().is_empty() { None } else { Some(row(line)) }).flatten().collect())
    }
    /// Cells of one type.
    pub fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
    /// Look-up tables used as logic.
    pub fn logic_luts(&self) -> u64 {
        LOGIC.iter().map(|n| self.of(n)).sum()
    }
    /// Look-up tables used as memory, shift registers not included.
    pub fn memory_luts(&self) -> u64 {
        LUTRAM.iter().map(|(n, luts)| self.of(n) * luts).sum()
    }
    /// Look-up tables used as shift registers.
    pub fn shift_luts(&self) -> u64 {
        SHIFT_REGISTERS.iter().map(|n| self.of(n)).sum()
    }
    /// Flip-flops of all kinds.
    pub fn flip_flops(&self) -> u64 {
        ["FDRE", "FDSE", "FDCE", "FDPE"].iter().map(|n| self.of(n)).sum()
    }
    /// The amounts that a board has budgets of.
    pub fn resources(&self) -> Resources {
        Resources {
            dsp: self.of("DSP48E1"),
            bram18: self.of("RAMB18E1") + 2 * self.of("RAMB36E1"),
            lut: self.logic_luts() + self.memory_luts() + self.shift_luts(),
            ff: self.flip_flops(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_table_of_stat_is_counted() {
        let stat = "=== old ===\n   Number of cells:  3\n     LUT6   3\n\n=== top ===\n\n   Number of cells:              23\n     \
                    DSP48E1  2\n     FDRE   5\n     FDSE 1\n     INV   1\n     LUT2   4\n     RAM32M   2\n     RAMB36E1   1\n     \
                    SRL16E  3\n\n   Estimated number of LCs:       7\n";
        let cells = Cells::of_stat(stat);
        assert_eq!(cells.resources(), Resources { dsp: 2, bram18: 2, lut: 5 + 8 + 3, ff: 6 });
        assert_eq!((cells.of("LUT6"), cells.0.len()), (0, 8));
        assert_eq!(Cells::of_stat("nothing"), Cells::default());
    }
}
