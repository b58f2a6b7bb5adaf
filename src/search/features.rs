//! The last stage of the papers' search: features added to a found network, one group after the other, each kept when it helps.

use super::candidate::Evaluator;
use super::genes::{Clip, Genes};
use super::jobs;
use super::joint::{Candidate, Objective, judged};
use super::pareto::first_most;
use super::space::Point;
use crate::error::Result;

/// Something that was tried.
#[derive(Clone, Debug)]
pub struct Step {
    /// What: `bypass`, `activation`, `input`, `widths`; `start` for the network as it was found.
    pub group: &'static str,
    /// The candidate.
    pub candidate: Candidate,
    /// Whether the search went on with it.
    pub kept: bool,
}

/// Widths of features and weights that are tried.
const WIDTHS: [(u8, u8); 5] = [(9, 7), (8, 8), (8, 10), (7, 9), (6, 8)];
/// Tenths of the rows and columns of the input that are tried.
const TENTHS: [u16; 3] = [8, 9, 12];

/// The networks that a group makes of one.
type Variants = fn(&Genes) -> Vec<Genes>;

/// What each group changes, in the papers' order.
const GROUPS: [(&str, Variants); 4] = [
    ("bypass", |g| vec![Genes { bypass: !g.bypass, ..g.clone() }]),
    ("activation", |g| [Clip::Relu, Clip::Relu4, Clip::Relu6, Clip::Relu8].map(|activation| Genes { activation, ..g.clone() }).to_vec()),
    ("input", |g| TENTHS.map(|tenths| Genes { input: resized(g, tenths), ..g.clone() }).to_vec()),
    ("widths", |g| WIDTHS.map(|(feature_bits, weight_bits)| Genes { feature_bits, weight_bits, ..g.clone() }).to_vec()),
];

/// Rows and columns of the input times `tenths` / 10, to the nearest that the pools divide.
fn resized(genes: &Genes, tenths: u16) -> [u16; 2] {
    let step = 1 << genes.pools.len().min(10);
    genes.input.map(|side| (side * tenths / 10 + step / 2) / step * step)
}

/// Candidates that [`add`] tries at most.
pub const MOST: usize = 1 + 1 + 3 + TENTHS.len() + WIDTHS.len();

/// Tries the groups on `start`. The evaluator should judge on the grids, where widths matter. `done` is told after each candidate.
///
/// # Errors
/// Those of the evaluator.
pub fn add(evaluator: &Evaluator<'_>, objective: Objective, start: &Genes, jobs: usize, done: &(dyn Fn() + Sync)) -> Result<Vec<Step>> {
    let judge = |genes: &Genes| -> Result<Candidate> {
        let candidate = judged(genes.clone(), Point::new(), evaluator.hardware(genes)?, objective).trained(evaluator, objective)?;
        done();
        Ok(candidate)
    };
    let mut steps = vec![Step { group: "start", candidate: judge(start)?, kept: true }];
    let mut best = 0;
    for (group, variants) in GROUPS {
        let here = &steps[best].candidate.genes;
        let fresh: Vec<Genes> = variants(here).into_iter().filter(|g| g != here && g.check().is_ok()).collect();
        let first = steps.len();
        let tried = jobs::map(jobs, &fresh, judge)?;
        steps.extend(tried.into_iter().map(|candidate| Step { group, candidate, kept: false }));
        // The first of equals stays: `best` is before the new ones.
        let merit = |k: &usize| steps[*k].candidate.merit;
        best = first_most(std::iter::once(best).chain(first..steps.len()), merit).unwrap_or(best);
        steps[best].kept = true;
    }
    Ok(steps)
}

/// The last that was kept.
pub fn winner(steps: &[Step]) -> Option<&Candidate> {
    steps.iter().rev().find(|s| s.kept).map(|s| &s.candidate)
}
