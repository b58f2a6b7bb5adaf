//! `bico schema`: JSON schemas of what bico reads and writes.

use super::common::print;
use crate::error::{Error, Result};
use crate::report;
use crate::search::Space;
use crate::search::bundle::RawPool;
use crate::search::candidate;
use crate::{accelerator, board, model};
use schemars::schema_for;
use serde_json::Value;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Which one; without it, their names.
    name: Option<String>,
}

/// Name and JSON schema (draft 2020-12) of each kind of file that is read, and of the answer to a candidate.
fn configurations() -> [(&'static str, Value); 7] {
    [
        ("board", schema_for!(board::RawBoard).to_value()),
        ("accelerator", schema_for!(accelerator::RawAccelerator).to_value()),
        ("network", schema_for!(model::RawNetwork).to_value()),
        ("space", schema_for!(Space).to_value()),
        ("pool", schema_for!(RawPool).to_value()),
        ("candidate", schema_for!(candidate::Request).to_value()),
        ("candidate-evaluation", schema_for!(candidate::Evaluation).to_value()),
    ]
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    let text = |(name, schema)| (name, format!("{schema:#}\n"));
    let mut all: Vec<(&str, String)> = configurations().into_iter().map(text).collect();
    all.push(("record", report::record_schema()));
    all.push(("evaluation", report::evaluation::schema()));
    let names: Vec<&str> = all.iter().map(|(n, _)| *n).collect();
    let Some(name) = &arguments.name else {
        print(&format!("{}\n", names.join("\n")));
        return Ok(());
    };
    let Some((_, schema)) = all.iter().find(|(n, _)| n == name) else {
        return Err(Error::usage("unknown schema").value(name).allowed(names.join(", ")));
    };
    print(schema);
    Ok(())
}
