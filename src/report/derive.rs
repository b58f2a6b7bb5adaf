//! Quantities that follow from a record and that several reports show.

use super::text::ratio;
use crate::accuracy::standard_error;
use crate::plan::Unit;
use crate::record::{AccuracyRecord, CycleSplit, LayerRecord, RunRecord};

/// Cycles of the first frame, start write to interrupt; never less than its last job.
pub fn frame_cycles(record: &RunRecord) -> u64 {
    let frame = record.frames.first().map_or(0, |f| f.end_cycle.saturating_sub(f.start_cycle));
    let jobs = record.jobs.iter().map(|j| j.end_cycle.saturating_add(1)).max().unwrap_or(0);
    let layers = record.layers.iter().map(|l| l.end_cycle).max().unwrap_or(0);
    frame.max(jobs).max(layers).max(1)
}

/// Milliseconds of `cycles` on the run's clock.
pub fn milliseconds(record: &RunRecord, cycles: u64) -> f64 {
    ratio(cycles as f64, record.clock_mhz * 1e3)
}

/// Cycles of all layers by which they move the end of the frame.
pub fn layer_cycles(record: &RunRecord) -> u64 {
    record.layers.iter().fold(0, |sum, l| sum.saturating_add(l.cycles))
}

/// Bytes read and written.
pub fn layer_bytes(layer: &LayerRecord) -> u64 {
    layer.read_bytes.saturating_add(layer.write_bytes)
}

/// Operations (two a multiply-accumulate) for each byte moved.
pub fn ops_per_byte(layer: &LayerRecord) -> f64 {
    ratio(2.0 * layer.macs as f64, layer_bytes(layer) as f64)
}

/// A layer's own time: the cycles by which it moves the end of the frame, but at least those its busiest unit works on it.
/// A layer that hides behind its neighbours would otherwise seem to be infinitely fast.
pub fn own_cycles(layer: &LayerRecord) -> u64 {
    layer.unit_busy_cycles.iter().map(|(_, cycles)| *cycles).fold(layer.cycles, u64::max)
}

/// Operations a second in a layer's own time, in 10^9.
pub fn layer_gops(record: &RunRecord, layer: &LayerRecord) -> f64 {
    ratio(2.0 * layer.macs as f64 * record.clock_mhz, own_cycles(layer) as f64 * 1e3)
}

/// Images that the mean IoU is over, and its standard error where there are several; of images without labels how many were run.
pub fn scored(accuracy: &AccuracyRecord) -> (u64, Option<f64>) {
    let ious: Vec<f64> = accuracy.detections.iter().filter_map(|d| d.iou).map(f64::from).collect();
    let images = if ious.is_empty() { accuracy.images } else { ious.len() as u64 };
    (images, (ious.len() > 1).then(|| standard_error(&ious)))
}

/// Share of the products that the units could make while they were busy with a layer which are multiply-accumulates of it: what channels that do not
/// fill the lanes, or taps beside the image, leave of the multipliers. `None` without any.
pub fn layer_mac_use(record: &RunRecord, layer: &LayerRecord) -> Option<f64> {
    let multipliers = |unit: Unit| record.units.iter().find(|u| u.unit == unit).map_or(0, |u| u.multipliers);
    let could: u64 = layer.unit_busy_cycles.iter().map(|&(unit, cycles)| cycles * multipliers(unit)).sum();
    (layer.macs > 0 && could > 0).then(|| layer.macs as f64 / could as f64)
}

/// Peak of the multipliers of `units` in 10^9 operations a second.
pub fn peak_gops(record: &RunRecord, units: impl Fn(Unit) -> bool) -> f64 {
    let multipliers: f64 = record.units.iter().filter(|u| units(u.unit)).map(|u| u.multipliers as f64).sum();
    2.0 * multipliers * record.clock_mhz / 1e3
}

/// All cycles of a split.
pub fn split_total(split: &CycleSplit) -> u64 {
    split.parts().iter().fold(0, |sum, (_, cycles)| sum.saturating_add(*cycles))
}

/// The four resources with their names: use, budget.
pub fn resource_rows(record: &RunRecord) -> [(&'static str, u64, u64); 4] {
    let (used, budget) = (&record.resources.total, &record.resources.budget);
    [("DSP", used.dsp, budget.dsp), ("RAMB18", used.bram18, budget.bram18), ("LUT", used.lut, budget.lut), ("FF", used.ff, budget.ff)]
}

/// What every reader must know: the record's own notes, and what they do not mention.
pub fn notes(record: &RunRecord) -> Vec<String> {
    let clock = super::text::significant(record.clock_mhz);
    let own = [
        ("clock", true, format!("The clock of {clock} MHz is assumed, not timed: FPS and latency scale with it.")),
        (
            "lut",
            record.resources.lut_ff_uncalibrated,
            "LUT and FF are uncalibrated: products mapped as by Vivado HLS were never synthesised here.".into(),
        ),
        (
            "yosys",
            !record.resources.lut_ff_uncalibrated,
            "Resources are those of Yosys (LUT and FF to within a few per cent): Vivado packs otherwise.".into(),
        ),
        (" fit", !record.resources.fits, "The accelerator does not fit the board.".into()),
        ("host stage", record.performance.host_ms > 0.0, "The host stage is a parameter of the board file, not simulated.".into()),
    ];
    let mentioned = |word: &str| record.notes.iter().any(|note| note.to_lowercase().contains(word));
    let missing = own.iter().filter(|(word, applies, _)| *applies && !mentioned(word)).map(|(.., note)| note.clone());
    record.notes.iter().cloned().chain(missing).collect()
}
