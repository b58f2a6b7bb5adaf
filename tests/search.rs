//! Co-design as a library and on the command line: what is designed does what it promised.

#[path = "common/cli.rs"]
mod cli;

use bico::board::{self, Mapping};
use bico::model::builtin;
use bico::search::topdown::{Target, TrialRow, design};
use bico::search::{Genes, bottomup, bundle, grid, observe, table::Table};
use bico::simulate::{Options, Simulation};
use bico::train::proxy;
use bico::units::Hertz;
use bico::{accelerator, error::Kind};
use cli::{bico, err, fails, out};
use std::path::Path;

const TARGET: Target = Target { clock: Hertz(100_000_000), fps: None, designs: 48, jobs: 2 };

#[test]
fn every_design_is_simulated_and_none_beats_its_bound() {
    let board = board::builtin("pynq-z1").unwrap();
    for name in ["tiny", "mobile_block"] {
        let network = builtin(name).unwrap().load(Default::default()).unwrap();
        let found = design(&network, &board, TARGET, &|| ()).unwrap();
        assert!(found.trials.len() > 10 && found.trials.len() <= TARGET.designs);
        for t in &found.trials {
            assert!(t.bound.1 > 0 && t.bound.1 <= t.cycles, "{name}: bound {} of {} cycles", t.bound.1, t.cycles);
            assert!(t.resources.within(&board.budget));
        }
        let analytical = &found.trials[found.analytical.expect("its memories hold every tile")];
        assert!(found.trials.iter().all(|t| t.analytical_cycles >= analytical.analytical_cycles));
        let best = &found.trials[found.best];
        assert!(found.trials.iter().all(|t| t.cycles >= best.cycles), "without a target the fastest is chosen");
        let alone = design(&network, &board, Target { jobs: 1, ..TARGET }, &|| ()).unwrap();
        let rows = |f: &bico::search::topdown::Found| f.trials.iter().map(|t| format!("{:?}", TrialRow::from(t))).collect::<Vec<_>>();
        assert_eq!(rows(&found), rows(&alone), "the result does not depend on the number of threads");
    }
}

#[test]
fn what_is_written_runs_as_promised() {
    let board = board::builtin("pynq-z1").unwrap();
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let found = design(&network, &board, TARGET, &|| ()).unwrap();
    let best = &found.trials[found.best];
    let text = grid::to_toml(&best.accelerator, "designed").unwrap();
    let read = accelerator::parse(&text, "designed.toml").unwrap();
    assert_eq!(read, best.accelerator);
    let simulation = Simulation::new(&network, &read, &board, Options { frames: 1, ..Options::default() }).unwrap();
    let frame = simulation.first_frame();
    assert_eq!(frame.end.0 - frame.start.0, best.cycles);
}

#[test]
fn a_target_takes_the_least_energy_that_reaches_it() {
    let board = board::builtin("pynq-z1").unwrap();
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let all = design(&network, &board, TARGET, &|| ()).unwrap();
    let fps = all.trials.iter().map(|t| t.fps).fold(f64::INFINITY, f64::min);
    let found = design(&network, &board, Target { fps: Some(fps), ..TARGET }, &|| ()).unwrap();
    let best = &found.trials[found.best];
    assert!(best.fps >= fps && found.trials.iter().all(|t| t.fps < fps || t.joules >= best.joules));
}

#[test]
fn a_rate_out_of_reach_is_told_with_what_would_help() {
    let dir = tempfile::tempdir().unwrap();
    let o = bico(dir.path(), &["design", "mobile_block", "--designs", "16", "--fps", "5000"]);
    assert_eq!(o.status.code(), Some(4), "{}", err(&o));
    let text = out(&o);
    assert!(text.contains("NOT REACHED: 5000 FPS") && text.contains("host stage alone") && text.contains("--clock-mhz"), "{text}");
    assert!(err(&o).contains("5000 FPS") && err(&o).contains("up to"), "{}", err(&o));
}

#[test]
fn a_board_without_room_is_refused() {
    let mut board = board::builtin("pynq-z1").unwrap();
    board.budget.lut = 500;
    let network = builtin("tiny").unwrap().load(Default::default()).unwrap();
    let e = design(&network, &board, TARGET, &|| ()).unwrap_err();
    assert_eq!(e.kind(), Kind::DoesNotFit);
    assert!(e.to_string().contains("LUT") && e.to_string().contains("too many"), "it names what binds: {e}");
}

