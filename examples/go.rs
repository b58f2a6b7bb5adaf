use bico::dataset::*;
use bico::train::*;
fn main() {
    let a: Vec<usize> = std::env::args().skip(1).map(|v| v.parse().unwrap()).collect();
    let (n, epochs, threads) = (a[0], a[1], a[2]);
    run::with_threads(threads, || {
        let shape = bico::tensor::Shape::new(3, 160, 320);
        let t = std::time::Instant::now();
        let images = data::Images::scenes(Split::Training, n, shape);
        let val = data::Images::scenes(Split::Validation, 200, shape);
        eprintln!("generated {:?}", t.elapsed());
        let anchors = data::anchors(&images.targets, 2);
        let spec = spec::NetSpec::default_detector(anchors.clone());
        let plan = run::Plan { epochs: epochs as u64, batch: 32, rate: 3e-3, decay: 1e-2, seed: 1 };
        let mut net = run::fresh(spec, 1, 32)?;
        eprintln!("{anchors:?} params {} macs {}", net.params.count(), net.spec.macs()?);
        let t = std::time::Instant::now();
        let mut k = 0;
        run::train(&mut net, &plan, &images, &val, None, &mut |d, of, e| {
            k += 1;
            if k % 20 == 0 { eprintln!("{d}/{of} {:?}", t.elapsed()); }
            if let Some(e) = e { eprintln!("{e:?} {:?}", t.elapsed()); }
        })
    }).unwrap();
}
