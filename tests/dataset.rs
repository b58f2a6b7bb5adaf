//! Scenes: their version, their statistics, and that they need more than a trivial detector.

use bico::dataset::baseline;
use bico::dataset::preprocess;
use bico::dataset::scene::{HEIGHT, Scene, Split, WIDTH, version_hash};
use std::collections::BTreeSet;

/// Changing the generator changes every score ever measured on its scenes: this hash is their version.
const VERSION: &str = "ac9835db7893951f8a8e955bc8a3fd84c6723c5f0d1af06cd13cb5f3a40f31d2";

#[test]
fn scenes_are_the_ones_that_were_published() {
    assert_eq!(version_hash(4), VERSION);
}

#[test]
fn box_areas_follow_the_histogram_of_dac_sdc() {
    let count = 10_000;
    for split in Split::ALL {
        let shares: Vec<f32> = (0..count).map(|i| Scene::annotation(split, i).0.area() / (WIDTH * HEIGHT) as f32).collect();
        let under = |limit: f32| shares.iter().filter(|&&s| s < limit).count() as f32 / count as f32;
        assert!((under(0.01) - 0.31).abs() < 0.02, "{} of {} boxes under 1 %", under(0.01), split.name());
        assert!((under(0.09) - 0.91).abs() < 0.02, "{} of {} boxes under 9 %", under(0.09), split.name());
    }
}

#[test]
fn every_box_lies_inside_and_every_class_occurs() {
    let mut classes = BTreeSet::new();
    for i in 0..2000 {
        let (b, class) = Scene::annotation(Split::Validation, i);
        classes.insert(class);
        assert!(b.x >= 0.0 && b.y >= 0.0 && b.x + b.w <= WIDTH as f32 && b.y + b.h <= HEIGHT as f32, "scene {i}: {b:?}");
        assert!(b.w >= 8.0 && b.h >= 8.0, "scene {i}: {b:?} is too small to be seen");
    }
    assert_eq!(classes.len(), 6);
}

#[test]
fn splits_share_no_seed() {
    let ends = |s: Split| (s.seed(0), s.seed(u64::from(u32::MAX)));
    let [training, validation, test] = Split::ALL.map(ends);
    assert!(training.1 < validation.0 && validation.1 < test.0);
    assert_ne!(Scene::generate(Split::Training, 0), Scene::generate(Split::Test, 0));
    assert_eq!(Scene::generate(Split::Test, 5), Scene::generate(Split::Test, 5));
    let scene = Scene::generate(Split::Test, 5);
    assert_eq!((scene.target, scene.class), Scene::annotation(Split::Test, 5));
}

#[test]
fn training_reads_what_evaluation_reads() {
    let last = u64::from(u32::MAX);
    let images = |indices| {
        let (pixels, targets) = Scene::training_images(Split::Validation, indices, 320, 160);
        pixels.into_iter().zip(targets).collect::<Vec<_>>()
    };
    // On one thread: what one scene leaves on the canvas must not show in the next.
    let several = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| images(0..8));
    for (index, (pixels, target)) in (0..8).zip(several).chain([(last, images(last..last + 1).remove(0))]) {
        let scene = Scene::generate(Split::Validation, index);
        let evaluated = preprocess(&scene.image, 320, 160);
        assert!(pixels.iter().map(|&v| i32::from(v)).eq(evaluated.data), "scene {index}");
        assert_eq!(target, scene.target.scale(1.0 / WIDTH as f32, 1.0 / HEIGHT as f32));
    }
}

#[test]
fn trivial_detectors_fail() {
    let scores = baseline::score(40, Split::Test, 120);
    for (name, iou) in [("mean box", scores.mean_box), ("salient blob", scores.salient_blob), ("colour template", scores.colour_template)] {
        assert!(iou < 0.15, "{name} reaches {iou}: the scenes are too easy");
        assert!(iou > 0.005, "{name} reaches {iou}: it is broken, which proves nothing about the scenes");
    }
}
