//! The accelerators that a network may get: parallel factors first, then memories, each as a point of a finite grid.

use crate::accelerator::check::{fewest_rows, packs};
use crate::accelerator::{
    Accelerator, Bank, IpConfig, Port, RawAccelerator, RawBank, RawConv, RawDepthwise, RawFetchPort, RawPointwise, RawPort, RawPorts,
    RawTile, RawVector,
};
use crate::board::Board;
use crate::error::{Error, Result};
use crate::ip::cost;
use crate::model::graph::{Graph, Node, Op};
use crate::plan::Unit;
use crate::units::Hertz;

/// What a network asks of an accelerator.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Widest feature map.
    feature_bits: u8,
    /// Widest weight.
    weight_bits: u8,
    /// Layers of each unit.
    layers: Vec<(Unit, Layer)>,
}

/// What counts in a layer for parallel factors and memories.
#[derive(Clone, Copy, Debug)]
struct Layer {
    taps: u64,
    kernel: usize,
    pixels: u64,
    channels_in: usize,
    channels_out: usize,
}

const COMPUTE: [Unit; 4] = [Unit::Depthwise, Unit::Pointwise, Unit::Conv, Unit::Vector];

fn unit_of(graph: &Graph, node: &Node) -> Option<(Unit, usize)> {
    match node.op {
        Op::Conv { window, groups } => {
            let kernel = window.kernel.0.max(window.kernel.1);
            let channels = graph.nodes[node.inputs[0]].shape.c;
            Some(match (kernel, groups) {
                (_, g) if g > 1 && g == channels => (Unit::Depthwise, kernel),
                (1, 1) if window.stride == (1, 1) => (Unit::Pointwise, 1),
                _ => (Unit::Conv, kernel),
            })
        }
        Op::FullyConnected => Some((Unit::Pointwise, 1)),
        Op::MaxPool(w) | Op::AvgPool(w) => Some((Unit::Vector, w.kernel.0.max(w.kernel.1))),
        Op::GlobalAvgPool => Some((Unit::Vector, graph.nodes[node.inputs[0]].shape.h.max(graph.nodes[node.inputs[0]].shape.w))),
        Op::Add { .. } | Op::Activation | Op::SpaceToDepth { .. } | Op::Upsample { .. } => Some((Unit::Vector, 1)),
        Op::Concat | Op::Input => None,
    }
}

impl Needs {
    /// Of a graph.
    pub fn of(graph: &Graph) -> Needs {
        let layers = graph.nodes.iter().filter_map(|node| {
            let (unit, kernel) = unit_of(graph, node)?;
            let from = graph.nodes[node.inputs[0]].shape;
            let layer = Layer {
                taps: (kernel * kernel) as u64,
                kernel,
                pixels: (node.shape.h * node.shape.w) as u64,
                channels_in: from.c,
                channels_out: node.shape.c,
            };
            Some((unit, layer))
        });
        Needs {
            feature_bits: graph.nodes.iter().map(|n| n.format.bits).max().unwrap_or(1),
            weight_bits: graph.nodes.iter().filter_map(|n| n.weights.as_ref()).map(|w| w.format.bits).max().unwrap_or(1),
            layers: layers.collect(),
        }
    }

    fn uses(&self, unit: Unit) -> bool {
        self.layers.iter().any(|(u, _)| *u == unit)
    }
    fn most(&self, unit: Unit, what: impl Fn(&Layer) -> usize) -> usize {
        self.layers.iter().filter(|(u, _)| *u == unit).map(|(_, l)| what(l)).max().unwrap_or(1)
    }

    /// Cycles that a unit needs at least for a frame: every product at its parallel factor, no halo, no waiting.
    pub fn least_cycles(&self, acc: &Accelerator, unit: Unit) -> u64 {
        let Some(ip) = acc.ip(unit) else { return 0 };
        let of = |l: &Layer| {
            let out = l.channels_out.div_ceil(ip.parallel_out) as u64;
            let inputs = if matches!(unit, Unit::Pointwise | Unit::Conv) { l.channels_in.div_ceil(ip.parallel_in) as u64 } else { 1 };
            l.pixels * l.taps * out * inputs
        };
        self.layers.iter().filter(|(u, _)| *u == unit).map(|(_, l)| of(l)).sum()
    }

    /// The slowest unit's [`Needs::least_cycles`]: no frame takes less.
    pub fn bound(&self, acc: &Accelerator) -> (Unit, u64) {
        let all = COMPUTE.map(|u| (u, self.least_cycles(acc, u)));
        all.into_iter().fold((Unit::Depthwise, 0), |best, x| if x.1 > best.1 { x } else { best })
    }

