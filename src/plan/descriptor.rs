//! The descriptor of a job, bit by bit (contract, section 6).

use super::job::{Compute, ComputeOp, Job, Task, Transfer, Unit};
use crate::error::{Error, Result};
use crate::fixed::{Format, Overflow, Rounding};

/// Bytes of one descriptor.
pub const DESCRIPTOR_BYTES: usize = 64;

/// One descriptor as eight 64-bit words.
pub type Descriptor = [u64; 8];

/// A named bit field.
pub struct Field {
    word: usize,
    low_bit: u32,
    width: u32,
    signed: bool,
}

const fn unsigned(word: usize, low_bit: u32, width: u32) -> Field {
    Field { word, low_bit, width, signed: false }
}

const fn signed(word: usize, low_bit: u32, width: u32) -> Field {
    Field { word, low_bit, width, signed: true }
}

impl Field {
    /// The largest value that it holds.
    pub const fn largest(&self) -> i64 {
        (1 << (self.width - self.signed as u32)) - 1
    }
    /// The smallest.
    pub const fn smallest(&self) -> i64 {
        if self.signed { -self.largest() - 1 } else { 0 }
    }
    const fn mask(&self) -> u64 {
        (1 << self.width) - 1
    }
    fn put(&self, d: &mut Descriptor, value: i64) -> Result<()> {
        let Field { word, low_bit, width, .. } = self;
        if !(self.smallest()..=self.largest()).contains(&value) {
            let e = Error::unsupported(format!(
                "a job does not fit its descriptor: field w{word}[{}:{low_bit}] overflows",
                low_bit + width - 1
            ));
            let allowed = format!("{} to {}", self.smallest(), self.largest());
            return Err(e.value(value).allowed(allowed).hint("use a smaller tile, smaller banks or fewer channels"));
        }
        d[*word] |= (value as u64 & self.mask()) << low_bit;
        Ok(())
    }
    fn get(&self, d: &Descriptor) -> i64 {
        let bits = d[self.word] >> self.low_bit & self.mask();
        let unused = if self.signed { 64 - self.width } else { 0 };
        ((bits << unused) as i64) >> unused
    }
    fn is_set(&self, d: &Descriptor) -> bool {
        self.get(d) == 1
    }
}

const UNIT: Field = unsigned(0, 0, 4);
const OPCODE: Field = unsigned(0, 4, 4);
const POP: Field = unsigned(0, 8, 8);
const PUSH: Field = unsigned(0, 16, 8);
const LAYER: Field = unsigned(0, 32, 16);

// Of a transfer.
const DRAM_ADDRESS: Field = unsigned(1, 0, 32);
const RUNS: Field = unsigned(1, 32, 16);
const TRANSFER_BLOCKS: Field = unsigned(1, 48, 16);
const RUN_BEATS: Field = unsigned(2, 0, 24);
/// Beats of a word.
pub const WORD_BEATS: Field = unsigned(2, 24, 8);
const RUN_STRIDE: Field = unsigned(2, 32, 32);
const BLOCK_STRIDE: Field = unsigned(3, 0, 32);
const MEMORY: Field = unsigned(3, 32, 8);
const BANK_ADDRESS: Field = unsigned(3, 40, 16);
const CONTAINER_BITS: Field = unsigned(3, 56, 5);
const SIGNED: Field = unsigned(3, 61, 1);

