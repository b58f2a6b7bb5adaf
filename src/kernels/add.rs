//! Addition of two maps of different scale, one channel block at a time.

use super::compiled::compiled_for;
use super::general::General;
use super::isa::Isa;
use super::view::Source;
use crate::error::{Error, Result};
use crate::fixed::Requantise;

/// One operand's place on the common scale: `(raw - zero_point) << shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Raw value that stands for zero.
    pub zero_point: i32,
    /// Left shift to the common scale, 0 to 31.
    pub shift: u8,
    /// Whether stored values are bit patterns of unsigned 16-bit integers.
    pub unsigned16: bool,
}

/// One addition layer.
#[derive(Clone, Debug)]
pub struct PackedAdd {
    operands: [Operand; 2],
    general: General,
    lanes: usize,
    channels: usize,
}

impl PackedAdd {
    /// Packs a layer of `channels` channels in blocks of `lanes`. `requantise` has one scale, from the common scale to the output.
    ///
    /// # Errors
    /// When lanes are not 4, 8, 16 or 32, a shift exceeds 31, or there is more than one scale.
    pub fn new(operands: [Operand; 2], requantise: &Requantise, channels: usize, lanes: usize) -> Result<PackedAdd> {
        super::check_lanes(lanes)?;
        super::check_channels(&[], requantise, 1)?;
        if let Some(o) = operands.iter().find(|o| o.shift > 31) {
            return Err(Error::input("operand shift is out of range").value(o.shift).allowed("0 to 31"));
        }
        if channels == 0 {
            return Err(Error::input("a layer needs channels").value(channels));
        }
        let positions: Vec<_> = (0..channels.next_multiple_of(lanes)).map(|c| (c < channels).then_some(0)).collect();
        Ok(PackedAdd { operands, general: General::new(requantise, &positions), lanes, channels })
    }
}

/// One addition: a rectangle of one channel block.
#[derive(Clone, Copy, Debug)]
pub struct AddJob<'a> {
    /// Both operands; their data starts at the first output's pixel of this block.
    pub sources: [Source<'a>; 2],
    /// The layer.
    pub layer: &'a PackedAdd,
    /// Which of the layer's channel blocks.
    pub block: usize,
    /// Output rows and columns, present in both sources.
    pub outputs: (usize, usize),
}

/// Runs `job` into `target`, rows `row_stride` elements apart. Does not allocate.
///
/// # Panics
/// When a source or the target is too small, or the layer has no such block.
pub fn add(isa: Isa, job: &AddJob, target: &mut [i16], row_stride: usize) {
    assert!(job.block < job.layer.channels.div_ceil(job.layer.lanes));
    compiled_for!(isa, run(job: &AddJob, target: &mut [i16], row_stride: usize))
}

#[inline(always)]
fn run(job: &AddJob, target: &mut [i16], row_stride: usize) {
    match job.layer.lanes {
        4 => rows::<4>(job, target, row_stride),
        8 => rows::<8>(job, target, row_stride),
        16 => rows::<16>(job, target, row_stride),
        _ => rows::<32>(job, target, row_stride),
    }
}

#[inline(always)]
fn rows<const L: usize>(job: &AddJob, target: &mut [i16], row_stride: usize) {
    let (layer, n) = (job.layer, job.outputs.1 * L);
    for y in 0..job.outputs.0 {
        let [a, b] = job.sources.map(|s| &s.data[y * s.row_stride..][..n]);
        let out = &mut target[y * row_stride..][..n];
        for ((a, b), out) in a.chunks_exact(L).zip(b.chunks_exact(L)).zip(out.chunks_exact_mut(L)) {
            let mut acc = [0i64; L];
            for l in 0..L {
                acc[l] = layer.operands[0].scaled(a[l]) + layer.operands[1].scaled(b[l]);
            }
            layer.general.apply(job.block * L, &acc, out);
        }
    }
}

impl Operand {
    #[inline(always)]
    fn scaled(&self, stored: i16) -> i64 {
        let raw = if self.unsigned16 { i64::from(stored as u16) } else { i64::from(stored) };
        (raw - i64::from(self.zero_point)) << self.shift
    }
}
