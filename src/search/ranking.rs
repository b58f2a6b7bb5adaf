//! How well the proxy ranks networks: some of a proxy table, trained as `bico train` trains them.

use super::bundle::Bundle;
use super::genes::Genes;
use super::jobs;
use super::space::Space;
use super::table::Table;
use crate::dataset::rng::Rng;
use crate::dataset::scene::Split;
use crate::error::{Error, Result};
use crate::files::{make_folder, write_atomically};
use crate::stats::{Bootstrap, Estimate, kendall};
use crate::sweep::journal::{kept, to_csv};
use crate::sweep::rounded;
use crate::train::data::{Images, Source};
use crate::train::evaluate;
use crate::train::net::Net;
use crate::train::phase::Schedule;
use crate::train::run::{Plan, Training, float_schedule};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A network, judged both ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name.
    pub network: String,
    /// Multiply-accumulates of a frame.
    pub macs: u64,
    /// Weights and biases.
    pub parameters: u64,
    /// Mean IoU by the proxy, from the table.
    pub proxy_iou: f64,
    /// Mean IoU in float at its own input, of the epoch that the validation scenes chose, on as many others.
    pub full_iou: f64,
    /// Epochs of that training.
    pub epochs: u64,
    /// Images an epoch.
    pub images: usize,
    /// Scenes that chose the epoch, and as many others that gave the IoU.
    pub validation: usize,
    /// Of the draw.
    pub seed: u64,
}

/// First of the validation scenes that give the IoU: neither the proxy nor the choice of an epoch has seen them.
const JUDGED_FROM: u64 = 100_000;
/// From the seed of the draw to that of initial weights and order, so that full training shares neither with the proxy.
const OTHER_SEED: u64 = 1000;

/// Images that are judged at a time.
const JUDGED_AT_ONCE: usize = 16;

/// CSV of the rows, in the folder of a [`Full`].
pub const ROWS: &str = "ranking.csv";

/// `count` networks of a table that are in a space, drawn at random: networks picked to differ by the proxy would flatter it.
///
/// # Errors
/// When there are fewer.
pub fn draw<'t>(table: &'t Table, space: &Space, count: usize, seed: u64) -> Result<Vec<(&'t Genes, f64)>> {
    let members: std::collections::BTreeSet<Genes> = space.points().iter().map(|p| space.genes(p).in_float()).collect();
    let all: Vec<(&Genes, f64)> = table.iter().filter(|(g, _)| members.contains(g)).map(|(g, r)| (g, r.proxy_iou)).collect();
    if all.len() < count {
        return Err(Error::usage("the table has fewer networks of the space").value(count).allowed(format!("at most {}", all.len())));
    }
    Ok(Rng::new(seed).permutation(all.len()).into_iter().take(count).map(|k| all[k]).collect())
}

/// How the networks are trained.
#[derive(Clone, Copy, Debug)]
pub struct Full<'a> {
    /// Epochs in float.
    pub epochs: u64,
    /// Images an epoch: [`crate::train::run::EPOCH_IMAGES`] for a ranking that is kept.
    pub images: usize,
    /// Validation scenes.
    pub validation: usize,
    /// Of the draw; initial weights and order have another that follows from it.
    pub seed: u64,
    /// Trainings at a time, one thread each.
    pub jobs: usize,
    /// Folder for the rows, and a folder with a checkpoint for each network; what lies there is gone on from.
    pub folder: &'a Path,
}

impl Full<'_> {
    /// Trains the networks that the folder lacks; `done` is told epochs. Rows are in the order of the networks.
    ///
    /// # Errors
    /// When the folder holds rows that were trained otherwise or can not be written, or a network can not be trained.
    pub fn run(&self, networks: &[(&Genes, f64)], pool: &[Bundle], done: &(dyn Fn(u64) + Sync)) -> Result<Vec<Row>> {
        let names: Vec<String> = networks.iter().map(|(g, _)| g.name()).collect();
        let place = |row: &Row| names.iter().position(|n| *n == row.network);
        let path = self.folder.join(ROWS);
        let mut known = self.read(&path)?;
        // The table says what the proxy thinks; rows may be older than it.
        let mut moved = false;
        for (k, row) in known.iter_mut().filter_map(|r| Some((place(r)?, r))) {
            moved |= std::mem::replace(&mut row.proxy_iou, networks[k].1) != networks[k].1;
        }
        if moved {
            write_atomically(&path, &to_csv(&known)?)?;
        }
        done(self.epochs * known.iter().filter(|row| place(row).is_some()).count() as u64);
        let missing: Vec<usize> = (0..networks.len()).filter(|k| known.iter().all(|r| r.network != names[*k])).collect();
        jobs::rows(self.jobs, &missing, known, Some(&path), place, |&k| {
            self.train(networks[k], &names[k], pool, done).map(Some).map_err(|e| e.within(format!("network `{}`", names[k])))
        })
    }

    fn train(&self, (genes, proxy_iou): (&Genes, f64), name: &str, pool: &[Bundle], done: &dyn Fn(u64)) -> Result<Row> {
        let network = genes.network(pool)?;
        let shape = network.float.input().shape;
        let folder = self.folder.join(name);
        make_folder(&folder)?;
        let float = Schedule { images: self.images, ..float_schedule(&network, self.epochs, self.seed + OTHER_SEED) };
        let training = Training {
            network: &network,
            plan: Plan { tune: Schedule { phase: "quantised", epochs: 0, ..float.clone() }, float, scale: None },
            source: &Source::Scenes,
            validation: &Images::scenes(Split::Validation, 0, self.validation, shape),
            folder: Some(&folder),
        };
        let (spec, best) = training.begin(&mut |_, _, _, epoch| done(u64::from(epoch.is_some())))?.float;
        let judge = Images::scenes(Split::Validation, JUDGED_FROM, self.validation, shape);
        let full_iou = evaluate::mean(&evaluate::ious(&mut Net::new(spec, best, JUDGED_AT_ONCE)?, &judge)?);
        Ok(Row {
            network: name.to_string(),
            macs: network.float.macs(),
            parameters: network.float.parameters() as u64,
            proxy_iou,
            full_iou: rounded(f64::from(full_iou)),
            epochs: self.epochs,
            images: self.images,
            validation: self.validation,
            seed: self.seed,
        })
    }

    fn read(&self, path: &Path) -> Result<Vec<Row>> {
        let how =
            |epochs, images, validation, seed| format!("{epochs} epochs of {images} images, {validation} validation scenes, seed {seed}");
        let wanted = how(self.epochs, self.images, self.validation, self.seed);
        kept(path, "a row of a ranking", "--out", |r: &Row| how(r.epochs, r.images, r.validation, r.seed), &wanted)
    }
}

