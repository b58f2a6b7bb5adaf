//! From an image of any size to the network's input: one resize function for training, evaluation and simulation.

use super::frame::Image;
use crate::fixed::Format;
use crate::tensor::{Shape, Tensor};

/// Area (box) resize in integer arithmetic, so equal on every platform. Enlarging repeats pixels.
///
/// Each output pixel is the mean, rounded to nearest, of the input area it covers, edges weighted by their share.
pub fn resize(image: &Image, width: usize, height: usize) -> Image {
    if (image.w, image.h) == (width, height) {
        return image.clone();
    }
    // Weights count in units of 1/width of a source column and 1/height of a source row: exact integers.
    let columns = spans(image.w, width);
    let rows = spans(image.h, height);
    let mut out = Image::new(width, height);
    let whole = (image.w as u64) * (image.h as u64);
    let mut line = vec![0u64; image.w * 3];
    for (y, row) in rows.iter().enumerate() {
        line.fill(0);
        for &(sy, weight) in row {
            let source = &image.data[sy * image.w * 3..(sy + 1) * image.w * 3];
            line.iter_mut().zip(source).for_each(|(l, &s)| *l += weight * u64::from(s));
        }
        for (x, column) in columns.iter().enumerate() {
            let mut sum = [0u64; 3];
            for &(sx, weight) in column {
                for (c, s) in sum.iter_mut().enumerate() {
                    *s += weight * line[sx * 3 + c];
                }
            }
            out.put(y, x, sum.map(|s| ((s + whole / 2) / whole) as u8));
        }
    }
    out
}

/// For each of `to` outputs: which of `from` inputs it covers, with weights that sum to `from`.
fn spans(from: usize, to: usize) -> Vec<Vec<(usize, u64)>> {
    (0..to)
        .map(|o| {
            let (start, end) = (o * from, (o + 1) * from);
            (start / to..end.div_ceil(to)).map(|i| (i, ((end.min((i + 1) * to)) - start.max(i * to)) as u64)).collect()
        })
        .collect()
}

/// Resizes to `width` x `height` and lays the raw unsigned 8-bit values out as a 3 x `height` x `width` tensor.
///
/// The network's input value is pixel / 256: format unsigned, 8 bits, 8 fraction bits.
pub fn preprocess(image: &Image, width: usize, height: usize) -> Tensor {
    let small = resize(image, width, height);
    let plane = width * height;
    let mut t = Tensor::zeros(Shape::new(3, height, width));
    for (p, rgb) in small.data.chunks_exact(3).enumerate() {
        for (c, &value) in rgb.iter().enumerate() {
            t.data[c * plane + p] = i32::from(value);
        }
    }
    t
}

/// Raw pixels (0 to 255, standing for pixel / 256) in the network's input format.
pub fn to_format(raw: Tensor, format: Format) -> Tensor {
    if format == Format::unsigned(8, 8) {
        return raw;
    }
    let table: Vec<i32> = (0..256).map(|p| format.quantise(f64::from(p) / 256.0)).collect();
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
    fn input_tensor_is_channel_major_raw_pixels() {
        let mut image = Image::new(2, 1);
        image.data = vec![1, 2, 3, 4, 5, 6];
        assert_eq!(preprocess(&image, 2, 1).data, [1, 4, 2, 5, 3, 6]);
    }
}
