//! Address mapping: which bank, row and column a byte address means.

use super::MemorySpec;
use crate::error::{Error, Result};

/// Where a DDR burst lives in the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bank.
    pub bank: u8,
    /// Row in the bank.
    pub row: u32,
    /// Column in words of the data bus.
    pub column: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Row,
    Bank,
    Column,
}

/// A run of address bits that belongs to one field.
#[derive(Clone, Copy, Debug)]
struct Slice {
    field: Field,
    /// Lowest bit in the address.
    address_shift: u32,
    /// Lowest bit in the field.
    field_shift: u32,
    bits: u32,
}

/// The mapping of a board, ready to decode.
#[derive(Clone, Debug)]
pub struct AddressMap {
    slices: Vec<Slice>,
    address_bits: u32,
    bank_bits: u32,
    /// Size and alignment of the largest block whose bytes share bank and row.
    block_bytes: u64,
}

impl AddressMap {
    /// Reads `controller.address_map` of a specification.
    ///
    /// # Errors
    /// Input: an entry that is no field, fields too wide, or a lowest field that splits a DDR burst.
    pub fn new(spec: &MemorySpec) -> Result<AddressMap> {
        let word_shift = (spec.bus_width_bits / 8).trailing_zeros();
        let mut slices: Vec<Slice> = Vec::new();
        let mut shift = word_shift;
        let mut widths = [0u32; 3];
        for entry in spec.controller.address_map.iter().rev() {
            let (field, bits) = parse(entry)?;
            slices.push(Slice { field, address_shift: shift, field_shift: widths[field as usize], bits });
            widths[field as usize] += bits;
            shift += bits;
        }
        let refuse = |what: &str| Error::input(what).value(format!("{:?}", spec.controller.address_map));
        let [row, bank, column] = widths;
        if !(1..=20).contains(&row) || !(1..=4).contains(&bank) || column > 14 {
            let allowed = "1 to 20 row bits, 1 to 4 bank bits, at most 14 column bits";
            return Err(refuse("memory.controller.address_map describes no DRAM device").allowed(allowed));
        }
        let burst_bits = spec.burst_length.trailing_zeros();
        // Neighbouring slices of one field are one contiguous block.
        let low: u32 = slices.iter().take_while(|s| s.field == Field::Column).map(|s| s.bits).sum();
        if low < burst_bits {
            let allowed = format!("a lowest entry column:N with N at least {burst_bits} (log2 of the burst length)");
            return Err(refuse("memory.controller.address_map would split a DDR burst over rows or banks").allowed(allowed));
        }
        Ok(AddressMap { slices, address_bits: shift, bank_bits: bank, block_bytes: 1 << (low + word_shift) })
    }

    /// Capacity in bytes.
    pub fn capacity_bytes(&self) -> u64 {
        1 << self.address_bits
    }

    /// Number of banks.
    pub fn banks(&self) -> usize {
        1 << self.bank_bits
    }

    /// Size and alignment of the largest block of addresses that share bank and row.
    pub fn block_bytes(&self) -> u64 {
        self.block_bytes
    }

    /// Where a byte address below [`AddressMap::capacity_bytes`] lives.
    pub fn decode(&self, address: u64) -> Place {
        let (mut row, mut bank, mut column) = (0, 0, 0);
        for s in &self.slices {
            let bits = ((address >> s.address_shift) as u32 & ((1 << s.bits) - 1)) << s.field_shift;
            match s.field {
                Field::Row => row |= bits,
                Field::Bank => bank |= bits as u8,
                Field::Column => column |= bits,
            }
        }
        Place { row, bank, column }
    }

    /// The byte address of a place: the inverse of [`AddressMap::decode`].
    pub fn encode(&self, place: Place) -> u64 {
        let fields = [place.row, u32::from(place.bank), place.column];
        self.slices.iter().fold(0, |address, s| {
            let value = (fields[s.field as usize] >> s.field_shift) & ((1 << s.bits) - 1);
            address | u64::from(value) << s.address_shift
        })
    }
}

fn parse(entry: &str) -> Result<(Field, u32)> {
    let refuse = || {
        Error::input("memory.controller.address_map has an entry that is no field")
            .value(entry)
            .allowed("row:N, bank:N or column:N with N from 1 to 20")
    };
    let (name, bits) = entry.split_once(':').ok_or_else(refuse)?;
    let field = match name {
        "row" => Field::Row,
        "bank" => Field::Bank,
        "column" => Field::Column,
        _ => return Err(refuse()),
    };
    match bits.parse::<u32>() {
        Ok(bits @ 1..=20) => Ok((field, bits)),
        _ => Err(refuse()),
    }
}
