//! What lies between scene and pixels: cloud shadow, haze, lens, motion, exposure, sensor noise.

use super::camera::Camera;
use super::canvas::{Canvas, Rgb};
use super::noise;
use crate::dataset::frame::Image;
use crate::dataset::rng::Rng;

/// Multiplies by the shadow of clouds: very coarse noise.
pub fn clouds(canvas: &mut Canvas, rng: &mut Rng) {
    canvas.texture.fill(0.0);
    canvas.add_noise(rng, &[(260.0, 180.0, 0.3)]);
    for plane in &mut canvas.px {
        for (p, &t) in plane.iter_mut().zip(&canvas.texture) {
            let light = if t < 0.1 { t } else { 0.1 };
            *p += *p * light;
        }
    }
}

/// Mixes in a pale veil, denser towards the horizon.
pub fn haze(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera) {
    let veil: Rgb = [rng.range(0.66, 0.8), rng.range(0.7, 0.82), rng.range(0.72, 0.88)];
    let (near, far) = (rng.range(0.0, 0.2), rng.range(0.15, 0.5));
    for y in 0..canvas.h {
        let depth = ((y as f32 - camera.first_row()) / (canvas.h as f32 - camera.first_row())).clamp(0.0, 1.0);
        canvas.veil(y * canvas.w, canvas.w, veil, far + (near - far) * depth);
    }
}

/// Averages along a short straight path: the camera moved `length` pixels during exposure, half to each side.
pub fn motion_blur(canvas: &mut Canvas, angle: f32, length: f32) {
    let taps = (length as usize).clamp(2, 6);
    let (dx, dy) = (libm::cosf(angle) * length, libm::sinf(angle) * length);
    let offsets: Vec<(i32, i32)> = (0..taps)
        .map(|k| {
            let t = (k as f32 + 0.5) / taps as f32 - 0.5;
            (libm::roundf(dx * t) as i32, libm::roundf(dy * t) as i32)
        })
        .collect();
    average(canvas, &offsets);
}

