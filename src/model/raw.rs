//! `network.toml` as it is written.

use super::head_spec::HeadSpec;
use super::raw_values::{RawActivation, RawPair, RawSides};
use crate::config::Spanned;
use crate::fixed::{Overflow, Rounding};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNetwork {
    /// Name of the network.
    pub name: String,
    /// One sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The image.
    pub input: RawInput,
    /// Widths and modes where a layer gives none.
    #[serde(default)]
    pub quantise: RawQuantise,
    /// Layers that repeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundle: Vec<RawBundle>,
    /// Layers in order; a layer reads earlier ones.
    pub layer: Vec<RawLayer>,
    /// How the output is decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<HeadSpec>")]
    pub head: Option<Spanned<HeadSpec>>,
    /// Where the network comes from: free-form.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub provenance: toml::Table,
}

/// The `[input]` table.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawInput {
    /// Channels.
    #[schemars(with = "u32")]
    pub channels: Spanned<i64>,
    /// Rows.
    #[schemars(with = "u32")]
    pub height: Spanned<i64>,
    /// Columns.
    #[schemars(with = "u32")]
    pub width: Spanned<i64>,
    /// Format of the image; `frac` must be given.
    #[schemars(with = "RawFormat")]
    pub format: Spanned<RawFormat>,
    /// Raw value that stands for zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>")]
    pub zero_point: Option<Spanned<i64>>,
    /// What is taken off each pixel, as a fraction of 256; 0 where left out: a pixel of 0 to 255 stands for `pixel / 256 - mean`. Padding of the first layer is then of this brightness.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub mean: Option<Spanned<f64>>,
}

/// A fixed-point format.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFormat {
    /// Width, 1 to 16.
    #[schemars(with = "u8")]
    pub bits: Spanned<i64>,
    /// Fraction bits; derived where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i8>")]
    pub frac: Option<Spanned<i64>>,
    /// Two's complement (the default).
    #[serde(default = "yes")]
    pub signed: bool,
    /// Symmetric range; with 2 bits ternary.
    #[serde(default)]
    pub narrow: bool,
}

const fn yes() -> bool {
    true
}

/// The `[quantise]` table.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawQuantise {
    /// Width of feature maps, 8 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u8>")]
    pub feature_bits: Option<Spanned<i64>>,
    /// Width of weights, 8 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u8>")]
    pub weight_bits: Option<Spanned<i64>>,
    /// How requantise rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// How requantise enforces the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
    /// How accumulators are scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleKind>,
    /// Weights are drawn from this seed when there is no weights file (a network of which only the shapes matter).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub random_weights_seed: Option<Spanned<i64>>,
}

/// How accumulators of a layer with weights are scaled to its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ScaleKind {
    /// Power-of-two weight scales: requantise is a shift.
    #[default]
    Shift,
    /// One free weight scale a layer: requantise multiplies and shifts.
    Multiplier,
    /// One free weight scale an output channel.
    MultiplierPerChannel,
}

impl ScaleKind {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            ScaleKind::Shift => "shift",
            ScaleKind::Multiplier => "multiplier",
            ScaleKind::MultiplierPerChannel => "multiplier-per-channel",
        }
    }
}

/// One `[[bundle]]`: layers that stand wherever a layer's `op` is the bundle's name.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawBundle {
    /// Unique name, none of an operation.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Its layers in order; their names follow the name of the layer that uses the bundle and a `_`.
    pub layer: Vec<RawLayer>,
}

/// One `[[layer]]`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawLayer {
    /// Unique name; also the prefix of its tensors in the weights file.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// What it computes: an operation, or one of the file's bundles.
    #[schemars(with = "String")]
    pub op: Spanned<String>,
    /// What it reads; the layer before it where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub input: Option<Spanned<String>>,
    /// What it reads, for layers of several operands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub inputs: Option<Spanned<Vec<Spanned<String>>>>,
    /// Window: one number or [rows, columns].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawPair>")]
    pub kernel: Option<Spanned<RawPair>>,
    /// One number or [rows, columns]; 1 where left out, for pools the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawPair>")]
    pub stride: Option<Spanned<RawPair>>,
    /// One number or [top, left, bottom, right]; 0 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawSides>")]
    pub padding: Option<Spanned<RawSides>>,
    /// One number or [rows, columns]; 1 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawPair>")]
    pub dilation: Option<Spanned<RawPair>>,
    /// Channel groups; 1 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub groups: Option<Spanned<i64>>,
    /// Output channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub channels: Option<Spanned<i64>>,
    /// Side of the square of a space-to-depth.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub block: Option<Spanned<i64>>,
    /// Factor of an upsampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub factor: Option<Spanned<i64>>,
    /// What follows in the requantise step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawActivation>")]
    pub activation: Option<Spanned<RawActivation>>,
    /// Fraction bits of the output at the network's feature width.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i8>")]
    pub feature_frac: Option<Spanned<i64>>,
    /// Fraction bits of the weights at the network's weight width.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i8>")]
    pub weight_frac: Option<Spanned<i64>>,
    /// Format of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawFormat>")]
    pub features: Option<Spanned<RawFormat>>,
    /// Format of the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RawFormat>")]
    pub weights: Option<Spanned<RawFormat>>,
    /// Raw value of the output that stands for zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>")]
    pub zero_point: Option<Spanned<i64>>,
    /// How requantise rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Rounding>")]
    pub rounding: Option<Spanned<Rounding>>,
    /// How requantise enforces the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Overflow>")]
    pub overflow: Option<Spanned<Overflow>>,
    /// How accumulators are scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ScaleKind>")]
    pub scale: Option<Spanned<ScaleKind>>,
}

impl RawLayer {
    /// The keys besides name, op and operands that the layer has, and where.
    pub(super) fn present_keys(&self) -> Vec<(&'static str, Range<usize>)> {
        fn span<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
            value.as_ref().map(|v| v.span())
        }
        let keys = [
            ("kernel", span(&self.kernel)),
            ("stride", span(&self.stride)),
            ("padding", span(&self.padding)),
            ("dilation", span(&self.dilation)),
            ("groups", span(&self.groups)),
            ("channels", span(&self.channels)),
            ("block", span(&self.block)),
            ("factor", span(&self.factor)),
            ("activation", span(&self.activation)),
            ("feature_frac", span(&self.feature_frac)),
            ("weight_frac", span(&self.weight_frac)),
            ("features", span(&self.features)),
            ("weights", span(&self.weights)),
            ("zero_point", span(&self.zero_point)),
            ("rounding", span(&self.rounding)),
            ("overflow", span(&self.overflow)),
            ("scale", span(&self.scale)),
        ];
        keys.into_iter().filter_map(|(key, span)| Some((key, span?))).collect()
    }
}
