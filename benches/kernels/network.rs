//! An untiled executor of a SkyNet-size network with random weights: each layer is one call over whole maps.

use bico::fixed::{Format, Requantise};
use bico::kernels::{
    ConvJob, ConvSpec, DepthwiseJob, DepthwiseSpec, Geometry, Isa, PackedConv, PackedDepthwise, PackedPool, PoolJob, PoolKind, Source,
    Target, conv, depthwise, pool,
};
use bico::tensor::{Blocked, Shape};

/// Channels in a block.
pub const LANES: usize = 16;
const INPUT: Shape = Shape::new(3, 160, 320);
const CHANNELS: [usize; 5] = [48, 96, 192, 384, 512];
const POOLED: usize = 3;

enum Op {
    Depthwise(Box<PackedDepthwise>),
    Pointwise(Box<PackedConv>),
    MaxPool(Box<PackedPool>),
    /// Space to depth by 2, into the first blocks of a later map.
    SpaceToDepth,
}

/// A layer from one map to another; it may write only some of the target's blocks.
pub struct Layer {
    /// Kind and shapes.
    pub name: String,
    op: Op,
    from: usize,
    to: usize,
    first_block: usize,
}

/// The network and its maps, allocated once.
pub struct Network {
    /// In order of execution.
    pub layers: Vec<Layer>,
    maps: Vec<Blocked>,
    features: Format,
    weights: Format,
    state: u64,
}

impl Network {
    /// Random weights of the given widths, requantised to `features`; `bypass` adds the space-to-depth branch.
    pub fn new(features: Format, weights: Format, bypass: bool) -> Network {
        let mut n = Network { layers: vec![], maps: vec![Blocked::zeros(INPUT, LANES)], features, weights, state: 1 };
        n.maps[0] = n.random_map(INPUT);
        for (i, &channels) in CHANNELS.iter().enumerate() {
            n.depthwise();
            let side = 4 * CHANNELS[POOLED - 1];
            let last = bypass && i + 1 == CHANNELS.len();
            if last {
                let shape = n.last().shape;
                n.maps.push(Blocked::zeros(Shape::new(side + channels, shape.h, shape.w), LANES));
                let (from, to) = (n.maps.len() - 2, n.maps.len() - 1);
                n.pointwise(channels, from, to, side / LANES);
                let bundle =
                    n.layers.iter().position(|l| matches!(l.op, Op::MaxPool(_)) && n.maps[l.from].shape.c == side / 4).expect("a bypass");
                let from = n.layers[bundle].from;
                n.layers.push(Layer { name: "space-to-depth".into(), op: Op::SpaceToDepth, from, to, first_block: 0 });
            } else {
                n.next_pointwise(channels);
            }
            if i < POOLED {
                n.max_pool();
            }
        }
        n.depthwise();
        n.next_pointwise(96);
        n.next_pointwise(10);
        n
    }

