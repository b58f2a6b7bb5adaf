//! Which tool decides where a product goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How products are mapped to DSP slices or look-up tables. The rules stand with the DSP primitive of the cost model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// As `synth_xilinx` of Yosys 0.23 maps the RTL that bico emits: measured.
    #[default]
    Yosys,
    /// As Vivado HLS maps the same products: narrow ones are logic. From public reports, never run here.
    VivadoHls,
}

impl Mapping {
    /// The name in files, on the command line and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Mapping::Yosys => "yosys",
            Mapping::VivadoHls => "vivado-hls",
        }
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
