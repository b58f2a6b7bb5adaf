//! What a network file says about its detection head; decoding is the host's work.

use serde::{Deserialize, Serialize};

/// The `[head]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadSpec {
    /// How the output is decoded: `yolo`, i.e. for each anchor x, y, w, h and confidence.
    pub kind: String,
    /// Width and height of each anchor as fractions of the image.
    pub anchors: Vec<[f64; 2]>,
}

impl HeadSpec {
    /// The anchors as decoding takes them.
    pub fn sides(&self) -> Vec<[f32; 2]> {
        self.anchors.iter().map(|a| a.map(|side| side as f32)).collect()
    }
}

/// Known kinds of heads.
pub const KINDS: &[&str] = &["yolo"];
