//! A network of the search space, and the file it is written as.

use super::bundle::{self, Bundle};
use crate::config::suggest::did_you_mean;
use crate::error::{Error, Result};
use crate::model::{self, LoadOptions, Network};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What follows each layer of a bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
    /// Bundle of the first replication, where it is another than that of the rest: on three channels at full size a depthwise layer costs what one on all lanes does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<String>,
    /// Bundle of the replications behind the last pool, where it is another than that of the rest: maps are smallest there, and a larger kernel costs least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
}

/// Rows and columns of the input where nothing is said.
pub const DEFAULT_INPUT: [u16; 2] = [160, 320];
/// Widths of feature maps and weights where nothing is said: SkyNet's on its FPGA.
pub const DEFAULT_BITS: (u8, u8) = (9, 11);

const fn default_input() -> [u16; 2] {
    DEFAULT_INPUT
}
pub(super) const fn default_feature_bits() -> u8 {
    DEFAULT_BITS.0
}
pub(super) const fn default_weight_bits() -> u8 {
    DEFAULT_BITS.1
}

/// Widths that feature maps and weights may have.
pub const BITS: std::ops::RangeInclusive<u8> = 2..=16;
/// Most replications.
pub const MOST_REPLICATIONS: usize = 16;
/// Most channels of a replication.
pub(super) const MOST_CHANNELS: u16 = 1024;
/// Anchors of the head until training sets them: sides as fractions of the image.
const ANCHORS: &str = "[[0.0748, 0.1337], [0.2066, 0.3729]]";

impl Genes {
    /// With ReLU4, without bypass or another stem or tail, at the default input and widths.
    pub fn new(bundle: &str, channels: Vec<u16>, pools: Vec<u8>) -> Genes {
        let (feature_bits, weight_bits) = DEFAULT_BITS;
        let (activation, bypass, input) = (Clip::Relu4, false, DEFAULT_INPUT);
        Genes { bundle: bundle.into(), channels, pools, activation, bypass, input, feature_bits, weight_bits, stem: None, tail: None }
    }

