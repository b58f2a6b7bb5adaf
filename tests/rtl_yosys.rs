//! What Yosys makes of the RTL: it reads every source, and takes the DSP slices and block RAM that the cost model says.
//!
//! Synthesis runs up to memory mapping only, where both are settled; `rtl::emit` and `synth_xilinx -family xc7` give the rest.

use bico::rtl;
use std::process::Command;

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

#[test]
fn dsp_and_block_ram_are_those_of_the_cost_model() {
    if Command::new("yosys").arg("-V").output().is_err() {
        assert!(std::env::var_os("BICO_REQUIRE_RTL").is_none_or(|v| v != "1"), "`yosys` is required and can not be run");
        println!("skipped: `yosys` can not be run");
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
