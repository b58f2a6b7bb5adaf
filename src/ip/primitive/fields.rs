//! Which bits of a job a unit really uses. Synthesis drops the others from queues and job registers, so that these sets give the LUTRAM of
//! the queues exactly and the job registers to the bit. Positions are those of the descriptor (contract, section 6).

use crate::accelerator::{Accelerator, Bank};
use crate::plan::Unit;

/// Bits of a descriptor.
const DESCRIPTOR_BITS: u64 = 512;
/// Opcode, pop mask and push mask (bits 4 to 23) come first in a queue, then the job from word 1 on.
const CONTROL: (u64, u64) = (4, 20);
/// Width of a RAM32M as simple dual-port memory.
pub const SLICE_BITS: u64 = 6;

/// A set of bits of a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits([u64; 8]);

impl Bits {
    /// With `count` more bits from `from` on.
    fn with(mut self, from: u64, count: u64) -> Bits {
        let (mut at, end) = (from, from + count);
        while at < end {
            let word = &mut self.0[(at / 64) as usize];
            let next = (at / 64 * 64 + 64).min(end);
            *word |= (u64::MAX >> (64 - (next - at))) << (at % 64);
            at = next;
        }
        self
    }
    fn or(mut self, other: Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine |= theirs);
        self
    }
    fn and(mut self, other: Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|w| u64::from(w.count_ones())).sum()
    }
}

/// What a unit uses of its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    /// Bits that come out of the queue.
    pub queue: Bits,
    /// Bits of the running job that are kept in a register.
    pub register: Bits,
}

/// Bits of an address of `words` words.
pub fn address_bits(words: usize) -> u64 {
    u64::from(words.max(2).next_power_of_two().trailing_zeros())
}

/// Width that an adder or counter keeps when `bits` of its result are used: a CARRY4 stays whole.
pub fn carried(bits: u64) -> u64 {
    bits.next_multiple_of(4).min(16)
}

fn widest<'a>(banks: impl Iterator<Item = &'a Bank>) -> u64 {
    banks.map(|b| address_bits(b.words)).max().unwrap_or(0)
}

/// Address bits of the banks that a unit reads.
pub fn read_address_bits(acc: &Accelerator, unit: Unit) -> u64 {
    widest(acc.banks.iter().filter(|b| b.readers.contains(&unit)))
}

/// Address bits of the banks that a unit writes.
pub fn write_address_bits(acc: &Accelerator, unit: Unit) -> u64 {
    widest(acc.banks.iter().filter(|b| b.writers.contains(&unit)))
}

/// Units of the accelerator, by code.
pub fn units(acc: &Accelerator) -> impl Iterator<Item = Unit> {
    Unit::ALL.into_iter().filter(|&u| !u.is_compute() || acc.ip(u).is_some())
}

/// Units of the accelerator that have weights.
pub fn weighted_units(acc: &Accelerator) -> impl Iterator<Item = Unit> {
    units(acc).filter(|&u| u.is_compute() && u != Unit::Vector)
}

/// Bits of the word address that a transfer unit counts.
pub fn word_address_bits(acc: &Accelerator, unit: Unit) -> u64 {
    let memories = |u: Unit| acc.ip(u).map_or(0, |ip| address_bits(ip.weight_rows).max(address_bits(ip.parameter_rows)));
    match unit {
        Unit::Load => write_address_bits(acc, unit),
        Unit::Store => read_address_bits(acc, unit),
        _ => weighted_units(acc).map(memories).max().unwrap_or(0),
    }
}

/// What a unit with a queue uses of its jobs; nothing for `fetch`.
pub fn uses(acc: &Accelerator, unit: Unit) -> Uses {
    let none = Bits::default();
    let Uses { queue, register } = match unit {
        Unit::Fetch => return Uses { queue: none, register: none },
        Unit::Load | Unit::Weights | Unit::Store => transfer(acc, unit),
        _ => compute(acc, unit),
    };
    let opcode = if unit == Unit::Vector { 4 } else { 0 };
    let push_mask = units(acc).fold(none, |b, u| b.with(16 + u.index() as u64, 1));
    Uses { queue: queue.or(register).or(push_mask).with(4, opcode).with(8, 8), register }
}

fn transfer(acc: &Accelerator, unit: Unit) -> Uses {
    let none = Bits::default();
    // Addresses, runs, beats and strides go to the burst cutter's own registers.
    let bursts = none.with(64, 88).with(160, 64);
    if unit == Unit::Weights && weighted_units(acc).next().is_none() {
        return Uses { queue: bursts, register: none };
    }
    // Word beats, memory, container and sign.
    let memory_bits = if unit == Unit::Weights { 8 } else { 4 };
    let register = none.with(152, 8).with(224, memory_bits).with(248, 6);
    Uses { queue: bursts.with(232, carried(word_address_bits(acc, unit))), register }
}

