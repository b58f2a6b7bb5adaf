//! Boxes and labels on pixels.

use super::glyphs::{self, HEIGHT, WIDTH};
use crate::record::BoxRecord;
use image::{Rgb, RgbImage};

/// The labelled box: dashed.
pub const TRUE: Rgb<u8> = Rgb([0xFF, 0xE6, 0x00]);
/// The network's box: solid. Yellow and blue stay apart for any colour vision, dashes without colour too.
pub const FOUND: Rgb<u8> = Rgb([0x2A, 0xC4, 0xFF]);
pub const WHITE: Rgb<u8> = Rgb([0xFF, 0xFF, 0xFF]);
pub const DARK: Rgb<u8> = Rgb([0x1C, 0x1C, 0x1C]);

/// Size of a pixel of a letter.
const SCALE: u32 = 2;

/// Draws the outline of a box with a dark rim, clipped to the image; wider on larger images, so that it survives their reduction.
pub fn outline(image: &mut RgbImage, b: &BoxRecord, color: Rgb<u8>, dashed: bool) {
    let (w, h) = (image.width() as f32, image.height() as f32);
    // Casts of floats saturate: a box far outside is clipped like any other.
    let pixel = |v: f32| (v.round() as i64).clamp(-4, 1 << 16);
    let (left, top) = (pixel(b.x * w), pixel(b.y * h));
    let (right, bottom) = (pixel((b.x + b.w) * w).max(left + 2), pixel((b.y + b.h) * h).max(top + 2));
    let thick = i64::from(image.width() / 160).clamp(2, 8);
    let dash = 3 * thick;
    let rims = [(-thick, DARK, false), (1, DARK, false)];
    for (inset, color, dashed) in rims.into_iter().chain((1 - thick..=0).map(|inset| (inset, color, dashed))) {
        let (x0, y0, x1, y1) = (left + inset, top + inset, right - inset, bottom - inset);
        let on = |along: i64| !dashed || along.div_euclid(dash) % 2 == 0;
        for x in x0.max(0)..=x1.min(i64::from(image.width())) {
            if on(x - left) {
                put(image, x, y0, color);
                put(image, x, y1, color);
            }
        }
        for y in y0.max(0)..=y1.min(i64::from(image.height())) {
            if on(y - top) {
                put(image, x0, y, color);
                put(image, x1, y, color);
            }
        }
    }
}

/// Writes `text` on a dark ground; characters without a glyph are left blank.
pub fn label(image: &mut RgbImage, (x, y): (u32, u32), text: &str, color: Rgb<u8>) {
    let advance = (WIDTH + 1) * SCALE;
    let (w, h) = (text.chars().count() as u32 * advance + SCALE, HEIGHT * SCALE + 2 * SCALE);
    for dy in 0..h {
        for dx in 0..w {
            put(image, i64::from(x + dx), i64::from(y + dy), DARK);
        }
    }
    for (i, c) in text.chars().enumerate() {
        let left = x + SCALE + i as u32 * advance;
        for (row, bits) in glyphs::rows(c).into_iter().enumerate() {
            for column in (0..WIDTH).filter(|column| bits >> (WIDTH - 1 - column) & 1 == 1) {
                for (dx, dy) in (0..SCALE * SCALE).map(|k| (k % SCALE, k / SCALE)) {
                    put(image, i64::from(left + column * SCALE + dx), i64::from(y + SCALE + row as u32 * SCALE + dy), color);
                }
            }
        }
    }
}

fn put(image: &mut RgbImage, x: i64, y: i64, color: Rgb<u8>) {
    if (0..i64::from(image.width())).contains(&x) && (0..i64::from(image.height())).contains(&y) {
        image.put_pixel(x as u32, y as u32, color);
    }
}
