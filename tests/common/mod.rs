//! Accelerators and inputs for tests.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod required;

use bico::accelerator::{Accelerator, Bank, IpConfig, Port};
use bico::model::graph::Graph;
use bico::plan::Unit;
use bico::tensor::Tensor;
use bico::units::Hertz;

/// A deterministic stream of numbers (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// What varies between test accelerators.
#[derive(Clone, Copy, Debug)]
pub struct Knobs {
    pub lanes: usize,
    pub parallel_in: usize,
    pub parallel_out: usize,
    pub tile: (usize, usize),
    pub bank_words: usize,
    pub weight_rows: usize,
    pub queue_depth: usize,
    pub outstanding: usize,
}

pub const DEFAULT_KNOBS: Knobs = Knobs {
    lanes: 16,
    parallel_in: 16,
    parallel_out: 8,
    tile: (20, 40),
    bank_words: 4096,
    weight_rows: 4096,
    queue_depth: 4,
    outstanding: 4,
};

pub fn accelerator(k: Knobs) -> Accelerator {
    let compute = [Unit::Depthwise, Unit::Pointwise, Unit::Conv, Unit::Vector];
    let bank = |name: &str, writers: &[Unit], readers: &[Unit]| Bank {
        name: name.into(),
        words: k.bank_words,
        writers: writers.to_vec(),
        readers: readers.to_vec(),
    };
    let ip = |parallel_in, parallel_out| {
        Some(IpConfig { parallel_in, parallel_out, weight_rows: k.weight_rows, parameter_rows: 512, max_kernel: 15, packed: false })
    };
    Accelerator {
        name: "test".into(),
        clock: Hertz::from_mhz(100.0),
        lanes: k.lanes,
        feature_bits: 16,
        weight_bits: 16,
        tile: k.tile,
        queue_depth: k.queue_depth,
        banks: vec![
            bank("in", &[Unit::Load], &compute),
            bank("mid", &[Unit::Depthwise, Unit::Vector], &[Unit::Pointwise, Unit::Conv]),
            bank("pool", &[Unit::Pointwise, Unit::Conv, Unit::Depthwise], &[Unit::Vector, Unit::Depthwise]),
            bank("out", &compute, &[Unit::Store]),
        ],
        depthwise: ip(k.parallel_out, k.parallel_out),
        pointwise: ip(k.parallel_in, k.parallel_out),
        conv: ip(k.parallel_in, k.parallel_out),
        vector: ip(k.lanes, k.lanes),
        load_port: Port { hp: 0, outstanding_bursts: k.outstanding },
        weights_port: Port { hp: 1, outstanding_bursts: k.outstanding },
        store_port: Port { hp: 2, outstanding_bursts: k.outstanding },
        fetch_port: Port { hp: 3, outstanding_bursts: 2 },
    }
}

/// Random members of the input's format.
pub fn random_image(graph: &Graph, seed: u64) -> Tensor {
    let input = graph.input();
    let (low, high) = (i64::from(input.format.min()), i64::from(input.format.max()));
    let mut numbers = Numbers(seed);
    let data = (0..input.shape.len()).map(|_| (low + numbers.below((high - low + 1) as u64) as i64) as i32).collect();
    Tensor::new(input.shape, data).unwrap()
}

/// Whether the tools are there, see [`required::there`].
pub fn tools() -> bool {
    let missing = bico::rtl::missing_tool();
    required::there(missing.is_none(), missing.unwrap_or("verilator"))
}
