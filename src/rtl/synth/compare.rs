//! Synthesis against the cost model.

use super::Cells;
use super::table::Row;
use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::control::SHELL;
use crate::ip::cost::{self, MemoryCells};
use std::fmt;

/// One accelerator, both ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the accelerator.
    pub name: String,
    /// Whether the cost model was fitted on it.
    pub fitted: bool,
    /// What the cost model says of `bico_top`, which is what is synthesised: without the registers around it.
    pub model: Resources,
    /// Its memory cells.
    pub model_memory: MemoryCells,
    /// What Yosys gives.
    pub found: Resources,
    /// Its memory cells.
    pub found_memory: MemoryCells,
}

impl Comparison {
    /// Holds the cost model against `cells`.
    pub fn new(acc: &Accelerator, board: &Board, cells: &Cells) -> Comparison {
        Comparison {
            name: acc.name.clone(),
            fitted: false,
            model: cost::total(acc, board).beyond(&SHELL),
            model_memory: cost::memory_cells(acc),
            found: cells.resources(),
            found_memory: MemoryCells {
                ramb18: cells.of("RAMB18E1"),
                ramb36: cells.of("RAMB36E1"),
                ram32m: cells.of("RAM32M"),
                ram64m: cells.of("RAM64M"),
                shift_registers: cells.shift_luts(),
            },
        }
    }
    /// As [`Comparison::new`], for a row of the file.
    pub fn of_row(row: &Row, board: &Board) -> Comparison {
        Comparison { fitted: row.fitted(), ..Comparison::new(&row.accelerator, board, &row.cells) }
    }
    /// DSP slices and all memory cells are the same.
    pub fn exact(&self) -> bool {
        self.model.dsp == self.found.dsp && self.model_memory == self.found_memory
    }
    /// Look-up tables of the model against those found, percent.
    pub fn lut_percent(&self) -> f64 {
        percent(self.model.lut, self.found.lut)
    }
    /// Flip-flops of the model against those found, percent.
    pub fn ff_percent(&self) -> f64 {
        percent(self.model.ff, self.found.ff)
    }
}

/// `model` over `found`, in percent above.
pub fn percent(model: u64, found: u64) -> f64 {
    if model == found { 0.0 } else { 100.0 * (model as f64 / found.max(1) as f64 - 1.0) }
}

/// How well the model does on a set of accelerators; displays as one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Accelerators.
    pub count: usize,
    /// Those whose DSP slices and memory cells are exact.
    pub exact: usize,
    /// Median and largest absolute error of the look-up tables, percent.
    pub lut_percent: (f64, f64),
    /// The same of the flip-flops.
    pub ff_percent: (f64, f64),
}

impl Summary {
    /// Of `comparisons`; all zero when there are none.
    pub fn of<'a>(comparisons: impl Iterator<Item = &'a Comparison>) -> Summary {
        let all: Vec<&Comparison> = comparisons.collect();
        let spread = |of: fn(&Comparison) -> f64| {
            let mut errors: Vec<f64> = all.iter().map(|c| of(c).abs()).collect();
            errors.sort_by(f64::total_cmp);
            let middle = errors.len() / 2;
            let median = match errors.len() {
                0 => 0.0,
                n if n % 2 == 1 => errors[middle],
                _ => (errors[middle - 1] + errors[middle]) / 2.0,
            };
            (median, errors.last().copied().unwrap_or(0.0))
        };
        Summary {
            count: all.len(),
            exact: all.iter().filter(|c| c.exact()).count(),
            lut_percent: spread(Comparison::lut_percent),
            ff_percent: spread(Comparison::ff_percent),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { count, exact, lut_percent: lut, ff_percent: ff } = self;
        write!(f, "{count} accelerators; DSP, RAMB18, RAMB36, LUTRAM and SRL exact on {exact}; ")?;
        write!(f, "LUT median {:.1}%, worst {:.1}%; FF median {:.1}%, worst {:.1}%", lut.0, lut.1, ff.0, ff.1)
    }
}
