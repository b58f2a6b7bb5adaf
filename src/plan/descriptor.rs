//! The descriptor of a job, bit by bit (contract, section 6).

use super::job::{Compute, ComputeOp, Job, Task, Transfer, Unit};
use crate::error::{Error, Result};
use crate::fixed::{Format, Overflow, Rounding};

/// Bytes of one descriptor.
pub const DESCRIPTOR_BYTES: usize = 64;

/// One descriptor as eight 64-bit words.
pub type Descriptor = [u64; 8];

/// A named bit field: word, lowest bit, width.
struct Field(usize, u32, u32);

const UNIT: Field = Field(0, 0, 4);
const OPCODE: Field = Field(0, 4, 4);
const POP: Field = Field(0, 8, 8);
const PUSH: Field = Field(0, 16, 8);
const LAYER: Field = Field(0, 32, 16);

impl Field {
    fn put(&self, d: &mut Descriptor, value: i64) -> Result<()> {
        let mask = (1u64 << self.2) - 1;
        let (low, high) = (-(1i64 << (self.2 - 1)), mask as i64);
        if value < low || value > high {
            return Err(self.overflows(value, low, high));
        }
        d[self.0] |= (value as u64 & mask) << self.1;
        Ok(())
    }
    /// As [`Field::put`], of a value that comes back by [`Field::get_signed`].
    fn put_signed(&self, d: &mut Descriptor, value: i64) -> Result<()> {
        let high = (1i64 << (self.2 - 1)) - 1;
        if !(-high - 1..=high).contains(&value) {
            return Err(self.overflows(value, -high - 1, high));
        }
        self.put(d, value)
    }
    fn overflows(&self, value: i64, low: i64, high: i64) -> Error {
        let Field(word, lowest, width) = self;
        Error::unsupported(format!("a job does not fit its descriptor: field w{word}[{}:{lowest}] overflows", lowest + width - 1))
            .value(value)
            .allowed(format!("{low} to {high}"))
            .hint("use a smaller tile or smaller banks")
    }
    fn get(&self, d: &Descriptor) -> u64 {
        d[self.0] >> self.1 & ((1u64 << self.2) - 1)
    }
    fn get_signed(&self, d: &Descriptor) -> i64 {
        let shift = 64 - self.2;
        ((self.get(d) << shift) as i64) >> shift
    }
}

/// Encodes a job.
///
/// # Errors
/// When a value does not fit its field.
pub fn encode(job: &Job) -> Result<Descriptor> {
    let mut d = [0; 8];
    let opcode = match &job.task {
        Task::Nop => 0,
        Task::End => 1,
        Task::Transfer(_) => 2,
        Task::Compute(c) => 3 + c.op as i64,
    };
    for (field, value) in [
        (UNIT, job.unit.index() as i64),
        (OPCODE, opcode),
        (POP, i64::from(job.pop)),
        (PUSH, i64::from(job.push)),
        (LAYER, i64::from(job.layer)),
    ] {
        field.put(&mut d, value)?;
    }
    match &job.task {
        Task::Transfer(t) => put_all(&mut d, &TRANSFER, &transfer_values(t))?,
        Task::Compute(c) => {
            put_all(&mut d, &COMPUTE, &compute_values(c))?;
            ORIGIN[0].put_signed(&mut d, c.origin.0.into())?;
            ORIGIN[1].put_signed(&mut d, c.origin.1.into())?;
            SKIP_PADDING.put(&mut d, c.skip_padding.into())?;
            INPUT_ZERO_POINT2.put(&mut d, c.input_zero_point2.into())?;
        }
        Task::Nop | Task::End => {}
    }
    Ok(d)
}

/// Decodes what the hardware would see. Fraction bits of formats are not part of a descriptor and come back as 0.
///
/// # Errors
/// On an unknown unit or opcode.
pub fn decode(d: &Descriptor) -> Result<Job> {
    let unit = *Unit::ALL.get(UNIT.get(d) as usize).ok_or_else(|| Error::fault("unknown unit in descriptor").value(UNIT.get(d)))?;
    let task = match OPCODE.get(d) {
        0 => Task::Nop,
        1 => Task::End,
        2 => Task::Transfer(read_transfer(d)),
        op @ 3..=6 => Task::Compute(Box::new(read_compute(d, op)?)),
        op => return Err(Error::fault("unknown opcode in descriptor").value(op)),
    };
    Ok(Job { unit, layer: LAYER.get(d) as u16, pop: POP.get(d) as u8, push: PUSH.get(d) as u8, task })
}

fn put_all(d: &mut Descriptor, fields: &[Field], values: &[i64]) -> Result<()> {
    assert_eq!(fields.len(), values.len());
    fields.iter().zip(values).try_for_each(|(field, &value)| field.put(d, value))
}

const TRANSFER: [Field; 11] = [
    Field(1, 0, 32),
    Field(1, 32, 16),
    Field(1, 48, 16),
    Field(2, 0, 24),
    Field(2, 24, 8),
    Field(2, 32, 32),
    Field(3, 0, 32),
    Field(3, 32, 8),
    Field(3, 40, 16),
    Field(3, 56, 5),
    Field(3, 61, 1),
];

fn transfer_values(t: &Transfer) -> [i64; 11] {
    [
        t.dram_address.into(),
        t.runs.into(),
        t.blocks.into(),
        t.run_beats.into(),
        t.word_beats.into(),
        t.run_stride.into(),
        t.block_stride.into(),
        t.memory.into(),
        t.bank_address.into(),
        t.container_bits.into(),
        t.signed.into(),
    ]
}

