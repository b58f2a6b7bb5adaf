//! What a search says at its end.

use super::Arguments;
use super::files::{BEST, FRONT};
use crate::board::Board;
use crate::cli::common::host_limit;
use crate::search::features::{self, Step};
use crate::search::joint::{Candidate, Outcome};
use crate::search::pareto::first_most;
use crate::search::strategy::Entry;
use std::fmt::Write;

/// The front, the chosen pair, and the commands that make a trained pair of it.
pub fn text(a: &Arguments, entry: &Entry, board: &Board, found: &Outcome, steps: &[Step]) -> String {
    let simulated = found.candidates.len();
    let feasible = found.candidates.iter().filter(|c| c.feasible).count();
    let mut text = format!(
        "{} on {} at {} MHz (assumed): {simulated} networks simulated, {feasible} within the limits, {} trained\n\n",
        entry.about,
        board.name,
        a.place.clock_mhz,
        found.trainings()
    );
    let heading = "not beaten in both FPS and IoU";
    let all = found.candidates.iter().chain(steps.iter().map(|s| &s.candidate));
    let width = all.map(|c| c.genes.name().len()).fold(heading.len(), usize::max);
    let _ = writeln!(text, "{:>4}  {heading:<width$}{:>9}{:>10}{:>8}{:>6}{:>8}", "", "FPS", "mJ/frame", "IoU", "DSP", "RAMB18");
    let front = found.front();
    let mut shown: Vec<usize> = (0..simulated).filter(|&k| front[k]).collect();
    shown.sort_by(|&x, &y| fps(&found.candidates[y]).total_cmp(&fps(&found.candidates[x])));
    for k in shown {
        let mark = if found.best == Some(k) { "  <- chosen" } else { "" };
        let _ = writeln!(text, "{k:>4}  {}{mark}", line(&found.candidates[k], width));
    }
    if !steps.is_empty() {
        let _ = writeln!(text, "\nfeatures added, judged on the grids:");
        for (k, step) in steps.iter().enumerate() {
            let mark = if step.kept { "  <- kept" } else { "" };
            let _ = writeln!(text, "{:>4}  {:<11} {}{mark}", simulated + k, step.group, line(&step.candidate, width));
        }
    }
    let chosen = features::winner(steps).or(found.best.map(|k| &found.candidates[k]));
    match chosen {
        Some(_) => text.push_str(&commands(a)),
        None => text.push_str(&nearest(a, board, found)),
    }
    text
}

fn fps(c: &Candidate) -> f64 {
    c.rates().map_or(0.0, |r| r.0)
}

fn line(c: &Candidate, width: usize) -> String {
    let offer = c.chosen();
    let number = |v: Option<f64>, digits: usize| v.map_or("-".into(), |v| format!("{v:.digits$}"));
    format!(
        "{:<width$}{:>9}{:>10}{:>8}{:>6}{:>8}",
        c.genes.name(),
        number(offer.map(|o| o.fps), 1),
        number(offer.map(|o| o.mj_per_frame), 1),
        number(c.iou, 3),
        offer.map_or("-".into(), |o| o.resources.dsp.to_string()),
        offer.map_or("-".into(), |o| o.resources.bram18.to_string())
    )
}

/// The commands that make a trained pair of what was found, each without `bico`: train, simulate, verify, emit.
pub fn next(a: &Arguments) -> Vec<Vec<String>> {
    let at = |name: &str| a.out.join(name).display().to_string();
    let (best, trained) = (at(BEST), at("trained"));
    let mut pair = vec!["--accelerator".to_string(), format!("{best}/accelerator.toml"), "--board".to_string(), a.place.board.clone()];
    a.place.settings().into_iter().for_each(|setting| pair.extend(["--set-board".to_string(), setting]));
    let command = |name: &str, model: &str, rest: &[&str]| -> Vec<String> {
        let words = [name, model].into_iter().map(String::from);
        let pair = pair.iter().filter(|_| name != "train").cloned();
        words.chain(pair).chain(rest.iter().map(|r| r.to_string())).collect()
    };
    let mut train = command("train", &best, &["--out", &trained]);
    if let Some(epochs) = a.finish {
        train.extend(["--epochs".into(), epochs.to_string()]);
    }
    let report = at("report");
    vec![
        train,
        command("simulate", &trained, &["--out", &report]),
        command("verify", &trained, &[]),
        command("emit", &trained, &["--out", &at("rtl")]),
    ]
}

fn commands(a: &Arguments) -> String {
    let mut text = format!(
        "\nThe chosen pair is in {}, each pair of this front in {}. IoU by the proxy ranks networks; it is no accuracy to quote.\n\
         To train and judge the chosen one, and take it to hardware (--finish EPOCHS does all four):\n",
        a.out.join(BEST).display(),
        a.out.join(FRONT).join("NUMBER").display()
    );
    next(a).iter().for_each(|c| text.push_str(&format!("  bico {}\n", c.join(" "))));
    text
}

/// Where nothing keeps to the limits: what came nearest.
fn nearest(a: &Arguments, board: &Board, found: &Outcome) -> String {
    let Some(near) = first_most(&found.candidates, |c| c.merit) else { return "\nNothing was simulated.\n".into() };
    match near.chosen() {
        None => format!(
            "\nNOT REACHED: no network fits. `{}`: {}\n",
            near.genes.name(),
            near.hardware.refused.as_deref().unwrap_or("no design")
        ),
        Some(offer) => format!(
            "\nNOT REACHED: nothing keeps to the limits. The nearest is `{}` with {:.1} FPS and {:.1} mJ a frame; its `{}` unit is the slowest. \
             Explain it with --explain, relax the limit, or give a space with smaller networks (--space).\n{}",
            near.genes.name(),
            offer.fps,
            offer.mj_per_frame,
            offer.slowest,
            a.fps.map_or(String::new(), |fps| host_limit(board, fps))
        ),
    }
}
