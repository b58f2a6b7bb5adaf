//! `bico networks`: what is embedded.

use super::common::{CopyArguments, copy, no_network, print, vacant};
use crate::error::Result;
use crate::model::{self, LoadOptions};
use std::fmt::Write;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    one: CopyArguments,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    if let Some(name) = &arguments.one.name {
        return one(name, &arguments.one);
    }
    let mut text = format!("{:<16} {:>12} {:>10} {:>9}  {}\n", "network", "input", "MMAC", "weights", "what it is");
    for embedded in model::BUILTIN {
        let network = embedded.load(LoadOptions::default())?;
        let graph = &network.graph;
        let macs: u64 = graph.nodes.iter().map(|n| graph.macs(n)).sum();
        let weights: usize = graph.nodes.iter().filter_map(|n| n.weights.as_ref()).map(|w| w.data.len()).sum();
        let input = graph.input().shape.to_string();
        let _ = writeln!(text, "{:<16} {input:>12} {:>10.2} {weights:>9}  {}", network.name, macs as f64 / 1e6, network.description);
    }
    print(&text);
    Ok(())
}

fn one(name: &str, arguments: &CopyArguments) -> Result<()> {
    let embedded = model::builtin(name).ok_or_else(|| no_network(name, "no embedded network of this name"))?;
    let Some(folder) = &arguments.out else {
        print(embedded.toml);
        return Ok(());
    };
    let files = [("network.toml", Some(embedded.toml.as_bytes())), ("weights.safetensors", embedded.weights)];
    let files: Vec<_> = files.into_iter().filter_map(|(file, bytes)| Some((folder.join(file), bytes?))).collect();
    files.iter().try_for_each(|(path, _)| vacant(path))?;
    files.iter().try_for_each(|(path, bytes)| copy(path, bytes))
}
