//! The proxy table: every network of a space, trained once by the proxy, as CSV.

use super::bundle::Bundle;
use super::genes::{Clip, DEFAULT_INPUT, Genes};
use super::jobs;
use super::space::Space;
use crate::dataset::rng::Rng;
use crate::error::{Error, Result};
use crate::files::write_atomically;
use crate::sweep::journal::{from_csv, to_csv};
use crate::sweep::rounded;
use crate::train::proxy::{self, Proxy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A network and what the proxy said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Name of the bundle.
    pub bundle: String,
    /// Channels of each replication, joined by `-`.
    pub channels: String,
    /// Replications that a pool follows, joined by `-`.
    pub pools: String,
    /// Activation.
    pub activation: Clip,
    /// Whether the bypass is there.
    pub bypass: bool,
    /// Multiply-accumulates of a frame of the network's own input.
    pub macs: u64,
    /// Weights and biases.
    pub parameters: u64,
    /// Mean IoU on the validation scenes, in float.
    pub proxy_iou: f64,
    /// Passes over the proxy's scenes.
    pub epochs: u64,
    /// Of initial weights and order.
    pub seed: u64,
    /// Which proxy: [`proxy::name`].
    pub proxy: String,
}

fn joined<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join("-")
}

fn split<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split('-').filter(|t| !t.is_empty()).map(|t| t.parse().ok()).collect()
}

impl Row {
    /// The network, at the default input and widths.
    pub fn genes(&self) -> Option<Genes> {
        Some(Genes {
            activation: self.activation,
            bypass: self.bypass,
            ..Genes::new(&self.bundle, split(&self.channels)?, split(&self.pools)?)
        })
    }
}

/// Rows by network.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: BTreeMap<Genes, Row>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// When the file is unreadable or a row is none.
    pub fn read(path: &Path) -> Result<Table> {
        let text = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
        Table::parse(&text, path)
    }

    /// A table from its text; `path` is what errors call it.
    ///
    /// # Errors
    /// When a row is none.
    pub fn parse(text: &[u8], path: &Path) -> Result<Table> {
        const HINT: &str = "restore the file, or remove it to train the table anew";
        let mut table = Table::default();
        for (k, row) in from_csv::<Row>(text, path, "a row of a proxy table", HINT)?.into_iter().enumerate() {
            let broken = |what: &str| Error::input(what).at(path, k + 2).hint(HINT);
            if !(0.0..=1.0).contains(&row.proxy_iou) {
                return Err(broken("`proxy_iou` is out of range").value(row.proxy_iou).allowed("0 to 1"));
            }
            if row.proxy != proxy::name() {
                return Err(broken("trained by another proxy than this version has").value(&row.proxy).allowed(proxy::name()));
            }
            let genes = row.genes().ok_or_else(|| broken("`channels` or `pools` are no numbers joined by `-`"))?;
            genes.check().map_err(|e| e.at(path, k + 2))?;
            table.rows.insert(genes, row);
        }
        if table.is_empty() {
            return Err(Error::input("no row of a proxy table").file(path).hint(HINT));
        }
        Ok(table)
    }

    /// The row of a network.
    pub fn row(&self, genes: &Genes) -> Option<&Row> {
        self.rows.get(genes)
    }

    /// What the proxy said of a network.
    pub fn iou(&self, genes: &Genes) -> Option<f64> {
        self.row(genes).map(|r| r.proxy_iou)
    }

    /// Networks and rows, in the order of the genes.
    pub fn iter(&self) -> impl Iterator<Item = (&Genes, &Row)> {
        self.rows.iter()
    }

    /// Number of networks.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// How a table is trained.
#[derive(Clone, Debug)]
pub struct Training {
    /// The networks.
    pub space: Space,
    /// Passes over the proxy's scenes.
    pub epochs: u64,
    /// Of initial weights and order.
    pub seed: u64,
    /// Training scenes: [`proxy::IMAGES`] for a table that is kept.
    pub images: usize,
    /// Trainings at a time, one thread each.
    pub jobs: usize,
    /// The file; rows that it has are not trained again.
    pub path: PathBuf,
}

