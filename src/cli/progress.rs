//! Progress on a terminal, silence in a pipe.

use crate::train::checkpoint::Epoch;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A progress bar on standard error; does nothing when that is no terminal, or when quiet.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Visible on a terminal unless `quiet`.
    pub fn new(quiet: bool) -> Progress {
        let visible = !quiet && std::io::stderr().is_terminal();
        let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} images, {eta} left") {
            bar.set_style(style);
        }
        Progress { bar }
    }
    /// What is being done.
    pub fn note(&self, what: &str) {
        self.bar.set_message(what.to_string());
    }
    /// `done` of `of` images of a phase; at the end of an epoch, its figures.
    pub fn images(&self, phase: &str, done: u64, of: u64, figures: Option<&Epoch>) {
        if self.bar.length() != Some(of) {
            self.bar.reset();
            self.bar.set_length(of);
        }
        self.bar.set_position(done);
        match figures {
            None => self.bar.set_message(phase.to_string()),
            Some(e) => self.bar.println(format!("{phase} epoch {}: loss {:.3}, validation IoU {:.3}", e.epoch, e.loss, e.iou)),
        }
    }
}
