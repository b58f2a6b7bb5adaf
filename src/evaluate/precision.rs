//! Average precision as COCO defines it, class-agnostic.
//!
//! Detections of all images are ranked by confidence. In each image, best first, a detection takes the true box it overlaps most among
//! those not yet taken, if their IoU reaches the threshold: a hit; else it is a false alarm. Precision at a recall is the best precision at
//! that recall or above; average precision is its mean over recalls 0, 0.01, ..., 1. Source: COCO's detection evaluation (Lin et
//! al., ECCV 2014, and its reference implementation), with one class, 100 detections an image.
//!
//! With a range of sizes, true boxes outside of it are ignored: neither they nor what hits them counts, nor false alarms of a size outside.
//! So are crowds, regions of more objects than anyone counted: what lies in one to the threshold's share of its own area counts neither way.

use crate::dataset::Box2D;
use std::ops::Range;

/// IoU from which a detection is a hit: 0.5, 0.55, ..., 0.95.
pub const THRESHOLDS: usize = 10;

/// One detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// In fractions of the image.
    pub area: Box2D,
    /// Rank among all images.
    pub confidence: f32,
}

/// An image's boxes and what was found on it.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// True boxes.
    pub truth: &'a [Box2D],
    /// Crowds.
    pub crowds: &'a [Box2D],
    /// Most confident first.
    pub found: &'a [Candidate],
}

/// The detections of all images, ranked and matched.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// True boxes that count, by image.
    truths: Vec<u32>,
    /// Most confident first.
    ranked: Vec<Matched>,
}

#[derive(Clone, Copy, Debug)]
struct Matched {
    image: u32,
    confidence: f32,
    /// A bit for each threshold.
    hit: u16,
    /// A bit for each threshold: does not count.
    ignored: u16,
}

fn threshold(index: usize) -> f32 {
    (50 + 5 * index) as f32 / 100.0
}

