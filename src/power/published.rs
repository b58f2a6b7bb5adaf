//! Published Pynq-Z1 designs on the DAC-SDC task: what they use, how fast they are clocked, what they draw.

/// One measured point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Design.
    pub name: &'static str,
    /// Fabric clock, megahertz.
    pub clock_mhz: f64,
    /// Shares of the XC7Z020 in percent.
    pub lut_percent: f64,
    /// DSP slices.
    pub dsp_percent: f64,
    /// Block RAM.
    pub bram_percent: f64,
    /// Measured power, watts, to one decimal.
    pub power_w: f64,
    /// Whether the fit uses it.
    pub fitted: bool,
}

const fn point(name: &'static str, clock_mhz: f64, shares: [f64; 3], power_w: f64, fitted: bool) -> Published {
    Published { name, clock_mhz, lut_percent: shares[0], dsp_percent: shares[1], bram_percent: shares[2], power_w, fitted }
}

const DNN1: [f64; 3] = [82.5, 91.8, 96.1];
const DNN2: [f64; 3] = [76.4, 84.6, 77.9];
const DNN3: [f64; 3] = [70.1, 78.2, 76.1];

/// All of them (arXiv 1904.04421, table 2, and arXiv 1905.08369; the resource columns of DNN2 and DNN3 are second-hand).
///
/// The SSD design is predicted but not fitted: with the resources and the clock of DNN1 it draws 1.7 W more, so what makes the
/// difference is nothing that resources and clock can tell.
pub const PUBLISHED: [Published; 9] = [
    point("co-design DNN1", 100.0, DNN1, 2.2, true),
    point("co-design DNN1", 150.0, DNN1, 2.5, true),
    point("co-design DNN2", 100.0, DNN2, 2.2, true),
    point("co-design DNN2", 150.0, DNN2, 2.4, true),
    point("co-design DNN3", 100.0, DNN3, 2.2, true),
    point("co-design DNN3", 150.0, DNN3, 2.4, true),
    point("halfsqueezenet", 150.0, [88.0, 78.0, 77.0], 2.5, true),
    point("iSmart2", 150.0, [63.0, 86.0, 95.0], 2.6, true),
    point("SSD", 150.0, [83.9, 100.0, 78.9], 4.2, false),
];
