//! Random accelerators: what the cost model is fitted on and held against.
//!
//! Sizes are bounded so that one synthesis takes a minute or so: see [`accelerator()`].

use crate::accelerator::{self, Accelerator, check};
use crate::dataset::rng::Rng;
use crate::error::Result;
use crate::plan::Unit;
use std::fmt::Write as _;

/// Requantisers of an accelerator plus an eighth of its multipliers, at most: this is what synthesis takes its time for.
const MOST_WORK: usize = 10;
/// The same for the few that are larger.
const MOST_WORK_LARGE: usize = 24;

/// A unit's parallel factors.
#[derive(Clone, Copy)]
struct Factors {
    unit: Unit,
    inputs: usize,
    outputs: usize,
}

impl Factors {
    fn work(self) -> usize {
        let multipliers = if matches!(self.unit, Unit::Pointwise | Unit::Conv) { self.inputs * self.outputs } else { 0 };
        self.outputs + multipliers.div_ceil(8)
    }
}

/// Number `index` of the stream `seed`; named `random-SEED-INDEX`. Any lanes up to 16, any subset of units, features and weights of 1 to
/// 12 bits (one in eight up to 16; one in four with weights of 1 or 2), queues of 2 to 16 jobs, memories of any depth.
///
/// # Errors
/// Never, unless the checks of `accelerator` and this generator disagree.
pub fn accelerator(seed: u64, index: u64) -> Result<Accelerator> {
    let mut rng = Rng::new(seed.wrapping_mul(0x1_0000_0001).wrapping_add(index));
    let rng = &mut rng;
    let lanes = pick(rng, &[4, 8, 8, 16, 16]);
    let bits = |rng: &mut Rng| if rng.chance(0.125) { 13 + rng.below(4) } else { 1 + rng.below(12) };
    let feature_bits = bits(rng);
    let weight_bits = if rng.chance(0.25) { 1 + rng.below(2) } else { bits(rng) };
    let most = if rng.chance(0.125) { MOST_WORK_LARGE } else { MOST_WORK };
    let units = loop {
        let units = units(rng, lanes);
        if !units.is_empty() && units.iter().map(|f| f.work()).sum::<usize>() <= most {
            break units;
        }
    };
    let mut text = format!(
        "clock_mhz = 100.0\nlanes = {lanes}\nfeature_bits = {feature_bits}\nweight_bits = {weight_bits}\nqueue_depth = {}\n\
         [tile]\nrows = 4\ncols = 4\n[ports]\nfetch = {{ hp = 2 }}\n",
        2 + rng.below(15)
    );
    for (unit, hp) in [("load", 0), ("weights", 1), ("store", 3)] {
        let _ = writeln!(text, "{unit} = {{ hp = {hp}, outstanding_bursts = {} }}", 1 + rng.below(16));
    }
    units.iter().for_each(|&f| unit(rng, lanes, f, &mut text));
    banks(rng, &units, &mut text);
    accelerator::parse(&text, format!("random-{seed}-{index}.toml"))
}

/// What `name` is when it is that of a random accelerator.
pub fn named(name: &str) -> Option<Result<Accelerator>> {
    let (seed, index) = name.strip_prefix("random-")?.split_once('-')?;
    Some(accelerator(seed.parse().ok()?, index.parse().ok()?))
}

fn pick(rng: &mut Rng, of: &[usize]) -> usize {
    of[rng.below(of.len())]
}

/// A power of two up to `most`, itself one.
fn power(rng: &mut Rng, most: usize) -> usize {
    1 << rng.below(most.ilog2() as usize + 1)
}

fn units(rng: &mut Rng, lanes: usize) -> Vec<Factors> {
    let mut units = Vec::new();
    for unit in [Unit::Depthwise, Unit::Pointwise, Unit::Conv, Unit::Vector] {
        if rng.chance(0.6) {
            let outputs = power(rng, lanes);
            let inputs = if matches!(unit, Unit::Pointwise | Unit::Conv) { power(rng, lanes) } else { outputs };
            units.push(Factors { unit, inputs, outputs });
        }
    }
    units
}

/// The table of one unit.
fn unit(rng: &mut Rng, lanes: usize, f: Factors, text: &mut String) {
    let _ = writeln!(text, "[{}]", f.unit);
    if matches!(f.unit, Unit::Pointwise | Unit::Conv) {
        let _ = writeln!(text, "parallel_in = {}\nparallel_out = {}", f.inputs, f.outputs);
    } else {
        let _ = writeln!(text, "parallel = {}", f.outputs);
    }
    if f.unit == Unit::Vector {
        return;
    }
    let max_kernel = if f.unit == Unit::Pointwise { 1 } else { pick(rng, &[1, 3, 3, 5]) };
    if f.unit != Unit::Pointwise {
        let _ = writeln!(text, "max_kernel = {max_kernel}");
    }
    let ip = accelerator::IpConfig {
        parallel_in: f.inputs,
        parallel_out: f.outputs,
        weight_rows: 0,
        parameter_rows: 0,
        max_kernel,
        packed: false,
    };
    let (weights, parameters) = check::fewest_rows(f.unit, lanes, &ip).unwrap_or((1, 1));
    let weight_rows = weights.max(depth(rng, 2048));
    let parameter_rows = parameters.max(depth(rng, 256));
    let _ = writeln!(text, "weight_rows = {weight_rows}\nparameter_rows = {parameter_rows}");
}

/// A depth of 8 to `most` rows; half of them powers of two.
fn depth(rng: &mut Rng, most: usize) -> usize {
    let power = 8 << rng.below((most / 8).ilog2() as usize + 1);
    if rng.chance(0.5) { power } else { power - rng.below(power / 2) }
}

/// One bank in, one out, and up to two between units.
fn banks(rng: &mut Rng, units: &[Factors], text: &mut String) {
    let names: Vec<String> = units.iter().map(|f| format!("\"{}\"", f.unit)).collect();
    let all = names.join(", ");
    let mut put = |name: &str, words: usize, writers: &str, readers: &str| {
        let _ = writeln!(text, "[[banks]]\nname = \"{name}\"\nwords = {words}\nwriters = [{writers}]\nreaders = [{readers}]");
    };
    put("in", depth(rng, 4096), "\"load\"", &all);
    for name in ["mid", "pool"] {
        if rng.chance(0.5) {
            let writer = &names[rng.below(names.len())];
            let reader = &names[rng.below(names.len())];
            put(name, depth(rng, 4096), writer, reader);
        }
    }
    put("out", depth(rng, 4096), &all, "\"store\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_random_accelerator_has_rtl() {
        for index in 0..200 {
            let acc = accelerator(7, index).unwrap();
            crate::rtl::package(&acc).unwrap();
            assert_eq!(named(&acc.name).unwrap().unwrap(), acc);
        }
        assert!(named("tiny").is_none() && named("random-1").is_none());
    }
}
