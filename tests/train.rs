//! The trainer: gradients against finite differences, and results that depend on nothing but the plan.

use bico::dataset::Box2D;
use bico::dataset::rng::Rng;
use bico::tensor::Shape;
use bico::train::checkpoint::Checkpoint;
use bico::train::data::{Images, Source, anchors};
use bico::train::evaluate::{ious, mean};
use bico::train::loss::detection;
use bico::train::net::{Mode, Net};
use bico::train::params::Params;
use bico::train::phase::{Phase, Schedule};
use bico::train::run::with_threads;
use bico::train::spec::{NetSpec, Op, StageSpec};
use std::path::Path;

/// Noise with a bright square in it, at the square's place.
fn squares(count: usize, shape: Shape) -> Images {
    let mut images = Images { shape, pixels: Vec::new(), targets: Vec::new() };
    for i in 0..count {
        let mut rng = Rng::new(i as u64);
        let mut pixels: Vec<u8> = (0..shape.len()).map(|_| (rng.unit() * 100.0) as u8).collect();
        let (size, x, y) = (6 + rng.below(8), rng.below(shape.w - 14), rng.below(shape.h - 14));
        for c in 0..shape.c {
            for (dy, dx) in (0..size).flat_map(|dy| (0..size).map(move |dx| (dy, dx))) {
                pixels[(c * shape.h + y + dy) * shape.w + x + dx] = 200;
            }
        }
        let (w, h) = (shape.w as f32, shape.h as f32);
        images.targets.push(Box2D::new(x as f32 / w, y as f32 / h, size as f32 / w, size as f32 / h));
        images.pixels.push(pixels.into());
    }
    images
}

fn small_spec() -> NetSpec {
    NetSpec::bundles(Shape::new(3, 32, 64), &[(8, true), (16, true), (16, false)], vec![[0.1, 0.2], [0.2, 0.4]])
}

fn schedule(epochs: u64, images: usize) -> Schedule {
    Schedule {
        phase: "float",
        epochs,
        images,
        batch: 8,
        rate: 5e-3,
        decay: 1e-2,
        average: 0.9,
        patience: 0,
        crop_epochs: epochs / 2,
        crop: [24, 40],
        seed: 3,
    }
}

/// Trains the small network on `images`, up to epoch `until`.
fn train(
    schedule: Schedule,
    images: &Images,
    judged: &Images,
    checkpoint: Option<&Path>,
    until: Option<u64>,
) -> bico::error::Result<Checkpoint> {
    let spec = NetSpec { anchors: anchors(&images.targets, 2), ..small_spec() };
    let params = Params::random(&spec, 3)?;
    let source = Source::Images(images.clone());
    let phase = Phase { schedule, source: &source, validation: judged, checkpoint, context: Vec::new(), until };
    phase.train(&spec, None, &params, &mut |_, _, _| {})
}

#[test]
fn loss_gradient_equals_finite_differences() {
    let shape = Shape::new(10, 4, 6);
    let anchors = [[0.1, 0.2], [0.4, 0.3]];
    let mut rng = Rng::new(1);
    for target in [Box2D::new(0.31, 0.42, 0.33, 0.28), Box2D::new(0.0, 0.8, 0.07, 0.15), Box2D::new(0.7, 0.1, 0.3, 0.6)] {
        let output: Vec<f32> = (0..shape.len()).map(|_| rng.normal()).collect();
        let mut grad = vec![0.0; output.len()];
        let mut scratch = grad.clone();
        detection(&output, shape, &anchors, &target, &mut grad);
        for i in 0..output.len() {
            let mut at = |delta: f32| {
                let mut moved = output.clone();
                moved[i] += delta;
                detection(&moved, shape, &anchors, &target, &mut scratch)
            };
            let slope = (at(4e-3) - at(-4e-3)) / 8e-3;
            assert!((slope - f64::from(grad[i])).abs() < 2e-3 + 0.01 * slope.abs(), "output {i}: {slope} against {}", grad[i]);
        }
    }
}

