//! JSON schemas of the configuration files.

use crate::accelerator::RawAccelerator;
use crate::board::RawBoard;
use serde_json::Value;

/// Name and JSON schema (draft 2020-12) of each kind of configuration file.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![("board", schemars::schema_for!(RawBoard).to_value()), ("accelerator", schemars::schema_for!(RawAccelerator).to_value())]
}
