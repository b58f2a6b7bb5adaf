//! From an image of any size to the network's input: one resize function for training, evaluation and simulation.

use super::frame::Image;
use crate::error::{Error, Result};
use crate::fixed::PixelCoding;
use crate::tensor::{Shape, Tensor};

/// Channels of an image: red, green, blue.
pub const CHANNELS: usize = 3;

/// That the network `name`, of that input, reads images.
///
/// # Errors
/// When it reads other than [`CHANNELS`] channels, or its input format tells fewer values of a pixel apart than a quarter of those it could.
pub fn reads_images(name: &str, input: Shape, coding: PixelCoding) -> Result<()> {
    if input.c != CHANNELS {
        let e = Error::input(format!("network `{name}` does not read colour images"));
        return Err(e.value(format!("{} channels", input.c)).allowed(format!("{CHANNELS} channels")));
    }
    let format = coding.format;
    // Black and white have to be members, or close to one.
    let misses = |p: u8| (format.value(coding.raw(p) - coding.zero_point) - coding.value(p)).abs() > format.step();
    if [0, 255].into_iter().any(misses) {
        return Err(Error::input(format!("network `{name}` cuts the image off: its input format ends before black or white"))
            .value(format!(
                "{} {} bits, {} fraction bits, zero point {}, mean {}",
                format.bits,
                if format.signed { "signed" } else { "unsigned" },
                format.frac,
                coding.zero_point,
                coding.mean
            ))
            .hint("a pixel stands for pixel / 256 - mean: with 8 unsigned bits and frac = 8, zero_point = 256 * mean"));
    }
    let mut kept = pixels(coding).to_vec();
    kept.dedup();
    // Of as many values as it could keep.
    let members = 256.min(format.max() - format.min() + 1) as usize;
    let least = members.div_ceil(4).max(2);
    if kept.len() < least {
        return Err(Error::input(format!("network `{name}` loses the image: its input format tells few of a pixel's 256 values apart"))
            .value(format!("{} values; {} bits, {} fraction bits", kept.len(), format.bits, format.frac))
            .allowed(format!("{least} values or more"))
            .hint(
                "a pixel stands for pixel / 256 - mean: 8 unsigned bits take frac = 8, and zero_point = 256 * mean; weights made for 0 to 255 take 256 into the first layer",
            ));
    }
    Ok(())
}

/// What each value of a pixel becomes.
fn pixels(coding: PixelCoding) -> [i32; 256] {
    std::array::from_fn(|p| coding.raw(p as u8))
}

/// Area (box) resize in integer arithmetic, so equal on every platform. Enlarging repeats pixels.
///
/// Each output pixel is the mean, rounded to nearest, of the input area it covers, edges weighted by their share.
pub fn resize(image: &Image, width: usize, height: usize) -> Image {
    if (image.w, image.h) == (width, height) {
        return image.clone();
    }
    let mut out = Image::new(width, height);
    each_row(image, width, height, |y, row| out.data[y * width * 3..(y + 1) * width * 3].copy_from_slice(row));
    out
}

/// Resizes as [`resize`] does, straight to what a network reads: 3 x `height` x `width` bytes (channel, row, column).
pub fn planes(image: &Image, width: usize, height: usize) -> Vec<u8> {
    let mut out = vec![0; 3 * width * height];
    let (red, rest) = out.split_at_mut(width * height);
    let (green, blue) = rest.split_at_mut(width * height);
    each_row(image, width, height, |y, row| {
        let at = y * width..(y + 1) * width;
        let targets = red[at.clone()].iter_mut().zip(&mut green[at.clone()]).zip(&mut blue[at]);
        for (((r, g), b), rgb) in targets.zip(row.chunks_exact(3)) {
            (*r, *g, *b) = (rgb[0], rgb[1], rgb[2]);
        }
    });
    out
}

/// Calls `put(row, red green blue ...)` for every row of the resized image.
fn each_row(image: &Image, width: usize, height: usize, mut put: impl FnMut(usize, &[u8])) {
    // Weights count in units of 1/width of a source column and 1/height of a source row: exact integers.
    let columns = spans(image.w, width);
    let whole = Divisor::new((image.w as u64) * (image.h as u64));
    let mut line = vec![0u32; image.w * 3];
    let mut bytes = vec![0u8; width * 3];
    for (y, row) in spans(image.h, height).iter().enumerate() {
        line.fill(0);
        for &(sy, weight) in row {
            let source = &image.data[sy * image.w * 3..(sy + 1) * image.w * 3];
            match u16::try_from(weight) {
                // 257 * 255 just fits: products of 16 bits are the ones vector instructions are quick at.
                Ok(weight) if weight <= 257 => {
                    line.iter_mut().zip(source).for_each(|(l, &s)| *l += u32::from(weight.wrapping_mul(u16::from(s))))
                }
                _ => line.iter_mut().zip(source).for_each(|(l, &s)| *l += weight * u32::from(s)),
            }
        }
        if image.w == 2 * width {
            // Pairs of columns of equal weight: the way from scenes to networks.
            for (out, six) in bytes.chunks_exact_mut(3).zip(line.chunks_exact(6)) {
                for (c, o) in out.iter_mut().enumerate() {
                    *o = whole.rounded(width as u64 * u64::from(six[c] + six[c + 3]));
                }
            }
        } else {
            for (out, column) in bytes.chunks_exact_mut(3).zip(&columns) {
                for (c, o) in out.iter_mut().enumerate() {
                    *o = whole.rounded(column.iter().map(|&(sx, weight)| u64::from(weight) * u64::from(line[sx * 3 + c])).sum());
                }
            }
        }
        put(y, &bytes);
    }
}

