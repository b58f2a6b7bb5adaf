//! Which changes would make a design fit: each is found by pricing the changed accelerator, none is guessed.

use super::cost::total;
use crate::accelerator::{Accelerator, IpConfig, check};
use crate::board::{Board, Resources};
use crate::plan::Unit;

/// Most changes that a message offers.
const MOST_OFFERS: usize = 4;
/// Most changes that a combination applies before it is given up.
const MOST_STEPS: usize = 256;
/// Banks shrink to multiples of this many words, the depth of the widest RAMB18, or of a sixteenth of what they are.
const BANK_STEP_WORDS: usize = 512;

/// Puts a value into an accelerator.
type Setter = Box<dyn Fn(&mut Accelerator, usize)>;

/// A number of the configuration that can be lowered.
struct Knob {
    /// Key in the file.
    key: String,
    /// What it is now.
    value: usize,
    /// Lower values worth trying, largest first.
    lower: Vec<usize>,
    /// What lowering it takes away.
    loss: Loss,
    set: Setter,
}

/// What a change takes away, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    /// Tiles get smaller or weights are fetched again.
    Reuse,
    /// Every frame takes longer.
    Speed,
    /// The network must be quantised again.
    Accuracy,
}

impl Loss {
    /// By how much more relief a change has to pay for a worse loss (a judgement, not a measurement).
    fn price(self) -> f64 {
        match self {
            Loss::Reuse => 1.0,
            Loss::Speed => 2.0,
            Loss::Accuracy => 8.0,
        }
    }
}

/// A change that was priced.
struct Lever {
    key: String,
    loss: Loss,
    from: usize,
    to: usize,
    saves: Resources,
    changed: Accelerator,
}

/// One sentence on what to change so that `acc` fits `board`.
pub fn advice(acc: &Accelerator, board: &Board) -> String {
    let over = total(acc, board).beyond(&board.budget);
    let mut single: Vec<Lever> = knobs(acc).iter().filter_map(|k| first(acc, board, k, |r| r.within(&board.budget))).collect();
    // The least loss first, then the gentlest cut; equal cuts stay in the order of the file.
    single.sort_by(|a, b| a.loss.cmp(&b.loss).then((b.to * a.from).cmp(&(a.to * b.from))));
    single.truncate(MOST_OFFERS);
    if !single.is_empty() {
        let offers: Vec<String> = single.iter().map(|l| l.describe(&over)).collect();
        return format!("{} (any one makes it fit)", offers.join("; or "));
    }
    match combination(acc, board) {
        Some(levers) => {
            let steps: Vec<String> = levers.iter().map(|l| l.describe(&over)).collect();
            format!("{} (together they make it fit)", steps.join("; and "))
        }
        None => "even the smallest parallel factors, memories and widths do not fit: remove an IP or take a larger board".to_string(),
    }
}

impl Lever {
    /// `pointwise.parallel_out 8 -> 4 saves 72 DSP`, naming what is short.
    fn describe(&self, over: &Resources) -> String {
        let saved = self.saves.named().into_iter().zip(over.named()).filter(|(saved, over)| over.1 > 0 && saved.1 > 0);
        let saved: Vec<String> = saved.map(|((name, n), _)| format!("{n} {name}")).collect();
        format!("{} {} -> {} saves {}", self.key, self.from, self.to, saved.join(" and "))
    }
}

/// The largest lower value of the knob after which `enough` holds.
fn first(acc: &Accelerator, board: &Board, knob: &Knob, enough: impl Fn(&Resources) -> bool) -> Option<Lever> {
    let before = total(acc, board);
    knob.lower.iter().find_map(|&to| {
        let mut changed = acc.clone();
        (knob.set)(&mut changed, to);
        let after = total(&changed, board);
        enough(&after).then(|| Lever {
            key: knob.key.clone(),
            loss: knob.loss,
            from: knob.value,
            to,
            saves: before.beyond(&after),
            changed,
        })
    })
}

/// Share of the budgets by which they are exceeded, summed.
fn excess(need: &Resources, board: &Board) -> f64 {
    let over = need.beyond(&board.budget).named().into_iter().zip(board.budget.named());
    over.map(|((_, over), (_, budget))| over as f64 / budget.max(1) as f64).sum()
}

