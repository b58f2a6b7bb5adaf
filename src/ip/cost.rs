//! What an accelerator takes on a board, and the refusal when that is too much.

use super::primitive::{fields, memory, stage, walker};
use super::{REGISTRY, levers};
use crate::accelerator::Accelerator;
use crate::board::{Board, Mapping, Resources};
use crate::error::{Error, Kind, Result};
use crate::plan::Unit;
use crate::record::ResourceRecord;

/// Sum over all blocks.
pub fn total(acc: &Accelerator, board: &Board) -> Resources {
    REGISTRY.iter().map(|ip| (ip.cost)(acc, board)).sum()
}

/// What each block takes, their sum and the board's budget. Blocks the accelerator does not have are left out.
pub fn resources(acc: &Accelerator, board: &Board) -> ResourceRecord {
    let components = REGISTRY.iter().map(|ip| (ip.name.to_string(), (ip.cost)(acc, board)));
    let total = total(acc, board);
    ResourceRecord {
        components: components.filter(|(_, r)| *r != Resources::NONE).collect(),
        total,
        budget: board.budget,
        fits: total.within(&board.budget),
        mapping: board.mapping,
        lut_ff_uncalibrated: board.mapping != Mapping::Yosys,
    }
}

/// Memory cells of an accelerator on a 7-series device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct MemoryCells {
    /// Block RAMs of 18 Kbit.
    pub ramb18: u64,
    /// Block RAMs of 36 Kbit.
    pub ramb36: u64,
    /// LUTRAM of 32 x 6 bits, four look-up tables each.
    pub ram32m: u64,
    /// LUTRAM of 64 x 3 bits, four look-up tables each.
    pub ram64m: u64,
    /// Shift registers, a look-up table each.
    pub shift_registers: u64,
}

/// The memory cells behind [`total`].
pub fn memory_cells(acc: &Accelerator) -> MemoryCells {
    let mut cells = MemoryCells { ram32m: fields::buffer_slices(acc), ..MemoryCells::default() };
    let mut block = |words: usize, bits: u64| {
        let rams = memory::block_rams(words as u64, bits);
        *(if rams.halves == 1 { &mut cells.ramb18 } else { &mut cells.ramb36 }) += rams.count;
    };
    acc.banks.iter().for_each(|b| block(b.words, stage::word_bits(acc)));
    let weighted = || fields::weighted_units(acc).filter_map(|u| Some((u, acc.ip(u)?)));
    weighted().for_each(|(u, ip)| block(ip.weight_rows, stage::weight_row_bits(acc, u)));
    for (_, ip) in weighted() {
        let (ram32m, ram64m) = memory::lutrams(ip.parameter_rows as u64, stage::PARAMETER_BITS);
        cells.ram32m += ram32m * ip.parallel_out as u64;
        cells.ram64m += ram64m * ip.parallel_out as u64;
    }
    cells.ram32m += fields::units(acc).map(|u| fields::queue_slices(acc, u)).sum::<u64>();
    cells.shift_registers = Unit::ALL.into_iter().map(|u| walker::shift_registers(acc, u)).sum();
    cells
}

/// Refuses an accelerator that the board cannot hold.
///
/// # Errors
/// `DoesNotFit`: what it needs, what there is, and the changes that would make it fit, found by pricing them. `Input`: it uses an HP port
/// that the board does not have.
pub fn check_fits(acc: &Accelerator, board: &Board) -> Result<()> {
    check_ports(acc, board)?;
    let need = total(acc, board);
    if need.within(&board.budget) {
        return Ok(());
    }
    let short = need.named().into_iter().zip(board.budget.named()).filter(|(need, have)| need.1 > have.1);
    let needs: Vec<String> = short.map(|((name, need), (_, have))| format!("{need} {name} ({} too many)", need - have)).collect();
    let budget = board.budget.named().map(|(name, n)| format!("{n} {name}")).join(", ");
    let error = Error::new(Kind::DoesNotFit, format!("accelerator `{}` does not fit board `{}`", acc.name, board.name));
    Err(error
        .value(format!("{}; products mapped as by {}", needs.join(", "), board.mapping))
        .allowed(budget)
        .hint(levers::advice(acc, board)))
}

/// As [`check_fits`], of a design that may be run or emitted all the same: then what does not fit is returned, not refused.
///
/// # Errors
/// As [`check_fits`]; with `allow_overflow` only those that it can not help.
pub fn check_fits_unless(allow_overflow: bool, acc: &Accelerator, board: &Board) -> Result<Option<Error>> {
    match check_fits(acc, board) {
        Ok(()) => Ok(None),
        Err(e) if e.kind() != Kind::DoesNotFit => Err(e),
        Err(e) if allow_overflow => Ok(Some(e)),
        Err(e) => Err(e.hint_more("or go on all the same with --allow-overflow")),
    }
}

fn check_ports(acc: &Accelerator, board: &Board) -> Result<()> {
    let ports = [("load", acc.load_port), ("weights", acc.weights_port), ("fetch", acc.fetch_port), ("store", acc.store_port)];
    for (unit, port) in ports {
        if port.hp >= board.hp_ports {
            let key = format!("ports.{unit}.hp");
            let error = Error::input(format!("`{key}` of the accelerator names an HP port that board `{}` does not have", board.name));
            let allowed = format!("0 to {}", board.hp_ports - 1);
            return Err(error.value(port.hp).allowed(allowed).hint(format!("change {key}, or raise hp_ports of the board")));
        }
    }
    Ok(())
}
