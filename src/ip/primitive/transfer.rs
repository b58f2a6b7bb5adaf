//! Parts of the transfer units: address generators, job queues, containers to words and back.

use super::calibration::Kind;
use super::fields;
use super::memory;
use crate::accelerator::Accelerator;
use crate::board::Resources;
use crate::plan::Unit;

/// Bits of a descriptor that a burst cutter keeps and counts: two strides, two starts and the address (32 each), runs, runs left, blocks
/// left (16 each), beats of a run and rest (24 each), valid.
const BURST_REGISTERS: u64 = 5 * 32 + 3 * 16 + 2 * 24 + 1;
/// Beats of a container width have one of these sizes, in bits.
const CONTAINERS: [u64; 5] = [1, 2, 4, 8, 16];
/// Bits of a beat.
const BEAT_BITS: u64 = 64;

/// A read master: burst cutter, request registers (address 32, length 4, valid), bursts in flight, beat and word counters. Look-up tables
/// as single-module synthesis gives them: 394 to 413 whatever the number of bursts in flight.
pub fn read_master(acc: &Accelerator, unit: Unit) -> Resources {
    let counted = fields::carried(fields::word_address_bits(acc, unit));
    Resources::logic(Kind::Control.luts(396.0), BURST_REGISTERS + 37 + 5 + 3 + 8 + counted)
}

/// A write master: burst cutter, six flags of the handshake, bursts in flight, beat in burst, packing index, beat, word address. Look-up
/// tables without the packer: 426, whatever the lanes.
pub fn write_master(acc: &Accelerator) -> Resources {
    let counted = fields::carried(fields::word_address_bits(acc, Unit::Store));
    Resources::logic(Kind::Control.luts(426.0), BURST_REGISTERS + 6 + 5 + 5 + 8 + distinct_beat_bits(acc) + counted)
}

/// The queue of a unit and what stands behind it: LUTRAM, pointers and level, issue decision, push mask and opcode of the running job.
/// Its job registers belong to the unit ([`fields::uses`]).
pub fn queue(acc: &Accelerator, unit: Unit) -> Resources {
    let index_bits = fields::address_bits(acc.queue_depth);
    // A pointer that wraps anywhere but at a power of two compares.
    let wrap = if acc.queue_depth.is_power_of_two() { 0 } else { 8 };
    let logic = Kind::Control.luts((20 + 6 * index_bits + wrap) as f64);
    // Read index (twice: it is also the memory's address register), write index, level, busy, push mask, opcode.
    let opcode = if unit == Unit::Vector { 4 } else { 0 };
    let registers = 3 * index_bits + index_bits + 1 + 1 + fields::units(acc).count() as u64 + opcode;
    memory::slices(fields::queue_slices(acc, unit)) + Resources::logic(logic, registers)
}

/// Beats to a word of `values` of `bits`: a register each, which takes its bits from one of five containers in the beat that carries it.
pub fn unpack(values: u64, bits: u64) -> Resources {
    const LUTS_A_BIT: f64 = 1.55;
    const BEAT_COMPARISON: f64 = 2.5;
    Resources::logic(Kind::Packing.luts(values as f64 * (bits as f64 * LUTS_A_BIT + BEAT_COMPARISON)), values * bits)
}

/// Words to beats: each bit of a beat comes from one of the beats of each of five containers.
pub fn pack(acc: &Accelerator) -> Resources {
    let lanes = acc.lanes as u64;
    let sources = |container: u64| {
        let word_bits = lanes * container;
        if word_bits < BEAT_BITS { word_bits } else { word_bits / BEAT_BITS * BEAT_BITS }
    };
    Resources::logic(Kind::Packing.luts(CONTAINERS.map(sources).iter().sum::<u64>() as f64), 0)
}

/// Bits of a packed beat that differ: where a value is narrower than all containers around it, its sign stands in several places.
fn distinct_beat_bits(acc: &Accelerator) -> u64 {
    let (lanes, feature_bits) = (acc.lanes as u64, u64::from(acc.feature_bits));
    let source = |position: u64, container: u64| {
        let bit = position % container;
        (position < lanes * container).then_some((position / container, bit.min(feature_bits)))
    };
    let mut origins: Vec<_> = (0..BEAT_BITS).map(|p| CONTAINERS.map(|c| source(p, c))).collect();
    origins.sort_unstable();
    origins.dedup();
    origins.len() as u64
}
