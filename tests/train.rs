//! The trainer: gradients against finite differences, and results that depend on nothing but the plan.

use bico::dataset::Box2D;
use bico::dataset::rng::Rng;
use bico::tensor::Shape;
use bico::train::data::{Images, anchors};
use bico::train::loss::detection;
use bico::train::net::{Mode, Net};
use bico::train::params::Params;
use bico::train::run::{self, Plan};
use bico::train::spec::{NetSpec, Op, StageSpec};

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
        images.pixels.push(pixels);
    }
    images
}

fn small_spec() -> NetSpec {
    NetSpec::bundles(Shape::new(3, 32, 64), &[(8, true), (16, true), (16, false)], vec![[0.1, 0.2], [0.2, 0.4]])
}

fn plan(epochs: u64) -> Plan {
    Plan { epochs, batch: 8, rate: 5e-3, decay: 1e-2, seed: 3 }
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

/// A chain with every kind of stage.
fn mixed_spec() -> NetSpec {
    let stage = |op, channels, norm, clip, pool| StageSpec { name: format!("{op:?}"), op, channels, norm, clip, pool };
    NetSpec {
        input: Shape::new(3, 16, 24),
        stages: vec![
            stage(Op::Conv { stride: 1 }, 4, true, Some(6.0), true),
            stage(Op::Depthwise, 4, true, None, false),
            stage(Op::Conv { stride: 2 }, 6, true, Some(4.0), false),
            stage(Op::Pointwise, 5, false, Some(f32::INFINITY), false),
            stage(Op::Depthwise, 5, true, Some(4.0), false),
            stage(Op::Pointwise, 10, false, None, false),
        ],
        anchors: vec![[0.2, 0.2], [0.4, 0.6]],
    }
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
    let trained = |threads: usize| {
        run::with_threads(threads, || {
            let mut net = run::fresh(small_spec(), 3, 8)?;
            run::train(&mut net, &plan(2), &images, &images, None, &mut |_, _, _| {})?;
            Ok(net.params)
        })
        .unwrap()
    };
    let one = trained(1);
    assert_eq!(one, trained(2));
    assert_eq!(one, trained(5));
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let images = squares(16, Shape::new(3, 32, 64));
    let go = |until: u64, checkpoint: Option<&std::path::PathBuf>| {
        let mut net = run::fresh(small_spec(), 3, 8).unwrap();
        run::train_until(&mut net, &plan(4), until, &images, &images, checkpoint, &mut |_, _, _| {}).unwrap();
        net.params
    };
    let whole = go(4, None);
    assert_ne!(go(2, Some(&path)), whole);
    assert_eq!(go(4, Some(&path)), whole);
    // Another plan, and a damaged file, are refused.
    let mut net = run::fresh(small_spec(), 3, 8).unwrap();
    let e = run::train(&mut net, &plan(5), &images, &images, Some(&path), &mut |_, _, _| {}).unwrap_err();
    assert!(e.to_string().contains("other settings"), "{e}");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 8]).unwrap();
    assert!(run::train(&mut net, &plan(4), &images, &images, Some(&path), &mut |_, _, _| {}).is_err());
}

#[test]
fn a_small_network_learns_to_find_squares() {
    let shape = Shape::new(3, 32, 64);
    let (images, unseen) = (squares(256, shape), squares(320, shape));
    let unseen = Images { shape, pixels: unseen.pixels[256..].to_vec(), targets: unseen.targets[256..].to_vec() };
    let spec = NetSpec { anchors: anchors(&images.targets, 2), ..small_spec() };
    let mut net = run::fresh(spec, 3, 8).unwrap();
    let mut ious = Vec::new();
    run::train(&mut net, &plan(12), &images, &unseen, None, &mut |_, _, e| ious.extend(e.and_then(|e| e.iou))).unwrap();
    assert!(ious[11] > 0.6, "IoU by epoch: {ious:?}");
}

#[test]
fn plans_that_cannot_work_are_refused() {
    let images = squares(4, Shape::new(3, 32, 64));
    let mut net = run::fresh(small_spec(), 3, 8).unwrap();
    assert!(run::train(&mut net, &plan(1), &images, &images, None, &mut |_, _, _| {}).is_err());
    let odd = NetSpec::bundles(Shape::new(3, 9, 16), &[(8, true)], vec![[0.1, 0.1]]);
    assert!(run::fresh(odd, 1, 1).is_err());
    let mut wrong = small_spec();
    wrong.stages[2].channels = 7;
    assert!(run::fresh(wrong, 1, 1).is_err());
}
