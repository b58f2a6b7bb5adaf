//! Checkpoints: everything a run needs to go on where it stopped, as one safetensors file.

use super::adam::Adam;
use super::params::Params;
use crate::error::{Error, Result};
use crate::files::write_atomically;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// Figures of one epoch.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Epoch {
    /// Epochs done.
    pub epoch: u64,
    /// `float` or `quantised`.
    pub phase: String,
    /// Learning rate of its last step.
    pub rate: f32,
    /// Mean loss over the epoch.
    pub loss: f64,
    /// Mean IoU of the averaged weights on the validation images.
    pub iou: f32,
}

/// A run between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What the run was started with; another plan must not resume it.
    pub plan: Settings,
    /// Trained numbers and running statistics.
    pub params: Params,
    /// Their average over the last steps.
    pub average: Params,
    /// The average with the best validation IoU so far.
    pub best: Params,
    /// Optimiser state.
    pub adam: Adam,
    /// Figures of the epochs so far.
    pub history: Vec<Epoch>,
}

/// Everything that the numbers of a run depend on, by name.
pub type Settings = Vec<(String, String)>;

type Named<'a> = Vec<(String, &'a mut Vec<f32>)>;

impl Checkpoint {
    /// A run that has not begun.
    pub fn start(plan: &Settings, params: &Params) -> Checkpoint {
        let copy = || params.clone();
        Checkpoint { plan: plan.clone(), params: copy(), average: copy(), best: copy(), adam: Adam::new(params), history: Vec::new() }
    }

    fn lists(&mut self) -> Named<'_> {
        let mut out: Named = Vec::new();
        let moments = [("first", &mut self.adam.first), ("second", &mut self.adam.second)];
        let parts = [("params", &mut self.params), ("average", &mut self.average), ("best", &mut self.best)];
        for (part, params) in parts.into_iter().chain(moments) {
            out.extend(params.all_lists_mut().enumerate().map(|(i, list)| (format!("{part}.{i}"), list)));
        }
        out
    }

    /// Writes to a temporary file, then renames.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut copy = self.clone();
        let lists = copy.lists();
        let lists: Vec<_> = lists.iter().map(|(n, l)| (n.clone(), vec![l.len()], &l[..])).collect();
        let history = serde_json::to_string(&self.history).map_err(|e| Error::fault(e.to_string()))?;
        let state = Header { plan: self.plan.clone(), steps: self.adam.steps, history };
        let state = serde_json::to_string(&state).map_err(|e| Error::fault(e.to_string()))?;
        // One entry only: a map of several would be written in any order.
        write_atomically(path, &serialize(path, &lists, Some(HashMap::from([("run".to_string(), state)])))?)
    }

    /// Reads what [`Checkpoint::write`] wrote; `like` gives the shapes.
    ///
    /// # Errors
    /// When the file is missing, damaged, or of another network or plan.
    pub fn read(path: &Path, plan: &Settings, like: &Params) -> Result<Checkpoint> {
        let data = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
        let cannot = |what: &str| Error::input(format!("cannot resume: {what}")).file(path);
        let bad = |what: &str| cannot(what).hint("delete the file to start afresh");
        let (_, header) = SafeTensors::read_metadata(&data).map_err(|e| bad(&e.to_string()))?;
        let tensors = SafeTensors::deserialize(&data).map_err(|e| bad(&e.to_string()))?;
        let state = header.metadata().as_ref().and_then(|m| m.get("run")).ok_or_else(|| bad("it is no checkpoint"))?;
        let header: Header = serde_json::from_str(state).map_err(|e| bad(&e.to_string()))?;
        if let Some((name, is, was)) = another(plan, &header.plan) {
            let e = cannot(&format!("the run was begun with another `{name}`")).value(is).allowed(was);
            return Err(e.hint("give what that run was given, or name another --out"));
        }
        let mut c = Checkpoint::start(plan, like);
        c.adam.steps = header.steps;
        c.history = serde_json::from_str(&header.history).map_err(|e| bad(&e.to_string()))?;
        for (name, list) in c.lists() {
            let view = tensors.tensor(&name).map_err(|e| bad(&e.to_string()))?;
            if view.dtype() != Dtype::F32 || view.data().len() != list.len() * 4 {
                return Err(bad(&format!("{name} has another size")));
            }
            list.iter_mut().zip(view.data().chunks_exact(4)).for_each(|(v, b)| *v = f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        }
        Ok(c)
    }

    /// The best epoch so far.
    pub fn best_epoch(&self) -> Option<&Epoch> {
        self.history.iter().reduce(|a, b| if b.iou > a.iou { b } else { a })
    }
}

/// The first of the settings in which two runs differ: its name, and what it is and was.
fn another<'a>(now: &'a Settings, before: &'a Settings) -> Option<(&'a str, &'a str, &'a str)> {
    let of = |settings: &'a Settings, name: &str| settings.iter().find(|(n, _)| n == name).map_or("nothing", |(_, v)| v.as_str());
    let names = now.iter().chain(before).map(|(name, _)| name.as_str());
    names.map(|name| (name, of(now, name), of(before, name))).find(|(_, is, was)| is != was)
}

/// What the file says beside its tensors.
#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    plan: Settings,
    steps: u64,
    history: String,
}

/// A safetensors file of 32-bit floats: (name, shape, values) each.
///
/// # Errors
/// When a shape does not fit its values.
pub fn serialize(path: &Path, lists: &[(String, Vec<usize>, &[f32])], meta: Option<HashMap<String, String>>) -> Result<Vec<u8>> {
    let bad = |e: safetensors::SafeTensorError| Error::input(format!("cannot write safetensors: {e}")).file(path);
    let bytes: Vec<Vec<u8>> = lists.iter().map(|(.., values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let mut views = Vec::with_capacity(lists.len());
    for ((name, shape, _), bytes) in lists.iter().zip(&bytes) {
        views.push((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(bad)?));
    }
    safetensors::serialize(views, meta).map_err(bad)
}
