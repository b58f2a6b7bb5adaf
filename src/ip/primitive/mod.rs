//! What single operators and memories take: the only place that knows how synthesis maps them.
//!
//! DSP slices, block RAM, LUTRAM and shift registers follow from rules that hold exactly; flip-flops are the registers of the RTL,
//! counted; look-up tables of logic are structural estimates times a factor for each kind ([`calibration`]).

pub mod calibration;
pub mod dsp;
pub mod fields;
pub mod logic;
pub mod memory;
pub mod stage;
pub mod tail;
pub mod transfer;
pub mod walker;
