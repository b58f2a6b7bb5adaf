//! Every constraint: not ready at t-1, ready at t, with t derived by hand from the board's numbers; first on the device alone,
//! then as commands of the whole memory.
mod dram_common;

use bico::dram::{CommandKind, Device, MemorySpec, Op, Timing};
use bico::units::Cycle;
use dram_common::*;

fn device(spec: &MemorySpec) -> Device {
    Device::new(&Timing::new(spec))
}

/// After `history` on the device, `op` on `bank` is not ready at `t - 1` and ready at `t`.
#[track_caller]
fn ready_exactly_at(spec: &MemorySpec, history: &[(Op, u8, u64)], op: Op, bank: u8, t: u64) {
    let mut d = device(spec);
    for &(op, bank, clock) in history {
        assert!(d.is_ready(op, bank, clock), "the history itself is illegal");
        d.issue(op, bank, 1, clock);
    }
    assert!(!d.is_ready(op, bank, t - 1), "ready too early, at {}", d.earliest(op, bank));
    assert!(d.is_ready(op, bank, t), "not ready before {}", d.earliest(op, bank));
}

#[test]
fn t_rcd() {
    // 7 clocks.
    for op in [Op::Read, Op::Write] {
        ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100)], op, 2, 107);
    }
}

#[test]
fn t_rp() {
    // 7 clocks, to an activate of the bank and to a refresh.
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100), (Op::Precharge, 2, 150)], Op::Activate, 2, 157);
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100), (Op::Precharge, 2, 150)], Op::Refresh, 0, 157);
}

#[test]
fn t_ras() {
    // 35 ns * 525 MHz = 18.375 clocks: 19.
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100)], Op::Precharge, 2, 119);
}

#[test]
fn t_rc() {
    // 48.91 ns * 525 MHz = 25.68 clocks: 26, to an activate of the bank and to a refresh.
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100)], Op::Activate, 2, 126);
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100)], Op::Refresh, 0, 126);
}

#[test]
fn t_rrd() {
    // max(4 clocks, 7.5 ns * 525 MHz = 3.94) = 4; with 10 ns 5.25, so 6.
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 2, 100)], Op::Activate, 3, 104);
    let mut slow = pynq_z1();
    slow.timing.t_rrd_ps = 10_000;
    ready_exactly_at(&slow, &[(Op::Activate, 2, 100)], Op::Activate, 3, 106);
}

#[test]
fn t_faw() {
    // 40 ns * 525 MHz = 21 clocks exactly, where tRRD alone would allow the fifth activate at 116.
    let four = [(Op::Activate, 0, 100), (Op::Activate, 1, 104), (Op::Activate, 2, 108), (Op::Activate, 3, 112)];
    ready_exactly_at(&pynq_z1(), &four, Op::Activate, 4, 121);
    // The window slides: the sixth waits for the second.
    let five = [four[0], four[1], four[2], four[3], (Op::Activate, 4, 121)];
    ready_exactly_at(&pynq_z1(), &five, Op::Activate, 5, 125);
}

#[test]
fn t_ccd() {
    // 4 clocks, whatever the bank.
    let open = [(Op::Activate, 0, 100), (Op::Activate, 1, 104)];
    for op in [Op::Read, Op::Write] {
        ready_exactly_at(&pynq_z1(), &[open[0], open[1], (op, 0, 150)], op, 1, 154);
    }
}

#[test]
fn t_rtp() {
    // max(4 clocks, 7.5 ns = 3.94) = 4; with 10 ns 5.25, so 6.
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 0, 100), (Op::Read, 0, 150)], Op::Precharge, 0, 154);
    let mut slow = pynq_z1();
    slow.timing.t_rtp_ps = 10_000;
    ready_exactly_at(&slow, &[(Op::Activate, 0, 100), (Op::Read, 0, 150)], Op::Precharge, 0, 156);
}

#[test]
fn t_wr() {
    // CWL 6 + 4 clocks of data + 15 ns * 525 MHz = 7.875, so 8: 18.
    ready_exactly_at(&pynq_z1(), &[(Op::Activate, 0, 100), (Op::Write, 0, 150)], Op::Precharge, 0, 168);
}

#[test]
fn t_wtr() {
    // CWL 6 + 4 clocks of data + max(4 clocks, 7.5 ns = 3.94) = 14, on any bank.
    let open = [(Op::Activate, 0, 100), (Op::Activate, 1, 104)];
    ready_exactly_at(&pynq_z1(), &[open[0], open[1], (Op::Write, 0, 150)], Op::Read, 1, 164);
}

#[test]
fn read_to_write() {
    // CL 7 + 4 clocks of data + 2 idle - CWL 6 = 7, on any bank.
    let open = [(Op::Activate, 0, 100), (Op::Activate, 1, 104)];
    ready_exactly_at(&pynq_z1(), &[open[0], open[1], (Op::Read, 0, 150)], Op::Write, 1, 157);
}

