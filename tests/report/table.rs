//! The table on the terminal.

use crate::fixture;
use bico::report::table::{Style, WIDTH, summary};

/// Columns, control sequences left out.
fn columns(line: &str) -> usize {
    line.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "").chars().count()
}

#[test]
fn fits_the_width_in_both_styles() {
    let mut record = fixture::record();
    record.layers[0].name = "a layer with a very long name ".repeat(8);
    record.layers[1].cycles = 999_999_999_999;
    record.notes.push("a note that goes on and on ".repeat(10));
    for style in [Style::Plain, Style::Terminal] {
        for line in summary(&record, style).lines() {
            assert!(columns(line) <= WIDTH, "{} columns: {line}", columns(line));
        }
    }
}

#[test]
fn plain_is_ascii_without_control_sequences() {
    let text = summary(&fixture::record(), Style::Plain);
    assert!(text.is_ascii() && !text.contains('\u{1b}'));
}

#[test]
fn says_the_numbers_that_matter() {
    let record = fixture::record();
    let text = summary(&record, Style::Plain);
    let iou = format!("mean IoU {:.3} on 40 images", record.accuracy.as_ref().unwrap().mean_iou.unwrap());
    for part in [
        iou.as_str(),
        "39.9 ms a frame",
        "29.1 FPS",
        "2.22 W",
        "76.3 mJ a frame",
        "160       220    72.7",
        "assumed, not timed",
        "those of Yosys",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn a_design_that_is_too_large_says_so() {
    let mut record = fixture::record();
    record.resources.total.dsp = 300;
    record.resources.fits = false;
    let text = summary(&record, Style::Plain);
    assert!(text.contains("OVER") && text.contains("does not fit"), "{text}");
}

#[test]
fn names_can_not_steer_the_terminal() {
    let mut record = fixture::record();
    record.network = "evil\u{1b}[2J".into();
    record.layers[0].name = "evil\u{1b}[2J".into();
    record.notes.push("evil\u{1b}[2J".into());
    assert!(!summary(&record, Style::Plain).contains('\u{1b}'));
}