// Of a computation.
const SOURCE_BANK: Field = unsigned(1, 0, 4);
const DESTINATION_BANK: Field = unsigned(1, 4, 4);
const SOURCE: Field = unsigned(1, 8, 16);
const DESTINATION: Field = unsigned(1, 24, 16);
const SOURCE_BLOCK_STRIDE: Field = unsigned(1, 40, 16);
/// Output rows; as many columns fit.
pub const ROWS: Field = unsigned(2, 0, 12);
const COLS: Field = unsigned(2, 12, 12);
/// Channel blocks, or sub-blocks of a reduction.
pub const BLOCKS: Field = unsigned(2, 24, 12);
const SOURCE_ROW_STRIDE: Field = unsigned(2, 36, 12);
const DESTINATION_BLOCK_STRIDE: Field = unsigned(2, 48, 16);
/// Tap rows; as many columns fit.
pub const KERNEL_ROWS: Field = unsigned(3, 0, 6);
const KERNEL_COLS: Field = unsigned(3, 6, 6);
/// Stride of rows; that of columns has as many bits.
pub const STRIDE_ROWS: Field = unsigned(3, 12, 3);
const STRIDE_COLS: Field = unsigned(3, 15, 3);
/// Dilation of rows; that of columns has as many bits.
pub const DILATION_ROWS: Field = unsigned(3, 18, 4);
const DILATION_COLS: Field = unsigned(3, 22, 4);
/// Source row of the first tap; the column has as many bits.
pub const ORIGIN_ROW: Field = signed(3, 26, 8);
const ORIGIN_COL: Field = signed(3, 34, 8);
/// Source rows present; as many columns fit.
pub const SOURCE_ROWS: Field = unsigned(3, 42, 11);
const SOURCE_COLS: Field = unsigned(3, 53, 11);
const WEIGHT_ADDRESS: Field = unsigned(4, 0, 16);
const PARAMETER_ADDRESS: Field = unsigned(4, 16, 16);
const PADDING_VALUE: Field = signed(4, 32, 16);
const SOURCE2: Field = unsigned(4, 48, 16);
const ROUNDING: Field = unsigned(5, 0, 3);
const OVERFLOW: Field = unsigned(5, 3, 2);
const RELU: Field = unsigned(5, 5, 1);
const HAS_CLIP: Field = unsigned(5, 6, 1);
const IS_LEAKY: Field = unsigned(5, 7, 1);
const LEAKY_SLOPE: Field = unsigned(5, 8, 5);
const FORMAT_BITS: Field = unsigned(5, 13, 5);
const FORMAT_SIGNED: Field = unsigned(5, 18, 1);
const FORMAT_NARROW: Field = unsigned(5, 19, 1);
const ZERO_POINT: Field = signed(5, 20, 16);
const CLIP: Field = signed(5, 36, 16);
const SOURCE_SIGNED: Field = unsigned(5, 52, 1);
const BINARY_WEIGHTS: Field = unsigned(5, 53, 1);
const INPUT_ZERO_POINT: Field = signed(6, 0, 16);
const MULT: Field = unsigned(6, 16, 16);
const SHIFT: Field = signed(6, 32, 8);
const OPERAND_SHIFT: Field = unsigned(6, 40, 5);
const OPERAND_SHIFT2: Field = unsigned(6, 45, 5);
const UPSAMPLE_SHIFT: Field = unsigned(6, 50, 6);
const SKIP_PADDING: Field = unsigned(6, 56, 8);
const INPUT_ZERO_POINT2: Field = signed(7, 0, 16);

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
    let common =
        [(UNIT, job.unit.index() as i64), (OPCODE, opcode), (POP, job.pop.into()), (PUSH, job.push.into()), (LAYER, job.layer.into())];
    put_all(&mut d, &common)?;
    match &job.task {
        Task::Transfer(t) => put_transfer(&mut d, t)?,
        Task::Compute(c) => put_compute(&mut d, c)?,
        Task::Nop | Task::End => {}
    }
    Ok(d)
}

/// Decodes what the hardware would see. Fraction bits of formats are not part of a descriptor and come back as 0.
///
/// # Errors
/// On an unknown unit, opcode or mode.
pub fn decode(d: &Descriptor) -> Result<Job> {
    let unit = known(&Unit::ALL, UNIT.get(d), "unit")?;
    let task = match OPCODE.get(d) {
        0 => Task::Nop,
        1 => Task::End,
        2 => Task::Transfer(read_transfer(d)),
        op => Task::Compute(Box::new(read_compute(d, known(&OPS, op - 3, "opcode")?)?)),
    };
    Ok(Job { unit, layer: LAYER.get(d) as u16, pop: POP.get(d) as u8, push: PUSH.get(d) as u8, task })
}