/// Slightly out of focus: the mean of a pixel and its neighbours.
pub fn defocus(canvas: &mut Canvas) {
    average(canvas, &[(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]);
}

/// The mean of each pixel at `offsets` = (columns, rows), edges repeated.
fn average(canvas: &mut Canvas, offsets: &[(i32, i32)]) {
    let (w, h) = (canvas.w, canvas.h);
    let share = 1.0 / offsets.len() as f32;
    let mut sums = std::mem::take(&mut canvas.texture);
    for plane in &mut canvas.px {
        for y in 0..h {
            let out = &mut sums[y * w..(y + 1) * w];
            out.fill(0.0);
            for &(ox, oy) in offsets {
                let from = (y as i32 + oy).clamp(0, h as i32 - 1) as usize;
                add_shifted(out, &plane[from * w..(from + 1) * w], ox);
            }
            out.iter_mut().for_each(|v| *v *= share);
        }
        std::mem::swap(plane, &mut sums);
    }
    canvas.texture = sums;
}

/// Adds `row`, read `shift` pixels to the right, to `out`; the ends repeat.
fn add_shifted(out: &mut [f32], row: &[f32], shift: i32) {
    let (w, by) = (row.len(), shift.unsigned_abs() as usize);
    if shift >= 0 {
        out[..w - by].iter_mut().zip(&row[by..]).for_each(|(o, r)| *o += r);
        out[w - by..].iter_mut().for_each(|o| *o += row[w - 1]);
    } else {
        out[by..].iter_mut().zip(row).for_each(|(o, r)| *o += r);
        out[..by].iter_mut().for_each(|o| *o += row[0]);
    }
}

/// What recorders print into a corner: a mark and a line of writing, too small to read.
pub fn watermark(canvas: &mut Canvas, rng: &mut Rng) {
    let white = [0.8; 3];
    let size = rng.range(5.0, 9.0);
    let left = if rng.chance(0.5) { rng.range(8.0, 30.0) } else { canvas.w as f32 - rng.range(90.0, 130.0) };
    let top = if rng.chance(0.75) { canvas.h as f32 - size - rng.range(6.0, 20.0) } else { rng.range(6.0, 14.0) };
    let mut x = left;
    for _ in 0..6 + rng.below(6) {
        let (wide, high) = (size * rng.range(0.3, 0.6), size * if rng.chance(0.3) { 1.0 } else { 0.7 });
        let foot = top + size;
        canvas.line([x, foot - high], [x, foot], 1.2, white, 0.8);
        if rng.chance(0.6) {
            let y = foot - high * rng.unit();
            canvas.line([x, y], [x + wide, y], 1.2, white, 0.8);
        }
        if rng.chance(0.4) {
            canvas.line([x + wide, foot - size * 0.7], [x + wide, foot], 1.2, white, 0.8);
        }
        x += wide + size * 0.3;
    }
}

/// A camera's answer to light: drawn once a scene, applied row by row.
pub struct Sensor {
    gain: Rgb,
    /// Colours away from grey, 1: as they are.
    saturation: f32,
    /// Darkening of corners, share of the light.
    shading: f32,
    noise: f32,
    start: usize,
}

impl Sensor {
    /// A random exposure, white balance, lens and noise.
    pub fn random(rng: &mut Rng) -> Sensor {
        let gain = rng.range(0.85, 1.4);
        Sensor {
            gain: [gain * rng.range(0.94, 1.06), gain, gain * rng.range(0.94, 1.06)],
            saturation: rng.range(0.7, 1.35),
            shading: if rng.chance(0.5) { rng.range(0.0, 0.35) } else { 0.0 },
            noise: rng.range(0.004, 0.03),
            start: rng.below(1 << 16),
        }
    }

    /// Rounds row `y` of the canvas to 8 bits: red, green, blue. `fall` is the light lost to shading along the row.
    fn row(&self, canvas: &Canvas, y: usize, out: &mut [Vec<u8>; 3], fall: &[f32], noise: &mut [f32]) {
        let w = canvas.w;
        let v = (y as f32 - canvas.h as f32 / 2.0) / (w as f32 / 2.0);
        let light = 255.0 * (1.0 - self.shading * v * v);
        // A scrambled start a row: neighbouring rows share no noise.
        let start = self.start.wrapping_add(y.wrapping_mul(40_503)) & 0xffff;
        noise.fill(0.0);
        noise::add_row(noise, noise::deviates(), start >> 8, start, self.noise * 255.0);
        let planes = [0, 1, 2].map(|c| &canvas.px[c][y * w..(y + 1) * w]);
        for (c, bytes) in out.iter_mut().enumerate() {
            let gain = self.gain[c];
            let (own, other) = (gain * (1.0 + 2.0 * self.saturation) / 3.0, gain * (1.0 - self.saturation) / 3.0);
            let (p, q, r) = (planes[c], planes[(c + 1) % 3], planes[(c + 2) % 3]);
            for (((((b, p), q), r), f), n) in bytes.iter_mut().zip(p).zip(q).zip(r).zip(fall).zip(&*noise) {
                *b = to_byte((p * own + (q + r) * other) * (light - f) + n);
            }
        }
    }

    /// The whole picture in 8 bits.
    pub fn expose(&self, canvas: &Canvas) -> Image {
        let w = canvas.w;
        let mut image = Image::new(w, canvas.h);
        let mut row = [0; 3].map(|_| vec![0u8; w]);
        let mut noise = vec![0.0; w];
        let half = w as f32 / 2.0;
        let fall: Vec<f32> = (0..w).map(|x| (x as f32 - half) / half).map(|u| 255.0 * self.shading * u * u).collect();
        for (y, out) in image.data.chunks_exact_mut(w * 3).enumerate() {
            self.row(canvas, y, &mut row, &fall, &mut noise);
            let [r, g, b] = &row;
            for (((o, r), g), b) in out.chunks_exact_mut(3).zip(r).zip(g).zip(b) {
                o.copy_from_slice(&[*r, *g, *b]);
            }
        }
        image
    }
}

/// Rounds to the nearest byte. Adding 1.5 * 2^23 leaves the rounded number in the low bits of a float.
fn to_byte(v: f32) -> u8 {
    let v = if v > 0.0 { v } else { 0.0 };
    let v = if v < 255.0 { v } else { 255.0 };
    (v + 12_582_912.0).to_bits() as u8
}
