//! Board and accelerator files: the shipped ones load and read back from their resolved form; bad ones give one clear error.

use bico::accelerator;
use bico::board;
use bico::config::Override;
use bico::error::{Kind, Result};
use proptest::prelude::*;

const DEFAULT: &str = include_str!("../configs/accelerators/pynq-z1-default.toml");
const PYNQ: &str = include_str!("../configs/boards/pynq-z1.toml");

#[test]
fn every_shipped_file_loads_and_is_embedded() {
    let folder = |kind: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(kind);
        let stem = |e: std::io::Result<std::fs::DirEntry>| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        let mut names: Vec<String> = std::fs::read_dir(path).unwrap().map(stem).collect();
        names.sort();
        names
    };
    for name in board::names() {
        assert_eq!(board::builtin(name).unwrap().name, name);
    }
    for name in accelerator::names() {
        assert_eq!(accelerator::builtin(name).unwrap().name, name);
    }
    let sorted = |names: &mut dyn Iterator<Item = &'static str>| {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names
    };
    assert_eq!(folder("boards"), sorted(&mut board::names()));
    assert_eq!(folder("accelerators"), sorted(&mut accelerator::names()));
}

#[test]
fn facts_of_the_pynq_z1() {
    let b = board::builtin("pynq-z1").unwrap();
    assert_eq!((b.budget.dsp, b.budget.bram18, b.budget.lut, b.budget.ff), (220, 280, 53_200, 106_400));
    assert_eq!((b.dsp_operand_bits, b.hp_ports), ((25, 18), 4));
    assert_eq!(b.memory.peak_bytes_per_second(), 2_100_000_000);
    // The published designs spend 5.5 to 12.2 ms a frame that do not scale with the fabric clock.
    assert!((5.5..=12.2).contains(&b.host.total_ms()), "{}", b.host.total_ms());
}

/// 7.1 ms of host stage is what latency = a/f + b gives for DNN2's published 62.6 ms at 100 MHz and 44.1 ms at 150 MHz.
#[test]
fn host_stage_is_the_published_offset() {
    let (slow_ms, fast_ms) = (62.6, 44.1);
    let offset_ms = (150.0 * fast_ms - 100.0 * slow_ms) / 50.0;
    assert!((board::builtin("pynq-z1").unwrap().host.total_ms() - offset_ms).abs() < 0.051, "{offset_ms}");
}

#[test]
fn the_resolved_form_reads_back_to_the_same() {
    for name in accelerator::names() {
        let document = accelerator::open(name, &[]).unwrap();
        let again = accelerator::parse(&document.resolved(), format!("{name}.toml")).unwrap();
        assert_eq!(again, document.check().unwrap());
    }
    for name in board::names() {
        let document = board::open(name, &[]).unwrap();
        assert_eq!(board::parse(&document.resolved(), format!("{name}.toml")).unwrap(), document.check().unwrap());
    }
}

#[test]
fn the_resolved_form_says_where_values_came_from() {
    let settings = [Override::parse("clock_mhz=150").unwrap(), Override::parse("banks[1].words=4096").unwrap()];
    let document = accelerator::open("tiny", &settings).unwrap();
    let checked = document.check().unwrap();
    assert_eq!((checked.clock.mhz(), checked.banks[1].words), (150.0, 4096));
    let text = document.resolved();
    let remark = |start: &str| text.lines().find(|l| l.starts_with(start)).unwrap().split_once('#').unwrap().1.trim().to_string();
    assert_eq!(remark("clock_mhz = "), "command line");
    assert_eq!(remark("words = 4096"), "command line");
    assert_eq!(remark("lanes = "), "configs/accelerators/tiny.toml:4");
    let vector = &text[text.find("[vector]").unwrap()..];
    assert!(vector.lines().nth(2).unwrap().ends_with("# default"), "{vector}");
}

/// A setting of a whole table, or of a list, is where all that is in it came from.
#[test]
fn what_a_setting_holds_is_of_the_command_line() {
    let open = |setting: &str| accelerator::open("tiny", &[Override::parse(setting).unwrap()]).unwrap();
    let text = open("tile={rows=4,cols=6}").resolved();
    for key in ["rows = 4", "cols = 6"] {
        assert!(text.lines().find(|l| l.contains(key)).unwrap().ends_with("# command line"), "{text}");
    }
    let e = open("tile={rows=0,cols=6}").check().unwrap_err().to_string();
    assert!(e.starts_with("command line") || e.contains("--set"), "{e}");
}