/// A graph with every kind of stage.
fn mixed_spec() -> NetSpec {
    let mut spec = NetSpec { input: Shape::new(3, 16, 24), stages: Vec::new(), anchors: vec![[0.2, 0.2], [0.4, 0.6]] };
    let mut push = |op, inputs: &[usize], channels, norm, clip, pool| {
        let name = format!("{}_{op:?}", spec.stages.len());
        spec.stages.push(StageSpec { name, op, inputs: inputs.to_vec(), channels, norm, clip, pool });
        spec.stages.len()
    };
    let a = push(Op::Conv { kernel: 3, stride: 1 }, &[0], 4, true, Some(6.0), true);
    let b = push(Op::Depthwise { kernel: 5, stride: 1 }, &[a], 4, true, None, false);
    let c = push(Op::Add, &[a, b], 4, false, Some(4.0), false);
    let d = push(Op::Conv { kernel: 5, stride: 2 }, &[c], 6, true, Some(4.0), false);
    let e = push(Op::SpaceToDepth { block: 2 }, &[b], 16, false, None, false);
    let f = push(Op::Concat, &[e, d], 22, false, None, false);
    let g = push(Op::Pointwise, &[f], 5, false, Some(f32::INFINITY), false);
    let h = push(Op::Depthwise { kernel: 7, stride: 2 }, &[g], 5, true, Some(4.0), false);
    let i = push(Op::Upsample { factor: 2 }, &[h], 5, false, None, false);
    let j = push(Op::MaxPool { size: 2 }, &[c], 4, false, None, false);
    let k = push(Op::AvgPool { size: 2 }, &[c], 4, false, Some(4.0), false);
    let l = push(Op::Concat, &[i, j, k], 13, false, None, false);
    let m = push(Op::Depthwise { kernel: 3, stride: 1 }, &[l], 13, true, Some(4.0), false);
    let n = push(Op::Activation, &[m], 13, false, Some(2.0), false);
    push(Op::Pointwise, &[n], 10, false, None, false);
    spec
}