fn read_transfer(d: &Descriptor) -> Transfer {
    let v = |i: usize| TRANSFER[i].get(d);
    Transfer {
        dram_address: v(0) as u32,
        runs: v(1) as u16,
        blocks: v(2) as u16,
        run_beats: v(3) as u32,
        word_beats: v(4) as u8,
        run_stride: v(5) as u32,
        block_stride: v(6) as u32,
        memory: v(7) as u8,
        bank_address: v(8) as u16,
        container_bits: v(9) as u8,
        signed: v(10) == 1,
    }
}

const COMPUTE: [Field; 41] = [
    Field(1, 0, 4),
    Field(1, 4, 4),
    Field(1, 8, 16),
    Field(1, 24, 16),
    Field(1, 40, 16),
    Field(2, 0, 12),
    Field(2, 12, 12),
    Field(2, 24, 12),
    Field(2, 36, 12),
    Field(2, 48, 16),
    Field(3, 0, 6),
    Field(3, 6, 6),
    Field(3, 12, 3),
    Field(3, 15, 3),
    Field(3, 18, 4),
    Field(3, 22, 4),
    Field(3, 42, 11),
    Field(3, 53, 11),
    Field(4, 0, 16),
    Field(4, 16, 16),
    Field(4, 32, 16),
    Field(4, 48, 16),
    Field(5, 0, 3),
    Field(5, 3, 2),
    Field(5, 5, 1),
    Field(5, 6, 1),
    Field(5, 7, 1),
    Field(5, 8, 5),
    Field(5, 13, 5),
    Field(5, 18, 1),
    Field(5, 19, 1),
    Field(5, 20, 16),
    Field(5, 36, 16),
    Field(5, 52, 1),
    Field(5, 53, 1),
    Field(6, 0, 16),
    Field(6, 16, 16),
    Field(6, 32, 8),
    Field(6, 40, 5),
    Field(6, 45, 5),
    Field(6, 50, 6),
];
const ORIGIN: [Field; 2] = [Field(3, 26, 8), Field(3, 34, 8)];
const SKIP_PADDING: Field = Field(6, 56, 8);
const INPUT_ZERO_POINT2: Field = Field(7, 0, 16);

fn compute_values(c: &Compute) -> Vec<i64> {
    vec![
        c.source_bank.into(),
        c.destination_bank.into(),
        c.source.into(),
        c.destination.into(),
        c.source_block_stride.into(),
        c.rows.into(),
        c.cols.into(),
        c.blocks.into(),
        c.source_row_stride.into(),
        c.destination_block_stride.into(),
        c.kernel.0.into(),
        c.kernel.1.into(),
        c.stride.0.into(),
        c.stride.1.into(),
        c.dilation.0.into(),
        c.dilation.1.into(),
        c.source_rows.into(),
        c.source_cols.into(),
        c.weight_address.into(),
        c.parameter_address.into(),
        c.padding_value.into(),
        c.source2.into(),
        c.rounding as i64,
        c.overflow as i64,
        c.relu.into(),
        c.clip.is_some().into(),
        c.leaky_slope.is_some().into(),
        c.leaky_slope.unwrap_or(0).into(),
        c.format.bits.into(),
        c.format.signed.into(),
        c.format.narrow.into(),
        c.zero_point.into(),
        c.clip.unwrap_or(0).into(),
        c.source_signed.into(),
        c.binary_weights.into(),
        c.input_zero_point.into(),
        c.mult.into(),
        c.shift.into(),
        c.operand_shifts.0.into(),
        c.operand_shifts.1.into(),
        c.upsample_shift.into(),
    ]
}

fn read_compute(d: &Descriptor, opcode: u64) -> Result<Compute> {
    let v = |i: usize| COMPUTE[i].get(d);
    let s = |i: usize| COMPUTE[i].get_signed(d);
    let rounding = *Rounding::ALL.get(v(22) as usize).ok_or_else(|| Error::fault("unknown rounding mode in descriptor").value(v(22)))?;
    Ok(Compute {
        op: [ComputeOp::MultiplyAccumulate, ComputeOp::Maximum, ComputeOp::Sum, ComputeOp::Add][opcode as usize - 3],
        source_bank: v(0) as u8,
        destination_bank: v(1) as u8,
        source: v(2) as u16,
        destination: v(3) as u16,
        source_block_stride: v(4) as u16,
        rows: v(5) as u16,
        cols: v(6) as u16,
        blocks: v(7) as u16,
        source_row_stride: v(8) as u16,
        destination_block_stride: v(9) as u16,
        kernel: (v(10) as u8, v(11) as u8),
        stride: (v(12) as u8, v(13) as u8),
        dilation: (v(14) as u8, v(15) as u8),
        origin: (ORIGIN[0].get_signed(d) as i16, ORIGIN[1].get_signed(d) as i16),
        source_rows: v(16) as u16,
        source_cols: v(17) as u16,
        weight_address: v(18) as u16,
        parameter_address: v(19) as u16,
        padding_value: s(20) as i16,
        source2: v(21) as u16,
        rounding,
        overflow: Overflow::ALL[v(23) as usize],
        relu: v(24) == 1,
        clip: (v(25) == 1).then_some(s(32) as i16),
        leaky_slope: (v(26) == 1).then_some(v(27) as u8),
        format: Format { bits: v(28) as u8, frac: 0, signed: v(29) == 1, narrow: v(30) == 1 },
        zero_point: s(31) as i16,
        source_signed: v(33) == 1,
        binary_weights: v(34) == 1,
        input_zero_point: s(35) as i16,
        mult: v(36) as u16,
        shift: s(37) as i8,
        operand_shifts: (v(38) as u8, v(39) as u8),
        upsample_shift: v(40) as u8,
        skip_padding: SKIP_PADDING.get(d) == 1,
        input_zero_point2: INPUT_ZERO_POINT2.get_signed(d) as i16,
    })
}
