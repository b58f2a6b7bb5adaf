//! A network of the search space, and the file it is written as.

use super::bundle::Bundle;
use crate::error::{Error, Result};
use crate::model::{self, LoadOptions, Network};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What follows each layer of a bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clip {
    /// Not clipped.
    Relu,
    /// Clipped at 4.
    #[default]
    Relu4,
    /// Clipped at 6.
    Relu6,
    /// Clipped at 8.
    Relu8,
}

impl Clip {
    /// As in network files.
    pub const fn name(self) -> &'static str {
        match self {
            Clip::Relu => "relu",
            Clip::Relu4 => "relu4",
            Clip::Relu6 => "relu6",
            Clip::Relu8 => "relu8",
        }
    }
}

/// A network of the search space: one bundle, replicated (DAC 2019: N, the down-sampling vector, the channel expansion vector; then the features
/// of SkyNet).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genes {
    /// Name of the bundle.
    pub bundle: String,
    /// Channels of each replication: their number is N.
    pub channels: Vec<u16>,
    /// Replications (from 1) that a 2 x 2 max pool follows, rising.
    pub pools: Vec<u8>,
    /// Activation.
    #[serde(default)]
    pub activation: Clip,
    /// Whether the output of the replication before the last pool also goes, by space-to-depth, to the input of the last replication.
    #[serde(default)]
    pub bypass: bool,
    /// Rows and columns of the input.
    #[serde(default = "default_input")]
    pub input: [u16; 2],
    /// Width of feature maps.
    #[serde(default = "default_feature_bits")]
    pub feature_bits: u8,
    /// Width of weights.
    #[serde(default = "default_weight_bits")]
    pub weight_bits: u8,
}

/// Rows and columns of the input where nothing is said.
pub const DEFAULT_INPUT: [u16; 2] = [160, 320];
/// Widths of feature maps and weights where nothing is said: SkyNet's on its FPGA.
pub const DEFAULT_BITS: (u8, u8) = (9, 11);

const fn default_input() -> [u16; 2] {
    DEFAULT_INPUT
}
const fn default_feature_bits() -> u8 {
    DEFAULT_BITS.0
}
const fn default_weight_bits() -> u8 {
    DEFAULT_BITS.1
}

/// Most replications.
pub const MOST_REPLICATIONS: usize = 16;
/// Most channels of a replication.
const MOST_CHANNELS: u16 = 1024;
/// Anchors of the head until training sets them: sides as fractions of the image.
const ANCHORS: &str = "[[0.0748, 0.1337], [0.2066, 0.3729]]";

impl Genes {
    /// With ReLU4, without bypass, at the default input and widths.
    pub fn new(bundle: &str, channels: Vec<u16>, pools: Vec<u8>) -> Genes {
        let (feature_bits, weight_bits) = DEFAULT_BITS;
        let (activation, bypass, input) = (Clip::Relu4, false, DEFAULT_INPUT);
        Genes { bundle: bundle.into(), channels, pools, activation, bypass, input, feature_bits, weight_bits }
    }

    /// A short name that tells networks of one space apart: `dw3-pw_16p-32p-64p-96_relu4`.
    pub fn name(&self) -> String {
        let channels = self.channels.iter().zip(1u8..);
        let channels: Vec<String> = channels.map(|(c, k)| format!("{c}{}", if self.pools.contains(&k) { "p" } else { "" })).collect();
        let mut name = format!("{}_{}_{}", self.bundle, channels.join("-"), self.activation.name());
        if self.bypass {
            name.push_str("_bypass");
        }
        if self.input != DEFAULT_INPUT {
            let _ = write!(name, "_{}x{}", self.input[1], self.input[0]);
        }
        if (self.feature_bits, self.weight_bits) != DEFAULT_BITS {
            let _ = write!(name, "_{}f{}w", self.feature_bits, self.weight_bits);
        }
        name
    }

    /// The replication whose output the bypass takes: the one before the last pool.
    fn bypassed(&self) -> Option<usize> {
        let last = usize::from(*self.pools.last()?);
        (self.bypass && last < self.channels.len()).then_some(last)
    }

    /// # Errors
    /// When they describe no network: names the gene.
    pub fn check(&self) -> Result<()> {
        let wrong = |gene: &str, value: String, allowed: String| {
            Err(Error::input(format!("gene `{gene}` is out of range")).value(value).allowed(allowed))
        };
        let n = self.channels.len();
        if n == 0 || n > MOST_REPLICATIONS {
            return wrong("channels", format!("{n} replications"), format!("1 to {MOST_REPLICATIONS}"));
        }
        if let Some(c) = self.channels.iter().find(|&&c| c == 0 || c > MOST_CHANNELS) {
            return wrong("channels", c.to_string(), format!("1 to {MOST_CHANNELS}"));
        }
        if !self.pools.is_sorted_by(|a, b| a < b) || self.pools.iter().any(|&p| p == 0 || usize::from(p) > n) {
            return wrong("pools", format!("{:?}", self.pools), format!("rising numbers of replications, 1 to {n}"));
        }
        let step = 1u16 << self.pools.len().min(10);
        if let Some(side) = self.input.iter().find(|s| **s == 0 || !s.is_multiple_of(step) || **s > 2048) {
            return wrong("input", side.to_string(), format!("a multiple of {step}, which is what the pools divide by, at most 2048"));
        }
        for (gene, bits) in [("feature_bits", self.feature_bits), ("weight_bits", self.weight_bits)] {
            if !(2..=16).contains(&bits) {
                return wrong(gene, bits.to_string(), "2 to 16".into());
            }
        }
        if self.bypass && self.bypassed().is_none() {
            return wrong("bypass", "true".into(), "false, or a pool before the last replication".into());
        }
        Ok(())
    }

