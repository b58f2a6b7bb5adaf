//! Writes a trained network as a folder: `network.toml` and `weights.safetensors`.

use super::checkpoint::serialize;
use super::integer::INPUT;
use super::params::Params;
use super::quantise::Grids;
use super::spec::{NetSpec, Op, StageSpec};
use crate::dataset::frame::write_atomically;
use crate::error::{Error, Result};
use std::fmt::Write;
use std::path::Path;

/// A network ready to be written; batch norm must be folded.
pub struct Export<'a> {
    /// Name of the network.
    pub name: &'a str,
    /// One sentence.
    pub description: &'a str,
    /// Structure.
    pub spec: &'a NetSpec,
    /// Weights and biases.
    pub params: &'a Params,
    /// Calibrated formats.
    pub grids: &'a Grids,
    /// How it came about: command, seed, dataset hash, scores.
    pub provenance: &'a [(String, String)],
}

impl Export<'_> {
    /// Writes both files into `folder`, creating it.
    ///
    /// # Errors
    /// When a batch norm was not folded, or the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        if let Some(stage) = self.spec.stages.iter().find(|s| s.norm) {
            return Err(Error::input("batch norm must be folded before export").value(&stage.name));
        }
        std::fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, &e))?;
        let path = folder.join("weights.safetensors");
        write_atomically(&path, &self.weights(&path)?)?;
        write_atomically(&folder.join("network.toml"), self.toml()?.as_bytes())
    }

    fn weights(&self, path: &Path) -> Result<Vec<u8>> {
        let bytes = |l: &[f32]| l.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let mut lists = Vec::new();
        for (stage, p) in self.spec.stages.iter().zip(&self.params.stages) {
            let co = stage.channels;
            let shape = match stage.op {
                Op::Depthwise => vec![co, 1, 3, 3],
                Op::Pointwise => vec![co, p.weight.len() / co, 1, 1],
                Op::Conv { .. } => vec![co, p.weight.len() / co / 9, 3, 3],
            };
            lists.push((format!("{}.weight", stage.name), shape, bytes(&p.weight)));
            lists.push((format!("{}.bias", stage.name), vec![co], bytes(&p.beta)));
        }
        serialize(path, &lists, None)
    }

    fn toml(&self) -> Result<String> {
        let mut t = String::new();
        let quoted = |s: &str| toml::Value::String(s.to_string()).to_string();
        let (bits, weight_bits) = (self.grids.feature[0].bits, self.grids.weight[0].bits);
        let input = self.spec.input;
        let lines = [
            format!("name = {}", quoted(self.name)),
            format!("description = {}", quoted(self.description)),
            "\n# Raw pixels of the resized image; the value is pixel / 256.\n[input]".into(),
            format!("channels = {}\nheight = {}\nwidth = {}", input.c, input.h, input.w),
            format!("format = {{ bits = {}, frac = {}, signed = false }}", INPUT.bits, INPUT.frac),
            "\n# Widths where a layer gives no format of its own.\n[quantise]".into(),
            format!("feature_bits = {bits}\nweight_bits = {weight_bits}"),
        ];
        for line in lines {
            writeln!(t, "{line}").map_err(|e| Error::fault(e.to_string()))?;
        }
        for (k, stage) in self.spec.stages.iter().enumerate() {
            t.push_str(&layer(stage, self.grids.feature[k].frac, self.grids.weight[k].frac));
        }
        let anchors: Vec<String> = self.spec.anchors.iter().map(|a| format!("[{:?}, {:?}]", a[0], a[1])).collect();
        t.push_str("\n# Anchors: width and height in fractions of the image.\n[head]\nkind = \"yolo\"\n");
        t.push_str(&format!("anchors = [{}]\n\n[provenance]\n", anchors.join(", ")));
        for (key, value) in self.provenance {
            t.push_str(&format!("{key} = {}\n", quoted(value)));
        }
        Ok(t)
    }
}

fn layer(stage: &StageSpec, feature_frac: i8, weight_frac: i8) -> String {
    let mut t = format!("\n[[layer]]\nname = \"{}\"\n", stage.name);
    t.push_str(&match stage.op {
        Op::Depthwise => format!("op = \"depthwise\"\nkernel = 3\nstride = 1\npadding = 1\nchannels = {}\n", stage.channels),
        Op::Pointwise => format!("op = \"pointwise\"\nchannels = {}\n", stage.channels),
        Op::Conv { stride } => format!("op = \"conv\"\nkernel = 3\nstride = {stride}\npadding = 1\nchannels = {}\n", stage.channels),
    });
    t.push_str(&match stage.clip {
        None => "activation = \"none\"\n".to_string(),
        Some(c) if c == 4.0 || c == 6.0 || c == 8.0 => format!("activation = \"relu{c}\"\n"),
        Some(c) if c.is_finite() => format!("activation = {{ clip = {c:?} }}\n"),
        Some(_) => "activation = \"relu\"\n".to_string(),
    });
    t.push_str(&format!("feature_frac = {feature_frac}\nweight_frac = {weight_frac}\n"));
    if stage.pool {
        t.push_str(&format!("\n[[layer]]\nname = \"{}_pool\"\nop = \"max_pool\"\nkernel = 2\nstride = 2\n", stage.name));
    }
    t
}
