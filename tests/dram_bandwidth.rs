//! Streams reach the bandwidth that follows from the timing table by hand.
mod dram_common;
use bico::dram::Kind;
use dram_common::*;

fn stream(port: u8, kind: Kind, beats: u8, address: impl FnMut(u64) -> u64 + 'static) -> Stream {
    Stream { port, kind, beats, address: Box::new(address) }
}

#[test]
fn sequential() {
    let spec = pynq_z1();
    for kind in [Kind::Read, Kind::Write] {
        let mut s: Vec<_> = (0..4).map(|p| stream(p, kind, 16, move |i| (i * 4 + u64::from(p)) * 128 % (1 << 29))).collect();
        let (rate, o) = saturate(&spec, FABRIC, &mut s, 12, 100_000);
        println!("{kind:?} sequential {rate} {:?}", o.stats);
    }
    let mut s = vec![stream(0, Kind::Read, 16, |i| i * 128 % (1 << 29))];
    let (rate, _) = saturate(&spec, FABRIC, &mut s, 12, 100_000);
    println!("one port {rate}");
    for kind in [Kind::Read, Kind::Write] {
        let mut x = 12345u64;
        let mut s: Vec<_> = (0..4)
            .map(|p| {
                stream(p, kind, 16, move |_| {
                    x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407 + u64::from(p));
                    (x >> 33) % (1 << 22) * 128
                })
            })
            .collect();
        let (rate, o) = saturate(&spec, FABRIC, &mut s, 12, 100_000);
        println!("{kind:?} random {rate} {:?}", o.stats);
    }
    let mut s: Vec<_> = (0..4)
        .flat_map(|p| {
            [
                stream(p, Kind::Read, 16, move |i| (i * 4 + u64::from(p)) * 128 % (1 << 28)),
                stream(p, Kind::Write, 16, move |i| (1 << 28) + (i * 4 + u64::from(p)) * 128 % (1 << 28)),
            ]
        })
        .collect();
    let (rate, o) = saturate(&spec, FABRIC, &mut s, 12, 100_000);
    println!("mixed {rate} {:?}", o.stats);
}
