//! `bico study codesign`.

use super::{Ground, OnTable, print};
use crate::accuracy;
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::strips;
use crate::search::strategy;
use crate::search::studies::{self, ARMS, ArmRow};
use crate::sweep::journal::to_csv;
use std::fmt::Write;

/// Runs the study: CSV, figure, table.
pub fn run(a: &OnTable, ground: &Ground<'_>) -> Result<()> {
    let entry = strategy::by_name(&a.strategy)?;
    let rows = studies::codesign(&ground.space, &ground.evaluator, entry, &ground.targets, a.effort())?;
    write_atomically(&a.out.join("codesign.csv"), &to_csv(&rows)?)?;
    let of = |target: f64, arm: &str| rows.iter().filter(|r| r.target_fps == target && r.arm == arm).collect::<Vec<&ArmRow>>();
    let mut arms = Vec::new();
    let mut text = format!(
        "{} networks simulated; each search trains {} of them, {} seeds, strategy {}, {} MHz (assumed)\n\n{:<30}{:>9}{:>10}{:>9}{:>11}{:>30}\n",
        ground.landscape.len(),
        a.trainings,
        a.seeds,
        a.strategy,
        a.clock_mhz,
        "target, arm",
        "reached",
        "mean IoU",
        "spread",
        "trainings",
        "co-design ahead by (95 %)"
    );
    for target in ground.targets {
        let best = ground.landscape.iter().filter(|p| p.0 >= target).map(|p| p.1).fold(0.0, f64::max);
        let _ = writeln!(text, "{target:.1} FPS: the best of the whole table is {best:.3}");
        for arm in ARMS {
            let rows_of = of(target, arm);
            let ious: Vec<f64> = rows_of.iter().map(|r| r.proxy_iou).collect();
            let count = ious.len().max(1) as f64;
            let mean = accuracy::mean(&ious);
            let spread = (ious.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
            let reached = rows_of.iter().filter(|r| r.reached).count();
            let trainings = rows_of.iter().map(|r| r.trainings).sum::<usize>() as f64 / count;
            let ahead = match studies::paired(&rows, target, arm).filter(|_| arm != ARMS[0]) {
                Some(e) => format!("{:+.4} ({:+.4} to {:+.4})", e.value, e.low, e.high),
                None => "-".into(),
            };
            let _ = writeln!(text, "  {arm:<28}{:>6}/{:<2}{mean:>10.4}{spread:>9.4}{trainings:>11.1}{ahead:>30}", reached, ious.len());
            arms.push((format!("{target:.1} FPS, {arm}"), ious));
        }
    }
    let title = format!("Co-design against separate design, {} trainings a search, {} seeds", a.trainings, a.seeds);
    let svg = strips::draw(&title, "IoU by the proxy of what reaches the target (0: nothing does); bar: mean", &arms)?;
    write_atomically(&a.out.join("codesign.svg"), svg.as_bytes())?;
    print(&text);
    Ok(())
}