#[test]
fn t_rfc() {
    // 260 ns * 525 MHz = 136.5 clocks: 137.
    ready_exactly_at(&pynq_z1(), &[(Op::Refresh, 0, 100)], Op::Activate, 5, 237);
    ready_exactly_at(&pynq_z1(), &[(Op::Refresh, 0, 100)], Op::Refresh, 0, 237);
}

/// The commands of a run as (clock, kind, bank).
fn commands(spec: &MemorySpec, requests: &[(u64, bico::dram::Request)]) -> Vec<(u64, CommandKind, u8)> {
    run(spec, requests).log.iter().map(|c| (c.clock, c.kind, c.bank)).collect()
}

use CommandKind::{Activate as A, Precharge as P, PrechargeAll as PA, Read as R, Refresh as F, Write as W};

// A request seen at fabric cycle t reaches the queue at DDR clock ceil((t + 10) * 5.25) + 16: cycle 0 at 53 + 16 = 69, 1 at 58 + 16
// = 74, 2 at 63 + 16 = 79.

#[test]
fn latency_of_a_lone_read() {
    // Activate 69, reads 76, 80 ... 104 (8 DDR bursts), last data passes at 104 + CL 7 + 4 = 115, seen in fabric cycle ceil(115 /
    // 5.25) = 22; 10 cycles back to the port: beats in 32 ..= 47.
    let o = run(&pynq_z1(), &[(0, read(0, 0, 16))]);
    assert_eq!((o.completions[0].first_beat, o.completions[0].last), (Cycle(32), Cycle(47)));
    let mut expected = vec![(69, A)];
    expected.extend((0..8).map(|i| (76 + 4 * i, R)));
    assert_eq!(o.log.iter().map(|c| (c.clock, c.kind)).collect::<Vec<_>>(), expected);
}

#[test]
fn latency_of_a_lone_write() {
    // Posted: in the queue at 69, fabric cycle ceil(69 / 5.25) = 14, 10 cycles back: 24. With "written": write commands 76 ... 104, last
    // data passes at 104 + CWL 6 + 4 = 114, cycle 22, response in 32.
    let mut spec = pynq_z1();
    let o = run(&spec, &[(0, write(3, 0, 16))]);
    assert_eq!((o.completions[0].first_beat, o.completions[0].last), (Cycle(24), Cycle(24)));
    spec.ports.write_response = bico::dram::WriteResponse::Written;
    let o = run(&spec, &[(0, write(3, 0, 16))]);
    assert_eq!((o.completions[0].first_beat, o.completions[0].last), (Cycle(32), Cycle(32)));
}

/// Row 0 and row 1 of bank 0 (16 KiB = 8 banks of 2 KiB apart).
const OTHER_ROW: u64 = 16_384;

#[test]
fn a_row_conflict_takes_what_the_table_says() {
    // Activate 69, read 76; precharge at max(69 + tRAS 19, 76 + tRTP 4) = 88; activate at max(88 + tRP 7, 69 + tRC 26) = 95; read 102.
    let requests = [(0, read(0, 0, 2)), (1, read(0, OTHER_ROW, 2))];
    assert_eq!(commands(&pynq_z1(), &requests), [(69, A, 0), (76, R, 0), (88, P, 0), (95, A, 0), (102, R, 0)]);
    // tRC 60 ns = 31.5, so 32, binds: activate at 69 + 32 = 101.
    let mut spec = pynq_z1();
    spec.timing.t_rc_ps = 60_000;
    assert_eq!(commands(&spec, &requests)[3], (101, A, 0));
    // tRTP 40 ns = 21 binds: precharge at 76 + 21 = 97.
    let mut spec = pynq_z1();
    spec.timing.t_rtp_ps = 40_000;
    assert_eq!(commands(&spec, &requests)[2], (97, P, 0));
    // After a write tWR binds: 76 + 18 = 94. The second write's W beats end in cycle 2, so it is in the queue at 79.
    let requests = [(0, write(0, 0, 2)), (2, write(0, OTHER_ROW, 2))];
    assert_eq!(commands(&pynq_z1(), &requests), [(69, A, 0), (76, W, 0), (94, P, 0), (101, A, 0), (108, W, 0)]);
}

#[test]
fn a_read_that_waits_for_a_write_holds_no_older_read_back() {
    // Row 0 is open when an older read of row 1 comes, then a write to row 0 and a read of the same address, which has to wait for that write. Row 1 is
    // opened meanwhile, not only when the oldest is past the age cap of 1,024 clocks.
    let requests = [(0, read(0, 0, 16)), (1, read(1, OTHER_ROW, 16)), (1, write(3, 0x400, 1)), (3, read(2, 0x400, 16))];
    let all = commands(&pynq_z1(), &requests);
    let precharge = all.iter().find(|c| c.1 == P).unwrap();
    let last = all.iter().filter(|c| c.1 == R).max_by_key(|c| c.0).unwrap();
    assert!(precharge.0 < 200 && last.0 < 400, "{all:?}");
}

