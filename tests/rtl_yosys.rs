//! What Yosys makes of the RTL: it reads every source, and takes the resources that the cost model says.
//!
//! The wrappers are checked on a synthesis up to memory mapping; six accelerators that the cost model was not fitted on are synthesised
//! whole.

#[path = "common/required.rs"]
mod required;

use bico::rtl;
use std::process::Command;

/// Numbers in stream 2 of the random accelerators.
const HELD_OUT: [u64; 6] = [0, 1, 8, 10, 12, 23];

/// Cells of each type in the output of Yosys' `stat`.
fn count(stat: &str, cell: &str) -> u64 {
    let of_line = |line: &str| {
        line.split_whitespace()
            .collect::<Vec<_>>()
            .as_slice()
            .try_into()
            .ok()
            .filter(|[name, _]: &[&str; 2]| *name == cell)
            .map(|[_, n]| n.parse::<u64>().unwrap())
    };
    stat.lines().filter_map(of_line).sum()
}

/// Whether Yosys is there, see [`required::there`].
fn yosys() -> bool {
    required::there(rtl::synth::missing_tool().is_none(), "yosys")
}

#[test]
fn dsp_and_block_ram_are_those_of_the_cost_model() {
    if !yosys() {
        return;
    }
    let acc = bico::accelerator::builtin("tiny").unwrap();
    let board = bico::board::builtin("pynq-z1").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<String> = rtl::emit(&acc, dir.path()).unwrap().iter().map(|f| f.display().to_string()).collect();
    // Every product and every memory is inside its wrapper.
    let wrapped = "hierarchy -check -top bico_top; proc; memory_collect; select -assert-none */t:$mul *bico_mul*/t:$mul %d; \
        select -assert-none */t:$mem* *bico_ram_*/t:$mem* %d";
    // Of the coarse steps only the memories matter; sharing and arithmetic take most of the time.
    let memories = "memory -nomap; opt_clean; synth_xilinx -family xc7 -top bico_top -run map_memory:map_ffram";
    let script = format!(
        "read_verilog -sv {}; {wrapped}; synth_xilinx -family xc7 -top bico_top -flatten -run :coarse; {memories}; stat",
        files.join(" ")
    );
    let output = Command::new("yosys").args(["-p", &script]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stat = text.rsplit("Printing statistics.").next().unwrap();

    let model = bico::ip::cost::total(&acc, &board);
    let (ramb36, ramb18) = (count(stat, "RAMB36E1"), count(stat, "RAMB18E1"));
    println!("DSP48E1 {}, RAMB36E1 {ramb36}, RAMB18E1 {ramb18}; model {model:?}", count(stat, "DSP48E1"));
    assert_eq!(count(stat, "DSP48E1"), model.dsp);
    assert_eq!(2 * ramb36 + ramb18, model.bram18);
}

/// The smallest of the accelerators that are held out: the sources as they are now, against the cost model and the committed counts.
#[test]
fn held_out_accelerators_are_foretold_anew() {
    if !yosys() {
        return;
    }
    let board = bico::board::builtin("pynq-z1").unwrap();
    for index in HELD_OUT {
        let acc = rtl::synth::random::accelerator(2, index).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let synthesis = rtl::synth::synthesize(&acc, dir.path(), index == HELD_OUT[0]).unwrap();
        let c = rtl::synth::Comparison::new(&acc, &board, &synthesis.cells);
        println!("{}: model {}; found {}; {:?}", c.name, c.model, c.found, synthesis.delay);
        assert!(c.exact(), "{}: {:?} for {:?}", c.name, c.model_memory, c.found_memory);
        assert!(c.lut_percent().abs() <= 15.0 && c.ff_percent().abs() <= 15.0, "{}: {} for {}", c.name, c.model, c.found);
        if let Some(delay) = synthesis.delay {
            assert!((2_000..20_000).contains(&delay.logic_ps), "a path of a few levels of logic, in picoseconds: {delay:?}");
        } else {
            assert_ne!(index, HELD_OUT[0], "the longest path was asked for");
        }
    }
}