/// The message for the default accelerator with `from` replaced by `to`.
fn accelerator_error(from: &str, to: &str) -> String {
    assert!(DEFAULT.contains(from), "{from}");
    accelerator::parse(&DEFAULT.replacen(from, to, 1), "a.toml").unwrap_err().to_string()
}

fn board_error(from: &str, to: &str) -> String {
    assert!(PYNQ.contains(from), "{from}");
    board::parse(&PYNQ.replacen(from, to, 1), "b.toml").unwrap_err().to_string()
}

fn line_of(text: &str, part: &str) -> usize {
    1 + text.lines().position(|l| l.contains(part)).unwrap()
}

#[test]
fn goldens_of_accelerator_errors() {
    let at = |part: &str| format!("a.toml:{}: ", line_of(DEFAULT, part));
    assert_eq!(
        accelerator_error("lanes = 16", "lanes = 12"),
        at("lanes = 16") + "`lanes` is none of the allowed values\n  value:   12\n  allowed: 4, 8, 16, 32"
    );
    assert_eq!(
        accelerator_error("feature_bits = 9", "feature_bits = 17"),
        at("feature_bits") + "`feature_bits` is out of range\n  value:   17\n  allowed: 1 to 16"
    );
    assert_eq!(
        accelerator_error("clock_mhz = 100.0", "clock_mhz = nan"),
        at("clock_mhz") + "`clock_mhz` is out of range\n  value:   NaN\n  allowed: 1 to 1000"
    );
    assert_eq!(
        accelerator_error("queue_depth = 8", "queue_dept = 8"),
        at("queue_depth")
            + "unknown key `queue_dept`\n  allowed: description, clock_mhz, lanes, feature_bits, weight_bits, tile, queue_depth, ports, depthwise, \
               pointwise, conv, vector, banks\n  try:     did you mean `queue_depth`?"
    );
    assert_eq!(
        accelerator_error("parallel_out = 8", "parallel_out = 6"),
        at("parallel_out = 8") + "`pointwise.parallel_out` does not divide `lanes`\n  value:   6\n  allowed: 1, 2, 4, 8, 16 (lanes = 16)"
    );
    assert_eq!(
        accelerator_error("weights = { hp = 1,", "weights = { hp = 0,"),
        at("weights = { hp = 1")
            + "`weights` and `load` share the read channel of an HP port\n  value:   0\n  allowed: different HP ports for load, weights and fetch\n  \
               try:     free: 1, 3"
    );
    assert_eq!(
        accelerator_error("weight_rows = 512 ", "weight_rows = 48 "),
        at("weight_rows = 512")
            + "`depthwise.weight_rows` is out of range\n  value:   48\n  allowed: 49 to 65536: it must hold the taps of one channel block at its \
               largest kernel"
    );
    assert_eq!(
        accelerator_error("writers = [\"load\"]", "writers = [\"store\"]"),
        at("writers = [\"load\"]")
            + "a unit that cannot be connected here\n  value:   store\n  allowed: load, depthwise, pointwise, conv, vector"
    );
    assert_eq!(
        accelerator_error("writers = [\"depthwise\"]", "writers = [\"deepwise\"]"),
        at("writers = [\"depthwise\"]")
            + "unknown value `deepwise` in `banks.writers`\n  allowed: fetch, load, weights, depthwise, pointwise, conv, vector, store\n  \
               try:     did you mean `depthwise`?"
    );
    assert_eq!(
        accelerator_error("rows = 20 ", "rows = 0 "),
        at("rows = 20") + "`tile.rows` is out of range\n  value:   0\n  allowed: 1 to 1024"
    );
    assert_eq!(
        accelerator_error("name = \"mid\"", "name = \"in\""),
        at("name = \"mid\"") + "two banks of one name\n  value:   in\n  try:     names are unique"
    );
    assert_eq!(
        accelerator_error("readers = [\"store\"]", "readers = [\"vector\"]"),
        "a.toml: `store` has no bank to read\n  try:     name \"store\" in the readers of a bank"
    );
    assert_eq!(
        accelerator_error("[vector]\nparallel = 8\n", ""),
        format!(
            "a.toml:{}: a compute IP that this accelerator does not have\n  value:   vector\n  try:     add a table [vector] or remove it here",
            line_of(DEFAULT, "\"conv\", \"vector\"]") - 2
        )
    );
}

