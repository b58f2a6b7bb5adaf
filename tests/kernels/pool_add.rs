//! Pooling and addition.

use crate::random::{self, Modes, Values, assert_blocked, is_unsigned16};
use bico::fixed::{Format, Requantise};
use bico::kernels::{AddJob, Geometry, Isa, Operand, PackedAdd, PackedPool, PoolJob, PoolKind, Source, add, pool};
use bico::tensor::{Blocked, Shape, Tensor};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Case {
    lanes: usize,
    channels: usize,
    geometry: Geometry,
    padding: usize,
    extent: (usize, usize),
    features: Format,
    modes: Modes,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let geometry = ((1usize..4, 1usize..4), 1usize..4, 1usize..3);
    let geometry = geometry.prop_map(|(kernel, stride, dilation)| Geometry { kernel, stride, dilation });
    let lanes = prop::sample::select(vec![4usize, 8, 16, 32]);
    let shape = (geometry, 0usize..3, (1usize..9, 1usize..20));
    (lanes, 1usize..70, shape, random::format(false), random::modes(), any::<u64>()).prop_map(
        |(lanes, channels, shape, features, modes, seed)| Case {
            lanes,
            channels,
            geometry: shape.0,
            padding: shape.1,
            extent: shape.2,
            features,
            modes: Modes { per_channel: false, ..modes },
            seed,
        },
    )
}

impl Case {
    fn shape(&self) -> Shape {
        Shape::new(self.channels, self.extent.0, self.extent.1)
    }

    fn outputs(&self, extent: usize, taps: usize) -> usize {
        (extent + 2 * self.padding).saturating_sub((taps - 1) * self.geometry.dilation).div_ceil(self.geometry.stride)
    }

    /// What the taps of output (c, y, x) read; `None` outside.
    fn window<'a>(&self, input: &'a Tensor, c: usize, y: usize, x: usize) -> impl Iterator<Item = Option<i32>> + 'a {
        let (g, padding) = (self.geometry, self.padding as i32);
        let taps = (0..g.kernel.0).flat_map(move |ky| (0..g.kernel.1).map(move |kx| (ky, kx)));
        taps.map(move |(ky, kx)| {
            let row = (y * g.stride + ky * g.dilation) as i32 - padding;
            let col = (x * g.stride + kx * g.dilation) as i32 - padding;
            let value = input.at_or(c, row, col, i32::MIN);
            (value != i32::MIN).then_some(value)
        })
    }

    fn check_pool(&self, average: bool) {
        let (g, mut values) = (self.geometry, Values::new(self.seed));
        let out = Shape::new(self.channels, self.outputs(self.extent.0, g.kernel.0), self.outputs(self.extent.1, g.kernel.1));
        if out.is_empty() {
            return;
        }
        let input = values.tensor(self.shape(), self.features);
        let pad = values.member(self.features);
        let requantise = self.modes.requantise(&mut values, 1, i64::from(self.features.bits) + 2);
        let bias = -(g.taps() as i64) * i64::from(pad);
        let mut want = Tensor::zeros(out);
        for (c, y, x) in (0..out.c).flat_map(|c| (0..out.h).flat_map(move |y| (0..out.w).map(move |x| (c, y, x)))) {
            let sum = || bias + self.window(&input, c, y, x).map(|v| i64::from(v.unwrap_or(pad))).sum::<i64>();
            let max = || self.window(&input, c, y, x).flatten().max().unwrap_or(pad);
            *want.at_mut(c, y, x) = if average { requantise.apply(sum(), 0) } else { max() };
        }
        let kind = if average { PoolKind::Average { bias, requantise: &requantise } } else { PoolKind::Max };
        let packed = PackedPool::new(kind, g, self.channels, self.lanes, (self.features.min(), self.features.max())).unwrap();
        let input = Blocked::from_tensor(&input, self.lanes);
        let planes = [self.extent.0 * self.extent.1 * self.lanes, out.h * out.w * self.lanes];
        for isa in Isa::available() {
            let mut got = Blocked::zeros(out, self.lanes);
            for block in 0..out.blocks(self.lanes) {
                let source = Source::dense(&input.data[block * planes[0]..], self.extent.0, self.extent.1, self.lanes);
                let origin = (-(self.padding as i32), -(self.padding as i32));
                let job = PoolJob { source, layer: &packed, block, origin, outputs: (out.h, out.w), pad: pad as i16 };
                pool(isa, &job, &mut got.data[block * planes[1]..][..planes[1]], out.w * self.lanes);
            }
            assert_blocked(&got, &want, &format!("{isa} average {average} {self:?}"));
        }
    }

    fn check_add(&self, other: Format, shifts: [u8; 2]) {
        let mut values = Values::new(self.seed);
        let formats = [self.features, other];
        let maps = formats.map(|f| values.tensor(self.shape(), f));
        let zero_points = formats.map(|f| values.member(f));
        let acc_bits = i64::from((self.features.bits + shifts[0]).max(other.bits + shifts[1]));
        let requantise = self.modes.requantise(&mut values, 1, acc_bits);
        let scaled = |i: usize, p: usize| i64::from(maps[i].data[p] - zero_points[i]) << shifts[i];
        let sums = (0..self.shape().len()).map(|p| requantise.apply(scaled(0, p) + scaled(1, p), 0));
        let want = Tensor::new(self.shape(), sums.collect()).unwrap();
        let operand = |i: usize| Operand { zero_point: zero_points[i], shift: shifts[i], unsigned16: is_unsigned16(formats[i]) };
        let packed = PackedAdd::new([operand(0), operand(1)], &requantise, self.channels, self.lanes).unwrap();
        let maps = [0, 1].map(|i: usize| Blocked::from_tensor(&maps[i], self.lanes));
        let plane = self.extent.0 * self.extent.1 * self.lanes;
        for isa in Isa::available() {
            let mut got = Blocked::zeros(self.shape(), self.lanes);
            for block in 0..self.shape().blocks(self.lanes) {
                let source = |i: usize| Source::dense(&maps[i].data[block * plane..], self.extent.0, self.extent.1, self.lanes);
                let job = AddJob { sources: [source(0), source(1)], layer: &packed, block, outputs: self.extent };
                add(isa, &job, &mut got.data[block * plane..][..plane], self.extent.1 * self.lanes);
            }
            assert_blocked(&got, &want, &format!("{isa} {self:?}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pooling_equals_the_reference(case in case(), average: bool) {
        case.check_pool(average);
    }

    #[test]
    fn addition_equals_the_reference(case in case(), other in random::format(false), shifts: [u8; 2]) {
        case.check_add(other, shifts.map(|s| s % 12));
    }
}

#[test]
fn global_average_of_a_large_map_is_exact() {
    // 200 x 200 taps of 65535 do not fit 32 bits.
    let (h, w, lanes) = (200, 200, 16);
    let requantise = Requantise::by_shift(15, Format::unsigned(16, 0));
    let average = PoolKind::Average { bias: 0, requantise: &requantise };
    let packed = PackedPool::new(average, Geometry::new((h, w), 1), lanes, lanes, (0, 65_535)).unwrap();
    let map = vec![-1i16; h * w * lanes];
    for isa in Isa::available() {
        let mut out = [0i16; 16];
        let job = PoolJob { source: Source::dense(&map, h, w, lanes), layer: &packed, block: 0, origin: (0, 0), outputs: (1, 1), pad: 0 };
        pool(isa, &job, &mut out, lanes);
        assert_eq!(out.map(|v| i32::from(v as u16)), [requantise.apply(40_000 * 65_535, 0); 16]);
    }
}
