//! Milliseconds for a training step of the default detector.

use bico::dataset::Split;
use bico::tensor::Shape;
use bico::train::adam::Adam;
use bico::train::build::Trainable;
use bico::train::data::Images;
use bico::train::net::{Mode, Net};
use bico::train::params::Params;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BATCH: usize = 16;

fn steps(c: &mut Criterion) {
    let images = Images::scenes(Split::Training, 0, BATCH, Shape::new(3, 160, 320));
    let network = bico::model::builtin("uav-detector").and_then(|b| b.load(Default::default()).ok()).expect("it is embedded");
    let spec = Trainable::new(&network.float, network.head.as_ref()).expect("the default detector can be trained").spec;
    let params = Params::random(&spec, 1).expect("the default detector is well formed");
    let mut net = Net::new(spec, params, BATCH).expect("the default detector is well formed");
    let mut adam = Adam::new(&net.params);
    let mut group = c.benchmark_group("train");
    group.sample_size(10).throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("forward", |b| b.iter(|| net.forward(BATCH, Mode::Train, |i, out| images.fill(i, out))));
    group.bench_function("step", |b| {
        b.iter(|| {
            net.forward(BATCH, Mode::Train, |i, out| images.fill(i, out));
            net.backward(&images.targets);
            adam.step(&mut net.params, &net.grads, 1e-4, 0.0);
        });
    });
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