/// Inner operations in the order of their opcodes.
const OPS: [ComputeOp; 4] = [ComputeOp::MultiplyAccumulate, ComputeOp::Maximum, ComputeOp::Sum, ComputeOp::Add];

fn known<T: Copy>(all: &[T], code: i64, what: &str) -> Result<T> {
    let one = usize::try_from(code).ok().and_then(|k| all.get(k).copied());
    one.ok_or_else(|| Error::fault(format!("unknown {what} in descriptor")).value(code))
}

fn put_all(d: &mut Descriptor, values: &[(Field, i64)]) -> Result<()> {
    values.iter().try_for_each(|(field, value)| field.put(d, *value))
}

fn put_transfer(d: &mut Descriptor, t: &Transfer) -> Result<()> {
    put_all(
        d,
        &[
            (DRAM_ADDRESS, t.dram_address.into()),
            (RUNS, t.runs.into()),
            (TRANSFER_BLOCKS, t.blocks.into()),
            (RUN_BEATS, t.run_beats.into()),
            (WORD_BEATS, t.word_beats.into()),
            (RUN_STRIDE, t.run_stride.into()),
            (BLOCK_STRIDE, t.block_stride.into()),
            (MEMORY, t.memory.into()),
            (BANK_ADDRESS, t.bank_address.into()),
            (CONTAINER_BITS, t.container_bits.into()),
            (SIGNED, t.signed.into()),
        ],
    )
}

fn read_transfer(d: &Descriptor) -> Transfer {
    Transfer {
        dram_address: DRAM_ADDRESS.get(d) as u32,
        runs: RUNS.get(d) as u16,
        blocks: TRANSFER_BLOCKS.get(d) as u16,
        run_beats: RUN_BEATS.get(d) as u32,
        word_beats: WORD_BEATS.get(d) as u8,
        run_stride: RUN_STRIDE.get(d) as u32,
        block_stride: BLOCK_STRIDE.get(d) as u32,
        memory: MEMORY.get(d) as u8,
        bank_address: BANK_ADDRESS.get(d) as u16,
        container_bits: CONTAINER_BITS.get(d) as u8,
        signed: SIGNED.is_set(d),
    }
}

fn put_compute(d: &mut Descriptor, c: &Compute) -> Result<()> {
    put_all(
        d,
        &[
            (SOURCE_BANK, c.source_bank.into()),
            (DESTINATION_BANK, c.destination_bank.into()),
            (SOURCE, c.source.into()),
            (DESTINATION, c.destination.into()),
            (SOURCE_BLOCK_STRIDE, c.source_block_stride.into()),
            (ROWS, c.rows.into()),
            (COLS, c.cols.into()),
            (BLOCKS, c.blocks.into()),
            (SOURCE_ROW_STRIDE, c.source_row_stride.into()),
            (DESTINATION_BLOCK_STRIDE, c.destination_block_stride.into()),
            (KERNEL_ROWS, c.kernel.0.into()),
            (KERNEL_COLS, c.kernel.1.into()),
            (STRIDE_ROWS, c.stride.0.into()),
            (STRIDE_COLS, c.stride.1.into()),
            (DILATION_ROWS, c.dilation.0.into()),
            (DILATION_COLS, c.dilation.1.into()),
            (ORIGIN_ROW, c.origin.0.into()),
            (ORIGIN_COL, c.origin.1.into()),
            (SOURCE_ROWS, c.source_rows.into()),
            (SOURCE_COLS, c.source_cols.into()),
            (WEIGHT_ADDRESS, c.weight_address.into()),
            (PARAMETER_ADDRESS, c.parameter_address.into()),
            (PADDING_VALUE, c.padding_value.into()),
            (SOURCE2, c.source2.into()),
            (ROUNDING, c.rounding as i64),
            (OVERFLOW, c.overflow as i64),
            (RELU, c.relu.into()),
            (HAS_CLIP, c.clip.is_some().into()),
            (IS_LEAKY, c.leaky_slope.is_some().into()),
            (LEAKY_SLOPE, c.leaky_slope.unwrap_or(0).into()),
            (FORMAT_BITS, c.format.bits.into()),
            (FORMAT_SIGNED, c.format.signed.into()),
            (FORMAT_NARROW, c.format.narrow.into()),
            (ZERO_POINT, c.zero_point.into()),
            (CLIP, c.clip.unwrap_or(0).into()),
            (SOURCE_SIGNED, c.source_signed.into()),
            (BINARY_WEIGHTS, c.binary_weights.into()),
            (INPUT_ZERO_POINT, c.input_zero_point.into()),
            (MULT, c.mult.into()),
            (SHIFT, c.shift.into()),
            (OPERAND_SHIFT, c.operand_shifts.0.into()),
            (OPERAND_SHIFT2, c.operand_shifts.1.into()),
            (UPSAMPLE_SHIFT, c.upsample_shift.into()),
            (SKIP_PADDING, c.skip_padding.into()),
            (INPUT_ZERO_POINT2, c.input_zero_point2.into()),
        ],
    )
}