fn compute(acc: &Accelerator, unit: Unit) -> Uses {
    let Some(ip) = acc.ip(unit) else { return Uses { queue: Bits::default(), register: Bits::default() } };
    let (source, destination) = (read_address_bits(acc, unit), carried(write_address_bits(acc, unit)));
    let feature_bits = u64::from(acc.feature_bits);
    let zero_point = (feature_bits + 1).min(16);
    let (dense, vector) = (matches!(unit, Unit::Pointwise | Unit::Conv), unit == Unit::Vector);
    // Banks; source block stride; rows, columns, blocks; row stride; all of word 3; padding; requantise, signs; zero point.
    let mut register = Bits::default().with(64, 8).with(104, carried(source)).with(128, 36).with(164, source.min(12)).with(192, 64);
    register = register.with(288, feature_bits).with(320, 53).with(384, zero_point);
    if dense {
        register = register.with(72, carried(source));
    } else {
        register = register.with(176, destination);
    }
    // Source and destination address are taken over from the head of the queue.
    let mut queue = Bits::default().with(72, carried(source)).with(88, destination);
    if vector {
        // Second operand; multiplier, shifts; its zero point.
        register = register.with(72, source).with(304, source).with(400, 23).with(424, 17).with(448, zero_point);
    } else {
        register = register.with(373, 1);
        queue = queue.with(256, carried(address_bits(ip.weight_rows))).with(272, carried(address_bits(ip.parameter_rows)));
    }
    Uses { queue, register }
}

/// Slices of six bits that a queue's memory needs.
pub fn queue_slices(acc: &Accelerator, unit: Unit) -> u64 {
    slices(uses(acc, unit).queue).0
}

/// How many slices of six bits a queue of these bits needs, and all the bits that come to lie in them.
fn slices(queue: Bits) -> (u64, Bits) {
    let (control, words) = (CONTROL.1, queue.0.len());
    let mask = (1u64 << control) - 1;
    // In the order of the queue: the control bits, then words 1 to 7.
    let mut places = [0; 8];
    places[0] = queue.0[0] >> CONTROL.0 & mask | queue.0[1] << control;
    (1..words - 1).for_each(|k| places[k] = queue.0[k] >> (64 - control) | queue.0[k + 1] << control);
    places[words - 1] = queue.0[words - 1] >> (64 - control);
    let (mut count, mut reached) = (0, Bits::default());
    for first in (0..control + DESCRIPTOR_BITS - 64).step_by(SLICE_BITS as usize) {
        let (word, low) = ((first / 64) as usize, first % 64);
        let above = if low + SLICE_BITS > 64 { places[word + 1] << (64 - low) } else { 0 };
        if (places[word] >> low | above) & ((1 << SLICE_BITS) - 1) != 0 {
            count += 1;
            reached = reached.with(first, SLICE_BITS);
        }
    }
    // And back to where they are in the descriptor.
    let mut bits = [0; 8];
    bits[0] = (reached.0[0] & mask) << CONTROL.0;
    (1..words).for_each(|k| bits[k] = reached.0[k - 1] >> control | reached.0[k] << (64 - control));
    (count, Bits(bits))
}

/// Slices of six bits of the descriptor buffer, one memory for each of its eight words: it holds what `fetch` looks at and every bit that
/// reaches a slice of a queue, used there or not.
pub fn buffer_slices(acc: &Accelerator) -> u64 {
    let mut needed = Bits::default().with(0, 3).with(CONTROL.0, CONTROL.1);
    for unit in units(acc).filter(|&u| u != Unit::Fetch) {
        let reach = Bits::default().with(0, if unit.is_compute() { DESCRIPTOR_BITS } else { 256 });
        needed = needed.or(slices(uses(acc, unit).queue).1.and(reach));
    }
    let of_word = |word: u64| (0..64).step_by(SLICE_BITS as usize).filter(|s| word >> s & ((1 << SLICE_BITS) - 1) != 0).count() as u64;
    needed.0.into_iter().map(of_word).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_lies_in_the_slice_of_its_place_in_the_queue() {
        // Bits 4 to 23, then 64 to 511: 468 bits, 78 slices of six.
        let places: Vec<u64> = (4..24).chain(64..512).collect();
        for slice in places.chunks(6) {
            for &bit in slice {
                let all = slice.iter().fold(Bits::default(), |bits, &bit| bits.with(bit, 1));
                assert_eq!(slices(Bits::default().with(bit, 1)), (1, all), "bit {bit}");
            }
            assert_eq!(slices(slice.iter().fold(Bits::default(), |bits, &bit| bits.with(bit, 1))).0, 1);
        }
        for bit in (0..4).chain(24..64) {
            assert_eq!(slices(Bits::default().with(bit, 1)), (0, Bits::default()), "bit {bit} is in no queue");
        }
    }
}
