//! `bico_system` as software meets it: registers over AXI4-Lite, a memory image as `bico emit` writes it, the interrupt line.
//!
//! Needs Verilator and g++; without them each test prints why it is skipped, unless `BICO_REQUIRE_RTL=1`.

mod common;

use bico::accelerator::Accelerator;
use bico::board::Board;
use bico::dram::Memory;
use bico::machine::{FixedLatency, Machine, MemoryModel};
use bico::model::builtin::builtin;
use bico::model::{LoadOptions, Network, reference};
use bico::plan::Unit;
use bico::rtl::registers::{ID, REGISTERS, offset, version};
use bico::rtl::{Case, Hostile, MemoryImage, Modelled, System, SystemModel, random};
use bico::simulate::Sample;
use bico::units::{Cycle, Cycles};
use common::{Numbers, tools};
use std::sync::Mutex;

/// Where the image lies: not at 0, so that the base is added.
const BASE: u32 = 0x1e35_7000;
const LIMIT_CYCLES: u64 = 2_000_000;
const BUSY: u32 = 1;
const DONE: u32 = 2;
const MEMORY_ERROR: u32 = 4;
const REFUSED: u32 = 8;

/// A pair of network and accelerator, and what `bico emit` writes for it.
struct Setup {
    acc: Accelerator,
    board: Board,
    network: Network,
    sample: Sample,
    image: MemoryImage,
    model: SystemModel,
}

impl Setup {
    /// The smallest pair.
    fn new() -> Setup {
        Setup::of("tiny", "tiny", Some(8))
    }

    fn of(network: &str, acc: &str, bits: Option<u8>) -> Setup {
        let acc = bico::accelerator::builtin(acc).unwrap();
        let board = bico::board::builtin("pynq-z1").unwrap();
        let network = builtin(network).unwrap().load(LoadOptions { feature_bits: bits, weight_bits: bits, ..Default::default() }).unwrap();
        let sample = Sample { name: "random".into(), image: random::input(&network.graph, 5), truth: None };
        let image = MemoryImage::new(&network, &acc, &board, &sample).unwrap();
        // The first test compiles, the others find it compiled.
        static COMPILING: Mutex<()> = Mutex::new(());
        let one_at_a_time = COMPILING.lock().unwrap_or_else(|e| e.into_inner());
        let model = bico::rtl::verilate_system(&acc).unwrap();
        drop(one_at_a_time);
        Setup { acc, board, network, sample, image, model }
    }

    /// Out of reset, with the registers of the program written.
    fn system<'a>(&'a self, responder: &'a mut dyn bico::rtl::Responder, stalls: (u64, usize)) -> System<'a> {
        let mut system = System::new(&self.model, &self.acc, &self.image.bytes, BASE, responder, stalls).unwrap();
        self.write_program(&mut system);
        system
    }

    fn write_program(&self, system: &mut System) {
        let program = &self.image.manifest.program;
        let values = [
            ("MEMORY_BASE", BASE),
            ("PROGRAM_ADDRESS", program.address as u32),
            ("PROGRAM_DESCRIPTORS", program.descriptors as u32),
            ("INTERRUPT_ENABLE", DONE),
        ];
        system.accesses(&values.map(|(name, value)| (offset(name), value)), &[]).unwrap();
    }

