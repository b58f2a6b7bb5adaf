//! Streams reach the bandwidth that follows from the timing table by hand.
//!
//! All figures for the Pynq-Z1: 525 MHz, 16 bytes a DDR burst, 4 clocks each: peak 16 / 4 * 525 = 2100 MB/s. tREFI = 4095 clocks.
mod dram_common;

use bico::dram::{Kind, MemorySpec};
use bico::units::Hertz;
use dram_common::*;

const PEAK: f64 = 2100.0;
const T_REFI: f64 = 4095.0;
const CYCLES: u64 = 60_000;

fn stream(port: u8, kind: Kind, beats: u8, address: impl FnMut(u64) -> u64 + 'static) -> Stream {
    Stream { port, kind, beats, address: Box::new(address) }
}

/// Burst `i` of `port` when four ports share one ascending sequence of 128-byte blocks.
fn interleaved(port: u8) -> impl FnMut(u64) -> u64 {
    move |i| (i * 4 + u64::from(port)) * 128 % (1 << 29)
}

/// Pseudo-random 128-byte blocks.
fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % (1 << 22) * 128
    }
}

fn rate(spec: &MemorySpec, mut streams: Vec<Stream>) -> f64 {
    saturate(spec, FABRIC, &mut streams, 12, CYCLES).0
}

#[track_caller]
fn close(measured: f64, expected: f64, tolerance: f64) {
    let ratio = measured / expected;
    assert!((ratio - 1.0).abs() <= tolerance, "measured {measured:.1} MB/s, by hand {expected:.1}");
}

#[test]
fn sequential_reads_lose_only_the_refreshes() {
    // Rows are opened ahead, so data flows without a gap but for the refreshes. There the next read comes tRTP 4 + tRP 7 + tRFC 137 + tRCD 7
    // = 155 clocks after the last one instead of tCCD 4: 151 of 4095 clocks are lost. 2022.6 MB/s, below 1 - tRFC / tREFI = 96.7 %.
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Read, 16, interleaved(p))).collect());
    close(measured, PEAK * (1.0 - 151.0 / T_REFI), 0.002);
    assert!(measured < PEAK * (1.0 - 136.5 / T_REFI));
}

#[test]
fn sequential_writes_wait_for_write_recovery_too() {
    // Write to precharge is CWL 6 + 4 + tWR 8 = 18 instead of tRTP 4: 18 + 7 + 137 + 7 - 4 = 165 clocks are lost.
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Write, 16, interleaved(p))).collect());
    close(measured, PEAK * (1.0 - 165.0 / T_REFI), 0.002);
}

#[test]
fn few_ports_are_bound_by_their_own_width() {
    // 8 bytes a cycle: 800 MB/s a port at 100 MHz; two ports 1600, still below the DDR's 2022; at 150 MHz one port 1200.
    let spec = pynq_z1();
    for kind in [Kind::Read, Kind::Write] {
        close(rate(&spec, vec![stream(0, kind, 16, |i| i * 128)]), 800.0, 0.002);
        close(rate(&spec, (0..2).map(|p| stream(p, kind, 16, move |i| (i * 2 + u64::from(p)) * 128)).collect()), 1600.0, 0.002);
        let mut one = [stream(3, kind, 16, |i| i * 128)];
        close(saturate(&spec, Hertz(150_000_000), &mut one, 12, CYCLES).0, 1200.0, 0.002);
    }
}

#[test]
fn both_directions_of_a_port_stream_at_once() {
    // One port reads and writes 800 MB/s each: 1600 MB/s need 4 of every 5.25 clocks; bank halves apart, groups of 16 lose 13 of 141
    // clocks: up to 1830 MB/s fit.
    let streams = vec![stream(0, Kind::Read, 16, |i| i * 128), stream(0, Kind::Write, 16, |i| (1 << 28) + 8192 + i * 128)];
    close(rate(&pynq_z1(), streams), 1600.0, 0.01);
}

