//! What an accelerator takes on a board, and the refusal when that is too much.

use super::{REGISTRY, levers};
use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::error::{Error, Kind, Result};
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
        lut_ff_uncalibrated: true,
    }
}

/// Refuses an accelerator that the board cannot hold.
///
/// # Errors
/// `DoesNotFit`: what it needs, what there is, and the changes that would make it fit, found by pricing them. `Input`: it uses an HP port that
/// the board does not have.
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
    Err(error.value(needs.join(", ")).allowed(budget).hint(levers::advice(acc, board)))
}

fn check_ports(acc: &Accelerator, board: &Board) -> Result<()> {
    let ports = [("load", acc.load_port), ("weights", acc.weights_port), ("fetch", acc.fetch_port), ("store", acc.store_port)];
    for (unit, port) in ports {
        if port.hp >= board.hp_ports {
            let error = Error::input(format!("`{unit}` uses an HP port that board `{}` does not have", board.name)).value(port.hp);
            return Err(error.allowed(format!("0 to {}", board.hp_ports - 1)));
        }
    }
    Ok(())
}