/// Kendall's tau-b between the proxy and full training, with its bootstrap interval over the networks; `None` where either ranks nothing.
pub fn tau(rows: &[Row]) -> Option<Estimate> {
    let pairs: Vec<(f64, f64)> = rows.iter().map(|r| (r.proxy_iou, r.full_iou)).collect();
    Bootstrap::default().estimate(pairs.len(), |drawn| kendall(&pairs, drawn))
}

#[cfg(test)]
mod tests {
    use super::super::bundle::builtin;
    use super::super::genes::DEFAULT_INPUT;
    use super::super::space::{Down, Expansion};
    use super::*;
    use crate::train::proxy;

    const TABLE: &str = "bundle,channels,pools,activation,bypass,macs,parameters,proxy_iou,epochs,seed,proxy
dw3-pw,8-8-8-8,1-2-3,relu4,false,1,1,0.3,2,1,PROXY
dw3-pw,8-8-8-8,1-2-3-4,relu4,false,1,1,0.1,2,1,PROXY
dw3-pw,8-8-8-8,1-2-4,relu4,false,1,1,0.2,2,1,PROXY
dw5-pw,8-8-8-8,1-2-4,relu4,false,1,1,0.9,2,1,PROXY
";

    fn space() -> Space {
        let expansions = vec![Expansion { first: 8, factor: 1.0, most: None }];
        Space {
            bundles: vec!["dw3-pw".into()],
            replications: vec![4],
            down: vec![Down::Early, Down::Late, Down::Deep],
            expansions,
            ..Space::default()
        }
    }

    #[test]
    fn networks_are_drawn_from_the_space_alone_and_by_the_seed() {
        let table = Table::parse(TABLE.replace("PROXY", proxy::name()).as_bytes(), Path::new("t.csv")).unwrap();
        let ious = |count, seed| draw(&table, &space(), count, seed).unwrap().iter().map(|(_, iou)| *iou).collect::<Vec<_>>();
        let mut all = ious(3, 1);
        assert_eq!(ious(2, 1), all[..2]);
        assert!((2..20).any(|seed| ious(3, seed) != all));
        all.sort_by(f64::total_cmp);
        assert_eq!(all, [0.1, 0.2, 0.3]);
        let e = draw(&table, &space(), 4, 1).unwrap_err().to_string();
        assert!(e.contains("at most 3"), "{e}");
    }

    #[test]
    fn an_interrupted_ranking_goes_on_to_the_same_bytes() {
        let table = Table::parse(TABLE.replace("PROXY", proxy::name()).as_bytes(), Path::new("t.csv")).unwrap();
        let small: Vec<(Genes, f64)> = draw(&table, &space(), 2, 1)
            .unwrap()
            .into_iter()
            .map(|(g, iou)| (Genes { input: [DEFAULT_INPUT[0] / 5, DEFAULT_INPUT[1] / 5], ..g.clone() }, iou))
            .collect();
        let networks: Vec<(&Genes, f64)> = small.iter().map(|(g, iou)| (g, *iou)).collect();
        let [whole, cut] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let full = |folder, jobs| Full { epochs: 2, images: 32, validation: 8, seed: 1, jobs, folder };
        let rows = full(whole.path(), 2).run(&networks, &builtin(), &|_| ()).unwrap();
        assert!(rows.len() == 2 && rows[0].proxy_iou == small[0].1 && rows.iter().any(|r| r.full_iou > 0.0), "{rows:?}");
        let text = std::fs::read_to_string(whole.path().join(ROWS)).unwrap();
        // Killed after the first network, its row and checkpoint on disk.
        full(cut.path(), 1).run(&networks[..1], &builtin(), &|_| ()).unwrap();
        let epochs = std::sync::atomic::AtomicU64::new(0);
        let watch = |n| _ = epochs.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
        full(cut.path(), 1).run(&networks, &builtin(), &watch).unwrap();
        assert_eq!(std::fs::read_to_string(cut.path().join(ROWS)).unwrap(), text);
        assert_eq!(epochs.into_inner(), 4);
        let e = Full { seed: 2, ..full(cut.path(), 1) }.run(&networks, &builtin(), &|_| ()).unwrap_err().to_string();
        assert!(e.contains("seed 2") && e.contains("--out"), "{e}");
    }
}
