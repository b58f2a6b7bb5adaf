//! `bico study strategies`.

use super::{Ground, OnTable, print};
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::strips;
use crate::search::studies;
use crate::stats::{Bootstrap, median};
use crate::sweep::journal::to_csv;
use std::fmt::Write;

/// Runs the study: CSV, figure, table.
pub fn run(a: &OnTable, ground: Ground<'_>) -> Result<()> {
    let rows = studies::strategies(&ground.space, &ground.evaluator, &ground.landscape, &ground.targets, a.effort())?;
    write_atomically(&a.out.join("strategies.csv"), &to_csv(&rows)?)?;
    let values = |name: &str| rows.iter().filter(|r| r.strategy == name).map(|r| r.hypervolume).collect::<Vec<f64>>();
    let mut text = format!(
        "{} networks simulated; each run trains up to {} of them, {} seeds; targets {:.1}, {:.1}, {:.1} FPS at {} MHz (assumed)\n\n\
         {:<24}{:>9}{:>9}{:>9}{:>11}{:>42}\n",
        ground.landscape.len(),
        a.trainings,
        a.seeds,
        ground.targets[0],
        ground.targets[1],
        ground.targets[2],
        a.clock_mhz,
        "hypervolume, share of all",
        "median",
        "least",
        "most",
        "trainings",
        "ahead of random so asked (95 %)"
    );
    let mut arms = Vec::new();
    for name in studies::runs(&rows) {
        let found = values(name);
        let baseline = values(&name.replace(name.split(',').next().unwrap_or(name), "random"));
        let differences: Vec<f64> = found.iter().zip(&baseline).map(|(a, b)| a - b).collect();
        let (least, most) = found.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| (l.min(*v), m.max(*v)));
        let median = median(&found).unwrap_or(0.0);
        let trainings = rows.iter().filter(|r| r.strategy == name).map(|r| r.trainings).sum::<usize>() as f64 / found.len().max(1) as f64;
        let ahead = match Bootstrap::default().mean(&differences).filter(|_| !name.starts_with("random")) {
            Some(e) => {
                let verdict = if e.low > 0.0 { "" } else { ", not ahead" };
                format!("{:+.3} ({:+.3} to {:+.3}){verdict}", e.value, e.low, e.high)
            }
            None => "-".into(),
        };
        let _ = writeln!(text, "{name:<24}{median:>9.3}{least:>9.3}{most:>9.3}{trainings:>11.1}{ahead:>42}");
        arms.push((name.to_string(), found));
    }
    let title = format!("Strategies: hypervolume of FPS and IoU, up to {} trainings, {} seeds", a.trainings, a.seeds);
    let svg = strips::draw(&title, "share of the hypervolume of the whole table; bar: mean", &arms)?;
    write_atomically(&a.out.join("strategies.svg"), svg.as_bytes())?;
    print(&text);
    Ok(())
}
