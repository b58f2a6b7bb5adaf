//! The two fitted coefficients, from the published points, and how well they foretell a point they have not seen.

use super::least_squares::line;
use super::{Activity, Coefficients, Counts, PUBLISHED, Published};
use crate::board::Resources;
use crate::units::Hertz;
use std::fmt;

/// Assumed: share of the cycles in which a published design's multipliers and block RAMs work. The papers do not say.
const PUBLISHED_ACTIVITY: f64 = 0.5;
/// Assumed: DRAM traffic of a published design, bytes a fabric cycle (200 MB/s at 100 MHz).
const PUBLISHED_DDR_BYTES_PER_CYCLE: f64 = 2.0;
/// Assumed: bytes moved for each row that is opened.
const PUBLISHED_BYTES_PER_ACTIVATE: f64 = 512.0;

/// The coefficients that are fitted, at most three: these are two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// [`Coefficients::fixed_w`].
    pub fixed_w: f64,
    /// [`Coefficients::fabric_scale`].
    pub fabric_scale: f64,
}

/// One second of a published design as counted activity.
fn activity(design: &Published, budget: &Resources) -> Activity {
    let cycles = design.clock_mhz * 1e6;
    let share = |percent: f64, amount: u64| percent / 100.0 * amount as f64;
    let ddr_bytes = cycles * PUBLISHED_DDR_BYTES_PER_CYCLE;
    Activity {
        counts: Counts {
            dsp_operations: (share(design.dsp_percent, budget.dsp) * cycles * PUBLISHED_ACTIVITY) as u64,
            bram18_accesses: (share(design.bram_percent, budget.bram18) * cycles * PUBLISHED_ACTIVITY) as u64,
            lut: share(design.lut_percent, budget.lut) as u64,
        },
        clock: Hertz::from_mhz(design.clock_mhz),
        cycles: cycles as u64,
        frame_interval_s: 1.0,
        ddr_bytes: ddr_bytes as u64,
        ddr_activates: (ddr_bytes / PUBLISHED_BYTES_PER_ACTIVATE) as u64,
    }
}

/// Fabric watts at scale 1, and measured watts less those of the DDR.
fn sample(design: &Published, given: &Coefficients, budget: &Resources) -> (f64, f64) {
    let only_ddr = Coefficients { fixed_w: 0.0, device_static_w: 0.0, arm_w: 0.0, fabric_scale: 0.0, ..*given };
    let activity = activity(design, budget);
    let ddr_w = only_ddr.evaluate(&activity).total_w;
    let fabric_w = Coefficients { fabric_scale: 1.0, ..only_ddr }.evaluate(&activity).total_w - ddr_w;
    (fabric_w, design.power_w - ddr_w)
}

fn fit_on<'a>(designs: impl Iterator<Item = &'a Published>, given: &Coefficients, budget: &Resources) -> Option<Fit> {
    let samples: Vec<(f64, f64)> = designs.map(|d| sample(d, given, budget)).collect();
    line(&samples).map(|(fixed_w, fabric_scale)| Fit { fixed_w, fabric_scale })
}

/// Fits `fixed_w` and `fabric_scale` on the published points, with the other coefficients as `given`, for a device with `budget`.
/// `None` when the given energies leave nothing to fit (all zero).
pub fn fit(given: &Coefficients, budget: &Resources) -> Option<Fit> {
    fit_on(PUBLISHED.iter().filter(|d| d.fitted), given, budget)
}

/// A point, foretold by a fit that has not seen it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeftOut {
    /// The point.
    pub design: Published,
    /// Watts foretold.
    pub predicted_w: f64,
}

impl LeftOut {
    /// Foretold against measured, percent.
    pub fn error_percent(&self) -> f64 {
        100.0 * (self.predicted_w / self.design.power_w - 1.0)
    }
}

/// Every published point, left out in turn; displays as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaveOneOut {
    /// One row a point.
    pub rows: Vec<LeftOut>,
}

impl LeaveOneOut {
    /// Mean of the absolute errors of the points that are fitted, percent.
    pub fn mean_error_percent(&self) -> f64 {
        let errors: Vec<f64> = self.rows.iter().filter(|r| r.design.fitted).map(|r| r.error_percent().abs()).collect();
        errors.iter().sum::<f64>() / errors.len().max(1) as f64
    }
}

impl LeaveOneOut {
    /// Mean absolute error, percent, of foretelling each fitted point by the mean of the others at its clock: what the model has to be measured by.
    pub fn mean_of_others_error_percent(&self) -> f64 {
        let fitted: Vec<&Published> = self.rows.iter().map(|r| &r.design).filter(|d| d.fitted).collect();
        let errors = fitted.iter().enumerate().filter_map(|(i, d)| {
            let others = fitted.iter().enumerate().filter(|(j, o)| *j != i && o.clock_mhz == d.clock_mhz).map(|(_, o)| o.power_w);
            let (count, sum) = others.fold((0.0, 0.0), |(n, s), w| (n + 1.0, s + w));
            (count > 0.0).then(|| 100.0 * (sum / count / d.power_w - 1.0).abs())
        });
        let (count, sum) = errors.fold((0.0, 0.0), |(n, s), e| (n + 1.0, s + e));
        sum / f64::max(count, 1.0)
    }
}

/// Leaves out each published point in turn, fits on the others and foretells it. The point that is never fitted is foretold all the same.
pub fn leave_one_out(given: &Coefficients, budget: &Resources) -> LeaveOneOut {
    let foretell = |i: usize| {
        let others = PUBLISHED.iter().enumerate().filter(|(j, d)| *j != i && d.fitted).map(|(_, d)| d);
        let fit = fit_on(others, given, budget)?;
        let with = Coefficients { fixed_w: fit.fixed_w, fabric_scale: fit.fabric_scale, ..*given };
        Some(LeftOut { design: PUBLISHED[i], predicted_w: with.evaluate(&activity(&PUBLISHED[i], budget)).total_w })
    };
    LeaveOneOut { rows: (0..PUBLISHED.len()).filter_map(foretell).collect() }
}

impl fmt::Display for LeaveOneOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<16} {:>7} {:>10} {:>10} {:>8}", "left out", "MHz", "measured W", "foretold W", "error")?;
        for row in &self.rows {
            let d = &row.design;
            let note = if d.fitted { "" } else { "  (never fitted)" };
            let error = row.error_percent();
            writeln!(f, "{:<16} {:>7} {:>10.1} {:>10.2} {error:>+7.1}%{note}", d.name, d.clock_mhz, d.power_w, row.predicted_w)?;
        }
        writeln!(f, "mean absolute error of the fitted points: {:.1}%", self.mean_error_percent())?;
        let plain = self.mean_of_others_error_percent();
        write!(
            f,
            "of the mean of the other points at the same clock instead: {plain:.1}%, so they do not tell how the fabric's power divides among its parts"
        )
    }
}
