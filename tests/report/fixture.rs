//! A record of six bundles and a head, with detections and pictures.

use crate::pipeline::{Schedule, Stage, plus};
use bico::board::{Mapping, Resources};
use bico::plan::Unit;
use bico::record::*;
use bico::report::{Extras, Picture, TokenChange};
use image::{Rgb, RgbImage};

const CLOCK_MHZ: f64 = 100.0;
const LANES: u64 = 16;
const MULTIPLIERS: [(Unit, u64); 3] = [(Unit::Depthwise, 16), (Unit::Pointwise, 128), (Unit::Vector, 16)];

/// Channels in and out, rows and columns of the output, whether a pool follows.
const BUNDLES: [(u64, u64, u64, u64, bool); 7] = [
    (16, 48, 160, 320, true),
    (48, 96, 80, 160, true),
    (96, 192, 40, 80, true),
    (192, 384, 20, 40, false),
    (384, 512, 20, 40, false),
    (512, 96, 20, 40, false),
    (96, 10, 20, 40, false),
];

/// The record; the same each time.
pub fn record() -> RunRecord {
    let mut schedule = Schedule::default();
    for (layer, bundle) in BUNDLES.iter().enumerate() {
        schedule.add(layer as u16, &stage(bundle));
    }
    let frame_cycles = schedule.end_cycle() + 40;
    let layers = layers(&schedule);
    let macs_per_frame = layers.iter().map(|l| l.macs).sum();
    let milliseconds = frame_cycles as f64 / (CLOCK_MHZ * 1e3);
    let frames = (0..4).map(|f| FrameRecord { start_cycle: f * frame_cycles, end_cycle: (f + 1) * frame_cycles }).collect();
    let (read_bytes, write_bytes) = layers.iter().fold((0, 0), |sum, l| (sum.0 + l.read_bytes, sum.1 + l.write_bytes));
    RunRecord {
        schema_version: SCHEMA_VERSION,
        bico_version: "0.1.0".into(),
        network: "six-bundles".into(),
        accelerator: "tile16-pw128".into(),
        board: "pynq-z1".into(),
        clock_mhz: CLOCK_MHZ,
        widths_bits: Some([8, 8]),
        settings: vec!["pointwise.parallel_out=8".into()],
        macs_per_frame,
        frames,
        performance: Performance {
            accelerator_ms: milliseconds,
            host_ms: 5.5,
            host_overlapped: true,
            latency_ms: milliseconds + 5.5,
            fps: 1e3 / milliseconds.max(5.5),
            accelerator_ms_percentiles: [milliseconds, milliseconds * 1.001, milliseconds * 1.002, milliseconds * 1.003],
            mac_utilisation: macs_per_frame as f64 / (144.0 * frame_cycles as f64),
        },
        units: units(&schedule, &layers, frame_cycles),
        layers,
        jobs: schedule.jobs.iter().map(|j| j.record).collect(),
        memory: memory(read_bytes, write_bytes, milliseconds),
        resources: resources(),
        power: power(milliseconds),
        accuracy: Some(accuracy()),
        notes: vec!["The clock is assumed, not timed: place and route decides whether the board reaches it.".into()],
    }
}

fn stage(&(input, output, rows, cols, pool): &(u64, u64, u64, u64, bool)) -> Stage {
    let (tile_rows, tile_cols) = (20.min(rows), 40.min(cols));
    let pixels = tile_rows * tile_cols;
    let depthwise = pixels * 9 * input / LANES + 10;
    let pointwise = pixels * input * output.div_ceil(16) / 8 + 13;
    let mut units = vec![(Unit::Load, pixels * input * 2 / 7), (Unit::Depthwise, depthwise), (Unit::Pointwise, pointwise)];
    if pool {
        units.push((Unit::Vector, pixels * output / LANES + 10));
    }
    units.push((Unit::Store, pixels * output * 2 / if pool { 28 } else { 7 }));
    Stage { tiles: ((rows / tile_rows) * (cols / tile_cols)) as usize, units, weights_cycles: input * output / 4 }
}

