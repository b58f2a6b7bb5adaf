//! Noise: coarse octaves drawn anew for each scene, and tiles of fine structure made once for all scenes.
//!
//! Tiles repeat every 256 pixels; scenes start in them at random places and lay two over each other, so that no repetition
//! shows.

use crate::dataset::rng::Rng;
use std::sync::OnceLock;

/// Columns and rows of a tile: a power of two.
const TILE: usize = 256;
/// Pixels a sample of coarse noise.
const STEP: usize = 4;

/// A texture that repeats: `TILE * TILE` values around 0.
pub type Tile = Vec<f32>;

/// Grains of 2 to 5 pixels: gravel, short grass, the weave of everything seen from afar. Roughly -1 to 1.
pub fn grains() -> &'static Tile {
    static MADE: OnceLock<Tile> = OnceLock::new();
    MADE.get_or_init(|| tile(0x6772, &[([128, 128], 0.5), ([64, 64], 0.4), ([32, 32], 0.25)]))
}

/// Clumps of leaves with dark gaps between them. -0.6 to 0.4.
pub fn leaves() -> &'static Tile {
    static MADE: OnceLock<Tile> = OnceLock::new();
    MADE.get_or_init(|| {
        let base = tile(0x6c65, &[([100, 100], 0.45), ([51, 51], 0.5), ([24, 24], 0.4)]);
        // Folded at zero: thin dark valleys between bright domes.
        base.iter().map(|v| (v.abs() * 1.9 - 0.5).min(0.45)).collect()
    })
}

/// Ripples, longer than high. Roughly -1 to 1.
pub fn ripples() -> &'static Tile {
    static MADE: OnceLock<Tile> = OnceLock::new();
    MADE.get_or_init(|| tile(0x7269, &[([43, 110], 0.5), ([20, 60], 0.45), ([9, 24], 0.3)]))
}

/// Random deviates for sensor noise, roughly normal, deviation 1.
pub fn deviates() -> &'static Tile {
    static MADE: OnceLock<Tile> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut rng = Rng::new(0x6e6f);
        (0..TILE * TILE).map(|_| rng.normal()).collect()
    })
}

/// Sum of periodic lattice noise: ([columns, rows] of the lattice, amplitude).
fn tile(seed: u64, octaves: &[([usize; 2], f32)]) -> Tile {
    let mut rng = Rng::new(seed);
    let mut out = vec![0.0; TILE * TILE];
    for &([columns, rows], amplitude) in octaves {
        let lattice: Vec<f32> = (0..columns * rows).map(|_| rng.range(-amplitude, amplitude)).collect();
        for y in 0..TILE {
            let (row, ty) = split(y as f32 * rows as f32 / TILE as f32);
            for x in 0..TILE {
                let (column, tx) = split(x as f32 * columns as f32 / TILE as f32);
                let at = |r: usize, c: usize| lattice[(r % rows) * columns + c % columns];
                let top = at(row, column) + (at(row, column + 1) - at(row, column)) * tx;
                let bottom = at(row + 1, column) + (at(row + 1, column + 1) - at(row + 1, column)) * tx;
                out[y * TILE + x] += top + (bottom - top) * ty;
            }
        }
    }
    out
}

/// Calls `each(offset, values)` for the stretches of row `y` of a tile that make up `n` pixels from column `x`.
#[inline]
pub fn with_row(tile: &[f32], y: usize, x: usize, n: usize, mut each: impl FnMut(usize, &[f32])) {
    let row = &tile[y % TILE * TILE..][..TILE];
    let mut done = 0;
    while done < n {
        let from = (x + done) % TILE;
        let take = (TILE - from).min(n - done);
        each(done, &row[from..from + take]);
        done += take;
    }
}

/// Adds `amplitude` times `n` values of a tile's row to `out`.
pub fn add_row(out: &mut [f32], tile: &[f32], y: usize, x: usize, amplitude: f32) {
    let n = out.len();
    with_row(tile, y, x, n, |at, values| {
        out[at..at + values.len()].iter_mut().zip(values).for_each(|(o, v)| *o += v * amplitude);
    });
}

/// Adds octaves of (columns, rows, amplitude) a lattice cell to `out` of `size` = [columns, rows]: sampled every `STEP`
/// pixels, linear between.
pub fn add_coarse(out: &mut [f32], size: [usize; 2], rng: &mut Rng, octaves: &[(f32, f32, f32)]) {
    let [w, h] = size.map(|s| s / STEP + 2);
    let mut small = vec![0.0; w * h];
    for &(columns, rows, amplitude) in octaves {
        add_octave(&mut small, w, rng, [columns / STEP as f32, rows / STEP as f32], amplitude);
    }
    let mut line = vec![0.0; w];
    for (y, row) in out.chunks_exact_mut(size[0]).enumerate() {
        let (top, t) = (y / STEP, (y % STEP) as f32 / STEP as f32);
        let (above, below) = (&small[top * w..(top + 1) * w], &small[(top + 1) * w..(top + 2) * w]);
        line.iter_mut().zip(above.iter().zip(below)).for_each(|(v, (a, b))| *v = a + (b - a) * t);
        for (four, pair) in row.chunks_exact_mut(STEP).zip(line.windows(2)) {
            let slope = (pair[1] - pair[0]) / STEP as f32;
            four.iter_mut().enumerate().for_each(|(k, v)| *v += pair[0] + slope * k as i32 as f32);
        }
    }
}

fn add_octave(out: &mut [f32], w: usize, rng: &mut Rng, cell: [f32; 2], amplitude: f32) {
    let h = out.len() / w;
    let (columns, rows) = ((w as f32 / cell[0]) as usize + 3, (h as f32 / cell[1]) as usize + 3);
    let lattice: Vec<f32> = (0..columns * rows).map(|_| rng.range(-amplitude, amplitude)).collect();
    let shift = [rng.unit(), rng.unit()];
    let across: Vec<(usize, f32)> = (0..w).map(|x| split(x as f32 / cell[0] + shift[0])).collect();
    let mut line = vec![0.0; columns];
    for (y, row) in out.chunks_exact_mut(w).enumerate() {
        let (top, t) = split(y as f32 / cell[1] + shift[1]);
        for (c, v) in line.iter_mut().enumerate() {
            let (a, b) = (lattice[top * columns + c], lattice[(top + 1) * columns + c]);
            *v = a + (b - a) * t;
        }
        for (v, &(c, t)) in row.iter_mut().zip(&across) {
            *v += line[c] + (line[c + 1] - line[c]) * t;
        }
    }
}

/// Whole part and smoothed rest (3t^2 - 2t^3) of a non-negative number.
fn split(v: f32) -> (usize, f32) {
    let whole = v as usize;
    let t = v - whole as f32;
    (whole, t * t * (3.0 - 2.0 * t))
}