    fn random(&mut self, format: Format) -> i32 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format.min() + ((self.state >> 33) % (format.max() - format.min() + 1) as u64) as i32
    }

    fn random_map(&mut self, shape: Shape) -> Blocked {
        let data = (0..shape.len()).map(|_| self.random(self.features)).collect();
        Blocked::from_tensor(&bico::tensor::Tensor::new(shape, data).expect("as many elements"), LANES)
    }

    fn last(&self) -> &Blocked {
        self.maps.last().expect("the input")
    }

    fn requantise(&self, fan_in: usize) -> Requantise {
        let shift = i32::from(self.weights.bits) + fan_in.ilog2() as i32 / 2 - 1;
        Requantise { relu: true, ..Requantise::by_shift(shift as i8, self.features) }
    }

    fn push(&mut self, name: String, op: Op, shape: Shape) {
        self.maps.push(Blocked::zeros(shape, LANES));
        self.layers.push(Layer { name, op, from: self.maps.len() - 2, to: self.maps.len() - 1, first_block: 0 });
    }

    fn depthwise(&mut self) {
        let (shape, geometry) = (self.last().shape, Geometry::new((3, 3), 1));
        let weights: Vec<i32> = (0..shape.c * 9).map(|_| self.random(self.weights)).collect();
        let range = (self.features.min(), self.features.max());
        let requantise = self.requantise(9);
        let spec = DepthwiseSpec {
            weights: &weights,
            bias: &[],
            channels: shape.c,
            geometry,
            lanes: LANES,
            features: range,
            requantise: &requantise,
        };
        let packed = PackedDepthwise::new(&spec).expect("a valid layer");
        self.push(format!("depthwise-{shape}"), Op::Depthwise(Box::new(packed)), shape);
    }

    fn next_pointwise(&mut self, outputs: usize) {
        let shape = self.last().shape;
        self.maps.push(Blocked::zeros(Shape::new(outputs, shape.h, shape.w), LANES));
        self.pointwise(outputs, self.maps.len() - 2, self.maps.len() - 1, 0);
    }

    fn pointwise(&mut self, outputs: usize, from: usize, to: usize, first_block: usize) {
        let shape = self.maps[from].shape;
        let weights: Vec<i32> = (0..shape.c * outputs).map(|_| self.random(self.weights)).collect();
        let requantise = self.requantise(shape.c);
        let packed = PackedConv::new(&ConvSpec {
            weights: &weights,
            bias: &[],
            inputs: shape.c,
            outputs,
            groups: 1,
            geometry: Geometry::POINTWISE,
            lanes: LANES,
            features: (self.features.min(), self.features.max()),
            requantise: &requantise,
        });
        let op = Op::Pointwise(Box::new(packed.expect("a valid layer")));
        self.layers.push(Layer { name: format!("pointwise-{shape}-to-{outputs}"), op, from, to, first_block });
    }

    fn max_pool(&mut self) {
        let shape = self.last().shape;
        let range = (self.features.min(), self.features.max());
        let packed = PackedPool::new(PoolKind::Max, Geometry::new((2, 2), 2), shape.c, LANES, range).expect("a valid layer");
        self.push(format!("max-pool-{shape}"), Op::MaxPool(Box::new(packed)), Shape::new(shape.c, shape.h / 2, shape.w / 2));
    }

    /// Multiply-accumulates of one frame.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(Layer::macs).sum()
    }

    /// One frame.
    pub fn run(&mut self, isa: Isa) {
        (0..self.layers.len()).for_each(|i| self.run_layer(i, isa));
    }

    /// One layer, on whatever its input map holds.
    pub fn run_layer(&mut self, i: usize, isa: Isa) {
        let layer = &self.layers[i];
        let (before, after) = self.maps.split_at_mut(layer.to);
        layer.run(isa, &before[layer.from], &mut after[0]);
    }
}

impl Layer {
    /// Multiply-accumulates of one frame.
    pub fn macs(&self) -> u64 {
        let of = |name: &str| name.split(['-', 'x']).filter_map(|v| v.parse::<u64>().ok()).product::<u64>();
        match self.op {
            Op::Depthwise(_) => 9 * of(&self.name),
            Op::Pointwise(_) => of(&self.name),
            _ => 0,
        }
    }

    fn run(&self, isa: Isa, from: &Blocked, to: &mut Blocked) {
        let (s, t) = (from.shape, to.shape);
        let source = Source::dense(&from.data, s.h, s.w, LANES);
        let (plane, row) = (t.h * t.w * LANES, t.w * LANES);
        let block_of = |block: usize| Source { data: &from.data[block * s.h * s.w * LANES..], ..source };
        let outputs = (t.h, t.w);
        match &self.op {
            Op::Pointwise(packed) => {
                let blocks = (0, packed.output_blocks());
                let job = ConvJob { source, conv: packed, output_blocks: blocks, origin: (0, 0), outputs, pad: 0 };
                conv(isa, &job, &mut Target::dense(&mut to.data[self.first_block * plane..], t.h, t.w, LANES));
            }
            Op::Depthwise(packed) => {
                for (block, target) in to.data.chunks_exact_mut(plane).enumerate() {
                    let job = DepthwiseJob { source: block_of(block), layer: packed, block, origin: (-1, -1), outputs, pad: 0 };
                    depthwise(isa, &job, target, row);
                }
            }
            Op::MaxPool(packed) => {
                for (block, target) in to.data.chunks_exact_mut(plane).enumerate() {
                    let job = PoolJob { source: block_of(block), layer: packed, block, origin: (0, 0), outputs, pad: 0 };
                    pool(isa, &job, target, row);
                }
            }
            Op::SpaceToDepth => space_to_depth(from, to),
        }
    }
}

/// Pixel (2y + dy, 2x + dx) of channel c becomes channel (2 dy + dx) * C + c.
fn space_to_depth(from: &Blocked, to: &mut Blocked) {
    let (s, t) = (from.shape, to.shape);
    for quarter in 0..4 {
        for block in 0..s.blocks(LANES) {
            let target = (quarter * s.blocks(LANES) + block) * t.h * t.w * LANES;
            for y in 0..s.h / 2 {
                let row = ((block * s.h + 2 * y + quarter / 2) * s.w + quarter % 2) * LANES;
                for x in 0..s.w / 2 {
                    let (a, b) = (row + 2 * x * LANES, target + (y * t.w + x) * LANES);
                    to.data[b..b + LANES].copy_from_slice(&from.data[a..a + LANES]);
                }
            }
        }
    }
}