/// Greedy: the change that relieves most for its cut, until the design fits. `None` when it never does.
fn combination(acc: &Accelerator, board: &Board) -> Option<Vec<Lever>> {
    let mut taken: Vec<Lever> = Vec::new();
    let mut current = acc.clone();
    for _ in 0..MOST_STEPS {
        let now = total(&current, board);
        if now.within(&board.budget) {
            return Some(taken);
        }
        let relief = |l: &Lever| {
            let cut = 1.0 - l.to as f64 / l.from as f64;
            (excess(&now, board) - excess(&total(&l.changed, board), board)) / (cut * l.loss.price())
        };
        let steps = knobs(&current).into_iter().filter_map(|k| first(&current, board, &k, |r| excess(r, board) < excess(&now, board)));
        let best = steps.map(|l| (relief(&l), l)).max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.key.cmp(&a.1.key)))?.1;
        current = best.changed.clone();
        match taken.iter_mut().find(|l| l.key == best.key) {
            Some(earlier) => (earlier.to, earlier.saves) = (best.to, earlier.saves + best.saves),
            None => taken.push(best),
        }
    }
    None
}

/// A half and a quarter.
fn halves(value: usize) -> Vec<usize> {
    [value / 2, value / 4].into_iter().filter(|&v| v > 0).collect()
}

fn ip_mut(acc: &mut Accelerator, unit: Unit) -> Option<&mut IpConfig> {
    match unit {
        Unit::Depthwise => acc.depthwise.as_mut(),
        Unit::Pointwise => acc.pointwise.as_mut(),
        Unit::Conv => acc.conv.as_mut(),
        Unit::Vector => acc.vector.as_mut(),
        _ => None,
    }
}

/// Everything that can be lowered without breaking a check.
fn knobs(acc: &Accelerator) -> Vec<Knob> {
    let mut knobs = Vec::new();
    for unit in Unit::ALL {
        if let Some(ip) = acc.ip(unit) {
            ip_knobs(unit, acc.lanes, ip, &mut knobs);
        }
    }
    for (i, bank) in acc.banks.iter().enumerate() {
        let step = (bank.words / 16).next_multiple_of(BANK_STEP_WORDS);
        let lower = (bank.words / 4..bank.words).rev().filter(|w| w.is_multiple_of(step) && *w > 0).collect();
        let set = Box::new(move |a: &mut Accelerator, to: usize| a.banks[i].words = to);
        knobs.push(Knob { key: format!("banks[{i}].words (`{}`)", bank.name), value: bank.words, lower, loss: Loss::Reuse, set });
    }
    let bits = |value: u8| (usize::from(value).div_ceil(2)..usize::from(value)).rev().collect::<Vec<_>>();
    let value = usize::from(acc.feature_bits);
    let set = Box::new(|a: &mut Accelerator, to: usize| a.feature_bits = to as u8);
    knobs.push(Knob { key: "feature_bits".into(), value, lower: bits(acc.feature_bits), loss: Loss::Accuracy, set });
    let value = usize::from(acc.weight_bits);
    let set = Box::new(|a: &mut Accelerator, to: usize| a.weight_bits = to as u8);
    knobs.push(Knob { key: "weight_bits".into(), value, lower: bits(acc.weight_bits), loss: Loss::Accuracy, set });
    knobs
}

fn ip_knobs(unit: Unit, lanes: usize, ip: &IpConfig, knobs: &mut Vec<Knob>) {
    let mut push = |field: &str, value: usize, lower: Vec<usize>, set: fn(&mut IpConfig, usize)| {
        let set = Box::new(move |a: &mut Accelerator, to: usize| {
            if let Some(ip) = ip_mut(a, unit) {
                set(ip, to);
            }
        });
        let loss = if field.ends_with("rows") { Loss::Reuse } else { Loss::Speed };
        knobs.push(Knob { key: format!("{unit}.{field}"), value, lower, loss, set });
    };
    // A smaller parallel factor needs more rows for the same taps, so it stops where the memory would be too short.
    let rows_hold = |ip: &IpConfig| {
        unit == Unit::Vector || check::fewest_rows(unit, lanes, ip).is_none_or(|(w, p)| ip.weight_rows >= w && ip.parameter_rows >= p)
    };
    let allowed = |set: fn(&mut IpConfig, usize), value: usize| -> Vec<usize> {
        let holds = |&v: &usize| {
            let mut changed = *ip;
            set(&mut changed, v);
            rows_hold(&changed)
        };
        halves(value).into_iter().filter(holds).collect()
    };
    let mut offer = |field: &str, value: usize, set: fn(&mut IpConfig, usize)| push(field, value, allowed(set, value), set);
    match unit {
        Unit::Depthwise | Unit::Vector => offer("parallel", ip.parallel_out, |ip, v| (ip.parallel_in, ip.parallel_out) = (v, v)),
        _ => {
            offer("parallel_in", ip.parallel_in, |ip, v| ip.parallel_in = v);
            offer("parallel_out", ip.parallel_out, |ip, v| ip.parallel_out = v);
        }
    }
    if unit != Unit::Vector {
        offer("weight_rows", ip.weight_rows, |ip, v| ip.weight_rows = v);
        offer("parameter_rows", ip.parameter_rows, |ip, v| ip.parameter_rows = v);
    }
}
