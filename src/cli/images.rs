//! A folder of the user's images on the command line.

use super::common::{note, progress};
use crate::dataset::{Folder, LabelFormat, OnBroken};
use crate::error::Result;
use std::path::Path;

/// How a folder of images is read.
#[derive(clap::Args, Debug, Clone)]
pub struct LabelArguments {
    /// How the labels of the folder are written; without it, the one format that lies there
    #[arg(long, value_enum, value_name = "FORMAT", requires = "images")]
    pub labels: Option<LabelFormat>,
    /// What to do about broken images and labels of the folder
    #[arg(long, value_enum, value_name = "ACTION", default_value_t, requires = "images")]
    pub on_broken: OnBroken,
}

/// A folder as it was opened.
pub struct Opened {
    /// What can be used.
    pub folder: Folder,
    /// Files that were skipped, a line each.
    pub skipped: Vec<String>,
    /// Remarks on what is used, a line each.
    pub remarks: Vec<String>,
}

impl LabelArguments {
    /// Opens the folder. Skipped files are listed on standard error, `quiet` or not: nothing is left out in silence.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open(&self, path: &Path, quiet: bool) -> Result<Opened> {
        let bar = progress(quiet, 0, "images checked");
        let step = |all: usize| {
            bar.set_length(all as u64);
            bar.inc(1);
        };
        let opened = Folder::open_watched(path, self.labels, self.on_broken, &step);
        bar.finish_and_clear();
        let (folder, problems) = opened?;
        let skipped: Vec<String> = problems.iter().map(|p| format!("skipped: {}", p.one_line())).collect();
        skipped.iter().for_each(|text| note(text));
        let remarks = folder.notes().collect();
        Ok(Opened { folder, skipped, remarks })
    }
}
