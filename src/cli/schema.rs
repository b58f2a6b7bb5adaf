//! `bico schema`: JSON schemas of what bico reads and writes.

use super::common::print;
use crate::config;
use crate::error::{Error, Result};
use crate::report;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Which one; without it, their names.
    name: Option<String>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    let text = |(name, schema)| (name, format!("{schema:#}\n"));
    let mut all: Vec<(&str, String)> = config::schemas().into_iter().map(text).collect();
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
