//! Detectors without learning, to show that images need some: mean box, most salient blob, colour template.

use super::frame::Image;
use super::iou::Box2D;
use super::preprocess::resize;
use super::scene::{HEIGHT, Scene, Split, WIDTH};

/// Mean IoU of each baseline on a set of scenes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// The mean of the training boxes, everywhere.
    pub mean_box: f32,
    /// The connected blob that differs most from its surroundings.
    pub salient_blob: f32,
    /// The window of the mean box's size whose colours are most typical of training targets against their surroundings.
    pub colour_template: f32,
}

/// Fits the baselines on the first `fitted` training scenes and scores them on the first `scored` scenes of `split`.
pub fn score(fitted: u64, split: Split, scored: u64) -> Scores {
    let baselines = Baselines::of_scenes(fitted);
    let mut sums = [0.0f32; 3];
    for index in 0..scored {
        let scene = Scene::generate(split, index);
        let target = scene.target.scale(1.0 / WIDTH as f32, 1.0 / HEIGHT as f32);
        sums.iter_mut().zip(baselines.find(&scene.image)).for_each(|(s, b)| *s += b.iou(target));
    }
    let [mean_box, salient_blob, colour_template] = sums.map(|s| s / scored.max(1) as f32);
    Scores { mean_box, salient_blob, colour_template }
}

/// Columns and rows the searches work at.
const SMALL: [usize; 2] = [160, 90];

/// What the baselines learn from: boxes, and colours in 4 x 4 x 4 bins, outside and inside of boxes.
#[derive(Clone, Debug)]
pub struct Fit {
    images: u32,
    /// Sums of centre and extents, in fractions of the image.
    sums: [f32; 4],
    counts: [[u64; 2]; 64],
}

impl Default for Fit {
    fn default() -> Fit {
        Fit { images: 0, sums: [0.0; 4], counts: [[1; 2]; 64] }
    }
}

fn bin(p: &[u8]) -> usize {
    usize::from(p[0] >> 6) * 16 + usize::from(p[1] >> 6) * 4 + usize::from(p[2] >> 6)
}

impl Fit {
    /// One image with its box, in fractions of the image.
    pub fn add(&mut self, image: &Image, area: Box2D) {
        self.images += 1;
        let centred = [area.x + area.w / 2.0, area.y + area.h / 2.0, area.w, area.h];
        self.sums.iter_mut().zip(centred).for_each(|(s, v)| *s += v);
        let b = area.scale(image.w as f32, image.h as f32);
        for (i, p) in image.data.chunks_exact(3).enumerate() {
            let (x, y) = ((i % image.w) as f32, (i / image.w) as f32);
            let inside = x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h;
            self.counts[bin(p)][usize::from(inside)] += 1;
        }
    }

    /// The baselines that follow.
    pub fn finish(&self) -> Baselines {
        let [x, y, w, h] = self.sums.map(|s| s / self.images.max(1) as f32);
        let total = self.counts.iter().fold([0.0; 2], |s, c| [s[0] + c[0] as f32, s[1] + c[1] as f32]);
        let weight = self.counts.map(|c| libm::logf((c[1] as f32 / total[1]) / (c[0] as f32 / total[0])));
        Baselines { mean: Box2D::centred(x, y, w, h), weight }
    }
}

/// The three detectors. Boxes are in fractions of the image.
#[derive(Clone, Debug)]
pub struct Baselines {
    mean: Box2D,
    /// How much more often a colour lies inside boxes than outside: logarithm of the ratio.
    weight: [f32; 64],
}

