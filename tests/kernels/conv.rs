//! Convolution.

use crate::random::{self, Modes, Values, assert_blocked};
use bico::fixed::{Format, Requantise};
use bico::kernels::{ConvJob, ConvSpec, Geometry, Isa, PackedConv, Source, Target, conv};
use bico::tensor::{Blocked, Shape, Tensor};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Case {
    lanes: usize,
    groups: usize,
    group_channels: (usize, usize),
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
    let kernel = prop_oneof![Just((1, 1)), Just((3, 3)), (1usize..4, 1usize..4)];
    let geometry = (kernel, 1usize..4, 1usize..3).prop_map(|(kernel, stride, dilation)| Geometry { kernel, stride, dilation });
    let lanes = prop::sample::select(vec![4usize, 8, 16, 32]);
    let channels = (prop_oneof![3 => Just(1usize), 1 => 2usize..4], (1usize..40, 1usize..40));
    let shape = (geometry, 0usize..3, (1usize..9, 1usize..40));
    let formats = (random::format(false), random::format(true), random::modes(), any::<bool>());
    (lanes, channels, shape, formats, any::<u64>()).prop_map(|(lanes, (groups, group_channels), shape, formats, seed)| Case {
        lanes,
        groups,
        group_channels,
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

struct Layer {
    input: Tensor,
    weights: Vec<i32>,
    bias: Vec<i64>,
    requantise: Requantise,
    pad: i32,
    out: Shape,
}

impl Case {
    fn outputs(&self, extent: usize, taps: usize) -> usize {
        (extent + 2 * self.padding).saturating_sub((taps - 1) * self.geometry.dilation).div_ceil(self.geometry.stride)
    }

    fn layer(&self) -> Layer {
        let mut values = Values::new(self.seed);
        let (cin, cout) = (self.groups * self.group_channels.0, self.groups * self.group_channels.1);
        let row = self.group_channels.0 * self.geometry.taps();
        let weights: Vec<i32> = (0..cout * row).map(|_| values.member(self.weights)).collect();
        let pad = if self.zero_point { values.member(self.features) } else { 0 };
        let fold = |o: usize| -i64::from(pad) * weights[o * row..(o + 1) * row].iter().map(|&w| i64::from(w)).sum::<i64>();
        let acc_bits = i64::from(self.features.bits + self.weights.bits) + i64::from(row.ilog2()) / 2;
        let bias = (0..cout).map(|o| fold(o) + values.within(-(1 << (acc_bits - 1)), 1 << (acc_bits - 1))).collect();
        Layer {
            input: values.tensor(Shape::new(cin, self.extent.0, self.extent.1), self.features),
            requantise: self.modes.requantise(&mut values, cout, acc_bits),
            out: Shape::new(cout, self.outputs(self.extent.0, self.geometry.kernel.0), self.outputs(self.extent.1, self.geometry.kernel.1)),
            weights,
            bias,
            pad,
        }
    }

    fn reference(&self, layer: &Layer) -> Tensor {
        let (g, groups, padding) = (self.geometry, self.groups, self.padding as i32);
        let (gin, gout) = self.group_channels;
        assert_eq!(groups * gout, layer.out.c);
        let mut out = Tensor::zeros(layer.out);
        for o in 0..layer.out.c {
            for y in 0..layer.out.h {
                for x in 0..layer.out.w {
                    let mut acc = layer.bias[o];
                    for c in 0..gin {
                        for ky in 0..g.kernel.0 {
                            for kx in 0..g.kernel.1 {
                                let row = (y * g.stride + ky * g.dilation) as i32 - padding;
                                let col = (x * g.stride + kx * g.dilation) as i32 - padding;
                                let w = layer.weights[((o * gin + c) * g.kernel.0 + ky) * g.kernel.1 + kx];
                                acc += i64::from(w) * i64::from(layer.input.at_or(o / gout * gin + c, row, col, layer.pad));
                            }
                        }
                    }
                    *out.at_mut(o, y, x) = layer.requantise.apply(acc, o);
                }
            }
        }
        out
    }

    fn pack(&self, layer: &Layer) -> PackedConv {
        PackedConv::new(&ConvSpec {
            weights: &layer.weights,
            bias: &layer.bias,
            inputs: layer.input.shape.c,
            outputs: layer.out.c,
            groups: self.groups,
            geometry: self.geometry,
            lanes: self.lanes,
            features: (self.features.min().min(0), self.features.max()),
            requantise: &layer.requantise,
        })
        .unwrap()
    }

    /// The whole layer as one job, then cut into jobs of some rows, columns and blocks.
    fn check(&self, isa: Isa, cut: bool) {
        let layer = self.layer();
        if layer.out.is_empty() {
            return;
        }
        let packed = self.pack(&layer);
        let input = Blocked::from_tensor(&layer.input, self.lanes);
        let source = Source::dense(&input.data, self.extent.0, self.extent.1, self.lanes);
        let mut out = Blocked::zeros(layer.out, self.lanes);
        let (plane, row) = (layer.out.h * layer.out.w * self.lanes, layer.out.w * self.lanes);
        let step = if cut { (2, 7, 3) } else { (layer.out.h, layer.out.w, packed.output_blocks()) };
        for block in (0..packed.output_blocks()).step_by(step.2) {
            for y in (0..layer.out.h).step_by(step.0) {
                for x in (0..layer.out.w).step_by(step.1) {
                    let origin = [y, x].map(|v| (v * self.geometry.stride) as i32 - self.padding as i32);
                    let job = ConvJob {
                        source,
                        conv: &packed,
                        output_blocks: (block, step.2.min(packed.output_blocks() - block)),
                        origin: (origin[0], origin[1]),
                        outputs: (step.0.min(layer.out.h - y), step.1.min(layer.out.w - x)),
                        pad: layer.pad as i16,
                    };
                    let data = &mut out.data[block * plane + y * row + x * self.lanes..];
                    conv(isa, &job, &mut Target { data, block_stride: plane, row_stride: row });
                }
            }
        }
        assert_blocked(&out, &self.reference(&layer), &format!("{isa} cut {cut} wide {} {self:?}", packed.is_wide()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn equals_the_reference(case in case()) {
        for isa in Isa::available() {
            case.check(isa, false);
            case.check(isa, true);
        }
    }
}

fn plain(lanes: usize, channels: (usize, usize), features: Format, weights: Format) -> Case {
    let modes = Modes {
        rounding: Default::default(),
        overflow: Default::default(),
        format: Format::signed(9, 0),
        zero_point: false,
        relu: true,
        clip: false,
        slope: None,
        per_channel: false,
        multiply: false,
    };
    let geometry = Geometry::POINTWISE;
    Case {
        lanes,
        groups: 1,
        group_channels: channels,
        geometry,
        padding: 0,
        extent: (4, 50),
        features,
        weights,
        modes,
        zero_point: false,
        seed: 5,
    }
}

#[test]
fn equals_the_reference_on_a_detectors_layers() {
    for lanes in [8, 16, 32] {
        for channels in [(3, 48), (48, 96), (96, 10)] {
            let case = plain(lanes, channels, Format::signed(9, 6), Format::signed(11, 7));
            assert!(!case.pack(&case.layer()).is_general());
            Isa::available().into_iter().for_each(|isa| case.check(isa, false));
        }
    }
}

#[test]
fn sums_beyond_32_bits_are_exact() {
    let case = plain(16, (64, 16), Format::signed(16, 0), Format::signed(16, 0));
    assert!(case.pack(&case.layer()).is_wide());
    Isa::available().into_iter().for_each(|isa| case.check(isa, false));
}

#[test]
fn bad_layers_are_refused() {
    let requantise = Requantise::by_shift(0, Format::signed(8, 0));
    let good = ConvSpec {
        weights: &[1; 6],
        bias: &[],
        inputs: 3,
        outputs: 2,
        groups: 1,
        geometry: Geometry::POINTWISE,
        lanes: 16,
        features: (-256, 255),
        requantise: &requantise,
    };
    assert!(PackedConv::new(&good).is_ok());
    let scales = Requantise { scales: vec![], ..requantise.clone() };
    let bad = [
        ConvSpec { weights: &[1; 5], ..good },
        ConvSpec { weights: &[1, 1, 1, 1, 1, 40_000], ..good },
        ConvSpec { bias: &[0], ..good },
        ConvSpec { bias: &[0, i64::MIN], ..good },
        ConvSpec { groups: 0, ..good },
        ConvSpec { groups: 2, ..good },
        ConvSpec { inputs: 0, ..good },
        ConvSpec { geometry: Geometry { stride: 0, ..Geometry::POINTWISE }, ..good },
        ConvSpec { lanes: 12, ..good },
        ConvSpec { features: (-1, 65_535), ..good },
        ConvSpec { features: (1, 0), ..good },
        ConvSpec { requantise: &scales, ..good },
    ];
    for spec in bad {
        assert!(PackedConv::new(&spec).is_err(), "{spec:?}");
    }
}
