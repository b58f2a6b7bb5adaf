//! 16-bit integers that start at a cache line.

/// Elements in a cache line.
pub(super) const LINE: usize = 32;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([i16; LINE]);

/// A constant array of 16-bit integers, aligned to 64 bytes and padded with zeros to whole cache lines.
#[derive(Clone, Debug)]
pub(super) struct Aligned(Vec<Line>);

impl Aligned {
    pub(super) fn new(values: &[i16]) -> Aligned {
        let line = |chunk: &[i16]| {
            let mut line = [0; LINE];
            line[..chunk.len()].copy_from_slice(chunk);
            Line(line)
        };
        Aligned(values.chunks(LINE).map(line).collect())
    }

    pub(super) fn as_slice(&self) -> &[i16] {
        // SAFETY: `Line` is `repr(C)` over `[i16; LINE]` and exactly as long as its alignment, so lines are contiguous.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}
