//! The accelerators that a network may get: parallel factors first, then memories, each as a point of a finite grid.

use crate::accelerator::check::{fewest_rows, packs};
use crate::accelerator::{
    Accelerator, Bank, IpConfig, Port, RawAccelerator, RawBank, RawConv, RawDepthwise, RawFetchPort, RawPointwise, RawPort, RawPorts,
    RawTile, RawVector,
};
use crate::board::{Board, Resources};
use crate::error::{Error, Kind, Result};
use crate::fixed::Format;
use crate::ip::cost;
use crate::model::graph::Graph;
use crate::plan::Unit;
use crate::plan::stage::{Channels, stage};
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

/// Lanes and parallel factors to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    lanes: [usize; 3],
    /// Least parallel factor of `depthwise`, `pointwise`, `conv`, `vector`.
    least: [usize; 4],
}

/// What is worth trying on a board like the Pynq-Z1.
pub const GRID: Grid = Grid { lanes: [8, 16, 32], least: [4, 4, 1, 2] };
/// For boards that hold none of [`GRID`].
pub const SMALL: Grid = Grid { lanes: [4, 8, 16], least: [1; 4] };

const COMPUTE: [Unit; 4] = [Unit::Depthwise, Unit::Pointwise, Unit::Conv, Unit::Vector];

/// An accelerator on which every layer that any accelerator runs has the unit that runs it.
fn accepting() -> Accelerator {
    let ip = |max_kernel| IpConfig { parallel_in: 1, parallel_out: 1, weight_rows: 0, parameter_rows: 0, max_kernel, packed: false };
    let all = Some(ip(LARGEST_KERNEL));
    template(LEAST_LANES, (16, 16), Hertz::from_mhz(100.0), STORE_HP, (all, Some(ip(1)), all, all))
}