/// Division by the same number again and again, by multiplication where that is exact.
struct Divisor {
    by: u64,
    /// Ceiling of 2^55 / `by`, or 0 where a product could be inexact.
    reciprocal: u64,
}

impl Divisor {
    const SHIFT: u32 = 55;

    fn new(by: u64) -> Divisor {
        // Dividends are below 256 * by: exact while 256 * by^2 < 2^55, and no product reaches 2^64.
        let exact = by > 256 && by < 1 << 23;
        Divisor { by, reciprocal: if exact { (1u64 << Self::SHIFT).div_ceil(by) } else { 0 } }
    }

    /// `sum / by`, rounded to nearest; at most 255.
    #[inline]
    fn rounded(&self, sum: u64) -> u8 {
        let sum = sum + self.by / 2;
        (if self.reciprocal != 0 { (sum * self.reciprocal) >> Self::SHIFT } else { sum / self.by }) as u8
    }
}

/// For each of `to` outputs: which of `from` inputs it covers, with weights that sum to `from`.
fn spans(from: usize, to: usize) -> Vec<Vec<(usize, u32)>> {
    (0..to)
        .map(|o| {
            let (start, end) = (o * from, (o + 1) * from);
            (start / to..end.div_ceil(to)).map(|i| (i, ((end.min((i + 1) * to)) - start.max(i * to)) as u32)).collect()
        })
        .collect()
}

/// Resizes to `width` x `height` and lays the raw unsigned 8-bit values out as a 3 x `height` x `width` tensor.
///
/// See [`to_format`] for what a network makes of them.
pub fn preprocess(image: &Image, width: usize, height: usize) -> Tensor {
    let mut t = Tensor::zeros(Shape::new(3, height, width));
    t.data.iter_mut().zip(planes(image, width, height)).for_each(|(v, b)| *v = i32::from(b));
    t
}

/// Raw pixels (0 to 255) as a network reads them.
pub fn to_format(raw: Tensor, coding: PixelCoding) -> Tensor {
    let table = pixels(coding);
    if table.iter().zip(0..).all(|(&r, p)| r == p) {
        return raw;
    }
    let data = raw.data.iter().map(|&p| table[p as usize]).collect();
    Tensor { shape: raw.shape, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_means_by_hand() {
        let mut image = Image::new(3, 2);
        for (i, v) in [10u8, 20, 30, 40, 50, 60].iter().enumerate() {
            image.put(i / 3, i % 3, [*v, 0, 255]);
        }
        // Two columns of 1.5 source columns each: (10 + 20/2 + 40 + 50/2) / 3 = 28.33, (20/2 + 30 + 50/2 + 60) / 3 = 41.67.
        let half = resize(&image, 2, 1);
        assert_eq!(half.data, [28, 0, 255, 42, 0, 255]);
        assert_eq!(resize(&image, 6, 4).pixel(3, 5), [60, 0, 255]);
        assert_eq!(resize(&image, 3, 2), image);
    }

    #[test]
    fn halved_columns_and_multiplied_reciprocals_are_exact() {
        for by in [640 * 360u64, 641 * 359, 320 * 160, (1 << 23) - 1] {
            let divisor = Divisor::new(by);
            assert!(divisor.reciprocal != 0);
            for value in 0..=255u64 {
                for sum in [value * by, (value * by).saturating_sub(by / 2), (value * by + by / 2).min(255 * by)] {
                    for sum in [sum.saturating_sub(1), sum, (sum + 1).min(255 * by)] {
                        assert_eq!(u64::from(divisor.rounded(sum)), (sum + by / 2) / by, "{sum} / {by}");
                    }
                }
            }
        }
        let mut rng = crate::dataset::rng::Rng::new(1);
        let mut image = Image::new(64, 36);
        image.data.iter_mut().for_each(|v| *v = rng.bits() as u8);
        let small = resize(&image, 32, 16);
        for (y, x, c) in [(0, 0, 0), (3, 7, 1), (15, 31, 2)] {
            // 2 columns and 2.25 rows in quarters of a row.
            let mut sum = 0;
            for quarter in 9 * y..9 * (y + 1) {
                sum += [0, 1].map(|k| u64::from(image.data[(quarter / 4 * 64 + 2 * x + k) * 3 + c])).iter().sum::<u64>();
            }
            assert_eq!(u64::from(small.pixel(y, x)[c]), (sum + 9) / 18);
        }
    }

    #[test]
    fn input_tensor_is_channel_major_raw_pixels() {
        let mut image = Image::new(2, 1);
        image.data = vec![1, 2, 3, 4, 5, 6];
        assert_eq!(preprocess(&image, 2, 1).data, [1, 4, 2, 5, 3, 6]);
    }
}