#[test]
fn a_new_row_of_one_bank_each_time_is_bound_by_t_rc() {
    // One DDR burst a row: an activate every tRC 26 clocks, 16 bytes each: 16 / 26 * 525 = 323.1 MB/s. A refresh costs tRFC 137 and between
    // nothing and one such period: 137 to 163 of 4095 clocks.
    let row = |port: u8| move |i: u64| (i * 4 + u64::from(port)) % 32_768 * 16_384;
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Read, 2, row(p))).collect());
    close(measured, 16.0 / 26.0 * 525.0 * (1.0 - 150.0 / T_REFI), 0.0045);
    // A burst of 16 beats: activate, tRCD 7, eight reads over 28, tRTP 4, tRP 7: 46 clocks for 128 bytes, 1460.9 MB/s; a refresh costs 137
    // to 183 clocks.
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Read, 16, row(p))).collect());
    close(measured, 128.0 / 46.0 * 525.0 * (1.0 - 160.0 / T_REFI), 0.008);
    // As writes: 7 + 28 + 18 + 7 = 60 clocks: 1120 MB/s.
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Write, 16, row(p))).collect());
    close(measured, 128.0 / 60.0 * 525.0 * (1.0 - 167.0 / T_REFI), 0.01);
}

#[test]
fn a_new_row_of_the_next_bank_each_time_hides_its_preparation() {
    // Stride 2 KiB + 128: consecutive bursts lie in consecutive banks. A bank is wanted again 8 * 32 = 256 clocks later, and precharge,
    // activate, tRCD take 21 of the 32 clocks of the transfer before: nothing is lost but the refreshes (151 clocks).
    let next_bank = |port: u8| move |i: u64| (i * 4 + u64::from(port)) * 17 * 128 % (1 << 29);
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Read, 16, next_bank(p))).collect());
    close(measured, PEAK * (1.0 - 151.0 / T_REFI), 0.004);
}

#[test]
fn random_reads_stall_only_when_all_that_wait_want_the_busy_bank() {
    // The next burst is ready in time (as above) if any of the other queued bursts (at least two: 32 - 9 = 23 of 32 places fill up) lies in
    // another bank. All of them in the busy one: at most (1/8)^2 = 1.6 %, and then 18 of 32 + 18 clocks are lost: below 1 %.
    let measured = rate(&pynq_z1(), (0..4).map(|p| stream(p, Kind::Read, 16, random(u64::from(p)))).collect());
    let sequential = PEAK * (1.0 - 151.0 / T_REFI);
    assert!(measured < sequential && measured > 0.99 * sequential, "{measured}");
}

/// The `i`-th 128-byte block of banks `first_bank` to `first_bank + 3`, row by row.
fn half_of_the_banks(port: u8, first_bank: u64) -> impl FnMut(u64) -> u64 {
    move |i| {
        let block = i * 4 + u64::from(port);
        let (column, bank, row) = (block % 16, block / 16 % 4 + first_bank, block / 64 % 32_768);
        row * 16_384 + bank * 2048 + column * 128
    }
}

#[test]
fn mixed_streams_lose_two_turns_a_group() {
    // Reads in banks 0 to 3, writes in 4 to 7, both saturated: groups of 16 DDR bursts. Read to write is 7 clocks instead of 4, write to read
    // 14: 13 clocks lost every 2 * 16 * 4 = 128. Refreshes as above, 151 to 165 and what they break of a group.
    let both = |p: u8| [stream(p, Kind::Read, 16, half_of_the_banks(p, 0)), stream(p, Kind::Write, 16, half_of_the_banks(p, 4))];
    let measured = rate(&pynq_z1(), (0..4).flat_map(both).collect());
    close(measured, PEAK * 128.0 / 141.0 * (1.0 - 158.0 / T_REFI), 0.006);
    // Groups of 64 lose a fourth of that.
    let mut spec = pynq_z1();
    spec.controller.group_ddr_bursts = 64;
    let measured = rate(&spec, (0..4).flat_map(both).collect());
    close(measured, PEAK * 512.0 / 525.0 * (1.0 - 158.0 / T_REFI), 0.006);
}

#[test]
fn mixed_random_streams_lie_in_the_band_that_was_measured_on_the_part() {
    // UG585 table 22-5 (150 MHz): 97, 92 % reads sequential and random, 90, 87 % writes, 87, 79 % mixed. A band for plausibility only: ours
    // assumes an ideal interconnect and no other master, and its refresh alone forbids 97 %.
    let both = |p: u8| [stream(p, Kind::Read, 16, random(u64::from(p))), stream(p, Kind::Write, 16, random(9 + u64::from(p)))];
    let mut streams: Vec<_> = (0..4).flat_map(both).collect();
    let (measured, o) = saturate(&pynq_z1(), Hertz(150_000_000), &mut streams, 12, CYCLES);
    let efficiency = measured / PEAK;
    assert!((0.70..0.92).contains(&efficiency), "{efficiency} {:?}", o.stats);
}
