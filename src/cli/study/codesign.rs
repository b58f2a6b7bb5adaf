//! `bico study codesign`.

use super::{Ground, OnTable, Talk, print, progress};
use crate::accuracy;
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::strips;
use crate::search::candidate::Judging;
use crate::search::strategy;
use crate::search::studies::{self, ARMS, ArmRow};
use crate::stats::Estimate;
use crate::sweep::journal::to_csv;
use std::fmt::Write;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    pub on: OnTable,
    /// Then train what both arms found anew, from this seed, and compare by that as well: the table's trainings both choose and judge. The scenes that judge stay the same. About
    /// a minute of processor time a network; resumable with --cache.
    #[arg(long, value_name = "SEED")]
    pub judge_seed: Option<u64>,
}

/// Runs the study: CSV, figure, table.
pub fn run(arguments: &Arguments, mut ground: Ground<'_>, talk: Talk) -> Result<()> {
    let a = &arguments.on;
    let entry = strategy::by_name(&a.strategy)?;
    let mut rows = studies::codesign(&ground.space, &ground.evaluator, entry, &ground.targets, a.effort())?;
    let mut text = format!(
        "{} networks simulated; each search trains {} of them, {} seeds, strategy {}, {} MHz (assumed)\n\n",
        ground.landscape.len(),
        a.trainings,
        a.seeds,
        a.strategy,
        a.clock_mhz,
    );
    text += &compared(a, &ground, &rows, |r| r.proxy_iou);
    if let Some(judge_seed) = arguments.judge_seed {
        ground.evaluator.table = None;
        ground.evaluator.judging = Judging::float(ground.evaluator.judging.epochs, judge_seed);
        let found = studies::found(&rows).len();
        let bar = progress(talk.quiet, found, "networks trained anew");
        studies::judge(&mut rows, &ground.evaluator, a.jobs, &|| bar.inc(1))?;
        bar.finish_and_clear();
        let _ = writeln!(text, "\njudged by another training, from seed {judge_seed}, of the {found} networks that were found:\n");
        text += &compared(a, &ground, &rows, |r| r.judged_iou.unwrap_or(0.0));
    }
    write_atomically(&a.out.join("codesign.csv"), &to_csv(&rows)?)?;
    let judged = |r: &ArmRow| r.judged_iou.unwrap_or(r.proxy_iou);
    let each = ground.targets.iter().flat_map(|&target| ARMS.map(|arm| (target, arm)));
    let arms: Vec<_> =
        each.map(|(target, arm)| (format!("{target:.1} FPS, {arm}"), of(&rows, target, arm).into_iter().map(judged).collect())).collect();
    let title = format!("Co-design against separate design, {} trainings a search, {} seeds", a.trainings, a.seeds);
    let of_which = if arguments.judge_seed.is_some() { ", trained anew," } else { "" };
    let y_name = format!("IoU by the proxy{of_which} of what reaches the target (0: nothing does); bar: mean");
    write_atomically(&a.out.join("codesign.svg"), strips::draw(&title, &y_name, &arms)?.as_bytes())?;
    print(&text);
    Ok(())
}

fn of<'r>(rows: &'r [ArmRow], target_fps: f64, arm: &str) -> Vec<&'r ArmRow> {
    rows.iter().filter(|r| r.target_fps == target_fps && r.arm == arm).collect()
}

/// Both arms at each target by an IoU of the rows, as a table.
fn compared(a: &OnTable, ground: &Ground<'_>, rows: &[ArmRow], iou: fn(&ArmRow) -> f64) -> String {
    let mut text = format!(
        "{:<24}{:>8}{:>10}{:>8}{:>11}{:>30}{:>35}\n",
        "target, arm", "reached", "mean IoU", "spread", "trainings", "co-design ahead by (95 %)", "where both reach it (seeds)"
    );
    for target in ground.targets {
        let reaching: Vec<f64> = ground.landscape.iter().filter(|p| p.0 >= target).map(|p| p.1).collect();
        let (count, best) = (reaching.len(), reaching.iter().copied().fold(0.0, f64::max));
        let _ = writeln!(text, "{target:.1} FPS: {count} networks reach it, the best of them {best:.3} by the table");
        if count <= a.trainings as usize {
            let _ = writeln!(text, "  no more than a search trains: co-design trains them all, so this target compares no searching");
        }
        for arm in ARMS {
            let rows_of = of(rows, target, arm);
            let ious: Vec<f64> = rows_of.iter().map(|r| iou(r)).collect();
            let count = ious.len().max(1) as f64;
            let mean = accuracy::mean(&ious);
            let spread = (ious.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
            let reached = rows_of.iter().filter(|r| r.reached).count();
            let trainings = rows_of.iter().map(|r| r.trainings).sum::<usize>() as f64 / count;
            let interval = |e: Option<Estimate>| e.map_or("-".into(), |e| format!("{:+.4} ({:+.4} to {:+.4})", e.value, e.low, e.high));
            let (ahead, mutual) = match studies::paired(rows, target, arm, iou) {
                _ if arm == ARMS[0] => ("-".into(), "-".into()),
                ahead => (interval(ahead.all), format!("{} ({})", interval(ahead.where_both_reach), ahead.mutual)),
            };
            let _ = writeln!(
                text,
                "  {arm:<22}{reached:>5}/{:<2}{mean:>10.4}{spread:>8.4}{trainings:>11.1}{ahead:>30}{mutual:>35}",
                ious.len()
            );
        }
    }
    text
}