    /// As `network.toml`, without weights.
    ///
    /// # Errors
    /// As [`Genes::check`], and when the bundle is none of the pool.
    pub fn toml(&self, pool: &[Bundle]) -> Result<String> {
        self.check()?;
        let Some(bundle) = pool.iter().find(|b| b.name == self.bundle) else {
            let names: Vec<&str> = pool.iter().map(|b| b.name.as_str()).collect();
            return Err(Error::input("no bundle of this name").value(&self.bundle).allowed(names.join(", ")));
        };
        // Three integer bits, sign included, where the clip does not say (SkyNet's features); one more where it clips at 8.
        let frac = |integer: u8| self.feature_bits as i8 - integer as i8;
        let feature_frac = (self.activation == Clip::Relu).then(|| frac(4));
        let mut text = format!("name = \"{}\"\ndescription = \"A network of the search space\"\n", self.name());
        let [h, w] = self.input;
        let _ = write!(text, "\n[input]\nchannels = 3\nheight = {h}\nwidth = {w}\nformat = {{ bits = 8, frac = 8, signed = false }}\n");
        let _ = write!(
            text,
            "\n[quantise]\nfeature_bits = {}\nweight_bits = {}\nrandom_weights_seed = 1\n\n",
            self.feature_bits, self.weight_bits
        );
        text.push_str(&bundle.toml(self.activation.name(), feature_frac)?);
        let last_of = |k: usize| format!("b{k}_{}", bundle.layers().last().map_or("", |l| l.name.get_ref().as_str()));
        for (k, c) in (1..).zip(&self.channels) {
            if k == self.channels.len()
                && let Some(from) = self.bypassed()
            {
                let before = if self.pools.contains(&(k as u8 - 1)) { format!("b{}_pool", k - 1) } else { last_of(k - 1) };
                let _ = write!(text, "\n[[layer]]\nname = \"bypass\"\nop = \"space_to_depth\"\ninput = \"{}\"\nblock = 2\n", last_of(from));
                let _ = write!(text, "\n[[layer]]\nname = \"concat\"\nop = \"concat\"\ninputs = [\"bypass\", \"{before}\"]\n");
            }
            let _ = write!(text, "\n[[layer]]\nname = \"b{k}\"\nop = \"{}\"\n", bundle.name);
            if bundle.makes_channels() {
                let _ = writeln!(text, "channels = {c}");
            }
            if self.pools.contains(&(k as u8)) {
                let _ = write!(text, "\n[[layer]]\nname = \"b{k}_pool\"\nop = \"max_pool\"\nkernel = 2\n");
            }
        }
        let _ = write!(text, "\n[[layer]]\nname = \"head\"\nop = \"pointwise\"\nchannels = 10\nfeature_frac = {}\n", frac(3));
        let _ = write!(text, "\n[head]\nkind = \"yolo\"\nanchors = {ANCHORS}\n");
        Ok(text)
    }

    /// The network with random weights.
    ///
    /// # Errors
    /// As [`Genes::toml`].
    pub fn network(&self, pool: &[Bundle]) -> Result<Network> {
        let name = self.name();
        model::load_text(&self.toml(pool)?, None, &name, LoadOptions::default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bundle::builtin;
    use super::*;

    fn genes() -> Genes {
        Genes::new("dw3-pw", vec![16, 32, 64, 96], vec![1, 2, 3])
    }

    #[test]
    fn every_bundle_gives_a_network() {
        for bundle in builtin() {
            for (bypass, activation) in [(false, Clip::Relu), (true, Clip::Relu8)] {
                let g = Genes { bundle: bundle.name.clone(), bypass, activation, ..genes() };
                let network = g.network(&builtin()).unwrap();
                assert_eq!(network.graph.output().shape, crate::tensor::Shape::new(10, 20, 40), "{}", g.name());
            }
        }
    }

    #[test]
    fn genes_out_of_range_are_named() {
        let e = |g: Genes| g.network(&builtin()).unwrap_err().to_string();
        assert!(e(Genes { pools: vec![2, 1], ..genes() }).contains("`pools`"));
        assert!(e(Genes { input: [100, 320], ..genes() }).contains("multiple of 8"));
        assert!(e(Genes { bundle: "dw9-pw".into(), ..genes() }).contains("dw7-pw"));
        assert!(e(Genes { bypass: true, pools: vec![2, 4], ..genes() }).contains("`bypass`"));
    }
}