fn layers(schedule: &Schedule) -> Vec<LayerRecord> {
    let mut latest = 0;
    let mut out = Vec::new();
    for (i, &(input, output, rows, cols, pool)) in BUNDLES.iter().enumerate() {
        let own: Vec<_> = schedule.jobs.iter().filter(|j| usize::from(j.record.layer) == i).collect();
        let end_cycle = own.iter().map(|j| j.record.end_cycle + 1).max().unwrap();
        let busy = |unit| own.iter().filter(|j| j.record.unit == unit).map(|j| j.wait.busy_cycles).sum::<u64>();
        let critical_unit = Unit::ALL.into_iter().filter(|u| u.is_compute()).max_by_key(|u| busy(*u)).unwrap();
        let cycles = end_cycle - latest;
        let whole = own.iter().filter(|j| j.record.unit == critical_unit).fold(CycleSplit::default(), |sum, j| plus(sum, j.wait));
        let all = whole.busy_cycles + whole.wait_operand_cycles + whole.wait_space_cycles + whole.wait_job_cycles;
        let part = |c: u64| c * cycles / all;
        let mut critical = CycleSplit {
            busy_cycles: 0,
            wait_operand_cycles: part(whole.wait_operand_cycles),
            wait_space_cycles: part(whole.wait_space_cycles),
            wait_job_cycles: part(whole.wait_job_cycles),
            idle_cycles: cycles / 200,
        };
        critical.busy_cycles =
            cycles - critical.wait_operand_cycles - critical.wait_space_cycles - critical.wait_job_cycles - critical.idle_cycles;
        let shrink = if pool { 2 } else { 1 };
        let names = [
            format!("bundle{}.depthwise+bundle{}.pointwise+pool", i + 1, i + 1),
            format!("bundle{}.depthwise+bundle{}.pointwise", i + 1, i + 1),
        ];
        out.push(LayerRecord {
            name: if i == 6 { "head".into() } else { names[usize::from(!pool)].clone() },
            output: format!("{output}x{}x{}", rows / shrink, cols / shrink),
            macs: rows * cols * input * (9 + output),
            start_cycle: own.iter().map(|j| j.record.start_cycle).min().unwrap(),
            end_cycle,
            cycles,
            critical_unit,
            critical,
            read_bytes: rows * cols * input * 2 + input * output * 2,
            write_bytes: rows * cols * output * 2 / (shrink * shrink),
            tile: [20, 40],
            unit_busy_cycles: Unit::ALL.into_iter().map(|u| (u, busy(u))).filter(|(_, c)| *c > 0).collect(),
            output_sha256: Some(format!("{:064x}", (i as u128 + 1) * 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)),
        });
        latest = end_cycle;
    }
    out
}

fn units(schedule: &Schedule, layers: &[LayerRecord], frame_cycles: u64) -> Vec<UnitRecord> {
    let used = Unit::ALL.into_iter().filter(|unit| schedule.jobs.iter().any(|j| j.record.unit == *unit));
    used.map(|unit| {
        let own: Vec<_> = schedule.jobs.iter().filter(|j| j.record.unit == unit).collect();
        let mut split = own.iter().fold(CycleSplit::default(), |sum, j| plus(sum, j.wait));
        split.idle_cycles = frame_cycles - own.last().unwrap().record.end_cycle - 1;
        let multipliers = MULTIPLIERS.iter().find(|(u, _)| *u == unit).map_or(0, |(_, n)| *n);
        let all: u64 = layers.iter().map(|l| l.macs).sum();
        let macs = match unit {
            Unit::Pointwise => all * 9 / 10,
            Unit::Depthwise => all / 10,
            _ => 0,
        };
        UnitRecord { unit, jobs: own.len() as u64, split, macs, multipliers, queue_peak: 4 }
    })
    .collect()
}

fn memory(read_bytes: u64, write_bytes: u64, milliseconds: f64) -> MemoryRecord {
    let weights = BUNDLES.iter().map(|(i, o, ..)| i * o * 2).sum();
    MemoryRecord {
        peak_mb_per_s: 2100.0,
        read_bytes,
        write_bytes,
        read_bytes_by_unit: vec![(Unit::Load, read_bytes - weights), (Unit::Weights, weights), (Unit::Fetch, 41_984)],
        mean_mb_per_s: (read_bytes + write_bytes) as f64 / milliseconds / 1e3,
        row_hits: 60_321,
        row_misses: 2_310,
        row_conflicts: 4_127,
        refreshes: 3_011,
        turnarounds: 5_200,
    }
}

fn resources() -> ResourceRecord {
    let part = |name: &str, dsp, bram18, lut, ff| (name.to_string(), Resources { dsp, bram18, lut, ff });
    let components = vec![
        part("pointwise", 128, 36, 9_200, 14_100),
        part("depthwise", 16, 8, 3_300, 5_200),
        part("vector", 16, 0, 2_100, 3_900),
        part("feature banks", 0, 128, 900, 0),
        part("load", 0, 2, 1_450, 2_050),
        part("store", 0, 2, 1_300, 1_900),
        part("weights", 0, 2, 1_250, 1_700),
        part("fetch", 0, 2, 800, 1_200),
        part("tokens and queues", 0, 0, 1_100, 1_500),
        part("HP ports", 0, 0, 2_400, 3_600),
    ];
    let total = components.iter().fold(Resources::default(), |s, (_, r)| Resources {
        dsp: s.dsp + r.dsp,
        bram18: s.bram18 + r.bram18,
        lut: s.lut + r.lut,
        ff: s.ff + r.ff,
    });
    let budget = Resources { dsp: 220, bram18: 280, lut: 53_200, ff: 106_400 };
    ResourceRecord { components, total, budget, fits: true, mapping: Mapping::Yosys, lut_ff_uncalibrated: false }
}

