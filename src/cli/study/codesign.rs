//! `bico study codesign`.

use super::{Ground, OnTable, print};
use crate::accuracy;
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::strips;
use crate::search::strategy;
use crate::search::studies::{self, ARMS, ArmRow};
use crate::stats::Estimate;
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
        "{} networks simulated; each search trains {} of them, {} seeds, strategy {}, {} MHz (assumed)\n\n{:<24}{:>8}{:>10}{:>8}{:>11}{:>28}{:>33}\n",
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
        "co-design ahead by (95 %)",
        "where both reach it (seeds)"
    );
    for target in ground.targets {
        let reaching: Vec<f64> = ground.landscape.iter().filter(|p| p.0 >= target).map(|p| p.1).collect();
        let (count, best) = (reaching.len(), reaching.iter().copied().fold(0.0, f64::max));
        let _ = writeln!(text, "{target:.1} FPS: {count} networks reach it, the best of them {best:.3}");
        if count <= a.trainings as usize {
            let _ = writeln!(text, "  no more than a search trains: co-design trains them all, so this target compares no searching");
        }
        for arm in ARMS {
            let rows_of = of(target, arm);
            let ious: Vec<f64> = rows_of.iter().map(|r| r.proxy_iou).collect();
            let count = ious.len().max(1) as f64;
            let mean = accuracy::mean(&ious);
            let spread = (ious.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
            let reached = rows_of.iter().filter(|r| r.reached).count();
            let trainings = rows_of.iter().map(|r| r.trainings).sum::<usize>() as f64 / count;
            let interval = |e: Option<Estimate>| e.map_or("-".into(), |e| format!("{:+.4} ({:+.4} to {:+.4})", e.value, e.low, e.high));
            let (ahead, mutual) = match studies::paired(&rows, target, arm) {
                _ if arm == ARMS[0] => ("-".into(), "-".into()),
                ahead => (interval(ahead.all), format!("{} ({})", interval(ahead.where_both_reach), ahead.mutual)),
            };
            let _ = writeln!(
                text,
                "  {arm:<22}{:>5}/{:<2}{mean:>10.4}{spread:>8.4}{trainings:>11.1}{ahead:>28}{mutual:>33}",
                reached,
                ious.len()
            );
            arms.push((format!("{target:.1} FPS, {arm}"), ious));
        }
    }
    let title = format!("Co-design against separate design, {} trainings a search, {} seeds", a.trainings, a.seeds);
    let svg = strips::draw(&title, "IoU by the proxy of what reaches the target (0: nothing does); bar: mean", &arms)?;
    write_atomically(&a.out.join("codesign.svg"), svg.as_bytes())?;
    print(&text);
    Ok(())
}