#[test]
fn nothing_is_proved_of_what_was_not_simulated() {
    let board = board::builtin("pynq-z1").unwrap();
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let found = design(&network, &board, Target { designs: 1, ..TARGET }, &|| ()).unwrap();
    assert!(found.trials.len() == 1 && found.factors > 1000 && !found.proved);
}

#[test]
fn a_layer_without_unit_is_refused_by_name() {
    let board = board::builtin("pynq-z1").unwrap();
    let text = "name = \"n\"\n[input]\nchannels = 4\nheight = 8\nwidth = 8\nformat = { bits = 8, frac = 8, signed = false }\n\
                [quantise]\nrandom_weights_seed = 1\n[[layer]]\nname = \"grouped\"\nop = \"conv\"\nkernel = 1\ngroups = 2\nchannels = 4\n";
    let network = bico::model::load_text(text, None, "n", Default::default()).unwrap();
    let e = design(&network, &board, TARGET, &|| ()).unwrap_err();
    assert!(e.kind() == Kind::Unsupported && e.to_string().contains("grouped"), "{e}");
}

#[test]
fn every_bundle_has_an_accelerator() {
    let (board, pool) = (board::builtin("pynq-z1").unwrap(), bundle::builtin());
    for b in &pool {
        let genes = Genes { input: [40, 40], channels: vec![8, 16], pools: vec![1], ..bottomup::probe(&b.name) };
        let network = genes.network(&pool).unwrap();
        let found = design(&network, &board, Target { designs: 4, ..TARGET }, &|| ()).unwrap();
        assert!(found.trials[found.best].cycles > 0, "{}", b.name);
    }
}

#[test]
fn dsp_slices_move_in_steps() {
    let (acc, board) = (accelerator::load("pynq-z1-default").unwrap(), board::builtin("pynq-z1").unwrap());
    let rows = observe::dsp(&acc, &board, &[9], &(2..=16).collect::<Vec<_>>());
    let of = |mapping: Mapping, bits: u8| rows.iter().find(|r| r.mapping == mapping && r.weight_bits == bits).unwrap().dsp;
    // 9 + 2 x 7 + 1 = 24 fits the wide port, 9 + 2 x 8 + 1 = 26 does not: the 128 pointwise multipliers need half the slices at 7 bits.
    assert_eq!(of(Mapping::Yosys, 8) - of(Mapping::Yosys, 7), 64);
    assert_eq!(of(Mapping::Yosys, 16), of(Mapping::Yosys, 8), "and one bit more or less elsewhere saves none");
    assert_eq!(of(Mapping::Yosys, 2), of(Mapping::VivadoHls, 2), "ternary weights need no multipliers");
    assert!(of(Mapping::VivadoHls, 9) < of(Mapping::VivadoHls, 11), "Vivado HLS keeps narrow products out of the slices");
}

#[test]
fn block_ram_moves_in_steps() {
    let (acc, board) = (accelerator::load("pynq-z1-default").unwrap(), board::builtin("pynq-z1").unwrap());
    let genes = Genes { channels: vec![16, 32, 64, 96], ..bottomup::probe("dw3-pw") };
    let rows = observe::bram(&bundle::builtin(), &genes, &acc, &board, &[12, 16]).unwrap();
    assert!(rows.iter().all(|r| r.cycles > 0) && rows[0].ramb18 < rows[12].ramb18 && rows[12].ramb18 < rows[25].ramb18);
    for of_a_width in rows.chunk_by(|a, b| a.feature_bits == b.feature_bits) {
        let levels: std::collections::BTreeSet<u64> = of_a_width.iter().map(|r| r.ramb18).collect();
        assert!((2..=of_a_width.len() / 2).contains(&levels.len()), "few levels, each of several sizes: {levels:?}");
    }
}

