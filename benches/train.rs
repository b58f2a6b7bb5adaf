//! A training step of two detectors at 160 x 320, in float and with quantisation in the loop.
//!
//! `cargo bench --bench train` measures with criterion; `-- --json` prints milliseconds of wall and processor time a step for
//! `benches/compare_pytorch.py`, which runs both on the same machine in turn.

use bico::dataset::Split;
use bico::model::{LoadOptions, builtin};
use bico::tensor::Shape;
use bico::train::adam::Adam;
use bico::train::build::Trainable;
use bico::train::calibrate::calibrate;
use bico::train::data::Images;
use bico::train::net::{Mode, Net};
use bico::train::params::Params;
use bico::train::quantise::Grids;
use criterion::{Criterion, Throughput};
use std::time::Instant;

const BATCH: usize = 16;
/// About 70,000 and 440,000 parameters.
const NETWORKS: [&str; 2] = ["uav-detector", "skynet_c"];

/// One network with the state of its optimiser.
struct Step {
    net: Net,
    adam: Adam,
    images: Images,
}

impl Step {
    fn new(name: &str, quantised: bool) -> Step {
        let network = builtin(name).and_then(|b| b.load(LoadOptions::default()).ok()).expect("it is embedded");
        let images = Images::scenes(Split::Training, 0, BATCH, Shape::new(3, 160, 320));
        let map = Trainable::new(&network.float, network.head.as_ref()).expect("it can be trained");
        let params = Params::random(&map.spec, 1).expect("it is well formed");
        // With quantisation in the loop batch norm is folded, as in the last epochs of a training.
        let (spec, params) = if quantised { params.fold(&map.spec) } else { (map.spec.clone(), params) };
        let mut net = Net::new(spec.clone(), params, BATCH).expect("it is well formed");
        if quantised {
            let mut float = network.float.clone();
            calibrate(&mut net, &map, &mut float, 4, |i, out| images.fill(i, out));
            net.grids = Some(Grids::new(&float, &spec, &map.layers));
        }
        Step { adam: Adam::new(&net.params), net, images }
    }

    fn run(&mut self) {
        let Step { net, adam, images } = self;
        net.forward(BATCH, Mode::Train, |i, out| images.fill(i, out));
        net.backward(&images.targets);
        adam.step(&mut net.params, &net.grads, 1e-5, 0.0);
    }
}

/// User and system time of this process in seconds, from `/proc/self/stat` (fields 14 and 15, in hundredths of a second).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

fn json(steps: usize) {
    let mut rows = Vec::new();
    for name in NETWORKS {
        for quantised in [false, true] {
            let mut step = Step::new(name, quantised);
            step.run();
            let (wall, cpu) = (Instant::now(), cpu_seconds());
            (0..steps).for_each(|_| step.run());
            let each = |seconds: f64| 1e3 * seconds / steps as f64;
            let cpu = cpu.and_then(|before| Some(each(cpu_seconds()? - before)));
            rows.push(serde_json::json!({
                "network": name, "quantised": quantised, "wall_ms": each(wall.elapsed().as_secs_f64()), "cpu_ms": cpu,
            }));
        }
    }
    println!("{}", serde_json::Value::from(rows));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|a| a == "--json") {
        return json(8);
    }
    let mut c = Criterion::default().configure_from_args().sample_size(10);
    let mut group = c.benchmark_group("train");
    group.throughput(Throughput::Elements(BATCH as u64));
    for name in NETWORKS {
        for (kind, quantised) in [("float", false), ("quantised", true)] {
            let mut step = Step::new(name, quantised);
            group.bench_function(format!("{name}/{kind}"), |b| b.iter(|| step.run()));
        }
    }
    group.finish();
    c.final_summary();
}