    /// The network as it trains in float, where widths do not matter: at the default ones.
    pub fn in_float(&self) -> Genes {
        Genes { feature_bits: DEFAULT_BITS.0, weight_bits: DEFAULT_BITS.1, ..self.clone() }
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
        if let Some(stem) = &self.stem {
            let _ = write!(name, "_stem-{stem}");
        }
        if let Some(tail) = &self.tail {
            let _ = write!(name, "_tail-{tail}");
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

    /// Replications before the tail: up to that of the last pool, and the first in any case.
    fn before_tail(&self) -> usize {
        self.pools.last().map_or(1, |&p| usize::from(p))
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
            if !BITS.contains(&bits) {
                return wrong(gene, bits.to_string(), format!("{} to {}", BITS.start(), BITS.end()));
            }
        }
        for (gene, name) in [("stem", &self.stem), ("tail", &self.tail)] {
            if name.as_ref() == Some(&self.bundle) {
                return wrong(gene, self.bundle.clone(), "another bundle than the rest, or none".into());
            }
        }
        if let Some(tail) = &self.tail
            && self.before_tail() >= n
        {
            return wrong("tail", tail.clone(), "none, or replications behind the last pool".into());
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
        let bundle = by_name(pool, &self.bundle)?;
        let other = |name: &Option<String>| name.as_ref().map(|name| by_name(pool, name)).transpose();
        let (stem, tail) = (other(&self.stem)?, other(&self.tail)?);
        let of = |k: usize| stem.filter(|_| k == 1).or(tail.filter(|_| k > self.before_tail())).unwrap_or(bundle);
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
        let mut bundles: Vec<&Bundle> = Vec::new();
        for k in 1..=self.channels.len() {
            if bundles.iter().all(|b| b.name != of(k).name) {
                bundles.push(of(k));
            }
        }
        for bundle in bundles {
            text.push_str(&bundle.toml(self.activation.name(), feature_frac)?);
        }
        let last_of = |k: usize| format!("b{k}_{}", of(k).layers().last().map_or("", |l| l.name.get_ref().as_str()));
        for (k, c) in (1..).zip(&self.channels) {
            if k == self.channels.len()
                && let Some(from) = self.bypassed()
            {
                let before = if self.pools.contains(&(k as u8 - 1)) { format!("b{}_pool", k - 1) } else { last_of(k - 1) };
                let _ = write!(text, "\n[[layer]]\nname = \"bypass\"\nop = \"space_to_depth\"\ninput = \"{}\"\nblock = 2\n", last_of(from));
                let _ = write!(text, "\n[[layer]]\nname = \"concat\"\nop = \"concat\"\ninputs = [\"bypass\", \"{before}\"]\n");
            }
            let _ = write!(text, "\n[[layer]]\nname = \"b{k}\"\nop = \"{}\"\n", of(k).name);
            if of(k).makes_channels() {
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

fn by_name<'p>(pool: &'p [Bundle], name: &str) -> Result<&'p Bundle> {
    pool.iter().find(|b| b.name == name).ok_or_else(|| {
        let near = did_you_mean(name, pool.iter().map(|b| b.name.as_str()));
        let e = Error::input("no bundle of this name").value(name).allowed(bundle::names(pool));
        e.hint(near.unwrap_or_else(|| "name the file that defines it with --pool".into()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::bundle::builtin;
    use super::*;
    use crate::model::float::Activation;

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
                let clip = if activation == Clip::Relu { Activation::Relu } else { Activation::Clip(8.0) };
                let weighted =
                    network.float.layers.iter().filter(|l| l.name.starts_with('b') && l.name != "bypass" && !l.name.ends_with("pool"));
                assert!(weighted.clone().count() >= 4 && weighted.clone().all(|l| l.activation == clip), "{}", g.name());
            }
        }
    }

    #[test]
    fn a_stem_is_the_first_replication_alone() {
        let g = Genes { stem: Some("pw".into()), ..genes() };
        assert_eq!(g.name(), "dw3-pw_16p-32p-64p-96_relu4_stem-pw");
        let network = g.network(&builtin()).unwrap();
        let names: Vec<&str> = network.graph.nodes.iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names[1..5], ["b1_pw", "b1_pool", "b2_dw3", "b2_pw"]);
        let body = network.float.layers.iter().filter(|l| l.name.starts_with('b') && !l.name.ends_with("pool"));
        let activations: Vec<_> = body.map(|l| l.activation).collect();
        assert_eq!(activations, [Activation::Clip(4.0); 7]);
        // The bypass may come from the stem.
        let g = Genes { bypass: true, channels: vec![16, 32], pools: vec![1], ..g };
        assert!(g.network(&builtin()).is_ok());
    }

    #[test]
    fn a_tail_is_what_stands_behind_the_last_pool() {
        let g = Genes { stem: Some("pw".into()), tail: Some("dw5-pw".into()), channels: vec![16, 32, 64, 96, 96], ..genes() };
        assert_eq!(g.name(), "dw3-pw_16p-32p-64p-96-96_relu4_stem-pw_tail-dw5-pw");
        let layers = |g: &Genes| -> Vec<String> {
            let nodes = g.network(&builtin()).unwrap().graph.nodes;
            let first_of = |k: usize| nodes.iter().map(|n| n.name.clone()).find(|n| n.starts_with(&format!("b{k}_")));
            (1..=g.channels.len()).filter_map(first_of).collect()
        };
        assert_eq!(layers(&g), ["b1_pw", "b2_dw3", "b3_dw3", "b4_dw5", "b5_dw5"]);
        assert_eq!(layers(&Genes { stem: None, ..g.clone() }), ["b1_dw3", "b2_dw3", "b3_dw3", "b4_dw5", "b5_dw5"]);
        // The same bundle first and last, another between.
        assert_eq!(layers(&Genes { stem: Some("dw5-pw".into()), ..g.clone() }), ["b1_dw5", "b2_dw3", "b3_dw3", "b4_dw5", "b5_dw5"]);
        // All but the first where nothing is pooled.
        assert_eq!(layers(&Genes { channels: vec![16; 3], pools: vec![], ..g }), ["b1_pw", "b2_dw5", "b3_dw5"]);
    }

    #[test]
    fn genes_out_of_range_are_named() {
        let e = |g: Genes| g.network(&builtin()).unwrap_err().to_string();
        assert!(e(Genes { pools: vec![2, 1], ..genes() }).contains("`pools`"));
        assert!(e(Genes { input: [100, 320], ..genes() }).contains("multiple of 8"));
        assert!(e(Genes { bundle: "dw9-pw".into(), ..genes() }).contains("dw7-pw"));
        assert!(e(Genes { bypass: true, pools: vec![2, 4], ..genes() }).contains("`bypass`"));
        assert!(e(Genes { stem: Some("dw3-pw".into()), ..genes() }).contains("`stem`"));
        assert!(e(Genes { stem: Some("pv".into()), ..genes() }).contains("dw7-pw"));
        assert!(e(Genes { tail: Some("dw3-pw".into()), ..genes() }).contains("`tail`"));
        assert!(e(Genes { tail: Some("pv".into()), ..genes() }).contains("dw7-pw"));
        assert!(e(Genes { tail: Some("dw5-pw".into()), pools: vec![1, 2, 4], ..genes() }).contains("behind the last pool"));
    }
}
