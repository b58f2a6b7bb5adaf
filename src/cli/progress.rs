//! Progress on a terminal, silence in a pipe.

use crate::train::run::Epoch;
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
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Progress { bar }
    }
    /// What is being done.
    pub fn note(&self, what: &str) {
        self.bar.set_message(what.to_string());
    }
    /// `done` of `of` images of an epoch; at its end, its figures.
    pub fn epoch(&self, phase: &str, done: usize, of: usize, figures: Option<Epoch>) {
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
        match figures {
            None => self.bar.set_message(phase.to_string()),
            Some(e) => {
                let iou = e.iou.map_or(String::new(), |v| format!(", validation IoU {v:.3}"));
                self.bar.println(format!("{phase} epoch {}: loss {:.3}{iou}", e.epoch, e.loss));
            }
        }
    }
}
