//! Bursts a second through the DDR model: sequential, random, and mixed streams on four saturated ports.

use bico::dram::{Completion, Kind, Memory, MemorySpec, Request};
use bico::units::{Cycle, Hertz};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;

const BURSTS: u64 = 20_000;

fn spec() -> MemorySpec {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/boards/pynq-z1.toml");
    let text = std::fs::read_to_string(file).expect("a board file");
    MemorySpec::from_board_text(&text).expect("a valid board file")
}

/// Keeps eight bursts of each port and direction in flight until `BURSTS` are answered; returns the last cycle.
fn drive(memory: &mut Memory, kinds: &[Kind], address: impl Fn(u64) -> u64, out: &mut Vec<Completion>) -> u64 {
    let mut flight = [[0u32; 4]; 2];
    let mut next = [[0u64; 4]; 2];
    let (mut submitted, mut answered, mut now) = (0u64, 0u64, 0u64);
    while answered < BURSTS {
        for kind in kinds {
            for port in 0..4u8 {
                let (k, p) = (*kind as usize, usize::from(port));
                while flight[k][p] < 8 && submitted < BURSTS {
                    let at = now.max(next[k][p]);
                    next[k][p] = at + 16;
                    let request = Request { port, kind: *kind, addr: address(submitted), beats: 16, tag: 0 };
                    memory.submit(Cycle(at), request).expect("legal");
                    submitted += 1;
                    flight[k][p] += 1;
                }
            }
        }
        let Some(at) = memory.announced_by() else { break };
        out.clear();
        memory.advance(at, out);
        now = at.0;
        for c in out.iter() {
            flight[c.kind as usize][usize::from(c.port)] -= 1;
            answered += 1;
        }
    }
    now
}

fn bursts(c: &mut Criterion) {
    let spec = spec();
    let sequential = |i: u64| i * 128 % (1 << 29);
    let random = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 42 << 7;
    let mut group = c.benchmark_group("dram");
    group.throughput(Throughput::Elements(BURSTS));
    let mut case = |name: &str, kinds: &'static [Kind], address: &dyn Fn(u64) -> u64| {
        group.bench_function(name, |b| {
            let mut out = Vec::with_capacity(1024);
            b.iter(|| {
                let mut memory = Memory::new(&spec, Hertz(100_000_000)).expect("valid");
                black_box(drive(&mut memory, kinds, address, &mut out))
            });
        });
    };
    case("sequential reads", &[Kind::Read], &sequential);
    case("random reads", &[Kind::Read], &random);
    case("random reads and writes", &[Kind::Read, Kind::Write], &random);
    group.finish();
}

criterion_group!(benches, bursts);
criterion_main!(benches);