#[test]
fn every_parameter_list_has_the_gradient_of_finite_differences() {
    let spec = mixed_spec();
    let images = squares(4, Shape::new(3, 16, 24));
    let base = Params::random(&spec, 5).unwrap();
    let targets = images.targets.clone();
    let loss_at = |params: Params| {
        let mut net = Net::new(spec.clone(), params, 4).unwrap();
        net.forward(4, Mode::Train, |i, out| images.fill(i, out));
        (net.backward(&targets), net.grads)
    };
    let (_, grads) = loss_at(base.clone());
    let mut rng = Rng::new(9);
    for list in 0..base.lists().count() {
        let size = base.lists().nth(list).unwrap().len();
        if size == 0 {
            continue;
        }
        // Along the gradient's own signs the slope is largest, so that rounding and kinks of ReLU and pooling matter least.
        let gradient = grads.lists().nth(list).unwrap().clone();
        let direction: Vec<f32> = gradient.iter().map(|g| g.signum() * rng.range(0.5, 1.0)).collect();
        let at = |delta: f32| {
            let mut params = base.clone();
            let moved = params.lists_mut().nth(list).unwrap();
            moved.iter_mut().zip(&direction).for_each(|(p, d)| *p += delta * d);
            loss_at(params).0
        };
        let step = 1e-3;
        let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
        let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
        assert!((slope - expected).abs() < 2e-3 + 0.03 * expected.abs(), "list {list}: {slope} against {expected}");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let images = squares(24, Shape::new(3, 32, 64));
    let trained = |threads: usize| with_threads(threads, || train(schedule(2, 24), &images, &images, None, None)).unwrap();
    let one = trained(1);
    assert_eq!(one, trained(2));
    assert_eq!(one, trained(5));
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let images = squares(16, Shape::new(3, 32, 64));
    let go = |until: u64, path: Option<&Path>| train(schedule(4, 16), &images, &images, path, Some(until)).unwrap();
    let whole = go(4, None);
    for until in 1..4 {
        // Each call goes on from the file of the one before, over the change from crops to whole images.
        assert_ne!(go(until, Some(&path)), whole);
    }
    let resumed = go(4, Some(&path));
    assert_eq!(resumed, whole);
    let bytes = std::fs::read(&path).unwrap();
    whole.write(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "the same run writes the same bytes");
    // Another plan, and a damaged file, are refused.
    let e = train(schedule(5, 16), &images, &images, Some(&path), None).unwrap_err();
    assert!(e.to_string().contains("another `epochs`"), "{e}");
    std::fs::write(&path, &bytes[..bytes.len() - 8]).unwrap();
    assert!(train(schedule(4, 16), &images, &images, Some(&path), None).is_err());
}

#[test]
fn a_small_network_learns_to_find_squares() {
    let shape = Shape::new(3, 32, 64);
    let (images, unseen) = (squares(256, shape), squares(320, shape));
    let unseen = Images { shape, pixels: unseen.pixels[256..].to_vec(), targets: unseen.targets[256..].to_vec() };
    let done = train(schedule(14, 256), &images, &unseen, None, None).unwrap();
    let best = done.best_epoch().unwrap();
    assert!(best.iou > 0.6, "IoU by epoch: {:?}", done.history.iter().map(|e| e.iou).collect::<Vec<_>>());
    // What is kept is what was best.
    let spec = NetSpec { anchors: anchors(&images.targets, 2), ..small_spec() };
    let mut net = Net::new(spec, done.best.clone(), 8).unwrap();
    assert_eq!(mean(&ious(&mut net, &unseen).unwrap()), best.iou);
}

#[test]
fn a_run_that_no_longer_improves_stops() {
    let images = squares(16, Shape::new(3, 32, 64));
    let done = train(Schedule { patience: 1, rate: 1e-9, ..schedule(50, 16) }, &images, &images, None, None).unwrap();
    assert!(done.history.len() < 50, "{} epochs", done.history.len());
    let best = done.best_epoch().unwrap();
    assert_eq!(done.history.len() as u64, best.epoch + 1);
}

#[test]
fn plans_that_cannot_work_are_refused() {
    let images = squares(4, Shape::new(3, 32, 64));
    assert!(train(schedule(1, 4), &images, &images, None, None).is_err(), "fewer images than a batch");
    let none = Images { shape: images.shape, pixels: Vec::new(), targets: Vec::new() };
    assert!(train(schedule(1, 8), &none, &images, None, None).is_err(), "no image");
    let odd = NetSpec::bundles(Shape::new(3, 9, 16), &[(8, true)], vec![[0.1, 0.1]]);
    assert!(odd.shapes().is_err());
    let mut wrong = small_spec();
    wrong.stages[2].channels = 7;
    assert!(wrong.shapes().is_err());
    let mut dead = small_spec();
    dead.stages[6].inputs = vec![5];
    let e = dead.shapes().unwrap_err();
    assert!(e.to_string().contains("no layer reads"), "{e}");
}

/// For `tests/gradients_pytorch.py`: writes a batch, the parameters, and what we make of them to the file that `BICO_GRADIENTS` names.
#[test]
#[ignore = "writes a file for tests/gradients_pytorch.py"]
fn write_gradients_for_pytorch() {
    let path = std::path::PathBuf::from(std::env::var("BICO_GRADIENTS").expect("BICO_GRADIENTS names a file"));
    let spec = small_spec();
    let images = squares(4, spec.input);
    let params = Params::random(&spec, 5).unwrap();
    let mut net = Net::new(spec.clone(), params, 4).unwrap();
    net.forward(4, Mode::Train, |i, out| images.fill(i, out));
    let loss = net.backward(&images.targets);
    let mut lists: Vec<(String, Vec<f32>)> = vec![("loss".into(), vec![loss as f32])];
    let anchors = spec.anchors.concat();
    lists.push(("anchors".into(), anchors));
    lists.push(("targets".into(), images.targets.iter().flat_map(|t| [t.x, t.y, t.w, t.h]).collect()));
    lists.push(("images".into(), images.pixels.iter().flat_map(|p| p.iter()).map(|&p| f32::from(p) / 256.0).collect()));
    lists.push(("outputs".into(), (0..4).flat_map(|i| net.output(i).to_vec()).collect()));
    for (part, params) in [("params", &net.params), ("grads", &net.grads)] {
        for (stage, p) in spec.stages.iter().zip(&params.stages) {
            let named = [("weight", &p.weight), ("gamma", &p.gamma), ("beta", &p.beta)];
            lists.extend(named.map(|(name, list)| (format!("{part}.{}.{name}", stage.name), list.clone())));
        }
    }
    let lists: Vec<_> = lists.iter().map(|(n, l)| (n.clone(), vec![l.len()], &l[..])).collect();
    std::fs::write(&path, bico::train::checkpoint::serialize(&path, &lists, None).unwrap()).unwrap();
}
