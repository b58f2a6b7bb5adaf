//! The same layers with what was trained: other weights, formats and anchors.

use super::float::FloatNetwork;
use super::head_spec::HeadSpec;
use super::load::{Network, Weights};
use super::raw::RawNetwork;
use super::{quantise, resolved};
use crate::config::Spanned;
use crate::error::Result;

impl Network {
    /// The same network with settled formats of `float`, written out.
    ///
    /// # Errors
    /// When a format is open or a bias does not fit its accumulator.
    pub fn settled(&self, float: FloatNetwork) -> Result<Network> {
        self.written(float, self.raw.clone())
    }

    fn written(&self, float: FloatNetwork, mut raw: RawNetwork) -> Result<Network> {
        let graph = quantise::quantise(&float)?;
        raw.quantise.random_weights_seed = None;
        let resolved = resolved::to_toml(&raw, &float, &graph)?;
        Ok(Network { graph, float, resolved, raw, weights: Weights::File, ..self.clone() })
    }

    /// The same layers with what was trained: weights and settled formats of `float`, anchors, and where they come from.
    ///
    /// # Errors
    /// When a format is open or a bias does not fit its accumulator.
    pub fn trained(&self, float: FloatNetwork, head: HeadSpec, provenance: toml::Table) -> Result<Network> {
        let raw = RawNetwork { head: Some(Spanned::new(0..0, head.clone())), provenance: provenance.clone(), ..self.raw.clone() };
        Ok(Network { head: Some(head), provenance, ..self.written(float, raw)? })
    }
}