#[test]
fn a_broken_proxy_table_is_refused_by_line() {
    let header = "bundle,channels,pools,activation,bypass,macs,parameters,proxy_iou,epochs,seed,proxy\n";
    let parse = |row: &str| Table::parse(format!("{header}{row}\n").as_bytes(), Path::new("t.csv"));
    let good = format!("dw3-pw,16-32-64-96,1-2-3,relu4,false,1,1,0.5,2,1,{}", proxy::name());
    let table = parse(&good).unwrap();
    assert_eq!((table.len(), table.iter().next().and_then(|(g, _)| table.iou(g))), (1, Some(0.5)));
    for (row, part) in [
        (good.replace("0.5", "1.5"), "`proxy_iou` is out of range"),
        (good.replace("16-32", "16-x"), "joined by `-`"),
        (good.replace("1-2-3", "3-2-1"), "`pools`"),
        (good.replace(proxy::name(), "small"), "trained by another proxy"),
        ("a,b".to_string(), "not a row"),
    ] {
        let e = parse(&row).unwrap_err().to_string();
        assert!(e.contains(part) && e.contains("t.csv:2"), "{e}");
    }
    let e = Table::parse(b"x,y\n", Path::new("t.csv")).unwrap_err().to_string();
    assert!(e.contains("t.csv") && e.contains("no row"), "a table of something else: {e}");
}

#[test]
fn the_command_line_designs_and_writes() {
    let dir = tempfile::tempdir().unwrap();
    let o = bico(dir.path(), &["design", "tiny", "--designs", "24", "--out", "acc.toml", "--csv", "trials.csv"]);
    assert!(o.status.success(), "{}", err(&o));
    let text = out(&o);
    let cycles = text.lines().find(|l| l.starts_with("cycles, simulated")).unwrap().split_whitespace().nth(2).unwrap().to_string();
    let trials = std::fs::read_to_string(dir.path().join("trials.csv")).unwrap();
    assert!(trials.lines().skip(1).any(|l| l.split(',').any(|v| v == cycles)), "{trials}");
    let o = bico(dir.path(), &["simulate", "tiny", "--accelerator", "acc.toml", "--scenes", "0", "--frames", "1", "--format", "json"]);
    let record: serde_json::Value = serde_json::from_str(&out(&o)).unwrap();
    let frame = &record["frames"][0];
    assert_eq!((frame["end_cycle"].as_u64().unwrap() - frame["start_cycle"].as_u64().unwrap()).to_string(), cycles);
    // On half of the board.
    let o = bico(dir.path(), &["design", "tiny", "--designs", "24", "--set-board", "budget.dsp=40"]);
    let halved = out(&o);
    let dsp = halved.lines().find(|l| l.starts_with("DSP")).unwrap().split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
    assert!(dsp <= 40 && halved != text, "{halved}");
    let o = bico(dir.path(), &["observe", "dsp", "--out", "figures"]);
    assert!(o.status.success() && dir.path().join("figures/observation3.svg").exists(), "{}", err(&o));
}

#[test]
fn bad_input_is_one_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let twice = "[[bundle]]\nname = \"dw3-pw\"\n[[bundle.layer]]\nname = \"pw\"\nop = \"pointwise\"\n";
    std::fs::write(dir.path().join("twice.toml"), twice).unwrap();
    std::fs::write(dir.path().join("old.csv"), "bundle,iou\nx,1\n").unwrap();
    fails(dir.path(), &["design", "--clock-mhz", "0"], 2, &["--clock-mhz is out of range", "1 to 1000"]);
    fails(dir.path(), &["design", "--fps", "-3"], 2, &["--fps is out of range", "-3", "above 0"]);
    fails(dir.path(), &["design", "uav-detektor"], 2, &["did you mean `uav-detector`?"]);
    fails(dir.path(), &["design", "nowhere"], 2, &["nowhere", "uav-detector"]);
    fails(dir.path(), &["design", "tiny", "--set-board", "budget.dps=40"], 2, &["--set-board", "did you mean `dsp`?"]);
    fails(dir.path(), &["bundles", "--svg", "x.svg"], 2, &["--epochs 1 or more"]);
    fails(dir.path(), &["bundles", "--pool", "twice.toml"], 3, &["two bundles have this name", "dw3-pw"]);
    fails(dir.path(), &["bundles", "--csv", "old.csv"], 3, &["old.csv:2", "not a row of judged bundles"]);
    fails(dir.path(), &["study", "table", "--out", "old.csv"], 3, &["old.csv:2", "not a row of a proxy table"]);
}