impl Ranking {
    /// `images` are true boxes, crowds, and what was found, most confident first; `sizes` are shares of the image's area that count.
    pub fn new(images: &[Scored<'_>], sizes: Range<f32>) -> Ranking {
        let counts = |b: &Box2D| sizes.contains(&b.area());
        let mut ranked = Vec::new();
        for (image, scored) in images.iter().enumerate() {
            let first = ranked.len();
            ranked.extend(scored.found.iter().map(|f| Matched { image: image as u32, confidence: f.confidence, hit: 0, ignored: 0 }));
            for t in 0..THRESHOLDS {
                mark(&mut ranked[first..], scored, t, &counts);
            }
        }
        ranked.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let truths = images.iter().map(|i| i.truth.iter().filter(|b| counts(b)).count() as u32).collect();
        Ranking { truths, ranked }
    }

    /// True boxes that count.
    pub fn objects(&self) -> u64 {
        self.truths.iter().map(|&n| u64::from(n)).sum()
    }

    /// Average precision at the first `thresholds` thresholds, averaged over them; images count as often as `drawn` says. NaN without
    /// a true box.
    pub fn average_precision(&self, thresholds: usize, drawn: &[u32]) -> f64 {
        let total: u64 = self.truths.iter().zip(drawn).map(|(&t, &n)| u64::from(t) * u64::from(n)).sum();
        if total == 0 {
            return f64::NAN;
        }
        (0..thresholds).map(|t| self.at(t, drawn, total)).sum::<f64>() / thresholds as f64
    }

    fn at(&self, t: usize, drawn: &[u32], total: u64) -> f64 {
        let (mut hits, mut all) = (0, 0);
        // Hits so far and precision, after each hit.
        let mut curve: Vec<(u64, f64)> = Vec::with_capacity(self.ranked.len());
        for m in self.ranked.iter().filter(|m| m.ignored >> t & 1 == 0) {
            let n = u64::from(drawn[m.image as usize]);
            all += n;
            if m.hit >> t & 1 == 1 && n > 0 {
                hits += n;
                curve.push((hits, hits as f64 / all as f64));
            }
        }
        let mut best = 0.0;
        curve.iter_mut().rev().for_each(|(_, precision)| {
            best = f64::max(best, *precision);
            *precision = best;
        });
        let mut at = 0;
        let mut sum = 0.0;
        for recall in 0..=100u64 {
            while curve.get(at).is_some_and(|(hits, _)| hits * 100 < recall * total) {
                at += 1;
            }
            sum += curve.get(at).map_or(0.0, |(_, precision)| *precision);
        }
        sum / 101.0
    }
}

/// Marks the hits of one image at threshold `t`.
fn mark(marks: &mut [Matched], &Scored { truth, crowds, found }: &Scored<'_>, t: usize, counts: &impl Fn(&Box2D) -> bool) {
    let mut taken = vec![false; truth.len()];
    for (mark, f) in marks.iter_mut().zip(found) {
        // A box that counts goes before one that is ignored, then the larger overlap, then the first.
        let rank = |i: &usize| (counts(&truth[*i]), truth[*i].iou(f.area));
        let free = (0..truth.len()).filter(|&i| !taken[i] && truth[i].iou(f.area) >= threshold(t));
        let best = free.rev().max_by(|a, b| rank(a).0.cmp(&rank(b).0).then(rank(a).1.total_cmp(&rank(b).1)));
        let ignored = match best {
            Some(i) => {
                taken[i] = true;
                !counts(&truth[i])
            }
            None => !counts(&f.area) || crowds.iter().any(|crowd| f.area.share_in(*crowd) >= threshold(t)),
        };
        mark.hit |= u16::from(best.is_some() && !ignored) << t;
        mark.ignored |= u16::from(ignored) << t;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Range<f32> = 0.0..f32::INFINITY;

    fn ranking(truth: &[Vec<Box2D>], found: &[Vec<Candidate>], sizes: Range<f32>) -> Ranking {
        let images: Vec<Scored<'_>> = truth.iter().zip(found).map(|(truth, found)| Scored { truth, crowds: &[], found }).collect();
        Ranking::new(&images, sizes)
    }

    fn found(list: &[(f32, f32, f32)]) -> Vec<Candidate> {
        list.iter().map(|&(x, w, confidence)| Candidate { area: Box2D::new(x, 0.0, w, 0.1), confidence }).collect()
    }

    #[test]
    fn average_precision_by_hand() {
        // Two images with two boxes and one; ranked: hit, false alarm, hit, and one box is never found.
        let b = |x: f32| Box2D::new(x, 0.0, 0.1, 0.1);
        let truth = [vec![b(0.0), b(0.5)], vec![b(0.2)]];
        let found = [found(&[(0.0, 0.1, 0.9), (0.8, 0.1, 0.8)]), found(&[(0.2, 0.1, 0.7)])];
        let r = ranking(&truth, &found, ALL);
        // Precision is 1 up to recall 1/3 (34 of the 101 recalls), 2/3 up to recall 2/3 (33 more), then 0.
        let expected = (34.0 + 33.0 * 2.0 / 3.0) / 101.0;
        assert!((r.average_precision(1, &[1, 1]) - expected).abs() < 1e-12);
        assert!((r.average_precision(THRESHOLDS, &[1, 1]) - expected).abs() < 1e-12);
        assert_eq!(r.objects(), 3);
        // The second image alone is perfect; with none there is nothing to say.
        assert_eq!(r.average_precision(1, &[0, 3]), 1.0);
        assert!(r.average_precision(1, &[0, 0]).is_nan());
    }

    #[test]
    fn a_box_is_hit_once_and_by_the_best_overlap() {
        let truth = [vec![Box2D::new(0.0, 0.0, 0.1, 0.1), Box2D::new(0.02, 0.0, 0.1, 0.1)]];
        // The first detection lies on the second box exactly; the next two both overlap the first box.
        let r = ranking(&truth, &[found(&[(0.02, 0.1, 0.9), (0.0, 0.1, 0.8), (0.0, 0.1, 0.7)])], ALL);
        let hits: Vec<u16> = r.ranked.iter().map(|m| m.hit & 1).collect();
        assert_eq!(hits, [1, 1, 0]);
        assert_eq!(r.average_precision(1, &[1]), 1.0);
    }

    #[test]
    fn higher_thresholds_need_tighter_boxes() {
        let truth = [vec![Box2D::new(0.0, 0.0, 0.1, 0.1)]];
        // IoU 0.8: a hit at 0.5 to 0.8 (seven thresholds; 0.8 itself may round to either side), a false alarm above.
        let r = ranking(&truth, &[found(&[(0.0, 0.08, 0.9)])], ALL);
        assert_eq!(r.average_precision(1, &[1]), 1.0);
        assert!((r.average_precision(THRESHOLDS, &[1]) - 0.65).abs() < 0.0501);
    }

    #[test]
    fn boxes_of_other_sizes_are_ignored() {
        let truth = [vec![Box2D::new(0.0, 0.0, 0.1, 0.1), Box2D::new(0.3, 0.0, 0.5, 0.1)]];
        let list = found(&[(0.3, 0.5, 0.9), (0.0, 0.1, 0.8), (0.9, 0.5, 0.7)]);
        let small = ranking(&truth, std::slice::from_ref(&list), 0.0..0.02);
        assert_eq!((small.objects(), small.average_precision(1, &[1])), (1, 1.0));
        let large = ranking(&truth, &[list], 0.02..1.0);
        assert_eq!((large.objects(), large.average_precision(1, &[1])), (1, 1.0));
    }

    #[test]
    fn what_lies_in_a_crowd_counts_neither_way() {
        let (truth, crowds) = ([Box2D::new(0.0, 0.0, 0.1, 0.1)], [Box2D::new(0.5, 0.0, 0.5, 0.1)]);
        // Two in the crowd, one with 60 % of its area in it, the true box.
        let found = found(&[(0.5, 0.1, 0.9), (0.7, 0.1, 0.8), (0.46, 0.1, 0.7), (0.0, 0.1, 0.6)]);
        let with = Ranking::new(&[Scored { truth: &truth, crowds: &crowds, found: &found }], ALL);
        assert_eq!((with.objects(), with.average_precision(1, &[1])), (1, 1.0));
        // At thresholds from 0.65 the third is a false alarm: seven of ten, each with precision 1/2.
        assert!((with.average_precision(THRESHOLDS, &[1]) - (3.0 + 7.0 * 0.5) / 10.0).abs() < 0.0501);
        let without = Ranking::new(&[Scored { truth: &truth, crowds: &[], found: &found }], ALL);
        assert_eq!(without.average_precision(1, &[1]), 0.25);
    }
}