    /// The latency that the paper's analytical model gives, in cycles: layers one after the other, each at its parallel factor, plus the data it moves
    /// at the port's 8 bytes a cycle (coefficients alpha and beta 1, phi 0: nothing is fitted).
    pub fn analytical_cycles(&self, acc: &Accelerator) -> u64 {
        let compute: u64 = COMPUTE.map(|u| self.least_cycles(acc, u)).iter().sum();
        let bytes = |l: &Layer| l.pixels * l.channels_out as u64 * u64::from(self.feature_bits).div_ceil(8);
        compute + self.layers.iter().map(|(_, l)| bytes(l)).sum::<u64>() / 8
    }

    /// Every choice of lanes and parallel factors that the board's DSP slices and look-up tables allow with small memories, the lowest bound first.
    pub fn parallel_factors(&self, board: &Board, clock: Hertz) -> Vec<Accelerator> {
        let factors = |unit: Unit, lanes: usize, least: usize| match self.uses(unit) {
            true => (0..6).map(|k| 1usize << k).filter(|f| (least..=lanes).contains(f)).map(Some).collect(),
            false => vec![None],
        };
        let packings = if packs(self.feature_bits, self.weight_bits) { vec![false, true] } else { vec![false] };
        let mut all = Vec::new();
        for lanes in [8, 16, 32] {
            for depthwise in factors(Unit::Depthwise, lanes, 4) {
                for vector in factors(Unit::Vector, lanes, 2) {
                    for pointwise in pairs(&factors(Unit::Pointwise, lanes, 4)) {
                        for conv in pairs(&factors(Unit::Conv, lanes, 1)) {
                            for &packed in &packings {
                                let chosen = Factors { lanes, depthwise, pointwise, conv, vector, packed };
                                all.push(self.accelerator(chosen, clock));
                            }
                        }
                    }
                }
            }
        }
        all.retain(|acc| cost::total(acc, board).within(&board.budget));
        all.sort_by_cached_key(|acc| (self.bound(acc).1, self.analytical_cycles(acc), cost::total(acc, board).dsp));
        all
    }

    fn accelerator(&self, f: Factors, clock: Hertz) -> Accelerator {
        let ip = |unit: Unit, parallel_in: usize, parallel_out: usize| {
            let max_kernel = self.most(unit, |l| l.kernel);
            let channels = self.most(unit, |l| l.channels_out).next_multiple_of(f.lanes);
            let mut ip = IpConfig { parallel_in, parallel_out, weight_rows: 0, parameter_rows: 0, max_kernel, packed: false };
            if let Some((weights, parameters)) = fewest_rows(unit, f.lanes, &ip) {
                let all = if unit == Unit::Depthwise { max_kernel * max_kernel * channels / parallel_out } else { 0 };
                ip.weight_rows = weights.max(all.next_power_of_two().min(2048));
                ip.parameter_rows = parameters.max((channels / parallel_out).next_power_of_two().min(256));
            }
            ip.packed = f.packed && matches!(unit, Unit::Pointwise | Unit::Conv) && parallel_out > 1;
            ip
        };
        let port = |hp| Port { hp, outstanding_bursts: 8 };
        let mut acc = Accelerator {
            name: "designed".into(),
            clock,
            lanes: f.lanes,
            feature_bits: self.feature_bits,
            weight_bits: self.weight_bits,
            tile: (1024, 1024),
            queue_depth: 8,
            banks: Vec::new(),
            depthwise: f.depthwise.map(|p| ip(Unit::Depthwise, p, p)),
            pointwise: f.pointwise.map(|(i, o)| ip(Unit::Pointwise, i, o)),
            conv: f.conv.map(|(i, o)| ip(Unit::Conv, i, o)),
            vector: f.vector.map(|p| ip(Unit::Vector, p, p)),
            load_port: port(0),
            weights_port: port(1),
            store_port: port(3),
            fetch_port: Port { hp: 2, outstanding_bursts: 2 },
        };
        acc.banks = banks(&acc, [512; 4]);
        acc
    }

    /// Memories for these parallel factors: for each division of the feature banks and each depth of the weight memories the largest that fits.
    pub fn memories(&self, acc: &Accelerator, board: &Board) -> Vec<Accelerator> {
        let mut all: Vec<Accelerator> = Vec::new();
        for rows in WEIGHT_ROWS {
            for shares in SHARES {
                let made = |step: usize| {
                    let mut a = acc.clone();
                    for (unit, ip) in [(Unit::Pointwise, &mut a.pointwise), (Unit::Conv, &mut a.conv)] {
                        if let Some(ip) = ip {
                            let fewest = fewest_rows(unit, acc.lanes, ip).map_or(0, |r| r.0);
                            ip.weight_rows = rows.max(fewest);
                        }
                    }
                    a.banks = banks(&a, shares.map(|s| (s * step * STEP_WORDS).min(1 << 16)));
                    a
                };
                let largest = (1..=MOST_STEPS).rev().map(made).find(|a| cost::total(a, board).within(&board.budget));
                all.extend(largest.filter(|a| !all.contains(a)));
            }
        }
        all
    }
}