#[test]
fn goldens_of_board_errors() {
    let at = |part: &str| format!("b.toml:{}: ", line_of(PYNQ, part));
    assert_eq!(
        board_error("dsp = 220", "dsp = 0"),
        at("dsp = 220") + "`budget.dsp` is out of range\n  value:   0\n  allowed: 1 to 100000000"
    );
    assert_eq!(
        board_error("narrow_bits = 18", "narrow_bits = 26"),
        at("narrow_bits") + "`dsp.narrow_bits` is wider than `dsp.wide_bits`\n  value:   26\n  allowed: 2 to 25\n  try:     swap the two"
    );
    assert_eq!(
        board_error("load_ms = 4.0", "load_ms = -4.0"),
        at("load_ms") + "`host.load_ms` is out of range\n  value:   -4\n  allowed: 0 to 60000"
    );
    let parts = board_error("device_static_w = 0.14", "device_static_w = 1400.0");
    assert!(parts.starts_with(&(at("device_static_w") + "`power.device_static_w` is out of range\n  value:   1400")), "{parts}");
    assert!(parts.contains("device_static_w and arm_w are parts of `power.fixed_w`"), "{parts}");
    assert_eq!(
        board_error("t_ccd_ddr_clocks = 4", "t_ccd_ddr_clocks = 0"),
        at("t_ccd_ddr_clocks") + "memory.timing.t_ccd_ddr_clocks is out of range\n  value:   0\n  allowed: 4 to 1000"
    );
    assert_eq!(
        board::builtin("pynq-z2").unwrap_err().to_string(),
        "no board of that name\n  value:   pynq-z2\n  allowed: pynq-z1, ultra96, or the path of a .toml file\n  try:     did you mean `pynq-z1`?"
    );
    assert_eq!(board::load("no/such.toml").unwrap_err().kind(), Kind::Input);
}

/// `text` with `edits` applied: each replaces, removes or doubles a byte.
fn mutate(text: &str, edits: &[(prop::sample::Index, u8, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, how, byte) in edits {
        let i = at.index(bytes.len());
        match how % 4 {
            0 => bytes[i] = *byte,
            1 if bytes.len() > 1 => drop(bytes.remove(i)),
            2 => bytes.insert(i, bytes[i]),
            _ => bytes.truncate(i.max(1)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    // Bytes that mean something in TOML, so that many mutants still parse.
    let byte = prop_oneof![prop::sample::select(b"0123456789-.=[]{}\"#\n, _en".to_vec()), any::<u8>()];
    // Truncation is rare.
    let how = prop_oneof![9 => 0..3_u8, 1 => Just(3_u8)];
    prop::collection::vec((any::<prop::sample::Index>(), how, byte), 1..6)
}

/// No panic; an error names its file.
fn harmless<T>(result: Result<T>) {
    if let Err(e) = result {
        assert!(e.to_string().starts_with("m.toml"), "{e}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_accelerators_never_panic(edits in edits()) {
        let parsed = accelerator::parse(&mutate(DEFAULT, &edits), "m.toml");
        if let Ok(acc) = &parsed {
            // Whatever passes the checks can be priced, and refused with advice.
            let _ = bico::ip::cost::check_fits(acc, &board::builtin("pynq-z1").unwrap());
        }
        harmless(parsed);
    }

    #[test]
    fn mutated_boards_never_panic(edits in edits()) {
        harmless(board::parse(&mutate(PYNQ, &edits), "m.toml"));
    }

    #[test]
    fn arbitrary_settings_never_panic(key in "[a-z_.\\[\\]0-9]{0,24}", value in "\\PC{0,12}") {
        if let Ok(setting) = Override::parse(&format!("{key}={value}")) {
            let _ = accelerator::open("tiny", &[setting]).and_then(|d| d.check());
        }
    }
}
