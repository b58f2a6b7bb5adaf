//! Bundles from an IP pool: short layer sequences that a network repeats.

use crate::config::Source;
use crate::error::{Error, Result};
use crate::model::bundle::takes_channels;
use crate::model::raw::{RawBundle, RawLayer};
use crate::ops;
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;

/// One compute layer that bundles are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ip {
    /// Standard convolution, square kernel; 1 is pointwise.
    Conv(usize),
    /// Depthwise convolution, square kernel.
    Depthwise(usize),
}

/// The pool of the papers: what a bundle's compute layers are taken from.
const DEPTHWISE: [usize; 3] = [3, 5, 7];
const CONV: [usize; 3] = [1, 3, 5];

impl Ip {
    fn name(self) -> String {
        match self {
            Ip::Conv(1) => "pw".into(),
            Ip::Conv(k) => format!("conv{k}"),
            Ip::Depthwise(k) => format!("dw{k}"),
        }
    }
    fn write(self, text: &mut String) {
        let (op, kernel) = match self {
            Ip::Conv(1) => ("pointwise", None),
            Ip::Conv(k) => ("conv", Some(k)),
            Ip::Depthwise(k) => ("depthwise", Some(k)),
        };
        let _ = write!(text, "[[bundle.layer]]\nname = \"{}\"\nop = \"{op}\"\n", self.name());
        if let Some(k) = kernel {
            let _ = write!(text, "kernel = {k}\npadding = {}\n", k / 2);
        }
    }
}

/// A bundle: a `[[bundle]]` table of a network file without activations, which are another gene.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Its name: of its layers, joined by `-`.
    pub name: String,
    raw: RawBundle,
}

/// A file of bundles.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPool {
    /// The bundles: layers without activations, which are another dimension of a search.
    bundle: Vec<RawBundle>,
}

impl Bundle {
    /// Whether a layer of it takes the channels of an instance: without one, a network of it keeps those of the image.
    pub fn makes_channels(&self) -> bool {
        self.raw.layer.iter().any(takes_channels)
    }

    /// Its layers, in order.
    pub fn layers(&self) -> impl Iterator<Item = &RawLayer> {
        self.raw.layer.iter()
    }

    /// Its `[[bundle]]` table, each layer with this activation and fraction bits.
    ///
    /// # Errors
    /// None that a checked bundle causes.
    pub fn toml(&self, activation: &str, feature_frac: Option<i8>) -> Result<String> {
        let mut text = String::new();
        let _ = write!(text, "[[bundle]]\nname = \"{}\"\n", self.name);
        for layer in &self.raw.layer {
            let table = toml::to_string(layer).map_err(|e| Error::fault(format!("cannot write a layer: {e}")))?;
            let _ = write!(text, "\n[[bundle.layer]]\n{table}");
            if layer.activation.is_none() && takes_activation(layer) {
                let _ = writeln!(text, "activation = \"{activation}\"");
                if let Some(frac) = feature_frac.filter(|_| layer.feature_frac.is_none() && layer.features.is_none()) {
                    let _ = writeln!(text, "feature_frac = {frac}");
                }
            }
        }
        Ok(text)
    }
}

fn takes_activation(layer: &RawLayer) -> bool {
    ops::by_layer_name(layer.op.get_ref()).is_some_and(|e| e.takes_activation())
}