fn power(milliseconds: f64) -> PowerRecord {
    let parts: Vec<(String, f64)> =
        [("ARM side", 1.21), ("static", 0.142), ("clock and logic", 0.31), ("DSP", 0.183), ("BRAM", 0.121), ("DDR", 0.254)]
            .map(|(name, w)| (name.to_string(), w))
            .into();
    let total_w = parts.iter().map(|p| p.1).sum();
    PowerRecord { parts, total_w, energy_per_frame_j: total_w * milliseconds / 1e3 }
}

/// A simple generator of numbers from 0 to 1.
fn numbers(mut state: u64) -> impl FnMut() -> f32 {
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    }
}

fn accuracy() -> AccuracyRecord {
    let mut next = numbers(7);
    let detections: Vec<Detection> = (0..40)
        .map(|i| {
            let (w, h) = (0.05 + 0.15 * next(), 0.06 + 0.18 * next());
            let truth = BoxRecord { x: next() * (1.0 - w), y: next() * (1.0 - h), w, h };
            let shift = if i % 9 == 5 { 0.4 } else { 0.02 };
            let found = BoxRecord { x: truth.x + shift * (next() - 0.5), y: truth.y + shift * (next() - 0.5), w: w * 1.05, h: h * 0.97 };
            Detection {
                image: format!("scene {i:03}"),
                truth: Some(truth),
                found,
                confidence: 0.5 + next() / 2.0,
                iou: Some(iou(&truth, &found)),
            }
        })
        .collect();
    let mean = detections.iter().map(|d| f64::from(d.iou.unwrap())).sum::<f64>() / detections.len() as f64;
    let baselines = vec![("mean box".into(), 0.081), ("brightest blob".into(), 0.064), ("colour template".into(), 0.112)];
    AccuracyRecord { images: 40, mean_iou: Some(mean), baselines, detections }
}

fn iou(a: &BoxRecord, b: &BoxRecord) -> f32 {
    let side = |a0: f32, a1: f32, b0: f32, b1: f32| (a1.min(b1) - a0.max(b0)).max(0.0);
    let common = side(a.x, a.x + a.w, b.x, b.x + b.w) * side(a.y, a.y + a.h, b.y, b.y + b.h);
    common / (a.w * a.h + b.w * b.h - common)
}

/// Pictures for all detections, a few token changes, a configuration.
pub fn extras() -> Extras {
    let detections = accuracy().detections;
    Extras {
        pictures: detections.iter().enumerate().map(|(i, d)| picture(i, d)).collect(),
        window_cycles: None,
        tokens: vec![
            TokenChange { cycle: 500, from: Unit::Load, to: Unit::Depthwise, value: 1 },
            TokenChange { cycle: 900, from: Unit::Load, to: Unit::Depthwise, value: 0 },
        ],
        resolved_toml: Some("# accelerator tile16-pw128\nlanes = 16 # default\nclock_mhz = 100.0 # command line\n".into()),
    }
}

/// A field with a road, noise, and a bright object where the label says.
fn picture(index: usize, detection: &Detection) -> Picture {
    let (w, h) = (320, 180);
    let mut next = numbers(index as u64 + 1);
    let t = detection.truth.unwrap();
    let inside = |x: u32, y: u32| {
        let (u, v) = (x as f32 / w as f32 - t.x, y as f32 / h as f32 - t.y);
        (0.0..t.w).contains(&u) && (0.0..t.h).contains(&v)
    };
    let pixels = RgbImage::from_fn(w, h, |x, y| {
        let noise = (next() * 24.0) as u8;
        let road = (x + y + 40 * index as u32) % 240 < 36;
        match (inside(x, y), road) {
            (true, _) => Rgb([190 + noise, 60 + noise, 50 + noise]),
            (_, true) => Rgb([120 + noise; 3]),
            _ => Rgb([70 + noise, 105 + noise, 60 + noise]),
        }
    });
    Picture { name: detection.image.clone(), pixels }
}

/// A record that is hard to draw: many layers with long names, many components, a design that does not fit.
pub fn crowded() -> RunRecord {
    let mut record = record();
    let layers = record.layers.clone();
    for copy in 1..5 {
        record.layers.extend(layers.iter().map(|l| LayerRecord {
            name: format!("stage{copy}.{}+residual.add+activation", l.name),
            critical_unit: Unit::Vector,
            critical: CycleSplit { wait_operand_cycles: l.cycles / 3, wait_space_cycles: l.cycles / 4, ..l.critical },
            ..l.clone()
        }));
    }
    record.resources.total.dsp = 410;
    record.resources.components[0].1.dsp += 250;
    record.resources.fits = false;
    record.power.parts.push(("a contribution with a long name".into(), 1e-5));
    record
}
