use bico::dataset::*;
fn main() {
    let t = std::time::Instant::now();
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let from: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut v = vec![];
    for i in from..from+n {
        let mut s = Scene::generate(Split::Training, i);
        contact::outline(&mut s.image, s.target, [255, 0, 0], 1);
        v.push(s.image);
    }
    println!("{:?} per scene", t.elapsed() / n as u32);
    let t = std::time::Instant::now();
    for i in &v { std::hint::black_box(preprocess(i, 320, 160)); }
    println!("{:?} per preprocess", t.elapsed() / n as u32);
    if n<100 {contact::sheet(&v, 4, 480, 270).write_png(std::path::Path::new("/tmp/look.png")).unwrap(); }
}
