//! The energy term of the DAC-SDC contest.

/// Energy that counts as average, joules a frame: the mean of the three FPGA winners of DAC-SDC 2018 on the Pynq-Z1
/// (0.35, 0.10 and 0.36 J; published results). The contest itself took the mean over all entries of the year.
pub const REFERENCE_ENERGY_J: f64 = 0.27;

/// `max(0, 1 + 0.2 log2(reference energy / energy))`, of joules a frame above 0; what the contest multiplies IoU by is this plus 1.
pub fn energy_score(joules: f64) -> f64 {
    (1.0 + 0.2 * libm::log2(REFERENCE_ENERGY_J / joules)).max(0.0)
}
