//! Depthwise convolution.

use crate::random::{self, Modes, Values, assert_blocked};
use bico::fixed::Format;
use bico::kernels::{DepthwiseJob, DepthwiseSpec, Geometry, Isa, PackedDepthwise, Source, depthwise};
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
    weights: Format,
    modes: Modes,
    zero_point: bool,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let kernel = prop_oneof![2 => Just((3, 3)), 1 => Just((5, 5)), 1 => (1usize..4, 1usize..8)];
    let geometry = (kernel, prop_oneof![2 => Just(1usize), 1 => 2usize..4], 1usize..3).prop_map(|(kernel, stride, dilation)| Geometry {
        kernel,
        stride,
        dilation,
    });
    let lanes = prop::sample::select(vec![4usize, 8, 16, 32]);
    let shape = (geometry, 0usize..4, (1usize..9, 1usize..45));
    let formats = (random::format(false), random::format(true), random::modes(), any::<bool>());
    (lanes, 1usize..70, shape, formats, any::<u64>()).prop_map(|(lanes, channels, shape, formats, seed)| Case {
        lanes,
        channels,
        geometry: shape.0,
        padding: shape.1,
        extent: shape.2,
        features: formats.0,
        weights: formats.1,
        modes: formats.2,
        zero_point: formats.3,
        seed,
    })
}

impl Case {
    fn outputs(&self, extent: usize, taps: usize) -> usize {
        (extent + 2 * self.padding).saturating_sub((taps - 1) * self.geometry.dilation).div_ceil(self.geometry.stride)
    }

    fn check(&self) {
        let (g, mut values) = (self.geometry, Values::new(self.seed));
        let out_shape = Shape::new(self.channels, self.outputs(self.extent.0, g.kernel.0), self.outputs(self.extent.1, g.kernel.1));
        if out_shape.is_empty() {
            return;
        }
        let input = values.tensor(Shape::new(self.channels, self.extent.0, self.extent.1), self.features);
        let weights: Vec<i32> = (0..self.channels * g.taps()).map(|_| values.member(self.weights)).collect();
        let pad = if self.zero_point { values.member(self.features) } else { 0 };
        let acc_bits = i64::from(self.features.bits + self.weights.bits) + 1;
        let bias: Vec<i64> = (0..self.channels).map(|_| values.within(-(1 << acc_bits), 1 << acc_bits)).collect();
        let requantise = self.modes.requantise(&mut values, self.channels, acc_bits);
        let mut want = Tensor::zeros(out_shape);
        for c in 0..self.channels {
            for (y, x) in (0..out_shape.h).flat_map(|y| (0..out_shape.w).map(move |x| (y, x))) {
                let at = |v: usize, k: usize| (v * g.stride + k * g.dilation) as i32 - self.padding as i32;
                let taps = (0..g.kernel.0).flat_map(|ky| (0..g.kernel.1).map(move |kx| (ky, kx)));
                let products = taps
                    .enumerate()
                    .map(|(t, (ky, kx))| i64::from(weights[c * g.taps() + t]) * i64::from(input.at_or(c, at(y, ky), at(x, kx), pad)));
                *want.at_mut(c, y, x) = requantise.apply(bias[c] + products.sum::<i64>(), c);
            }
        }
        let packed = PackedDepthwise::new(&DepthwiseSpec {
            weights: &weights,
            bias: &bias,
            channels: self.channels,
            geometry: g,
            lanes: self.lanes,
            features: (self.features.min().min(0), self.features.max()),
            requantise: &requantise,
        })
        .unwrap();
        let input = Blocked::from_tensor(&input, self.lanes);
        for isa in Isa::available() {
            let mut got = Blocked::zeros(out_shape, self.lanes);
            let planes = [self.extent.0 * self.extent.1 * self.lanes, out_shape.h * out_shape.w * self.lanes];
            for block in 0..out_shape.blocks(self.lanes) {
                let source = Source::dense(&input.data[block * planes[0]..], self.extent.0, self.extent.1, self.lanes);
                let origin = (-(self.padding as i32), -(self.padding as i32));
                let job = DepthwiseJob { source, layer: &packed, block, origin, outputs: (out_shape.h, out_shape.w), pad: pad as i16 };
                depthwise(isa, &job, &mut got.data[block * planes[1]..][..planes[1]], out_shape.w * self.lanes);
            }
            assert_blocked(&got, &want, &format!("{isa} wide {} {self:?}", packed.is_wide()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn equals_the_reference(case in case()) {
        case.check();
    }
}
