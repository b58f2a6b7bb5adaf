//! What lies between scene and pixels: cloud shadow, haze, motion blur, exposure, sensor noise.

use super::canvas::{Canvas, Rgb};
use crate::dataset::frame::Image;
use crate::dataset::rng::Rng;

/// Multiplies by the shadow of a cloud: one very coarse noise octave.
pub fn clouds(canvas: &mut Canvas, rng: &mut Rng) {
    canvas.texture.fill(0.0);
    canvas.add_noise(rng, [260.0, 180.0], 0.28);
    for (p, t) in canvas.px.iter_mut().zip(&canvas.texture) {
        let light = 1.0 + t.min(0.1);
        *p = p.map(|c| c * light);
    }
}

/// Mixes in a pale veil, denser towards the top (farther away).
pub fn haze(canvas: &mut Canvas, rng: &mut Rng) {
    let veil: Rgb = [rng.range(0.66, 0.8), rng.range(0.7, 0.82), rng.range(0.72, 0.88)];
    let (near, far) = (rng.range(0.0, 0.2), rng.range(0.15, 0.5));
    for y in 0..canvas.h {
        let alpha = far + (near - far) * y as f32 / canvas.h as f32;
        for x in 0..canvas.w {
            canvas.blend(y * canvas.w + x, veil, alpha);
        }
    }
}

/// Averages along a short straight path: the camera moved `length` pixels during exposure, half to each side.
pub fn motion_blur(canvas: &mut Canvas, angle: f32, length: f32) {
    let taps = (length as usize).clamp(2, 8);
    let (dx, dy) = (libm::cosf(angle) * length, libm::sinf(angle) * length);
    let offsets: Vec<(i32, i32)> = (0..taps)
        .map(|k| {
            let t = (k as f32 + 0.5) / taps as f32 - 0.5;
            (libm::roundf(dx * t) as i32, libm::roundf(dy * t) as i32)
        })
        .collect();
    let source = canvas.px.clone();
    let (w, h) = (canvas.w as i32, canvas.h as i32);
    for y in 0..h {
        for x in 0..w {
            let mut sum = [0.0f32; 3];
            for (ox, oy) in &offsets {
                let p = source[((y + oy).clamp(0, h - 1) * w + (x + ox).clamp(0, w - 1)) as usize];
                for (s, v) in sum.iter_mut().zip(p) {
                    *s += v;
                }
            }
            canvas.px[(y * w + x) as usize] = sum.map(|s| s / taps as f32);
        }
    }
}

/// Exposure, white balance, noise (stronger in the dark) and rounding to 8 bits.
pub fn expose(canvas: &Canvas, rng: &mut Rng) -> Image {
    let gain = rng.range(0.85, 1.4);
    let balance = [gain * rng.range(0.94, 1.06), gain, gain * rng.range(0.94, 1.06)];
    let noise = rng.range(0.004, 0.03);
    let mut image = Image::new(canvas.w, canvas.h);
    for (out, p) in image.data.chunks_exact_mut(3).zip(&canvas.px) {
        // Two triangular deviates from one draw: luminance noise, and half as much colour noise.
        let b = rng.bits();
        let deviate = |shift: u32| ((b >> shift & 0xffff) + (b >> (shift + 16) & 0xffff)) as i32 as f32 * (2.45 / 65535.0) - 2.45;
        let (grey, tint) = (deviate(0) * noise, deviate(32) * noise * 0.5);
        for (c, o) in out.iter_mut().enumerate() {
            let v = p[c] * balance[c] + grey + if c == 1 { -tint } else { tint };
            *o = (v * 255.0 + 0.5).clamp(0.0, 255.0) as i32 as u8;
        }
    }
    image
}
