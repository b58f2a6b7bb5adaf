//! Cost of `weights`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, stage};
use crate::plan::Unit;

/// A read master and an unpacker as wide as the widest row it fills (the memories belong to the compute IPs).
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let row_bits = |unit: &Unit| {
        let parameters =
            acc.ip(*unit).map_or(0, |ip| if ip.parameter_rows > 0 { ip.parallel_out as u64 * stage::PARAMETER_BITS } else { 0 });
        stage::weight_row_bits(acc, *unit).max(parameters)
    };
    let widest = Unit::ALL.iter().map(row_bits).max().unwrap_or(0);
    stage::axi_master() + logic::mux_register(5, widest) + Resources::logic(0, 64)
}
