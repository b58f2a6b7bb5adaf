//! The cost model against what Yosys gave for the accelerators in `traces/synthesis.csv`. `tests/rtl_yosys.rs` synthesises some of them
//! anew.

use bico::board::{self, Board, Mapping};
use bico::ip::cost;
use bico::rtl::synth::{Comparison, Summary, random, table};
use std::collections::BTreeSet;
use std::path::Path;

fn pynq() -> Board {
    board::builtin("pynq-z1").unwrap()
}

fn comparisons(fitted: bool) -> Vec<Comparison> {
    let rows = table::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/synthesis.csv")).unwrap();
    rows.iter().filter(|r| r.fitted() == fitted).map(|r| Comparison::of_row(r, &pynq())).collect()
}

#[test]
fn accelerators_not_used_to_fit_are_foretold() {
    let held_out = comparisons(false);
    for c in &held_out {
        assert!(c.exact(), "{}: {:?} DSP {}, found {:?} DSP {}", c.name, c.model_memory, c.model.dsp, c.found_memory, c.found.dsp);
    }
    let summary = Summary::of(held_out.iter());
    assert_eq!((summary.count, summary.exact), (24, 24), "{summary}");
    // What README, RESULTS and DEVIATIONS say: medians and worst of look-up tables and flip-flops.
    let (lut, ff) = (summary.lut_percent, summary.ff_percent);
    assert_eq!([lut.0, lut.1, ff.0, ff.1].map(|v| format!("{v:.1}")), ["1.3", "3.0", "0.3", "1.2"], "{summary}");
    // They are not all alike: the smallest and the largest are far apart.
    let sizes: Vec<u64> = held_out.iter().map(|c| c.found.lut).collect();
    assert!(sizes.iter().max().unwrap() > &(4 * sizes.iter().min().unwrap()), "{sizes:?}");
}

/// Memories are exact on those that were fitted as well, since nothing about memories is fitted.
#[test]
fn memories_are_exact_everywhere() {
    let fitted = comparisons(true);
    assert!(fitted.len() >= 20);
    fitted.iter().for_each(|c| assert!(c.exact(), "{}", c.name));
    // And the fit leaves no bias.
    let mean = fitted.iter().map(Comparison::lut_percent).sum::<f64>() / fitted.len() as f64;
    assert!(mean.abs() < 1.5, "{mean}");
}

#[test]
fn random_accelerators_vary_in_everything_that_matters() {
    let all: Vec<_> = (0..24).map(|i| random::accelerator(2, i).unwrap()).collect();
    let values = |of: &dyn Fn(&bico::accelerator::Accelerator) -> usize| all.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(values(&|a| a.lanes), 3);
    assert!(values(&|a| a.feature_bits.into()) >= 8 && values(&|a| a.weight_bits.into()) >= 8);
    assert!(values(&|a| a.queue_depth) >= 8 && values(&|a| a.banks.len()) == 3);
    assert!([1, 2].iter().all(|w| all.iter().any(|a| a.weight_bits == *w)), "binary and ternary weights");
    let present: [fn(&bico::accelerator::Accelerator) -> bool; 4] =
        [|a| a.depthwise.is_some(), |a| a.pointwise.is_some(), |a| a.conv.is_some(), |a| a.vector.is_some()];
    for unit in present {
        assert!(all.iter().any(unit) && !all.iter().all(unit), "each unit is sometimes there");
    }
}

/// Rows that do not belong to the accelerator of their name are refused with their line.
#[test]
fn a_changed_row_is_refused() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/synthesis.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().take(2).map(str::to_string).collect();
    let mut fields: Vec<&str> = lines[1].split(',').collect();
    fields[2] = "32";
    lines[1] = fields.join(",");
    let error = table::parse(&lines.join("\n")).unwrap_err().to_string();
    assert!(error.contains("`lanes`") && error.contains("32") && error.contains("synthesise again"), "{error}");
    assert!(table::parse("name\nnobody\n").is_err() && table::parse("").unwrap().is_empty());
}

/// Vivado HLS leaves 8-bit products to logic and takes DSPs from 11 bits on: fewer slices, more look-up tables, and the refusal says
/// whose rule it was.
#[test]
fn the_mapping_decides_and_is_named() {
    let (acc, yosys) = (bico::accelerator::builtin("small").unwrap(), pynq());
    let hls = Board { mapping: Mapping::VivadoHls, ..yosys.clone() };
    let (a, b) = (cost::total(&acc, &yosys), cost::total(&acc, &hls));
    assert_eq!(a.dsp - b.dsp, 8 + 64 + 4, "the products; requantising stays in DSPs");
    assert!(b.lut > a.lut + 64 * 40, "{a} {b}");
    assert!(!cost::resources(&acc, &yosys).lut_ff_uncalibrated && cost::resources(&acc, &hls).lut_ff_uncalibrated);

    let default = bico::accelerator::builtin("pynq-z1-default").unwrap();
    assert_eq!(cost::total(&default, &yosys).dsp, cost::total(&default, &hls).dsp, "9 x 11 bits are a core to both");
    let none = |mapping| Board { mapping, budget: bico::board::Resources { dsp: 1, ..yosys.budget }, ..yosys.clone() };
    for mapping in [Mapping::Yosys, Mapping::VivadoHls] {
        let text = cost::check_fits(&default, &none(mapping)).unwrap_err().to_string();
        assert!(text.contains(&format!("mapped as by {mapping}")), "{text}");
    }
}