/// Depths of the pointwise and convolution weight memories.
const WEIGHT_ROWS: [usize; 4] = [1024, 512, 2048, 256];
/// How words are divided among the banks `in`, `mid`, `pool`, `out`.
const SHARES: [[usize; 4]; 3] = [[3, 3, 1, 2], [2, 2, 1, 1], [4, 2, 1, 2]];
/// Banks grow in steps of this many words times their share, half the depth of a RAMB18 of 9 bits.
const STEP_WORDS: usize = 1024;
const MOST_STEPS: usize = 16;

/// Lanes and parallel factors; `None` for an IP that the network does not use.
#[derive(Clone, Copy)]
struct Factors {
    lanes: usize,
    depthwise: Option<usize>,
    pointwise: Option<(usize, usize)>,
    conv: Option<(usize, usize)>,
    vector: Option<usize>,
    packed: bool,
}

fn pairs(one: &[Option<usize>]) -> Vec<Option<(usize, usize)>> {
    one.iter().flat_map(|&a| one.iter().map(move |&b| a.zip(b))).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// The four banks of the template: what is loaded, what flows inside a bundle, what is pooled before it leaves, what is stored.
fn banks(acc: &Accelerator, words: [usize; 4]) -> Vec<Bank> {
    let there = |units: &[Unit]| units.iter().copied().filter(|&u| acc.ip(u).is_some()).collect::<Vec<_>>();
    let multiply = [Unit::Depthwise, Unit::Pointwise, Unit::Conv];
    // Without standard convolutions features flow from depthwise to pointwise and nowhere else.
    let inside = if acc.conv.is_some() { (there(&multiply), there(&multiply)) } else { (there(&multiply[..1]), there(&multiply[1..2])) };
    let bank = |name: &str, words, writers, readers| Bank { name: name.into(), words, writers, readers };
    let mut all = vec![bank("in", words[0], vec![Unit::Load], there(&COMPUTE))];
    if !inside.0.is_empty() && !inside.1.is_empty() {
        all.push(bank("mid", words[1], inside.0, inside.1));
    }
    if acc.vector.is_some() && !there(&multiply).is_empty() {
        all.push(bank("pool", words[2], there(&multiply), vec![Unit::Vector]));
    }
    all.push(bank("out", words[3], there(&COMPUTE), vec![Unit::Store]));
    all
}

/// An accelerator as a file.
///
/// # Errors
/// None that an accelerator of the grid causes.
pub fn to_toml(acc: &Accelerator, description: &str) -> Result<String> {
    let port = |p: Port| RawPort { hp: p.hp, outstanding_bursts: p.outstanding_bursts };
    let raw = RawAccelerator {
        description: description.into(),
        clock_mhz: acc.clock.mhz(),
        lanes: acc.lanes,
        feature_bits: acc.feature_bits,
        weight_bits: acc.weight_bits,
        tile: RawTile { rows: acc.tile.0, cols: acc.tile.1 },
        queue_depth: acc.queue_depth,
        ports: RawPorts {
            load: port(acc.load_port),
            weights: port(acc.weights_port),
            fetch: RawFetchPort { hp: acc.fetch_port.hp },
            store: port(acc.store_port),
        },
        depthwise: acc.depthwise.map(|ip| RawDepthwise {
            parallel: ip.parallel_out,
            max_kernel: ip.max_kernel,
            weight_rows: ip.weight_rows,
            parameter_rows: ip.parameter_rows,
        }),
        pointwise: acc.pointwise.map(|ip| RawPointwise {
            parallel_in: ip.parallel_in,
            parallel_out: ip.parallel_out,
            weight_rows: ip.weight_rows,
            parameter_rows: ip.parameter_rows,
            packed: ip.packed,
        }),
        conv: acc.conv.map(|ip| RawConv {
            parallel_in: ip.parallel_in,
            parallel_out: ip.parallel_out,
            max_kernel: ip.max_kernel,
            weight_rows: ip.weight_rows,
            parameter_rows: ip.parameter_rows,
            packed: ip.packed,
        }),
        vector: acc.vector.map(|ip| RawVector { parallel: ip.parallel_out, max_kernel: ip.max_kernel }),
        banks: acc
            .banks
            .iter()
            .map(|b| RawBank { name: b.name.clone(), words: b.words, writers: b.writers.clone(), readers: b.readers.clone() })
            .collect(),
    };
    toml::to_string(&raw).map_err(|e| Error::fault(format!("cannot write the accelerator: {e}")))
}
