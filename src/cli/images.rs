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

impl LabelArguments {
    /// Opens the folder. Skipped files are listed on standard error; they and the remarks are returned, a line each.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open(&self, path: &Path, quiet: bool) -> Result<(Folder, Vec<String>, Vec<String>)> {
        let bar = progress(quiet, 0, "images checked");
        let step = |all: usize| {
            bar.set_length(all as u64);
            bar.inc(1);
        };
        let opened = Folder::open_watched(path, self.labels, self.on_broken, &step);
        bar.finish_and_clear();
        let (folder, problems) = opened?;
        let problems: Vec<String> = problems.iter().map(|p| format!("skipped: {}", p.one_line())).collect();
        problems.iter().for_each(|text| note(text));
        let remarks = folder.notes().collect();
        Ok((folder, problems, remarks))
    }
}
