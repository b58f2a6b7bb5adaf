//! Checkpoints: everything a run needs to go on where it stopped, as one safetensors file.

use super::adam::Adam;
use super::params::Params;
use crate::dataset::frame::write_atomically;
use crate::error::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// A run between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Epochs done.
    pub epoch: u64,
    /// What the run was started with; another plan must not resume it.
    pub plan: String,
    /// Trained numbers and running statistics.
    pub params: Params,
    /// Optimiser state.
    pub adam: Adam,
}

fn named(c: &Checkpoint) -> Vec<(String, &Vec<f32>)> {
    let mut out = Vec::new();
    for (part, params) in [("params", &c.params), ("first", &c.adam.first), ("second", &c.adam.second)] {
        for (i, list) in params.lists().enumerate() {
            out.push((format!("{part}.{i}"), list));
        }
    }
    for (k, r) in c.params.running.iter().enumerate() {
        out.push((format!("mean.{k}"), &r.mean));
        out.push((format!("var.{k}"), &r.var));
    }
    out
}

impl Checkpoint {
    /// Writes to a temporary file, then renames.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let lists = named(self);
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> =
            lists.iter().map(|(n, l)| (n.clone(), vec![l.len()], l.iter().flat_map(|v| v.to_le_bytes()).collect())).collect();
        let meta = [("epoch", self.epoch.to_string()), ("steps", self.adam.steps.to_string()), ("plan", self.plan.clone())];
        let meta: HashMap<String, String> = meta.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
        write_atomically(path, &serialize(path, &bytes, Some(meta))?)
    }

    /// Reads what [`Checkpoint::write`] wrote; `like` gives the shapes.
    ///
    /// # Errors
    /// When the file is missing, damaged, or of another network or plan.
    pub fn read(path: &Path, plan: &str, like: &Params) -> Result<Checkpoint> {
        let data = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
        let bad = |what: &str| Error::input(format!("cannot resume: {what}")).file(path).hint("delete the file to start afresh");
        let (_, header) = SafeTensors::read_metadata(&data).map_err(|e| bad(&e.to_string()))?;
        let tensors = SafeTensors::deserialize(&data).map_err(|e| bad(&e.to_string()))?;
        let meta = header.metadata().clone().unwrap_or_default();
        let number = |key: &str| meta.get(key).and_then(|v| v.parse::<u64>().ok()).ok_or_else(|| bad(&format!("no {key} in the header")));
        if meta.get("plan").map(String::as_str) != Some(plan) {
            return Err(bad("it belongs to a run with other settings").value(meta.get("plan").cloned().unwrap_or_default()).allowed(plan));
        }
        let fill = |name: String, list: &mut Vec<f32>| -> Result<()> {
            let view = tensors.tensor(&name).map_err(|e| bad(&e.to_string()))?;
            if view.dtype() != Dtype::F32 || view.data().len() != list.len() * 4 {
                return Err(bad(&format!("{name} has another size")));
            }
            list.iter_mut().zip(view.data().chunks_exact(4)).for_each(|(v, b)| *v = f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            Ok(())
        };
        let mut c = Checkpoint { epoch: number("epoch")?, plan: plan.into(), params: like.clone(), adam: Adam::new(like) };
        c.adam.steps = number("steps")?;
        for (part, params) in [("params", &mut c.params), ("first", &mut c.adam.first), ("second", &mut c.adam.second)] {
            for (i, list) in params.lists_mut().enumerate() {
                fill(format!("{part}.{i}"), list)?;
            }
        }
        for (k, r) in c.params.running.iter_mut().enumerate() {
            fill(format!("mean.{k}"), &mut r.mean)?;
            fill(format!("var.{k}"), &mut r.var)?;
        }
        Ok(c)
    }
}

/// A safetensors file of 32-bit floats: (name, shape, little-endian bytes) each.
///
/// # Errors
/// When a shape does not fit its bytes.
pub fn serialize(path: &Path, lists: &[(String, Vec<usize>, Vec<u8>)], meta: Option<HashMap<String, String>>) -> Result<Vec<u8>> {
    let bad = |e: safetensors::SafeTensorError| Error::input(format!("cannot write safetensors: {e}")).file(path);
    let mut views = Vec::with_capacity(lists.len());
    for (name, shape, bytes) in lists {
        views.push((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(bad)?));
    }
    safetensors::serialize(views, meta).map_err(bad)
}
