//! Windows of channel-blocked features: what a kernel reads from and writes to.

/// Features to read. Element (block `b`, row `y`, column `x`, lane `l`) is at `b * block_stride + y * row_stride + x * lanes + l`.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Raw integers; unsigned 16-bit features as their bit pattern.
    pub data: &'a [i16],
    /// Elements from one channel block to the next.
    pub block_stride: usize,
    /// Elements from one row to the next.
    pub row_stride: usize,
    /// Rows present. Taps above or below read the pad value.
    pub rows: usize,
    /// Columns present. Taps left or right read the pad value.
    pub cols: usize,
}

/// Features to write, laid out like a [`Source`].
#[derive(Debug)]
pub struct Target<'a> {
    /// Raw integers.
    pub data: &'a mut [i16],
    /// Elements from one channel block to the next.
    pub block_stride: usize,
    /// Elements from one row to the next.
    pub row_stride: usize,
}

impl<'a> Source<'a> {
    /// A whole map of `rows` x `cols` pixels in [`crate::tensor::Blocked`] layout.
    pub fn dense(data: &'a [i16], rows: usize, cols: usize, lanes: usize) -> Source<'a> {
        Source { data, block_stride: rows * cols * lanes, row_stride: cols * lanes, rows, cols }
    }

    /// Panics unless `blocks` blocks of this window lie inside `data`: the vector paths read without further checks.
    #[inline]
    pub(super) fn check(&self, blocks: usize, lanes: usize) {
        let extent = extent(blocks, self.block_stride, self.rows, self.row_stride, self.cols.checked_mul(lanes));
        assert!(blocks > 0 && extent.is_some_and(|extent| extent <= self.data.len()));
    }
}

impl<'a> Target<'a> {
    /// A whole map of `rows` x `cols` pixels in [`crate::tensor::Blocked`] layout.
    pub fn dense(data: &'a mut [i16], rows: usize, cols: usize, lanes: usize) -> Target<'a> {
        Target { data, block_stride: rows * cols * lanes, row_stride: cols * lanes }
    }

    /// Panics unless `blocks` x `rows` x `cols` pixels fit.
    #[inline]
    pub(super) fn check(&self, blocks: usize, rows: usize, cols: usize, lanes: usize) {
        let extent = extent(blocks, self.block_stride, rows, self.row_stride, cols.checked_mul(lanes));
        assert!(blocks > 0 && extent.is_some_and(|extent| extent <= self.data.len()));
    }
}

/// Elements from the first to past the last one; `None` when no memory has so many.
#[inline]
fn extent(blocks: usize, block_stride: usize, rows: usize, row_stride: usize, row: Option<usize>) -> Option<usize> {
    let row = row?;
    if rows == 0 || row == 0 {
        return Some(0);
    }
    (blocks.checked_sub(1)?.checked_mul(block_stride)?).checked_add((rows - 1).checked_mul(row_stride)?)?.checked_add(row)
}

/// A square filter's walk over a source: which source pixel tap (ky, kx) of output (y, x) reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Filter rows and columns.
    pub kernel: (usize, usize),
    /// Source pixels from one output to the next.
    pub stride: usize,
    /// Source pixels from one tap to the next.
    pub dilation: usize,
}

impl Geometry {
    /// 1 x 1, stride 1.
    pub const POINTWISE: Geometry = Geometry { kernel: (1, 1), stride: 1, dilation: 1 };

    /// A filter without dilation.
    pub const fn new(kernel: (usize, usize), stride: usize) -> Geometry {
        Geometry { kernel, stride, dilation: 1 }
    }

    /// Number of taps.
    pub const fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Outputs along one axis, out of `outputs`, whose taps all lie in `0..extent`: a range, perhaps empty.
    #[inline]
    pub(super) fn interior(&self, origin: i32, taps: usize, extent: usize, outputs: usize) -> std::ops::Range<usize> {
        let stride = self.stride as i64;
        let low = -i64::from(origin);
        let high = extent as i64 - i64::from(origin) - ((taps - 1) * self.dilation) as i64;
        let first = if low <= 0 { 0 } else { (low + stride - 1) / stride };
        let end = if high <= 0 { 0 } else { (high + stride - 1) / stride };
        let end = end.min(outputs as i64);
        if first < end { first as usize..end as usize } else { 0..0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interior_is_where_all_taps_are_inside() {
        for (origin, stride, dilation, taps, extent) in
            [(-1, 1, 1, 3, 8), (-3, 2, 2, 3, 9), (2, 3, 1, 2, 11), (0, 1, 1, 1, 4), (-9, 2, 1, 3, 3)]
        {
            let g = Geometry { kernel: (taps, taps), stride, dilation };
            let inside = |y: usize| {
                let first = origin + (y * stride) as i32;
                first >= 0 && first + (((taps - 1) * dilation) as i32) < extent as i32
            };
            let range = g.interior(origin, taps, extent, 7);
            assert!((0..7).all(|y| inside(y) == range.contains(&y)), "{g:?} {origin} {range:?}");
        }
    }
}
