//! `cargo bench --bench kernels -- --json`: the figures to hold against `benches/compare_onnxruntime.py`.
//!
//! On a machine with other load the median by the wall clock says little; CPU time and the minimum say more.

use crate::network::Network;
use bico::fixed::Format;
use bico::kernels::Isa;
use serde_json::{Map, Value, json};
use std::time::Instant;

const ROUNDS: usize = 7;
const FRAMES: usize = 20;
const LAYER_REPEATS: usize = 40;

/// Time this thread has run, in nanoseconds; zero where the system does not tell.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// What to measure: the vector instruction sets, or plain Rust where there is none.
pub fn vector_sets() -> Vec<Isa> {
    Isa::available().into_iter().filter(|&isa| isa != Isa::PORTABLE || isa == Isa::best()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rounded(v: f64) -> f64 {
    (v * 1e3).round() / 1e3
}

/// The shortest of many runs of each layer, in microseconds.
fn layers(network: &mut Network, isa: Isa) -> Map<String, Value> {
    let mut out = Map::new();
    for i in 0..network.layers.len() {
        let time = |network: &mut Network| {
            let start = Instant::now();
            network.run_layer(i, isa);
            start.elapsed().as_secs_f64() * 1e6
        };
        let best = (0..LAYER_REPEATS).map(|_| time(network)).fold(f64::INFINITY, f64::min);
        let layer = &network.layers[i];
        out.insert(format!("{i:02} {}", layer.name), json!({"us": rounded(best), "gmac_per_s": rounded(layer.macs() as f64 / best / 1e3)}));
    }
    out
}

/// Prints one JSON object: for each network and instruction set frames/s, CPU time of a frame and the shortest frame.
pub fn print() {
    let mut report = Map::new();
    for isa in vector_sets() {
        for (bypass, features, weights) in [(true, 9, 11), (true, 8, 8), (false, 9, 11)] {
            let mut network = Network::new(Format::signed(features, 4), Format::signed(weights, 7), bypass);
            let (mut fps, mut cpu_ms, mut shortest_ms) = (vec![], vec![], f64::INFINITY);
            for _ in 0..ROUNDS {
                let (start, cpu) = (Instant::now(), cpu_ns());
                for _ in 0..FRAMES {
                    let frame = Instant::now();
                    network.run(isa);
                    shortest_ms = (frame.elapsed().as_secs_f64() * 1e3).min(shortest_ms);
                }
                fps.push(FRAMES as f64 / start.elapsed().as_secs_f64());
                cpu_ms.push((cpu_ns() - cpu) as f64 / 1e6 / FRAMES as f64);
            }
            let name = format!("{}{isa} {features}x{weights}", if bypass { "" } else { "without bypass, " });
            let mut entry = Map::new();
            entry.insert("gmac".into(), json!(network.macs() as f64 / 1e9));
            entry.insert("frames_per_s".into(), json!(rounded(median(fps))));
            entry.insert("cpu_ms".into(), json!(rounded(median(cpu_ms))));
            entry.insert("shortest_ms".into(), json!(rounded(shortest_ms)));
            if isa == Isa::best() && bypass && features == 9 {
                entry.insert("layers".into(), Value::Object(layers(&mut network, isa)));
            }
            report.insert(name, Value::Object(entry));
        }
    }
    println!("{}", serde_json::to_string_pretty(&report).expect("plain values"));
}
