//! What the DDR tests share: the board's memory, and a driver that checks every run with the protocol checker.
#![allow(dead_code)]

use bico::dram::{Command, Completion, Kind, Memory, MemorySpec, Request, checker::check_log};
use bico::units::{Cycle, Hertz};
use std::path::Path;

/// 100 MHz: 5.25 DDR clocks a fabric cycle.
pub const FABRIC: Hertz = Hertz(100_000_000);

/// Table `[memory]` of the Pynq-Z1's board file.
pub fn pynq_z1() -> MemorySpec {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/boards/pynq-z1.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let spec = MemorySpec::from_board_text(&text).unwrap();
    spec.check().unwrap();
    spec
}

/// The Pynq-Z1 with refreshes so rare that a short run sees none.
pub fn without_refresh() -> MemorySpec {
    let mut spec = pynq_z1();
    spec.timing.t_refi_ps = 100_000_000;
    spec
}

/// A read of `beats` beats.
pub fn read(port: u8, addr: u64, beats: u8) -> Request {
    Request { port, kind: Kind::Read, addr, beats, tag: 0 }
}

/// A write of `beats` beats.
pub fn write(port: u8, addr: u64, beats: u8) -> Request {
    Request { port, kind: Kind::Write, addr, beats, tag: 0 }
}

/// What a run gave.
pub struct Outcome {
    pub completions: Vec<Completion>,
    pub log: Vec<Command>,
    pub stats: bico::dram::MemoryStats,
}

/// Submits all requests at their cycles (ascending on each port and direction), runs to the end, and lets the checker judge.
pub fn run(spec: &MemorySpec, requests: &[(u64, Request)]) -> Outcome {
    let mut memory = Memory::new(spec, FABRIC).unwrap().with_log();
    for (at, request) in requests {
        memory.submit(Cycle(*at), *request).unwrap();
    }
    let mut completions = Vec::new();
    let end = requests.iter().map(|(at, _)| at).max().unwrap_or(&0) + 100_000;
    while let Some(at) = memory.next_event() {
        assert!(at.0 < end, "the memory does not come to rest: {completions:?}");
        memory.advance(at, &mut completions);
    }
    let log = memory.take_log();
    assert_eq!(check_log(spec, &log), [], "the protocol checker found violations");
    Outcome { completions, log, stats: *memory.stats() }
}

/// A stream of one port and direction.
pub struct Stream {
    pub port: u8,
    pub kind: Kind,
    pub beats: u8,
    pub address: Box<dyn FnMut(u64) -> u64>,
}

/// Saturates the memory: each stream keeps `outstanding` bursts of the port in flight until `cycles` have passed. Returns bytes
/// completed in the second half of the time, as a rate in MB/s (10^6).
pub fn saturate(spec: &MemorySpec, fabric: Hertz, streams: &mut [Stream], outstanding: u64, cycles: u64) -> (f64, Outcome) {
    let mut memory = Memory::new(spec, fabric).unwrap().with_log();
    let mut completions: Vec<Completion> = Vec::new();
    let mut state = vec![(0u64, 0u64, 0u64); streams.len()]; // submitted, completed, next legal cycle
    let mut bytes = 0;
    for now in 0..cycles {
        for (s, (submitted, completed, next)) in streams.iter_mut().zip(&mut state) {
            if *submitted - *completed < outstanding && now >= *next {
                let addr = (s.address)(*submitted);
                memory.submit(Cycle(now), Request { port: s.port, kind: s.kind, addr, beats: s.beats, tag: *submitted as u32 }).unwrap();
                *submitted += 1;
                *next = now + if s.kind == Kind::Write { u64::from(s.beats) } else { 1 };
            }
        }
        let before = completions.len();
        memory.advance(Cycle(now), &mut completions);
        for c in &completions[before..] {
            let i = streams.iter().position(|s| s.port == c.port && s.kind == c.kind).unwrap();
            state[i].1 += 1;
            if c.last.0 >= cycles / 2 && c.last.0 < cycles {
                bytes += 8 * u64::from(streams[i].beats);
            }
        }
    }
    let log = memory.take_log();
    assert_eq!(check_log(spec, &log), [], "the protocol checker found violations");
    let rate = bytes as f64 * fabric.0 as f64 / (cycles - cycles / 2) as f64 / 1e6;
    (rate, Outcome { completions, log, stats: *memory.stats() })
}