    /// Two frames: line, counters and bits, against the simulator on its own instance of the memory.
    fn frames<M: MemoryModel>(&self, memory: impl Fn() -> M, stalls: (u64, usize)) {
        let case = Case::new(&self.network.graph, &self.acc, self.sample.image.clone()).unwrap();
        let mut responder = Modelled::new(memory(), &self.acc);
        let mut system = self.system(&mut responder, stalls);
        let mut simulator = Machine::new(&case.plan, &self.acc, memory());
        let mut busy_cycles = 0;
        for frame in 1..=2 {
            let start = system.write(offset("CONTROL"), 1, 15).unwrap();
            let timed = simulator.frame(Cycle(start)).unwrap();
            let latency = timed.end.0 - start;
            // The register port works while the machine does, and does not disturb it.
            let early = read(&mut system, "FRAME_CYCLES_LOW");
            let later = read(&mut system, "FRAME_CYCLES_LOW");
            assert!(early > 0 && early < later && u64::from(later) < system.cycle() - start, "{early}, {later}");
            assert_eq!(read(&mut system, "STATUS"), BUSY);
            assert!(!system.irq());
            let line = system.wait_interrupt(LIMIT_CYCLES).unwrap();
            assert_eq!(line, start + latency + 1, "cycle after the machine's interrupt");
            assert_eq!(u64::from(read(&mut system, "FRAME_CYCLES_LOW")), latency);
            assert_eq!(read(&mut system, "FRAME_CYCLES_HIGH"), 0);
            busy_cycles += latency;
            assert_eq!(u64::from(read(&mut system, "BUSY_CYCLES_LOW")), busy_cycles);
            assert_eq!(read(&mut system, "FRAMES"), frame);
            assert_eq!(read(&mut system, "STATUS"), DONE);
            assert_eq!(case.wrong_bytes(system.dram()).next(), None);
            assert_eq!(reference::hash(&self.image.output(system.dram())), self.image.manifest.sample.output_sha256);
            system.write(offset("STATUS"), DONE, 15).unwrap();
            system.idle(1).unwrap();
            assert!(!system.irq());
            assert_eq!(read(&mut system, "STATUS"), 0);
        }
        system.write(offset("CONTROL"), 2, 15).unwrap();
        assert_eq!((read(&mut system, "BUSY_CYCLES_LOW"), read(&mut system, "FRAMES")), (0, 0));
        assert_ne!(read(&mut system, "FRAME_CYCLES_LOW"), 0);
    }
}

fn read(system: &mut System, name: &str) -> u32 {
    system.read(offset(name)).unwrap()
}

/// Reads of before a reset are answered after it: nobody waits for them, and nothing counts them.
#[test]
fn a_frame_after_a_reset_in_the_middle_of_reads_is_right() {
    if !tools() {
        return;
    }
    let setup = Setup::new();
    // The latency is longer than the reset is held. The first reset comes before descriptors have, the second among the first rows.
    for cycles in [20, 260, 330] {
        let mut responder = Modelled::new(FixedLatency::new(Cycles(200)), &setup.acc);
        let mut system = setup.system(&mut responder, (1, 0));
        system.write(offset("CONTROL"), 1, 15).unwrap();
        system.idle(cycles).unwrap();
        system.reset().unwrap();
        system.idle(1000).unwrap();
        assert_eq!(read(&mut system, "STATUS"), 0, "no frame runs");
        setup.write_program(&mut system);
        system.write(offset("CONTROL"), 1, 15).unwrap();
        system.wait_interrupt(LIMIT_CYCLES).unwrap();
        assert_eq!(reference::hash(&setup.image.output(system.dram())), setup.image.manifest.sample.output_sha256, "reset after {cycles}");
    }
}

#[test]
fn frames_take_the_simulators_cycles_and_leave_the_references_bits() {
    if !tools() {
        return;
    }
    let setup = Setup::new();
    for (latency, skew) in [(1, 0), (7, 3), (30, 5), (200, 9)] {
        setup.frames(|| FixedLatency::new(Cycles(latency)), (latency, skew));
    }
    // Under the DDR model the latency depends on the cycle of the start: BVALID tells it.
    for seed in 0..3 {
        setup.frames(|| Memory::new(&setup.board.memory, setup.acc.clock).unwrap(), (seed, 4));
    }
    // What memory.json expects is a frame that starts in cycle 0.
    let case = Case::new(&setup.network.graph, &setup.acc, setup.sample.image.clone()).unwrap();
    let first =
        case.simulate(&mut Machine::new(&case.plan, case.acc, Memory::new(&setup.board.memory, setup.acc.clock).unwrap()), 1).unwrap();
    assert_eq!(setup.image.manifest.expected.frame_cycles, first[0].end.0);
    // And on the hostile memory, whose cycles mean nothing, the bits.
    let mut hostile = Hostile::new(3);
    let mut system = setup.system(&mut hostile, (3, 3));
    system.write(offset("CONTROL"), 1, 1).unwrap();
    system.wait_interrupt(LIMIT_CYCLES).unwrap();
    assert_eq!(reference::hash(&setup.image.output(system.dram())), setup.image.manifest.sample.output_sha256);
}

