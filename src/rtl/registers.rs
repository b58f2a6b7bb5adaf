//! The register map (contract, section 9), once: the RTL's package and the driver are generated from it, and a test holds the contract's
//! table against it.

use std::fmt::Write as _;

/// What software may do with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Writes change nothing.
    Read,
    /// Reads give what was written.
    ReadWrite,
    /// A write of 1 acts; reads give 0.
    Command,
    /// A write of 1 clears.
    WriteOneToClear,
}

impl Access {
    /// As in the contract's table.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Read => "R",
            Access::ReadWrite => "RW",
            Access::Command => "W1",
            Access::WriteOneToClear => "RW1C",
        }
    }
}

/// A field of a register.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Highest bit.
    pub high: u32,
    /// Lowest bit.
    pub low: u32,
    /// Access.
    pub access: Access,
    /// Name, in lower case; a register with one field over all bits has none.
    pub name: &'static str,
}

/// A 32-bit register.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// Name, in upper case.
    pub name: &'static str,
    /// Byte offset in the 4 KiB of the port.
    pub offset: u32,
    /// Fields, lowest first; other bits read zero.
    pub fields: &'static [Field],
}

/// Value of register `ID`: `bico` in ASCII, first letter lowest.
pub const ID: u32 = u32::from_le_bytes(*b"bico");

const fn all(access: Access) -> Field {
    Field { high: 31, low: 0, access, name: "" }
}

const fn field(high: u32, low: u32, access: Access, name: &'static str) -> Field {
    Field { high, low, access, name }
}

/// All registers in order of their offsets.
pub const REGISTERS: [Register; 16] = {
    use Access::{Command, Read, ReadWrite, WriteOneToClear};
    const fn register(offset: u32, name: &'static str, fields: &'static [Field]) -> Register {
        Register { name, offset, fields }
    }
    [
        register(0x000, "ID", &[all(Read)]),
        register(0x004, "VERSION", &[field(15, 0, Read, "patch"), field(23, 16, Read, "minor"), field(31, 24, Read, "major")]),
        register(0x008, "DESIGN", &[all(Read)]),
        register(
            0x00c,
            "PARAMETERS",
            &[
                field(7, 0, Read, "lanes"),
                field(15, 8, Read, "feature_bits"),
                field(23, 16, Read, "weight_bits"),
                field(31, 24, Read, "banks"),
            ],
        ),
        register(
            0x010,
            "UNITS",
            &[
                field(7, 0, Read, "units"),
                field(15, 8, Read, "queue_depth"),
                field(17, 16, Read, "fetch_port"),
                field(19, 18, Read, "load_port"),
                field(21, 20, Read, "weights_port"),
                field(23, 22, Read, "store_port"),
            ],
        ),
        register(0x020, "CONTROL", &[field(0, 0, Command, "start"), field(1, 1, Command, "clear_counters")]),
        register(
            0x024,
            "STATUS",
            &[
                field(0, 0, Read, "busy"),
                field(1, 1, WriteOneToClear, "done"),
                field(2, 2, WriteOneToClear, "memory_error"),
                field(3, 3, WriteOneToClear, "refused"),
            ],
        ),
        register(
            0x028,
            "INTERRUPT_ENABLE",
            &[field(1, 1, ReadWrite, "done"), field(2, 2, ReadWrite, "memory_error"), field(3, 3, ReadWrite, "refused")],
        ),
        register(0x030, "PROGRAM_ADDRESS", &[field(31, 7, ReadWrite, "address")]),
        register(0x034, "PROGRAM_DESCRIPTORS", &[field(31, 1, ReadWrite, "pairs")]),
        register(0x038, "MEMORY_BASE", &[field(31, 12, ReadWrite, "page")]),
        register(0x040, "FRAME_CYCLES_LOW", &[all(Read)]),
        register(0x044, "FRAME_CYCLES_HIGH", &[all(Read)]),
        register(0x048, "BUSY_CYCLES_LOW", &[all(Read)]),
        register(0x04c, "BUSY_CYCLES_HIGH", &[all(Read)]),
        register(0x050, "FRAMES", &[all(Read)]),
    ]
};

/// Offset of a register in bytes.
///
/// # Panics
/// When there is none of this name.
pub fn offset(name: &str) -> u32 {
    REGISTERS.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("no register `{name}`")).offset
}

/// The value of register `VERSION`: that of this crate.
pub fn version() -> u32 {
    let part = |text: &str| text.parse::<u32>().unwrap_or(0);
    part(env!("CARGO_PKG_VERSION_MAJOR")) << 24 | part(env!("CARGO_PKG_VERSION_MINOR")) << 16 | part(env!("CARGO_PKG_VERSION_PATCH"))
}

/// Offsets as parameters of a SystemVerilog package.
pub(super) fn sv_parameters() -> String {
    REGISTERS.iter().fold(String::new(), |mut s, r| {
        let _ = writeln!(s, "  localparam logic [11:0] REGISTER_{} = 12'h{:03x};", r.name, r.offset);
        s
    })
}

/// Offsets, and fields as (lowest bit, width), as Python constants.
pub(super) fn python_constants() -> String {
    let mut s = String::new();
    for r in &REGISTERS {
        let _ = writeln!(s, "{} = 0x{:03x}", r.name, r.offset);
        for f in r.fields.iter().filter(|f| !f.name.is_empty()) {
            let _ = writeln!(s, "{}_{} = ({}, {})", r.name, f.name.to_uppercase(), f.low, f.high - f.low + 1);
        }
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the contract's table of registers: offset, name, bits, access.
    fn rows_of_the_contract() -> Vec<String> {
        let contract = include_str!("../machine/CONTRACT.md");
        let section = contract.split("\n## 9.").nth(1).expect("section 9");
        let rows = section.lines().filter(|l| l.starts_with("| 0x"));
        rows.map(|l| l.split('|').skip(1).take(4).map(str::trim).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn the_contract_lists_every_field_and_no_other() {
        let bits = |f: &Field| if f.high == f.low { f.low.to_string() } else { format!("{}:{}", f.high, f.low) };
        let row = |r: &Register, f: &Field| {
            let name = if f.name.is_empty() { format!("`{}`", r.name) } else { format!("`{}`.{}", r.name, f.name) };
            format!("0x{:03x} {name} {} {}", r.offset, bits(f), f.access.name())
        };
        let rows: Vec<String> = REGISTERS.iter().flat_map(|r| r.fields.iter().map(move |f| row(r, f))).collect();
        assert_eq!(rows, rows_of_the_contract());
    }

    #[test]
    fn registers_and_fields_do_not_overlap() {
        assert!(REGISTERS.windows(2).all(|r| r[0].offset < r[1].offset && r[1].offset.is_multiple_of(4)));
        for r in &REGISTERS {
            assert!(r.fields.windows(2).all(|f| f[0].high < f[1].low), "{}", r.name);
            assert!(r.fields.iter().all(|f| f.low <= f.high && f.high < 32), "{}", r.name);
        }
    }
}