impl Baselines {
    /// Their names, in the order of [`Baselines::find`].
    pub const NAMES: [&'static str; 3] = ["mean box", "salient blob", "colour template"];

    /// Fitted on the first `count` training scenes.
    pub fn of_scenes(count: u64) -> Baselines {
        let mut fit = Fit::default();
        for index in 0..count {
            let scene = Scene::generate(Split::Training, index);
            fit.add(&scene.image, scene.target.scale(1.0 / WIDTH as f32, 1.0 / HEIGHT as f32));
        }
        fit.finish()
    }

    /// What each of them finds in an image.
    pub fn find(&self, image: &Image) -> [Box2D; 3] {
        let small = resize(image, SMALL[0], SMALL[1]);
        let scale = |b: Box2D| b.scale(1.0 / SMALL[0] as f32, 1.0 / SMALL[1] as f32);
        [self.mean, scale(salient_blob(&small)), scale(self.typical_window(&small))]
    }

    /// The window with the largest sum of weights, by an integral image.
    fn typical_window(&self, small: &Image) -> Box2D {
        let [w, h] = SMALL;
        let mut integral = vec![0.0f64; (w + 1) * (h + 1)];
        for (i, p) in small.data.chunks_exact(3).enumerate() {
            let (x, y) = (i % w, i / w);
            let up = y * (w + 1) + x;
            integral[up + w + 2] = f64::from(self.weight[bin(p)]) + integral[up + 1] + integral[up + w + 1] - integral[up];
        }
        let extent = [self.mean.w * w as f32, self.mean.h * h as f32];
        let size = extent.map(|s| (s as usize).max(1));
        let mut best = (f64::MIN, Box2D::default());
        for y in 0..=h.saturating_sub(size[1]) {
            for x in 0..=w.saturating_sub(size[0]) {
                let at = |dx: usize, dy: usize| integral[(y + dy).min(h) * (w + 1) + (x + dx).min(w)];
                let sum = at(size[0], size[1]) - at(0, size[1]) - at(size[0], 0) + at(0, 0);
                if sum > best.0 {
                    best = (sum, Box2D::new(x as f32, y as f32, extent[0], extent[1]));
                }
            }
        }
        best.1
    }
}

/// The box around the brightest blob of a saliency map: distance of each pixel's colour from the image's mean colour,
/// thresholded at half its maximum, the connected region with the largest sum. In pixels of `small`.
fn salient_blob(small: &Image) -> Box2D {
    let [w, h] = SMALL;
    let n = (w * h) as f32;
    let mean = [0, 1, 2].map(|c| small.data.iter().skip(c).step_by(3).map(|&v| f32::from(v)).sum::<f32>() / n);
    let distance = |p: &[u8]| (0..3).map(|c| (f32::from(p[c]) - mean[c]) * (f32::from(p[c]) - mean[c])).sum::<f32>();
    let map: Vec<f32> = small.data.chunks_exact(3).map(distance).collect();
    let threshold = map.iter().fold(0.0f32, |m, &v| m.max(v)) / 2.0;
    let mut seen = vec![false; w * h];
    let mut best = (-1.0, Box2D::default());
    for start in 0..w * h {
        if seen[start] || map[start] < threshold {
            continue;
        }
        let region = flood(&map, threshold, start, &mut seen);
        if region.0 > best.0 {
            best = region;
        }
    }
    best.1
}

/// Sum over the connected region around `start`, and its box.
fn flood(map: &[f32], threshold: f32, start: usize, seen: &mut [bool]) -> (f32, Box2D) {
    let [w, h] = SMALL;
    let (mut sum, mut low, mut high) = (0.0, [w, h], [0, 0]);
    let mut stack = vec![start];
    seen[start] = true;
    while let Some(i) = stack.pop() {
        let at = [i % w, i / w];
        sum += map[i];
        for axis in 0..2 {
            low[axis] = low[axis].min(at[axis]);
            high[axis] = high[axis].max(at[axis] + 1);
        }
        let near = [(at[0] > 0, i.wrapping_sub(1)), (at[0] + 1 < w, i + 1), (at[1] > 0, i.wrapping_sub(w)), (at[1] + 1 < h, i + w)];
        for (_, j) in near.into_iter().filter(|n| n.0) {
            if !seen[j] && map[j] >= threshold {
                seen[j] = true;
                stack.push(j);
            }
        }
    }
    let [x, y] = low.map(|v| v as f32);
    (sum, Box2D::new(x, y, high[0] as f32 - x, high[1] as f32 - y))
}
