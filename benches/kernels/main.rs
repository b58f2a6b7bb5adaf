//! Speed of the host kernels in one thread: a SkyNet-size network layer by layer and as a whole, and small jobs.
//!
//! Compare with `benches/compare_onnxruntime.py`, run directly before or after on the same machine.

mod network;
mod summary;

use bico::fixed::{Format, Requantise};
use bico::kernels::{ConvJob, ConvSpec, Geometry, Isa, PackedConv, Source, Target, conv};
use criterion::{Criterion, Throughput, criterion_group};
use network::{LANES, Network};
use std::hint::black_box;

/// Elements/s are MAC/s; frames/s is the inverse of the time.
fn whole_network(c: &mut Criterion) {
    for isa in summary::vector_sets() {
        for (bypass, features, weights) in [(true, 9, 11), (true, 8, 8), (false, 9, 11)] {
            let mut network = Network::new(Format::signed(features, 4), Format::signed(weights, 7), bypass);
            let mut group = c.benchmark_group(if bypass { "skynet" } else { "skynet-without-bypass" });
            group.throughput(Throughput::Elements(network.macs()));
            group.bench_function(format!("{isa}/{features}x{weights}"), |b| b.iter(|| network.run(isa)));
            group.finish();
        }
    }
}

fn layers(c: &mut Criterion) {
    let mut network = Network::new(Format::signed(9, 4), Format::signed(11, 7), true);
    let mut group = c.benchmark_group("layer");
    for i in 0..network.layers.len() {
        group.throughput(Throughput::Elements(network.layers[i].macs()));
        let name = format!("{i:02}-{}", network.layers[i].name);
        group.bench_function(name, |b| b.iter(|| network.run_layer(i, Isa::best())));
    }
    group.finish();
}

/// One simulated hardware job: a tile of pixels, all input channels, one block of output channels.
fn jobs(c: &mut Criterion) {
    let requantise = Requantise::by_shift(8, Format::signed(9, 4));
    let mut group = c.benchmark_group("job");
    for (rows, cols, inputs) in [(1, 1, 16), (10, 20, 96), (10, 20, 48), (20, 40, 96), (10, 20, 384)] {
        let weights: Vec<i32> = (0..inputs * LANES).map(|i| (i * 31 % 255) as i32 - 127).collect();
        let spec = ConvSpec {
            weights: &weights,
            bias: &[],
            inputs,
            outputs: LANES,
            groups: 1,
            geometry: Geometry::POINTWISE,
            lanes: LANES,
            features: (-256, 255),
            requantise: &requantise,
        };
        let layer = PackedConv::new(&spec).expect("a valid layer");
        let features: Vec<i16> = (0..inputs * rows * cols).map(|i| (i * 77 % 511) as i16 - 255).collect();
        let mut out = vec![0; rows * cols * LANES];
        group.throughput(Throughput::Elements((rows * cols * inputs * LANES) as u64));
        group.bench_function(format!("{rows}x{cols}x{inputs}-to-{LANES}"), |b| {
            b.iter(|| {
                let source = Source::dense(black_box(&features), rows, cols, LANES);
                let job = ConvJob { source, conv: &layer, output_blocks: (0, 1), origin: (0, 0), outputs: (rows, cols), pad: 0 };
                conv(Isa::best(), &job, &mut Target::dense(&mut out, rows, cols, LANES));
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = whole_network, jobs, layers
}

fn main() {
    if std::env::args().any(|a| a == "--json") {
        return summary::print();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