#[test]
fn row_hits_follow_each_other_at_t_ccd_without_a_gap() {
    // Two DDR bursts each: 76, 80, then 84, 88.
    let requests = [(0, read(0, 0, 4)), (1, read(0, 32, 4))];
    assert_eq!(commands(&pynq_z1(), &requests), [(69, A, 0), (76, R, 0), (80, R, 0), (84, R, 0), (88, R, 0)]);
}

#[test]
fn the_bus_turns_as_the_table_says() {
    // Write 76 (row open at 69); the read of the same row, queued at 79, comes at 76 + 14 = 90.
    let requests = [(0, write(0, 0, 2)), (2, read(0, 64, 2))];
    assert_eq!(commands(&pynq_z1(), &requests), [(69, A, 0), (76, W, 0), (90, R, 0)]);
    // Read 76; the write, queued at 79, at 76 + 7 = 83.
    let requests = [(0, read(0, 0, 2)), (2, write(0, 64, 2))];
    assert_eq!(commands(&pynq_z1(), &requests), [(69, A, 0), (76, R, 0), (83, W, 0)]);
}

#[test]
fn activates_are_spread_by_t_rrd_and_t_faw() {
    // Banks 0 to 3 from four ports are granted from 69 on, one a clock (0, 2, 1, 3: controller ports alternate); a fifth from port 0
    // is queued at 74. Activates: tRRD 4 apart, the fifth at 69 + tFAW 21 = 90. Reads 7 later, none delayed by tCCD 4.
    let mut requests: Vec<_> = (0..4).map(|p| (0, read(p, 2048 * u64::from(p), 2))).collect();
    requests.push((1, read(0, 2048 * 4, 2)));
    let expected = [(69, A, 0), (73, A, 2), (76, R, 0), (77, A, 1), (80, R, 2), (81, A, 3), (84, R, 1), (88, R, 3), (90, A, 4), (97, R, 4)];
    assert_eq!(commands(&pynq_z1(), &requests), expected);
}

#[test]
fn a_request_waits_for_the_refresh_it_meets() {
    // An idle device refreshes at tREFI = 7.8 us * 525 MHz = 4095. A read that reaches the queue at 4099 (cycle 767: ceil(777 * 5.25) =
    // 4080, + 16 = 4096) is activated at 4095 + 137 = 4232, read at 4239.
    assert_eq!(commands(&pynq_z1(), &[(767, read(0, 0, 2))]), [(4095, F, 0), (4232, A, 0), (4239, R, 0)]);
    // One that reaches it at 4090 (766: ceil(776 * 5.25) = 4074, + 16 = 4090) opens its row at 4090; the refresh is due before it can be
    // read: all rows are closed at 4090 + tRAS 19 = 4109, refresh at 4109 + 7 = 4116, activate at 4253, read at 4260.
    let expected = [(4090, A, 0), (4109, PA, 0), (4116, F, 0), (4253, A, 0), (4260, R, 0)];
    assert_eq!(commands(&pynq_z1(), &[(766, read(0, 0, 2))]), expected);
}

#[test]
fn the_look_ahead_opens_the_next_row_during_a_transfer() {
    // Burst 0 reads bank 0 at 76 ... 104; burst 1 of bank 1 is queued at 74 and activated at once (74, after tRRD 73), so that its first read
    // follows at 108, tCCD after the last: no gap.
    let log = commands(&pynq_z1(), &[(0, read(0, 0, 16)), (1, read(0, 2048, 16))]);
    assert_eq!(log.iter().find(|c| c.2 == 1), Some(&(74, A, 1)));
    assert_eq!(log.iter().filter(|c| c.1 == R).map(|c| c.0).collect::<Vec<_>>(), (0..16).map(|i| 76 + 4 * i).collect::<Vec<_>>());
}

#[test]
fn first_ready_lets_a_row_hit_overtake() {
    // Port 0 wants row 0, then row 1; port 1's hit on row 0, queued after the conflict, goes first.
    let o = run(&pynq_z1(), &[(0, read(0, 0, 2)), (1, read(0, OTHER_ROW, 2)), (2, read(1, 32, 2))]);
    let rows: Vec<_> = o.log.iter().filter(|c| c.kind == R).map(|c| c.row).collect();
    assert_eq!(rows, [0, 0, 1]);
    assert_eq!((o.stats.row_misses, o.stats.row_hits, o.stats.row_conflicts), (1, 1, 1));
}

#[test]
fn the_closed_page_policy_closes_what_nobody_wants() {
    let mut spec = pynq_z1();
    spec.controller.page_policy = bico::dram::PagePolicy::Closed;
    // Read at 76, precharge at max(69 + 19, 76 + 4) = 88, unasked.
    let mut memory = bico::dram::Memory::new(&spec, FABRIC).unwrap().with_log();
    memory.submit(Cycle(0), read(0, 0, 2)).unwrap();
    memory.advance(Cycle(100), &mut Vec::new());
    let log: Vec<_> = memory.take_log().iter().map(|c| (c.clock, c.kind)).collect();
    assert_eq!(log, [(69, A), (76, R), (88, P)]);
}
