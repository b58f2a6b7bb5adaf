//! Networks embedded in the binary, so that it runs from any folder.

use super::load::{LoadOptions, Network, load_text};
use crate::error::Result;

/// One embedded network folder.
pub struct Builtin {
    /// Its name, which is its folder's under `configs/networks`.
    pub name: &'static str,
    /// `network.toml`.
    pub toml: &'static str,
    /// `weights.safetensors`; `None` for networks of which only the shapes matter.
    pub weights: Option<&'static [u8]>,
}

macro_rules! folder {
    ($name:literal) => {
        Builtin { name: $name, toml: include_str!(concat!("../../configs/networks/", $name, "/network.toml")), weights: None }
    };
    ($name:literal, weights) => {
        Builtin { weights: Some(include_bytes!(concat!("../../configs/networks/", $name, "/weights.safetensors"))), ..folder!($name) }
    };
}

/// Every embedded network: one line each (`folder!("name", weights)` when it has a weights file).
pub static BUILTIN: &[Builtin] = &[
    folder!("uav-detector", weights),
    folder!("uav-fast", weights),
    folder!("uav-accurate", weights),
    folder!("uav-precise", weights),
    folder!("uav-finest", weights),
    folder!("uav-large", weights),
    folder!("dnn1", weights),
    folder!("dnn2", weights),
    folder!("dnn3", weights),
    folder!("uav-ternary", weights),
    folder!("skynet_a"),
    folder!("skynet_b"),
    folder!("skynet_c", weights),
    folder!("mobile_block"),
    folder!("tiny"),
];

/// The embedded network of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTIN.iter().find(|b| b.name == name)
}

impl Builtin {
    /// Loads it.
    ///
    /// # Errors
    /// When `options` ask for widths that do not work.
    pub fn load(&self, options: LoadOptions) -> Result<Network> {
        load_text(self.toml, self.weights, &format!("builtin:{}", self.name), options)
    }
}
