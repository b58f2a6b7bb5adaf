//! Traces: what a line means, what is refused and how, and what comes out of `bico dram`.
mod dram_common;

use bico::cli::dram::{run_trace, write_report};
use bico::dram::Kind;
use bico::dram::trace::{TraceRequest, parse_trace, replay};
use dram_common::*;
use proptest::prelude::*;
use std::path::Path;

const CAPACITY: u64 = 1 << 29;

fn parse(text: &str) -> bico::Result<Vec<TraceRequest>> {
    parse_trace(text.as_bytes(), Path::new("t.trace"), CAPACITY)
}

#[test]
fn a_line_is_cycle_address_direction_bytes_and_port() {
    let trace = parse("# header\n\n0 0x1000 R 128\n 17\t4096 w 8 3 # comment\r\n").unwrap();
    let expected = [
        TraceRequest { line: 3, cycle: 0, address: 4096, kind: Kind::Read, bytes: 128, port: 0 },
        TraceRequest { line: 4, cycle: 17, address: 4096, kind: Kind::Write, bytes: 8, port: 3 },
    ];
    assert_eq!(trace, expected);
}

#[test]
fn errors_name_file_line_value_and_range() {
    let message = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(message("0 0 R 8\n5 0 R 8 4\n"), "t.trace:2: port is out of range\n  value:   4\n  allowed: 0 to 3 (0x0 to 0x3)");
    assert_eq!(
        message("0 0x20000000 R 8"),
        "t.trace:1: address is out of range\n  value:   536870912\n  allowed: 0 to 536870911 (0x0 to 0x1fffffff)"
    );
    for (text, what) in [
        ("9 0 R 8\n8 0 R 8", "t.trace:2: cycle is out of range\n  value:   8\n  allowed: 9 to"),
        ("0 0 X 8", "t.trace:1: the direction is unknown\n  value:   X\n  allowed: R or W"),
        ("0 0 R 0", "t.trace:1: bytes is out of range\n  value:   0\n  allowed: 1 to"),
        ("0 0x1ffffff8 R 9", "allowed: 1 to 8"),
        ("0 0 R", "t.trace:1: the line has a wrong number of fields\n  value:   3"),
        ("0 -8 R 8", "t.trace:1: address is no number\n  value:   -8"),
        ("99999999999999999999 0 R 8", "t.trace:1: cycle is no number"),
        ("# nothing", "t.trace: the trace holds no request"),
    ] {
        assert!(message(text).contains(what), "{}", message(text));
    }
    assert_eq!(parse_trace(b"0 0 R 8\n\xff\xfe", Path::new("t"), CAPACITY).unwrap_err().to_string(), "t:2: the line is no UTF-8 text");
}

#[test]
fn a_request_is_cut_into_legal_bursts() {
    // 0xffd to 0x1128 widens to 0xff8 ..= 0x112f: one beat up to the 4 KiB boundary, then 16 + 16 + 6 beats.
    let report = replay(&parse("0 0xffd R 300").unwrap(), &pynq_z1(), FABRIC).unwrap();
    let port = report.stats.ports[0];
    assert_eq!((port.read_bursts, port.read_beats), (4, 39));
}

#[test]
fn completions_are_those_of_the_memory() {
    // The lone read of dram_timing.rs has its beats in 32 ..= 47. A write sends its 16 beats in 0 ..= 15, is in the queue at DDR clock
    // ceil(25 * 5.25) + 16 = 148, which is cycle 29, and answered in 39. A second read at the same time, of the next bank, follows the first on
    // the DDR bus: last command 104 + 32 = 136, data past at 147, cycle 28, first beat 38, last 53.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.trace");
    let completions = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let report = run_trace(&file, &pynq_z1(), FABRIC).unwrap();
        report.answers.iter().map(|a| a.completion_cycle).collect::<Vec<_>>()
    };
    assert_eq!(completions("0 0 R 128"), [47]);
    assert_eq!(completions("0 0 W 128"), [39]);
    assert_eq!(completions("0 0 R 128\n0 0x800 R 128 2"), [47, 53]);
}

#[test]
fn the_report_is_csv_with_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.trace");
    let lines: String = (0..1000).map(|i| format!("0 {:#x} R 512 {}\n", i * 512, i % 4)).collect();
    std::fs::write(&file, lines).unwrap();
    let report = run_trace(&file, &pynq_z1(), FABRIC).unwrap();
    // Four ports, sequential: 96.3 % of the peak (dram_bandwidth.rs) but for the latency of the first and last bursts.
    assert!((1980.0..2023.0).contains(&report.bandwidth_mb_per_s), "{}", report.bandwidth_mb_per_s);
    let mut out = Vec::new();
    write_report(&report, &mut out).unwrap();
    let mut csv = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(&out[..]);
    assert_eq!(&csv.headers().unwrap()[6], "completion_cycle");
    let rows: Vec<_> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1000);
    assert_eq!(rows[3][6].parse::<u64>().unwrap(), report.answers[3].completion_cycle);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("# 1000 requests in") && text.contains("# read latency in cycles: mean"), "{text}");
}

#[test]
fn a_missing_or_binary_file_is_one_error() {
    let e = run_trace(Path::new("no/such.trace"), &pynq_z1(), FABRIC).unwrap_err();
    assert!(e.to_string().starts_with("no/such.trace: cannot read the trace"), "{e}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..12)) {
        let mut text = b"0 0x1000 R 128 0\n16 0x1080 W 64 1 # c\n32 4096 r 4096 2\n0x40 8192 W 1 3\n".to_vec();
        for (at, byte, what) in changes {
            let at = at.index(text.len());
            match what {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => { text.remove(at); }
            }
        }
        match parse_trace(&text, Path::new("t.trace"), CAPACITY) {
            Err(e) => prop_assert!(e.to_string().starts_with("t.trace")),
            // What is accepted runs, unless it is merely long.
            Ok(trace) if trace.iter().all(|r| r.bytes < 100_000) => {
                let report = replay(&trace, &pynq_z1(), FABRIC).unwrap();
                prop_assert!(report.answers.iter().all(|a| a.completion_cycle > a.cycle));
            }
            Ok(_) => {}
        }
    }
}
