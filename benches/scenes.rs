//! Scenes a second on one core: the generator, the resize to a network's input, and both as training streams them.

use bico::dataset::preprocess::planes;
use bico::dataset::{Scene, Split};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Columns and rows of the networks' input.
const INPUT: [usize; 2] = [320, 160];
/// Scenes cost differently: each measurement goes round these.
const SCENES: u64 = 64;

fn scenes(c: &mut Criterion) {
    let [width, height] = INPUT;
    let mut group = c.benchmark_group("scene");
    group.throughput(Throughput::Elements(1));
    let mut index = 0;
    let mut next = move || {
        index = (index + 1) % SCENES;
        index
    };
    group.bench_function("generate", |b| b.iter(|| Scene::generate(Split::Training, next())));
    let image = Scene::generate(Split::Training, 0).image;
    group.bench_function("preprocess", |b| b.iter(|| planes(&image, width, height)));
    group.throughput(Throughput::Elements(SCENES));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    group.bench_function("training_images", |b| {
        b.iter(|| one.install(|| Scene::training_images(Split::Training, 0..SCENES, width, height)))
    });
    group.finish();
}

criterion_group!(benches, scenes);
criterion_main!(benches);
