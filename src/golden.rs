//! Golden runs: cycles by layer and unit, and the hash of every layer's integers, of one (network, accelerator, board) on one image.

pub mod accuracy;

use crate::error::{Error, Result};
use crate::record::{CycleSplit, RunRecord};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::Path;

/// What a golden file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Embedded network.
    pub network: String,
    /// Embedded accelerator.
    pub accelerator: String,
    /// Embedded board.
    pub board: String,
    /// What must not move; empty in a new file until it is blessed.
    #[serde(default)]
    pub expected: Option<Expected>,
}

/// The figures of a golden run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Cycles of each timed frame, start write to interrupt.
    pub frame_cycles: Vec<u64>,
    /// Each layer group.
    pub layers: Vec<GoldenLayer>,
    /// Each unit's cycles by what it did.
    pub units: Vec<(String, CycleSplit)>,
}

/// One layer group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenLayer {
    /// Its name.
    pub name: String,
    /// First issue.
    pub start_cycle: u64,
    /// Last done.
    pub end_cycle: u64,
    /// SHA-256 of the output's raw integers.
    pub output_sha256: String,
}

impl Expected {
    /// The figures of a record.
    pub fn of(record: &RunRecord) -> Expected {
        Expected {
            frame_cycles: record.frames.iter().map(|f| f.end_cycle - f.start_cycle).collect(),
            layers: record
                .layers
                .iter()
                .map(|l| GoldenLayer {
                    name: l.name.clone(),
                    start_cycle: l.start_cycle,
                    end_cycle: l.end_cycle,
                    output_sha256: l.output_sha256.clone().unwrap_or_default(),
                })
                .collect(),
            units: record.units.iter().map(|u| (u.unit.name().to_string(), u.split)).collect(),
        }
    }

    /// What moved from `self` to `now`, the first layer first; empty when nothing did.
    pub fn differences(&self, now: &Expected) -> String {
        let mut text = String::new();
        let names = |e: &Expected| e.layers.iter().map(|l| l.name.clone()).collect::<Vec<_>>();
        if names(self) != names(now) {
            let _ = writeln!(text, "  layer groups: {} -> {}", names(self).join(", "), names(now).join(", "));
        }
        for (old, new) in self.layers.iter().zip(&now.layers).filter(|(a, b)| a.name == b.name) {
            if old.output_sha256 != new.output_sha256 {
                let short = |h: &str| h.chars().take(12).collect::<String>();
                let _ = writeln!(text, "  {}: integers {} -> {}", old.name, short(&old.output_sha256), short(&new.output_sha256));
            }
            for (what, a, b) in [("start", old.start_cycle, new.start_cycle), ("end", old.end_cycle, new.end_cycle)] {
                if a != b {
                    let _ = writeln!(text, "  {}: {what} {}", old.name, moved(a, b));
                }
            }
        }
        for (k, (a, b)) in self.frame_cycles.iter().zip(&now.frame_cycles).enumerate().filter(|(_, (a, b))| a != b) {
            let _ = writeln!(text, "  frame {k}: {}", moved(*a, *b));
        }
        let units = |e: &Expected| e.units.iter().map(|(unit, _)| unit.clone()).collect::<Vec<_>>();
        if units(self) != units(now) {
            let _ = writeln!(text, "  units: {} -> {}", units(self).join(", "), units(now).join(", "));
        }
        for ((unit, old), (_, new)) in self.units.iter().zip(&now.units).filter(|(a, b)| a.0 == b.0) {
            for ((what, a), (_, b)) in old.parts().into_iter().zip(new.parts()).filter(|(a, b)| a != b) {
                let _ = writeln!(text, "  unit {unit}: {what} {}", moved(a, b));
            }
        }
        if text.is_empty() && self != now {
            text.push_str("  number of frames or units\n");
        }
        text
    }
}

fn moved(a: u64, b: u64) -> String {
    let percent = if a == 0 { 0.0 } else { (b as f64 - a as f64) / a as f64 * 100.0 };
    format!("cycle {a} -> {b} ({percent:+.3} %)")
}

/// Reads a golden file.
///
/// # Errors
/// When it is unreadable or not a golden run; with file and line.
pub fn read(path: &Path) -> Result<Golden> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, &e))?;
    serde_json::from_str(&text).map_err(|e| {
        Error::input(format!("not a golden run: {e}"))
            .at(path, e.line())
            .hint("restore the file: it also says what is run, so `--bless` can not write it anew")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_layer_that_moved_is_named_first_with_its_hash() {
        let layer =
            |name: &str, end_cycle, hash: &str| GoldenLayer { name: name.into(), start_cycle: 0, end_cycle, output_sha256: hash.into() };
        let old = Expected { frame_cycles: vec![200], layers: vec![layer("a", 100, "x"), layer("b", 200, "y")], units: vec![] };
        let mut new = old.clone();
        assert_eq!(old.differences(&new), "");
        new.layers[1] = layer("b", 210, "z");
        new.frame_cycles = vec![210];
        assert_eq!(
            old.differences(&new),
            "  b: integers y -> z\n  b: end cycle 200 -> 210 (+5.000 %)\n  frame 0: cycle 200 -> 210 (+5.000 %)\n"
        );
    }
}