/// The names of bundles, for errors.
pub fn names(pool: &[Bundle]) -> String {
    pool.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The 18 bundles of the papers' IP pool: six of one compute IP, nine of a depthwise layer and a convolution behind it, three of two convolutions.
/// The papers name the pool and the number, not the list: the order is ours.
pub fn builtin() -> Vec<Bundle> {
    let mut all: Vec<Vec<Ip>> = Vec::new();
    all.extend(CONV.map(|k| vec![Ip::Conv(k)]));
    all.extend(DEPTHWISE.map(|k| vec![Ip::Depthwise(k)]));
    for d in DEPTHWISE {
        all.extend(CONV.map(|k| vec![Ip::Depthwise(d), Ip::Conv(k)]));
    }
    all.extend([(1, 3), (1, 5), (3, 5)].map(|(a, b)| vec![Ip::Conv(a), Ip::Conv(b)]));
    let mut text = String::new();
    for ips in all {
        let names: Vec<String> = ips.iter().map(|ip| ip.name()).collect();
        let _ = write!(text, "[[bundle]]\nname = \"{}\"\n", names.join("-"));
        ips.iter().for_each(|ip| ip.write(&mut text));
    }
    parse(&text, "bundles.toml").expect("the built-in bundles are well-formed")
}

/// The built-in bundles and those of a file of `[[bundle]]` tables, as in `network.toml`.
///
/// # Errors
/// When the file is unreadable, no such file, has a bundle of an existing name, or one of more than two compute layers.
pub fn pool(extra: Option<&Path>) -> Result<Vec<Bundle>> {
    let mut all = builtin();
    if let Some(path) = extra {
        let source = Source::read(path)?;
        for bundle in parse(source.text(), path)? {
            if all.iter().any(|b| b.name == bundle.name) {
                return Err(Error::input("two bundles have this name").file(path).value(&bundle.name).hint("rename it"));
            }
            all.push(bundle);
        }
    }
    Ok(all)
}

/// Most compute layers of a bundle (DAC 2019, section 4).
const MOST_COMPUTE: usize = 2;

fn parse(text: &str, path: impl AsRef<Path>) -> Result<Vec<Bundle>> {
    let source = Source::new(path, text);
    let raw: RawPool = source.parse()?;
    let mut made = Vec::new();
    for bundle in raw.bundle {
        for layer in &bundle.layer {
            source.one_of("op", &layer.op, &ops::layer_names())?;
        }
        let compute = bundle.layer.iter().filter(|l| matches!(l.op.get_ref().as_str(), "pointwise" | "conv" | "depthwise")).count();
        if compute == 0 || compute > MOST_COMPUTE {
            return Err(source
                .error_at(&bundle.name, "wrong number of compute layers in a bundle")
                .value(compute)
                .allowed(format!("1 to {MOST_COMPUTE} of conv, depthwise, pointwise"))
                .hint("split it into two bundles"));
        }
        made.push(Bundle { name: bundle.name.get_ref().clone(), raw: bundle });
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::super::genes::{Clip, Genes};
    use super::*;
    use crate::model::float::Activation;

    #[test]
    fn the_pool_has_eighteen_bundles() {
        let all = builtin();
        let names: Vec<&str> = all.iter().map(|b| b.name.as_str()).collect();
        assert_eq!(all.len(), 18, "{names:?}");
        assert!(names.contains(&"dw3-pw") && names.contains(&"conv3-conv5"));
        assert!(!all.iter().find(|b| b.name == "dw7").unwrap().makes_channels());
    }

    #[test]
    fn formats_and_activations_of_a_bundles_own_stay() {
        let own = "[[bundle]]\nname = \"x\"\n[[bundle.layer]]\nname = \"a\"\nop = \"depthwise\"\nkernel = 3\npadding = 1\nfeature_frac = 4\n\
                   [[bundle.layer]]\nname = \"b\"\nop = \"pointwise\"\nactivation = \"relu6\"\n";
        let all = parse(own, "more.toml").unwrap();
        for activation in [Clip::Relu, Clip::Relu4] {
            let network = Genes { activation, ..Genes::new("x", vec![8, 16], vec![1]) }.network(&all).unwrap();
            let of = |name: &str| network.float.layers.iter().find(|l| l.name == name).unwrap().activation;
            let clip = if activation == Clip::Relu { Activation::Relu } else { Activation::Clip(4.0) };
            assert_eq!((of("b1_a"), of("b1_b")), (clip, Activation::Clip(6.0)));
        }
    }

    #[test]
    fn a_file_may_add_bundles_of_two_compute_layers() {
        let bad = "[[bundle]]\nname = \"x\"\n[[bundle.layer]]\nname = \"a\"\nop = \"max_pool\"\nkernel = 2\n";
        let e = parse(bad, "more.toml").unwrap_err().to_string();
        assert!(e.contains("more.toml:2") && e.contains("1 to 2"), "{e}");
    }
}
