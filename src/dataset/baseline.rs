//! Detectors without learning, to show that the scenes need some: mean box, most salient blob, colour template.

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
    let training: Vec<Scene> = (0..fitted).map(|i| Scene::generate(Split::Training, i)).collect();
    let mean = mean_box(&training);
    let template = Template::fit(&training, mean);
    let mut sums = [0.0f32; 3];
    for index in 0..scored {
        let scene = Scene::generate(split, index);
        let found = [mean, salient_blob(&scene.image), template.find(&scene.image)];
        sums.iter_mut().zip(found).for_each(|(s, b)| *s += b.iou(scene.target));
    }
    let [mean_box, salient_blob, colour_template] = sums.map(|s| s / scored.max(1) as f32);
    Scores { mean_box, salient_blob, colour_template }
}

/// Centre and extents averaged over all targets.
fn mean_box(scenes: &[Scene]) -> Box2D {
    let n = scenes.len().max(1) as f32;
    let mean = |f: fn(&Box2D) -> f32| scenes.iter().map(|s| f(&s.target)).sum::<f32>() / n;
    Box2D::centred(mean(|b| b.x + b.w / 2.0), mean(|b| b.y + b.h / 2.0), mean(|b| b.w), mean(|b| b.h))
}

/// Columns and rows the blob search works at.
const SMALL: [usize; 2] = [160, 90];

/// The box around the brightest blob of a saliency map: distance of each pixel's colour from the image's mean colour,
/// thresholded at half its maximum, the connected region with the largest sum.
pub fn salient_blob(image: &Image) -> Box2D {
    let [w, h] = SMALL;
    let small = resize(image, w, h);
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
    best.1.scale((WIDTH / w) as f32, (HEIGHT / h) as f32)
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

/// Colours in 4 x 4 x 4 bins, weighted by how much more often they lie inside training boxes than outside.
struct Template {
    weight: [f32; 64],
    size: [f32; 2],
}

fn bin(p: &[u8]) -> usize {
    usize::from(p[0] >> 6) * 16 + usize::from(p[1] >> 6) * 4 + usize::from(p[2] >> 6)
}

impl Template {
    fn fit(scenes: &[Scene], mean: Box2D) -> Template {
        let mut counts = [[1.0f32; 2]; 64];
        for scene in scenes {
            let t = scene.target;
            for (i, p) in scene.image.data.chunks_exact(3).enumerate() {
                let (x, y) = ((i % WIDTH) as f32, (i / WIDTH) as f32);
                let inside = x >= t.x && x < t.x + t.w && y >= t.y && y < t.y + t.h;
                counts[bin(p)][usize::from(inside)] += 1.0;
            }
        }
        let total = counts.iter().fold([0.0; 2], |s, c| [s[0] + c[0], s[1] + c[1]]);
        let weight = counts.map(|c| libm::logf((c[1] / total[1]) / (c[0] / total[0])));
        Template { weight, size: [mean.w, mean.h] }
    }

    /// The window with the largest sum of weights, by an integral image.
    fn find(&self, image: &Image) -> Box2D {
        let [w, h] = SMALL;
        let small = resize(image, w, h);
        let mut integral = vec![0.0f64; (w + 1) * (h + 1)];
        for (i, p) in small.data.chunks_exact(3).enumerate() {
            let (x, y) = (i % w, i / w);
            let up = y * (w + 1) + x;
            integral[up + w + 2] = f64::from(self.weight[bin(p)]) + integral[up + 1] + integral[up + w + 1] - integral[up];
        }
        let scale = (WIDTH / w) as f32;
        let size = self.size.map(|s| ((s / scale) as usize).max(1));
        let mut best = (f64::MIN, Box2D::default());
        for y in 0..=h.saturating_sub(size[1]) {
            for x in 0..=w.saturating_sub(size[0]) {
                let at = |dx: usize, dy: usize| integral[(y + dy).min(h) * (w + 1) + (x + dx).min(w)];
                let sum = at(size[0], size[1]) - at(0, size[1]) - at(size[0], 0) + at(0, 0);
                if sum > best.0 {
                    best = (sum, Box2D::new(x as f32 * scale, y as f32 * scale, self.size[0], self.size[1]));
                }
            }
        }
        best.1
    }
}
