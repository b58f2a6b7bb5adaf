//! Distinct designs a second of the top-down search without values, planning and cost included, nothing cached.

use bico::board::builtin as board;
use bico::model::{LoadOptions, Network, builtin, load_text};
use bico::search::topdown::{Target, design};
use bico::units::Hertz;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Four layers at 40 x 40.
fn four_layers() -> Network {
    let layer = |name: &str, op: &str, rest: &str| format!("[[layer]]\nname = \"{name}\"\nop = \"{op}\"\nactivation = \"relu4\"\n{rest}\n");
    let text = [
        "name = \"four\"\n[input]\nchannels = 8\nheight = 40\nwidth = 40\nformat = { bits = 8, frac = 8, signed = false }\n\
         [quantise]\nfeature_bits = 9\nweight_bits = 11\nrandom_weights_seed = 1\n"
            .to_string(),
        layer("dw1", "depthwise", "kernel = 3\npadding = 1"),
        layer("pw1", "pointwise", "channels = 16"),
        layer("dw2", "depthwise", "kernel = 3\npadding = 1"),
        layer("pw2", "pointwise", "channels = 32"),
    ];
    load_text(&text.concat(), None, "four", LoadOptions::default()).unwrap()
}

fn designs(c: &mut Criterion) {
    let board = board("pynq-z1").unwrap();
    let mut group = c.benchmark_group("designs");
    group.sample_size(10);
    for network in [four_layers(), builtin("skynet_c").unwrap().load(LoadOptions::default()).unwrap()] {
        let target = Target { clock: Hertz(100_000_000), fps: None, designs: 64, jobs: 0 };
        let simulated = design(&network, &board, target, &|| ()).unwrap().trials.len();
        group.throughput(Throughput::Elements(simulated as u64));
        group.bench_function(network.name.clone(), |b| b.iter(|| design(black_box(&network), &board, target, &|| ()).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, designs);
criterion_main!(benches);
