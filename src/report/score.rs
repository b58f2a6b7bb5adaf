//! The score of the DAC-SDC contest: accuracy, raised by energy.

use crate::power;
use crate::record::RunRecord;

/// The contest's formula on this run. The images are not the contest's, so it only compares runs of bico with each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DacSdcScore {
    /// Mean IoU.
    pub iou: f64,
    /// `max(0, 1 + 0.2 log2(reference energy / energy))`.
    pub energy_score: f64,
    /// `iou * (1 + energy_score)`.
    pub total: f64,
}

/// The score, when the run has a mean IoU and an energy.
pub fn dac_sdc_score(record: &RunRecord) -> Option<DacSdcScore> {
    let iou = record.accuracy.as_ref()?.mean_iou?;
    let energy = record.power.energy_per_frame_j;
    (energy > 0.0).then(|| {
        let energy_score = power::energy_score(energy);
        DacSdcScore { iou, energy_score, total: iou * (1.0 + energy_score) }
    })
}