#[test]
fn a_bit_that_is_set_and_cleared_in_one_cycle_is_set() {
    if !tools() {
        return;
    }
    let setup = Setup::new();
    let mut responder = Modelled::new(FixedLatency::new(Cycles(9)), &setup.acc);
    let mut system = setup.system(&mut responder, (0, 0));
    let mut clear_at = |wait_cycles: u64| {
        let start = system.write(offset("CONTROL"), 1, 15).unwrap();
        system.idle(wait_cycles).unwrap();
        // Performed in the cycle before its response.
        let performed = system.write(offset("STATUS"), DONE, 15).unwrap() - 1 - start;
        system.idle(20).unwrap();
        let (done, cycles) = (read(&mut system, "STATUS"), read(&mut system, "FRAME_CYCLES_LOW"));
        system.write(offset("STATUS"), DONE, 15).unwrap();
        (performed, done, u64::from(cycles))
    };
    let (_, _, latency) = clear_at(100_000);
    let found: Vec<_> = (latency - 8..latency + 4).map(&mut clear_at).collect();
    assert!(found.iter().any(|f| f.0 == latency), "{found:?}");
    for (performed, done, _) in found {
        assert_eq!(done, if performed <= latency { DONE } else { 0 }, "cleared {performed} of {latency}");
    }
}

/// The shipped pair over two whole frames.
#[test]
fn the_default_pair_runs_whole_frames() {
    if !tools() {
        return;
    }
    let setup = Setup::of("uav-detector", "pynq-z1-default", None);
    setup.frames(|| Memory::new(&setup.board.memory, setup.acc.clock).unwrap(), (1, 4));
}

/// Reads all 1024 words of the port.
fn snapshot(system: &mut System) -> Vec<u32> {
    let all: Vec<u32> = (0..1024).map(|w| 4 * w).collect();
    all.chunks(64).flat_map(|some| system.accesses(&[], some).unwrap().1).collect()
}

#[test]
fn registers_hold_what_the_contract_says_and_nothing_else() {
    if !tools() {
        return;
    }
    let setup = Setup::new();
    let mut responder = Modelled::new(FixedLatency::new(Cycles(20)), &setup.acc);
    let acc = &setup.acc;
    // The first address is taken after 64 cycles of reset, its write answered two cycles later.
    let mut system = System::new(&setup.model, acc, &setup.image.bytes, BASE, &mut responder, (11, 0)).unwrap();
    let released = system.cycle();
    assert_eq!(system.write(offset("FRAMES"), 1, 15).unwrap(), released + 64 + 2);
    drop(system);
    let mut responder = Modelled::new(FixedLatency::new(Cycles(20)), acc);
    let mut system = System::new(&setup.model, acc, &setup.image.bytes, BASE, &mut responder, (11, 4)).unwrap();

    // Constants.
    assert_eq!(read(&mut system, "ID"), ID);
    assert_eq!(read(&mut system, "VERSION"), version());
    assert_eq!(read(&mut system, "DESIGN"), setup.image.manifest.design);
    let bytes = [acc.lanes as u8, acc.feature_bits, acc.weight_bits, acc.banks.len() as u8];
    assert_eq!(read(&mut system, "PARAMETERS").to_le_bytes(), bytes);
    let ports = Unit::ALL.iter().filter_map(|&u| acc.port(u)).enumerate().fold(0, |m, (i, p)| m | p.hp << (2 * i));
    assert_eq!(read(&mut system, "UNITS").to_le_bytes(), [0xff, acc.queue_depth as u8, ports, 0]);

    // A start without a program is refused, and said so on the line when that is enabled.
    system.write(offset("INTERRUPT_ENABLE"), REFUSED, 15).unwrap();
    system.write(offset("CONTROL"), 1, 15).unwrap();
    system.idle(200).unwrap();
    assert!(system.irq());
    assert_eq!((read(&mut system, "STATUS"), read(&mut system, "FRAMES")), (REFUSED, 0));
    system.write(offset("STATUS"), DONE | MEMORY_ERROR, 15).unwrap();
    assert_eq!(read(&mut system, "STATUS"), REFUSED);
    system.write(offset("STATUS"), REFUSED, 15).unwrap();
    system.write(offset("INTERRUPT_ENABLE"), 0, 15).unwrap();

    // Writable bits, and byte strobes.
    for (name, mask) in
        [("INTERRUPT_ENABLE", 0xe), ("PROGRAM_ADDRESS", 0xffff_ff80), ("PROGRAM_DESCRIPTORS", 0xffff_fffe), ("MEMORY_BASE", 0xffff_f000u32)]
    {
        for (value, strobes) in [(!0, 15), (0x1234_5678, 15), (!0, 2), (0, 5), (0xdead_beef, 8), (0xdead_beef, 0), (0, 15)] {
            let before = read(&mut system, name);
            let bytes = (0..4).filter(|b| strobes >> b & 1 == 1).fold(0, |m, b| m | 0xffu32 << (8 * b));
            system.write(offset(name), value, strobes).unwrap();
            assert_eq!(read(&mut system, name), (before & !bytes | value & bytes) & mask, "{name}: {value:#x}, {strobes:#x}");
        }
    }
    // A start needs its byte.
    system.write(offset("PROGRAM_DESCRIPTORS"), 2, 15).unwrap();
    system.write(offset("CONTROL"), 1, 14).unwrap();
    assert_eq!(read(&mut system, "STATUS"), 0);

    // Everything else answers, reads as it did, and ignores writes.
    let writable = ["CONTROL", "STATUS", "INTERRUPT_ENABLE", "PROGRAM_ADDRESS", "PROGRAM_DESCRIPTORS", "MEMORY_BASE"].map(offset);
    let before = snapshot(&mut system);
    assert!((0..1024u32).filter(|w| REGISTERS.iter().all(|r| r.offset != 4 * w)).all(|w| before[w as usize] == 0));
    let mut n = Numbers(9);
    let words: Vec<u32> = (0..1024).map(|w| 4 * w).filter(|at| !writable.contains(at)).collect();
    for some in words.chunks(64) {
        // Writes and reads at the same time, in random order of their channels.
        let writes: Vec<_> = some.iter().map(|&at| (at, n.next() as u32 | 1)).collect();
        let (_, values) = system.accesses(&writes, some).unwrap();
        assert!(some.iter().zip(&values).all(|(&at, &value)| value == before[at as usize / 4]));
    }
    assert_eq!(snapshot(&mut system), before);
    assert_eq!(system.dram(), setup.image.bytes);
}

