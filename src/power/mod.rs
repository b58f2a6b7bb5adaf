//! Power and energy: a fold over counted activity, after the run. Nothing here is read by plan or machine, so recalibrating can
//! not move a cycle.
//!
//! P = fixed + scale x (DSP operations, block RAM accesses, logic and clock) + DDR bytes and activates. `fixed_w` and
//! `fabric_scale` are the two coefficients fitted on published Pynq-Z1 figures ([`fit`]); the others come from literature or are
//! assumed, as the board file says line by line. The leave-one-out error of the fit is [`leave_one_out`] (`bico boards --power`).

mod activity;
mod fit;
mod least_squares;
mod published;
mod score;

pub use self::activity::{Activity, Counts, count};
pub use self::fit::{Fit, LeaveOneOut, LeftOut, fit, leave_one_out};
pub use self::published::{PUBLISHED, Published};
pub use self::score::{REFERENCE_ENERGY_J, energy_score};

use crate::record::PowerRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Table `[power]` of a board.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    /// Watts that no frame moves: device leakage, ARM side, DDR background, regulators.
    pub fixed_w: f64,
    /// Of `fixed_w`: leakage of the device.
    pub device_static_w: f64,
    /// Of `fixed_w`: ARM cores, DDR controller and PHY.
    pub arm_w: f64,
    /// Factor on the four energies of the fabric.
    pub fabric_scale: f64,
    /// One multiplication in a DSP slice.
    pub dsp_pj_per_operation: f64,
    /// One access of one RAMB18.
    pub bram18_pj_per_access: f64,
    /// Clock tree and flip-flops, for each used LUT and cycle, whether the accelerator works or not.
    pub clock_pj_per_lut_cycle: f64,
    /// Logic and routing, for each used LUT and cycle in which the accelerator works.
    pub logic_pj_per_lut_cycle: f64,
    /// One byte to or from DRAM, with controller and I/O.
    pub ddr_pj_per_byte: f64,
    /// One row activate with its precharge.
    pub ddr_pj_per_activate: f64,
}

/// Watts to whole nanowatts: 0.3 - 0.1 is 0.2.
fn nanowatts(watts: f64) -> f64 {
    (watts * 1e9).round() / 1e9
}

impl Coefficients {
    /// Keys of what `fixed_w` contains.
    pub(crate) const PARTS: [&str; 2] = ["device_static_w", "arm_w"];

    /// Key, value and largest value that is believed, for checks.
    pub(crate) fn named(&self) -> [(&'static str, f64, f64); 10] {
        [
            ("fixed_w", self.fixed_w, 1e3),
            ("device_static_w", self.device_static_w, self.fixed_w),
            ("arm_w", self.arm_w, nanowatts(self.fixed_w - self.device_static_w)),
            ("fabric_scale", self.fabric_scale, 1e3),
            ("dsp_pj_per_operation", self.dsp_pj_per_operation, 1e6),
            ("bram18_pj_per_access", self.bram18_pj_per_access, 1e6),
            ("clock_pj_per_lut_cycle", self.clock_pj_per_lut_cycle, 1e6),
            ("logic_pj_per_lut_cycle", self.logic_pj_per_lut_cycle, 1e6),
            ("ddr_pj_per_byte", self.ddr_pj_per_byte, 1e6),
            ("ddr_pj_per_activate", self.ddr_pj_per_activate, 1e9),
        ]
    }

    /// Power over one frame interval: its parts in watts, their sum, and the energy of the frame.
    pub fn evaluate(&self, activity: &Activity) -> PowerRecord {
        let interval_s = activity.frame_interval_s;
        // 1 pJ a frame interval, in watts.
        let per_frame = |picojoules: f64| if interval_s > 0.0 { picojoules * 1e-12 / interval_s } else { 0.0 };
        let fabric = |count: f64, picojoules: f64| per_frame(self.fabric_scale * count * picojoules);
        let counts = &activity.counts;
        let lut = counts.lut as f64;
        let all_cycles = interval_s * activity.clock.0 as f64;
        let ddr_pj = activity.ddr_bytes as f64 * self.ddr_pj_per_byte + activity.ddr_activates as f64 * self.ddr_pj_per_activate;
        let parts = [
            ("device static", self.device_static_w),
            ("ARM side", self.arm_w),
            ("board", (self.fixed_w - self.device_static_w - self.arm_w).max(0.0)),
            ("DSP", fabric(counts.dsp_operations as f64, self.dsp_pj_per_operation)),
            ("block RAM", fabric(counts.bram18_accesses as f64, self.bram18_pj_per_access)),
            ("clock", fabric(lut * all_cycles, self.clock_pj_per_lut_cycle)),
            ("logic", fabric(lut * activity.cycles as f64, self.logic_pj_per_lut_cycle)),
            ("DDR", per_frame(ddr_pj)),
        ];
        let total_w = parts.iter().map(|(_, w)| w).sum();
        PowerRecord {
            parts: parts.into_iter().map(|(name, w)| (name.to_string(), w)).collect(),
            total_w,
            energy_per_frame_j: total_w * interval_s,
        }
    }
}
