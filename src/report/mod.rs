//! Reports: everything a user looks at. They read a [`RunRecord`] and nothing of the machine.
//!
//! A report is one file here and one line in [`REGISTRY`]. The same record gives the same bytes: no clock, no random number,
//! every number printed with a fixed count of digits.

pub mod activity;
pub mod compare;
mod csv;
mod derive;
pub mod evaluation;
mod html;
mod json;
mod picture;
mod plot;
mod read;
mod score;
pub mod table;
mod text;
mod timeline;
mod waveform;

pub use crate::power::REFERENCE_ENERGY_J;
pub use compare::{Comparison, compare};
pub use json::{record_json, record_schema};
pub use picture::Picture;
pub use plot::{bundles, front, heat, model, observation, ranking, steps, strips, synthesis, training};
pub use read::{MAX_CYCLES, check, parse_record, read_record};
pub use score::{DacSdcScore, dac_sdc_score};

use crate::error::{Error, Result};
use crate::files::write_in_folder;
use crate::record::RunRecord;
use std::path::{Path, PathBuf};

/// What a report may show beside the record. All of it is optional.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Pixels of the images in [`crate::record::AccuracyRecord::detections`], matched by name.
    pub pictures: Vec<Picture>,
    /// Cycles `from..=to` that the waveform covers; the whole first frame when absent.
    pub window_cycles: Option<(u64, u64)>,
    /// Changes of token counters, in order of time.
    pub tokens: Vec<TokenChange>,
    /// The fully resolved configuration, as TOML.
    pub resolved_toml: Option<String>,
}

/// A token counter `tok[from][to]` takes a new value (contract, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenChange {
    /// First cycle in which the value is visible.
    pub cycle: u64,
    /// Unit that pushes.
    pub from: crate::plan::Unit,
    /// Unit that pops.
    pub to: crate::plan::Unit,
    /// The value.
    pub value: u8,
}

/// Names of files and what is in them.
pub type NamedFiles = Vec<(String, Vec<u8>)>;

/// One report.
pub struct Report {
    /// What to ask for.
    pub name: &'static str,
    /// File, or folder, relative to the output folder.
    pub path: &'static str,
    /// How it is made.
    pub render: Render,
}

/// How a report is made.
pub enum Render {
    /// One text file.
    Text(fn(&RunRecord, &Extras) -> Result<String>),
    /// One binary file.
    Bytes(fn(&RunRecord, &Extras) -> Result<Vec<u8>>),
    /// Any number of files in a folder (none: the folder is not made): name, content.
    Folder(fn(&RunRecord, &Extras) -> Result<NamedFiles>),
}

/// Every report, in order of writing.
pub const REGISTRY: &[Report] = &[
    Report { name: "record", path: RECORD, render: Render::Text(json::render) },
    Report { name: "summary", path: "summary.txt", render: Render::Text(table::plain) },
    Report { name: "layers", path: "layers.csv", render: Render::Text(csv::render) },
    Report { name: "latency", path: "latency.svg", render: Render::Text(plot::latency::render) },
    Report { name: "utilisation", path: "utilisation.svg", render: Render::Text(plot::utilisation::render) },
    Report { name: "roofline", path: "roofline.svg", render: Render::Text(plot::roofline::render) },
    Report { name: "resources", path: "resources.svg", render: Render::Text(plot::resources::render) },
    Report { name: "power", path: "power.svg", render: Render::Text(plot::power::render) },
    Report { name: "detections", path: "detections", render: Render::Folder(picture::render) },
    Report { name: "timeline", path: "timeline.json", render: Render::Text(timeline::render) },
    Report { name: "waveform", path: "waveform.fst", render: Render::Bytes(waveform::render) },
    Report { name: "html", path: "report.html", render: Render::Text(html::render) },
];

impl Report {
    /// The files of this report: path relative to the output folder, content.
    ///
    /// # Errors
    /// When the record is inconsistent (see [`check`]) or an encoder fails.
    pub fn files(&self, record: &RunRecord, extras: &Extras) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        Ok(match self.render {
            Render::Text(f) => vec![(self.path.into(), f(record, extras)?.into_bytes())],
            Render::Bytes(f) => vec![(self.path.into(), f(record, extras)?)],
            Render::Folder(f) => f(record, extras)?.into_iter().map(|(name, bytes)| (Path::new(self.path).join(name), bytes)).collect(),
        })
    }
}

/// The resolved configuration, which lies beside the reports.
pub const RESOLVED: &str = "resolved.toml";
/// Of the reports the one that says what run they are of.
const RECORD: &str = "record.json";

/// Refuses, before long work, a folder for [`write_all`] that holds files of these names and no record of an earlier run.
///
/// # Errors
/// Usage: names such a file.
pub fn check_folder(dir: &Path) -> Result<()> {
    let names = REGISTRY.iter().map(|report| report.path).chain([RESOLVED]);
    match names.map(|name| dir.join(name)).find(|path| path.exists()) {
        Some(taken) if read_record(&dir.join(RECORD)).is_err() => {
            Err(Error::usage("the folder has a file that the report would replace, and is of no earlier run")
                .file(&taken)
                .hint("name another --out"))
        }
        _ => Ok(()),
    }
}

/// Removes the pictures that an earlier run left in its own folder: they are of other images.
fn remove_others(folder: &Path, earlier: &RunRecord, written: &[PathBuf]) -> Result<()> {
    for path in picture::names(earlier).map(|name| folder.join(name)) {
        if path.is_file() && !written.contains(&path) {
            std::fs::remove_file(&path).map_err(|e| Error::io("remove", &path, &e))?;
        }
    }
    Ok(())
}

/// Writes every report into `dir` (made when absent) and returns the paths written, in order.
///
/// Each file is written under a temporary name and renamed, so that none is ever seen half-written. Pictures of an earlier run are removed.
///
/// # Errors
/// When the record is inconsistent, or `dir` can not be written.
pub fn write_all(record: &RunRecord, extras: &Extras, dir: &Path) -> Result<Vec<PathBuf>> {
    check(record)?;
    let earlier = read_record(&dir.join(RECORD)).ok();
    let mut written = Vec::new();
    for report in REGISTRY {
        for (path, bytes) in report.files(record, extras)? {
            let path = dir.join(path);
            write_in_folder(&path, &bytes)?;
            written.push(path);
        }
        if let (Render::Folder(_), Some(earlier)) = (&report.render, &earlier) {
            remove_others(&dir.join(report.path), earlier, &written)?;
        }
    }
    Ok(written)
}
