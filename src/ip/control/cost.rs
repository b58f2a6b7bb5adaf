//! Cost of the cycle counter, and of what stands between the machine and the processing system.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::calibration::Kind;

/// What `bico_system` takes more than `bico_top`: the registers behind AXI4-Lite and the addition of the memory base at each port.
/// Measured with Yosys 0.23 as the difference of the two on one accelerator (`random-2-0`); it does not depend on the configuration.
pub const SHELL: Resources = Resources::logic(232, 298);

/// A counter of 64 bits, set to 1 at the start, and [`SHELL`].
pub fn cost(_: &Accelerator, _: &Board) -> Resources {
    Resources::logic(Kind::Control.luts(65.0), 64) + SHELL
}