impl Training {
    /// Trains what the file lacks, in an order that leaves a fair sample when it is interrupted, and writes the file after each network. `done` is told
    /// how many are finished.
    ///
    /// # Errors
    /// When the space has stems, the file holds something else, was trained otherwise, or can not be written, or a network can not be trained.
    pub fn run(&self, pool: &[Bundle], done: &(dyn Fn(usize) + Sync)) -> Result<Table> {
        self.space.check_tabled()?;
        let table = if self.path.exists() { Table::read(&self.path)? } else { Table::default() };
        if let Some((_, row)) = table.iter().find(|(_, r)| (r.epochs, r.seed) != (self.epochs, self.seed)) {
            return Err(Error::input("the table was trained with other epochs or another seed")
                .file(&self.path)
                .value(format!("epochs {}, seed {}", self.epochs, self.seed))
                .allowed(format!("epochs {}, seed {}", row.epochs, row.seed))
                .hint("name another file with --out"));
        }
        let all: Vec<Genes> = self.space.points().iter().map(|p| self.space.genes(p).in_float()).collect();
        let missing: Vec<&Genes> = all.iter().filter(|g| table.iou(g).is_none()).collect();
        let missing: Vec<&Genes> = Rng::new(self.seed).permutation(missing.len()).into_iter().map(|k| missing[k]).collect();
        if missing.is_empty() {
            return Ok(table);
        }
        let proxy = Proxy::at(DEFAULT_INPUT.map(usize::from), self.images);
        let table = Mutex::new(table);
        jobs::each(self.jobs, &missing, |genes| {
            let network = genes.network(pool)?;
            let iou = proxy.score(&network, self.epochs, self.seed, 0, &mut |_, _| {})?;
            let row = Row {
                bundle: genes.bundle.clone(),
                channels: joined(&genes.channels),
                pools: joined(&genes.pools),
                activation: genes.activation,
                bypass: genes.bypass,
                macs: network.float.macs(),
                parameters: network.float.parameters() as u64,
                proxy_iou: rounded(f64::from(iou)),
                epochs: self.epochs,
                seed: self.seed,
                proxy: proxy::name().into(),
            };
            let mut table = jobs::lock(&table);
            table.rows.insert((*genes).clone(), row);
            let rows: Vec<&Row> = table.rows.values().collect();
            write_atomically(&self.path, &to_csv(&rows)?)?;
            done(table.len());
            Ok(())
        })?;
        Ok(jobs::into_inner(table))
    }
}

#[cfg(test)]
mod tests {
    use super::super::bundle::builtin;
    use super::super::space::{Down, Expansion};
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn an_interrupted_table_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let expansions = vec![Expansion { first: 8, factor: 1.0, most: None }, Expansion { first: 8, factor: 1.5, most: None }];
        let space =
            Space { bundles: vec!["dw3-pw".into()], replications: vec![4, 5], down: vec![Down::Deep], expansions, ..Space::default() };
        let training =
            |name: &str, jobs| Training { space: space.clone(), epochs: 1, seed: 1, images: 16, jobs, path: folder.path().join(name) };
        let whole = training("whole.csv", 2).run(&builtin(), &|_| ()).unwrap();
        assert_eq!(whole.len(), 4);
        // Cut short after two rows, as it lies on disk then.
        let begun = training("cut.csv", 1);
        let text = std::fs::read_to_string(&training("whole.csv", 1).path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        std::fs::write(&begun.path, format!("{}\n", lines[..3].join("\n"))).unwrap();
        let trained = AtomicUsize::new(0);
        begun
            .run(&builtin(), &|_| {
                trained.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        assert_eq!(trained.into_inner(), 2);
        assert_eq!(std::fs::read_to_string(&begun.path).unwrap(), text);
        let e = Training { seed: 2, ..training("cut.csv", 1) }.run(&builtin(), &|_| ()).unwrap_err().to_string();
        assert!(e.contains("seed 2") && e.contains("--out"), "{e}");
    }
}
