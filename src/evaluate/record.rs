//! What an evaluation found out: plain data with a versioned schema.

use crate::record::BoxRecord;
use crate::stats::{Bootstrap, Estimate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the schema of [`Evaluation`]; raised when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that one `evaluate` found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// [`SCHEMA_VERSION`] when it was written.
    pub schema_version: u32,
    /// Version of bico.
    pub bico_version: String,
    /// The images, in words.
    pub images_from: String,
    /// The networks, the evaluated one first.
    pub networks: Vec<NetworkRecord>,
    /// What was compared: float and executed of each network, then the baselines.
    pub columns: Vec<String>,
    /// Pairs of columns whose difference was estimated: first minus second.
    pub differences: Vec<[usize; 2]>,
    /// How intervals were drawn.
    pub bootstrap: Bootstrap,
    /// Whether every image has one object: then IoU is the score, as in DAC-SDC.
    pub single_object: bool,
    /// The scores.
    pub metrics: Vec<Metric>,
    /// Each image.
    pub images: Vec<ImageRecord>,
    /// Broken files that were left out, one line each.
    pub problems: Vec<String>,
    /// Remarks.
    pub notes: Vec<String>,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkRecord {
    /// Its name.
    pub name: String,
    /// Widest feature map, bits.
    pub feature_bits: u8,
    /// Widest weights, bits.
    pub weight_bits: u8,
}

/// One score of all columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// `mean IoU`, `AP at 0.5`, `AP 0.5 to 0.95`.
    pub name: String,
    /// Size of the objects that count, `all` or a range of shares of the image's area.
    pub size: String,
    /// Images (mean IoU) or objects (AP) that it was counted on.
    pub items: u64,
    /// By column; nothing where the score has no meaning (baselines have no confidence to rank by).
    pub estimates: Vec<Option<Estimate>>,
    /// By pair of [`Evaluation::differences`], on the same resamples of images.
    pub differences: Vec<Option<Estimate>>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRecord {
    /// File name within its folder, or name of the scene.
    pub image: String,
    /// What is labelled.
    pub objects: Vec<ObjectRecord>,
    /// By column.
    pub answers: Vec<Answer>,
}

/// A labelled object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectRecord {
    /// Name of its class.
    pub class: String,
    /// Its box in fractions of the image.
    #[serde(rename = "box")]
    pub area: BoxRecord,
}

/// What one column says about an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The one box of highest confidence.
    pub best: FoundRecord,
    /// Its IoU with the object, where the image has exactly one.
    pub iou: Option<f32>,
    /// All boxes, most confident first, where images have several objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<FoundRecord>,
}

/// A found box.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundRecord {
    /// In fractions of the image.
    #[serde(rename = "box")]
    pub area: BoxRecord,
    /// 0 to 1; nothing for baselines.
    pub confidence: Option<f32>,
}