#[test]
fn a_running_frame_can_not_be_disturbed_and_errors_of_the_memory_stick() {
    if !tools() {
        return;
    }
    let setup = Setup::new();
    let mut responder = Modelled::new(FixedLatency::new(Cycles(20)), &setup.acc);
    let mut system = setup.system(&mut responder, (12, 4));
    let status = offset("STATUS");
    system.write(offset("CONTROL"), 1, 15).unwrap();
    // Refused: another start, another program.
    let disturb = ["PROGRAM_ADDRESS", "PROGRAM_DESCRIPTORS", "MEMORY_BASE"];
    for name in disturb {
        let before = read(&mut system, name);
        system.write(offset(name), 0x5555_5000, 15).unwrap();
        assert_eq!((read(&mut system, name), read(&mut system, "STATUS")), (before, BUSY | REFUSED));
        system.write(status, REFUSED, 15).unwrap();
        assert_eq!(read(&mut system, "STATUS"), BUSY);
    }
    system.write(offset("CONTROL"), 1, 15).unwrap();
    assert_eq!(read(&mut system, "STATUS"), BUSY | REFUSED);
    system.wait_interrupt(LIMIT_CYCLES).unwrap();
    let cycles = read(&mut system, "FRAME_CYCLES_LOW");
    assert_eq!(read(&mut system, "STATUS"), DONE | REFUSED);
    assert_eq!(reference::hash(&setup.image.output(system.dram())), setup.image.manifest.sample.output_sha256);
    let golden = system.dram().to_vec();

    // A read beat or a write response that is not OKAY, on any frame, until it is cleared.
    for (read_response, write_response) in [(0b10, 0), (0, 0b11), (0b01, 0), (0, 0b10)] {
        system.write(status, !0, 15).unwrap();
        assert_eq!(read(&mut system, "STATUS"), 0);
        system.set_responses(read_response, write_response);
        system.write(offset("CONTROL"), 1, 15).unwrap();
        system.wait_interrupt(LIMIT_CYCLES).unwrap();
        assert_eq!(read(&mut system, "STATUS"), DONE | MEMORY_ERROR);
        assert_eq!(read(&mut system, "FRAME_CYCLES_LOW"), cycles, "an error costs no cycle");
        system.set_responses(0, 0);
        system.write(status, DONE, 15).unwrap();
        assert_eq!(read(&mut system, "STATUS"), MEMORY_ERROR);
    }
    // Enabled, the error alone raises the line.
    system.write(offset("INTERRUPT_ENABLE"), MEMORY_ERROR, 15).unwrap();
    system.idle(1).unwrap();
    assert!(system.irq());
    system.write(status, MEMORY_ERROR, 15).unwrap();
    system.idle(1).unwrap();
    assert!(!system.irq());
    assert_eq!(system.dram(), golden);
}