impl Needs {
    /// Of a graph.
    ///
    /// # Errors
    /// When no accelerator runs a layer: names it and says what would.
    pub fn of(graph: &Graph) -> Result<Needs> {
        let accepting = accepting();
        let mut layers = Vec::new();
        for (id, node) in graph.nodes.iter().enumerate() {
            let Some(stage) = stage(graph, id, &accepting)? else { continue };
            let (rows, cols) = stage.sliding.kernel;
            let layer = Layer {
                taps: (rows * cols) as u64,
                kernel: rows.max(cols),
                pixels: (node.shape.h * node.shape.w) as u64,
                // A unit that works channel by channel sees one input channel for each output.
                channels_in: if stage.channels == Channels::Reduced { graph.nodes[node.inputs[0]].shape.c } else { 1 },
                channels_out: node.shape.c,
            };
            layers.push((stage.unit, layer));
        }
        // A lane of one bit holds no -1.
        let lane_bits = |f: Format| if f.is_binary() { 2 } else { f.bits };
        Ok(Needs {
            feature_bits: graph.nodes.iter().map(|n| lane_bits(n.format)).max().unwrap_or(1),
            weight_bits: graph.widths().1.max(1),
            layers,
        })
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
        let of = |l: &Layer| l.pixels * l.taps * (l.channels_out.div_ceil(ip.parallel_out) * l.channels_in.div_ceil(ip.parallel_in)) as u64;
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

    /// Every choice of lanes and parallel factors of a grid that fits the board with small memories, the lowest bound first.
    ///
    /// # Errors
    /// When none does: what the one with the fewest look-up tables lacks, and what would make it fit.
    pub fn parallel_factors(&self, grid: &Grid, board: &Board, clock: Hertz) -> Result<Vec<Accelerator>> {
        let [depthwise_least, pointwise_least, conv_least, vector_least] = grid.least;
        let factors = |unit: Unit, lanes: usize, least: usize| match self.uses(unit) {
            true => (0..6).map(|k| 1usize << k).filter(|f| (least..=lanes).contains(f)).map(Some).collect(),
            false => vec![None],
        };
        let ports = usize::from(board.hp_ports);
        if ports < READERS {
            let e =
                Error::new(Kind::DoesNotFit, "`load`, `weights` and `fetch` read through an HP port each").value(format!("{ports} ports"));
            return Err(e.allowed(format!("{READERS} or more")).hint("raise hp_ports of the board"));
        }
        // Where there is no port of its own, what is written shares that of `fetch`, which only reads.
        let store_hp = STORE_HP.min(board.hp_ports - 1);
        let packings = if packs(self.feature_bits, self.weight_bits) { vec![false, true] } else { vec![false] };
        let mut all = Vec::new();
        for lanes in grid.lanes {
            for depthwise in factors(Unit::Depthwise, lanes, depthwise_least) {
                for vector in factors(Unit::Vector, lanes, vector_least) {
                    for pointwise in pairs(&factors(Unit::Pointwise, lanes, pointwise_least)) {
                        for conv in pairs(&factors(Unit::Conv, lanes, conv_least)) {
                            for &packed in &packings {
                                let chosen = Factors { lanes, depthwise, pointwise, conv, vector, packed };
                                all.push(self.accelerator(chosen, clock, store_hp));
                            }
                        }
                    }
                }
            }
        }
        let mut costed: Vec<(Resources, Accelerator)> = all.into_iter().map(|acc| (cost::total(&acc, board), acc)).collect();
        let smallest = costed.iter().min_by_key(|(taken, _)| taken.lut).map(|(_, acc)| acc.clone());
        costed.retain(|(taken, _)| taken.within(&board.budget));
        if let (true, Some(smallest)) = (costed.is_empty(), smallest) {
            cost::check_fits(&smallest, board)?;
        }
        costed.sort_by_cached_key(|(taken, acc)| (self.bound(acc).1, self.analytical_cycles(acc), taken.dsp));
        Ok(costed.into_iter().map(|(_, acc)| acc).collect())
    }

    fn accelerator(&self, f: Factors, clock: Hertz, store_hp: u8) -> Accelerator {
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
        let ips = (
            f.depthwise.map(|p| ip(Unit::Depthwise, p, p)),
            f.pointwise.map(|(i, o)| ip(Unit::Pointwise, i, o)),
            f.conv.map(|(i, o)| ip(Unit::Conv, i, o)),
            f.vector.map(|p| ip(Unit::Vector, p, p)),
        );
        let mut acc = template(f.lanes, (self.feature_bits, self.weight_bits), clock, store_hp, ips);
        acc.banks = banks(&acc, [512; 4]);
        acc
    }

    /// Memories for these parallel factors: for each depth of the weight memories and each division of the feature banks the largest that fits; at most
    /// [`MEMORIES`], some perhaps equal.
    pub fn memories(&self, acc: &Accelerator, board: &Board) -> impl Iterator<Item = Accelerator> {
        let with = |rows: usize, words: [usize; 4]| {
            let mut a = acc.clone();
            for (unit, ip) in [(Unit::Pointwise, &mut a.pointwise), (Unit::Conv, &mut a.conv)] {
                if let Some(ip) = ip {
                    ip.weight_rows = rows.max(fewest_rows(unit, acc.lanes, ip).map_or(0, |r| r.0));
                }
            }
            a.banks = banks(&a, words);
            a
        };
        let choices = WEIGHT_ROWS.into_iter().flat_map(|rows| SHARES.map(|shares| (rows, shares)));
        choices.filter_map(move |(rows, shares)| {
            let made = (1..=MOST_STEPS).rev().map(|step| with(rows, shares.map(|s| (s * step * STEP_WORDS).min(1 << 16))));
            made.into_iter().find(|a| cost::total(a, board).within(&board.budget))
        })
    }
}

/// Everything but the banks: what the factors do not say is as in the default accelerator.
fn template(
    lanes: usize,
    (feature_bits, weight_bits): (u8, u8),
    clock: Hertz,
    store_hp: u8,
    (depthwise, pointwise, conv, vector): (Option<IpConfig>, Option<IpConfig>, Option<IpConfig>, Option<IpConfig>),
) -> Accelerator {
    let port = |hp| Port { hp, outstanding_bursts: 8 };
    Accelerator {
        name: "designed".into(),
        clock,
        lanes,
        feature_bits,
        weight_bits,
        tile: (1024, 1024),
        queue_depth: 8,
        banks: Vec::new(),
        depthwise,
        pointwise,
        conv,
        vector,
        load_port: port(0),
        weights_port: port(1),
        store_port: port(store_hp),
        fetch_port: Port { hp: 2, outstanding_bursts: 2 },
    }
}

/// Memories that [`Needs::memories`] tries for one choice of parallel factors.
pub const MEMORIES: usize = WEIGHT_ROWS.len() * SHARES.len();
/// Units that read DRAM.
const READERS: usize = 3;
/// HP port of `store` where the board has one left for it.
const STORE_HP: u8 = 3;
/// Fewest lanes and largest kernel that an accelerator can have.
const LEAST_LANES: usize = 4;
const LARGEST_KERNEL: usize = 63;
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
    toml::to_string(&to_raw(acc, description)).map_err(|e| Error::fault(format!("cannot write the accelerator: {e}")))
}

/// An accelerator as it is written.
pub fn to_raw(acc: &Accelerator, description: &str) -> RawAccelerator {
    let port = |p: Port| RawPort { hp: p.hp, outstanding_bursts: p.outstanding_bursts };
    RawAccelerator {
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
    }
}