fn read_compute(d: &Descriptor, op: ComputeOp) -> Result<Compute> {
    Ok(Compute {
        op,
        source_bank: SOURCE_BANK.get(d) as u8,
        destination_bank: DESTINATION_BANK.get(d) as u8,
        source: SOURCE.get(d) as u16,
        destination: DESTINATION.get(d) as u16,
        source_block_stride: SOURCE_BLOCK_STRIDE.get(d) as u16,
        rows: ROWS.get(d) as u16,
        cols: COLS.get(d) as u16,
        blocks: BLOCKS.get(d) as u16,
        source_row_stride: SOURCE_ROW_STRIDE.get(d) as u16,
        destination_block_stride: DESTINATION_BLOCK_STRIDE.get(d) as u16,
        kernel: (KERNEL_ROWS.get(d) as u8, KERNEL_COLS.get(d) as u8),
        stride: (STRIDE_ROWS.get(d) as u8, STRIDE_COLS.get(d) as u8),
        dilation: (DILATION_ROWS.get(d) as u8, DILATION_COLS.get(d) as u8),
        origin: (ORIGIN_ROW.get(d) as i16, ORIGIN_COL.get(d) as i16),
        source_rows: SOURCE_ROWS.get(d) as u16,
        source_cols: SOURCE_COLS.get(d) as u16,
        weight_address: WEIGHT_ADDRESS.get(d) as u16,
        parameter_address: PARAMETER_ADDRESS.get(d) as u16,
        padding_value: PADDING_VALUE.get(d) as i16,
        source2: SOURCE2.get(d) as u16,
        rounding: known(&Rounding::ALL, ROUNDING.get(d), "rounding mode")?,
        overflow: known(&Overflow::ALL, OVERFLOW.get(d), "overflow mode")?,
        relu: RELU.is_set(d),
        clip: HAS_CLIP.is_set(d).then(|| CLIP.get(d) as i16),
        leaky_slope: IS_LEAKY.is_set(d).then(|| LEAKY_SLOPE.get(d) as u8),
        format: Format { bits: FORMAT_BITS.get(d) as u8, frac: 0, signed: FORMAT_SIGNED.is_set(d), narrow: FORMAT_NARROW.is_set(d) },
        zero_point: ZERO_POINT.get(d) as i16,
        source_signed: SOURCE_SIGNED.is_set(d),
        binary_weights: BINARY_WEIGHTS.is_set(d),
        input_zero_point: INPUT_ZERO_POINT.get(d) as i16,
        input_zero_point2: INPUT_ZERO_POINT2.get(d) as i16,
        mult: MULT.get(d) as u16,
        shift: SHIFT.get(d) as i8,
        operand_shifts: (OPERAND_SHIFT.get(d) as u8, OPERAND_SHIFT2.get(d) as u8),
        upsample_shift: UPSAMPLE_SHIFT.get(d) as u8,
        skip_padding: SKIP_PADDING.is_set(d),
    })
}
