//! What holds for any requests: conservation, order, causality, independence of how time is cut, bounded waiting, refreshes.
mod dram_common;

use bico::dram::{
    AddressMap, CommandKind, Completion, Kind, Memory, MemorySpec, MemoryStats, PagePolicy, Request, WriteResponse, checker::check_log,
};
use bico::units::{Cycle, Hertz};
use dram_common::*;
use proptest::prelude::*;

/// Gap, port, whether it writes, bank, row, beat in the row, beats, pause.
type Draw = (u64, u8, bool, u64, u64, u64, u8, u64);

/// A legal sequence: ascending cycles on each port and direction, W beats that do not overlap, few rows and banks so that hits, conflicts,
/// and overlaps in address are frequent.
fn requests(max: usize) -> impl Strategy<Value = Vec<(u64, Request)>> {
    let one = (0u64..12, 0u8..4, any::<bool>(), 0u64..4, 0u64..3, 0u64..240, 1u8..=16, 0u64..400);
    prop::collection::vec(one, 1..max).prop_map(|list| {
        let (mut now, mut next) = (0u64, [[0u64; 4]; 2]);
        let build = |(tag, (gap, port, is_write, bank, row, beat, beats, pause)): (usize, Draw)| {
            // Now and then a long pause: the queues run empty, refreshes of an idle device come due.
            now += if pause == 0 { 3_000 } else { gap / 4 };
            let kind = if is_write { Kind::Write } else { Kind::Read };
            let next = &mut next[kind as usize][usize::from(port)];
            let at = if is_write { now.max(*next + u64::from(beats)) } else { now.max(*next) };
            *next = at + 1;
            // Within one 2 KiB row; a burst that would cross it is cut.
            let addr = row * 16_384 + bank * 2048 + beat * 8;
            (at, Request { port, kind, addr, beats: u64::from(beats).min(256 - beat) as u8, tag: tag as u32 })
        };
        let mut list: Vec<_> = list.into_iter().enumerate().map(build).collect();
        list.sort_by_key(|(at, _)| *at);
        list
    })
}

/// Boards that differ in what the scheduler may do.
fn boards() -> impl Strategy<Value = MemorySpec> {
    (any::<bool>(), any::<bool>(), 0u64..=3, 0usize..3, 1u64..=40, 20u64..2000).prop_map(|(closed, posted, postpone, map, group, cap)| {
        let mut spec = pynq_z1();
        spec.controller.page_policy = if closed { PagePolicy::Closed } else { PagePolicy::Open };
        spec.ports.write_response = if posted { WriteResponse::Accepted } else { WriteResponse::Written };
        spec.controller.refresh_postpone_max = postpone;
        spec.controller.group_ddr_bursts = group;
        spec.controller.age_cap_ddr_clocks = cap;
        let maps: [&[&str]; 3] =
            [&["row:15", "bank:3", "column:10"], &["bank:3", "row:15", "column:10"], &["row:15", "column:6", "bank:3", "column:4"]];
        spec.controller.address_map = maps[map].iter().map(|s| s.to_string()).collect();
        // Refreshes every 2 us, so that short runs meet many.
        spec.timing.t_refi_ps = 2_000_000;
        spec
    })
}

/// Requests handed over just in time, time advanced in the given steps (repeated), then to the end.
fn in_steps(spec: &MemorySpec, fabric: Hertz, list: &[(u64, Request)], steps: &[u64]) -> (Vec<Completion>, MemoryStats) {
    let mut memory = Memory::new(spec, fabric).unwrap();
    let (mut now, mut out, mut steps) = (0, Vec::new(), steps.iter().cycle());
    for (at, request) in list {
        while now < *at {
            now = (now + steps.next().unwrap()).min(*at);
            memory.advance(Cycle(now), &mut out);
        }
        memory.submit(Cycle(*at), *request).unwrap();
    }
    memory.advance(Cycle(now + 20_000), &mut out);
    assert!(memory.is_idle());
    (out, *memory.stats())
}

/// Each request once, with its beats; each port and direction in order, never two beats at once; never before its own latency.
fn check_conservation(list: &[(u64, Request)], o: &Outcome) {
    for port in 0..4u8 {
        for kind in [Kind::Read, Kind::Write] {
            let asked: Vec<_> = list.iter().filter(|(_, r)| r.port == port && r.kind == kind).collect();
            let got: Vec<_> = o.completions.iter().filter(|c| c.port == port && c.kind == kind).collect();
            assert_eq!(asked.iter().map(|(_, r)| r.tag).collect::<Vec<_>>(), got.iter().map(|c| c.tag).collect::<Vec<_>>());
            let mut free = 0;
            for ((at, request), c) in asked.iter().zip(got) {
                let beats = if kind == Kind::Read { u64::from(request.beats) } else { 1 };
                assert_eq!(c.last.0, c.first_beat.0 + beats - 1);
                assert!(c.first_beat.0 >= free, "two answers on one bus");
                assert!(c.first_beat.0 >= at + 20, "faster than request and response latency");
                free = c.last.0 + 1;
            }
        }
    }
    let ddr_bursts = |r: &Request| (r.addr + 8 * u64::from(r.beats)).div_ceil(16) - r.addr / 16;
    let total = |kind| list.iter().filter(move |(_, r)| r.kind == kind);
    assert_eq!(o.stats.read_bytes(), total(Kind::Read).map(|(_, r)| 8 * u64::from(r.beats)).sum::<u64>());
    assert_eq!(o.stats.write_bytes(), total(Kind::Write).map(|(_, r)| 8 * u64::from(r.beats)).sum::<u64>());
    assert_eq!(o.stats.reads, total(Kind::Read).map(|(_, r)| ddr_bursts(r)).sum::<u64>());
    assert_eq!(o.stats.writes, total(Kind::Write).map(|(_, r)| ddr_bursts(r)).sum::<u64>());
    assert_eq!(o.stats.row_hits + o.stats.row_misses + o.stats.row_conflicts, o.stats.reads + o.stats.writes);
    assert_eq!(o.stats.data_ddr_clocks, 4 * (o.stats.reads + o.stats.writes));
    let count = |kind| o.log.iter().filter(|c| c.kind == kind).count() as u64;
    assert_eq!(
        (o.stats.activates, o.stats.reads, o.stats.writes, o.stats.refreshes),
        (count(CommandKind::Activate), count(CommandKind::Read), count(CommandKind::Write), count(CommandKind::Refresh))
    );
}

/// A read finds what was written by every write that was answered before the read was sent. For each DDR burst: reads leave in an order in
/// which the i-th finds at least as many writes before it as the i-th smallest number that a read has to find.
fn check_read_after_write(spec: &MemorySpec, list: &[(u64, Request)], o: &Outcome) {
    let map = AddressMap::new(spec).unwrap();
    let touches = |r: &Request, block: u64| r.addr / 16 <= block && block < (r.addr + 8 * u64::from(r.beats)).div_ceil(16);
    let answered = |tag: u32| o.completions.iter().find(|c| c.tag == tag).unwrap().last.0;
    let mut blocks: Vec<u64> = list.iter().filter(|(_, r)| r.kind == Kind::Write).map(|(_, r)| r.addr / 16).collect();
    blocks.sort_unstable();
    blocks.dedup();
    for block in blocks {
        let place = map.decode(block * 16);
        let here = |kind| o.log.iter().filter(move |c| (c.bank, c.row, c.column, c.kind) == (place.bank, place.row, place.column, kind));
        let of = |kind| list.iter().filter(move |(_, r)| r.kind == kind && touches(r, block));
        let mut needed: Vec<usize> = of(Kind::Read).map(|(at, _)| of(Kind::Write).filter(|(_, w)| answered(w.tag) < *at).count()).collect();
        needed.sort_unstable();
        let found = here(CommandKind::Read).map(|r| here(CommandKind::Write).filter(|w| w.clock < r.clock).count());
        for (found, needed) in found.zip(&needed) {
            assert!(found >= *needed, "a read of {:#x} found {found} writes, {needed} were answered before", block * 16);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_request_is_answered_once_in_order_and_legally(spec in boards(), list in requests(200)) {
        let o = run(&spec, &list);
        check_conservation(&list, &o);
        check_read_after_write(&spec, &list, &o);
    }

    #[test]
    fn how_time_is_cut_changes_nothing(
        spec in boards(),
        list in requests(120),
        steps in prop::collection::vec(1u64..60, 1..8),
        mhz in prop::sample::select(vec![50u64, 100, 142, 150, 200, 525]),
    ) {
        let fabric = Hertz(mhz * 1_000_000);
        let fine = in_steps(&spec, fabric, &list, &[1]);
        prop_assert_eq!(&in_steps(&spec, fabric, &list, &steps), &fine);
        prop_assert_eq!(&in_steps(&spec, fabric, &list, &[1_000_000]), &fine);
        // All requests known from the start: what comes later never changes what was answered before.
        let mut memory = Memory::new(&spec, fabric).unwrap();
        let mut out = Vec::new();
        list.iter().for_each(|(at, r)| memory.submit(Cycle(*at), *r).unwrap());
        memory.advance(Cycle(list.last().unwrap().0 + 20_000), &mut out);
        prop_assert_eq!(&(out, *memory.stats()), &fine);
    }

    #[test]
    fn an_answer_is_announced_before_its_first_beat(spec in boards(), list in requests(120), lazily in any::<bool>()) {
        let mut memory = Memory::new(&spec, FABRIC).unwrap().with_log();
        list.iter().for_each(|(at, r)| memory.submit(Cycle(*at), *r).unwrap());
        let mut answers = 0;
        let end = list.last().unwrap().0 + 100_000;
        while let Some(at) = if lazily { memory.announced_by() } else { memory.next_event() } {
            let mut out = Vec::new();
            memory.advance(at, &mut out);
            prop_assert!(at.0 < end, "the memory does not come to rest");
            answers += out.len();
            prop_assert!(out.iter().all(|c| c.first_beat > at), "late at {}: {:?}", at, out);
        }
        prop_assert_eq!(answers, list.len());
        prop_assert_eq!(check_log(&spec, &memory.take_log()), []);
    }
}

/// The victim's conflict in bank 0 against three ports that hit another row of the bank for ever: its latency in fabric cycles.
fn starved_read(age_cap_ddr_clocks: u64) -> u64 {
    let mut spec = without_refresh();
    spec.controller.age_cap_ddr_clocks = age_cap_ddr_clocks;
    let mut list: Vec<(u64, Request)> =
        (0..2_000u64).flat_map(|i| (1..4).map(move |p| (16 * i, read(p, (i * 3 + u64::from(p)) % 16 * 128, 16)))).collect();
    list.push((1_000, Request { port: 0, kind: Kind::Read, addr: 16_384, beats: 1, tag: 7 }));
    list.sort_by_key(|(at, _)| *at);
    let o = run(&spec, &list);
    o.completions.iter().find(|c| c.tag == 7).unwrap().last.0 - 1_000
}

#[test]
fn the_age_cap_bounds_waiting() {
    // Three ports ask for 2400 MB/s of hits, more than there is. In the queue from ddr clock about 69 after its time, the victim turns
    // pressing after the cap; then at worst a transfer just begun (9 * 4 clocks), tRTP 4, tRP 7, tRCD 7, one more transfer (36) and its own read
    // 1 + CL 7 + 4: 102 clocks. With the path, 10 + 10 cycles and 16 clocks, and at most a queue of 32 + 9 DDR bursts in front of the arbiter (164
    // clocks): (cap + 102 + 16 + 164) / 5.25 + 22 cycles.
    for cap in [200, 1024, 4000] {
        let waited = starved_read(cap);
        let bound = (cap + 102 + 16 + 164) * 4 / 21 + 22;
        assert!(waited <= bound, "cap {cap}: waited {waited} cycles, bound {bound}");
        assert!(waited * 21 / 4 > cap, "cap {cap}: nothing was starved, so nothing was shown");
    }
}

#[test]
fn writes_below_the_watermark_wait_no_longer_than_the_cap() {
    // Four ports read without a pause; one write never reaches the watermark. Posted answers come at once, so ask for "written".
    let mut spec = without_refresh();
    spec.ports.write_response = WriteResponse::Written;
    let mut list: Vec<(u64, Request)> =
        (0..1_000u64).flat_map(|i| (0..4).map(move |p| (16 * i, read(p, (i * 4 + u64::from(p)) * 128, 16)))).collect();
    list.push((1_000, Request { port: 0, kind: Kind::Write, addr: 1 << 28, beats: 1, tag: 7 }));
    list.sort_by_key(|(at, _)| *at);
    let o = run(&spec, &list);
    let waited = o.completions.iter().find(|c| c.kind == Kind::Write).unwrap().last.0 - 1_000;
    // 1024 clocks are 196 cycles; the rest of a group and of its transfer, the bank's precharge and activate, the turn, the path: 60 more.
    assert!((196..=256).contains(&waited), "{waited}");
}

#[test]
fn a_read_waits_for_the_posted_write_it_overlaps() {
    // Ports 0, 1 and 3 read another row of bank 1 each time, so the read queue is never empty and its oldest is hardly ever ready. Row 0 of bank 0
    // stays open. A write to it is answered at once and stays in the queue, below the watermark; the read of port 2 that overlaps it is
    // a row hit, and ready long before the oldest read: first ready alone would send it before the write.
    let stream = |i: u64| [0u8, 1, 3].map(|p| (4 * i, read(p, (i * 4 + u64::from(p)) * 16_384 + 2048, 2)));
    let mut list: Vec<_> = (0..300u64).flat_map(stream).collect();
    list.push((100, read(2, 0, 2)));
    list.push((500, Request { tag: 1, ..write(2, 1024, 4) }));
    list.push((540, Request { tag: 2, ..read(2, 1032, 1) }));
    list.sort_by_key(|(at, _)| *at);
    let o = run(&without_refresh(), &list);
    assert!(o.completions.iter().find(|c| c.tag == 1).unwrap().last.0 < 540, "the write is answered before the read is sent");
    let at = |kind| o.log.iter().find(|c| c.kind == kind && c.bank == 0 && c.column == 512).unwrap().clock;
    assert!(at(CommandKind::Write) + 14 <= at(CommandKind::Read), "the read went before the write");
    assert!(at(CommandKind::Write) > 560 * 21 / 4, "the write went before the read was there, so nothing was shown");
}

#[test]
fn refreshes_come_on_average_every_t_refi_and_are_postponed_no_longer_than_allowed() {
    for postpone in [0u64, 3, 7] {
        let mut spec = pynq_z1();
        spec.controller.refresh_postpone_max = postpone;
        let list: Vec<_> = (0..4_000u64).flat_map(|i| (0..4).map(move |p| (16 * i, read(p, (i * 4 + u64::from(p)) * 128, 16)))).collect();
        let log = run(&spec, &list).log;
        let refreshes: Vec<u64> = log.iter().filter(|c| c.kind == CommandKind::Refresh).map(|c| c.clock).collect();
        let end = log.last().unwrap().clock;
        assert!(refreshes.len() as u64 + 1 + postpone >= end / 4095, "{} in {end} clocks", refreshes.len());
        for (i, at) in refreshes.iter().enumerate() {
            // The n-th is due at n * 4095. Once no more may be owed: the transfer under way (9 * 4), tRTP 4 (reads), tRP 7 = 47 clocks, and
            // up to 7 refreshes of 137 before it in the bunch.
            let due = 4095 * (i as u64 + 1);
            assert!(*at >= due, "refresh {i} came {} clocks early", due - at);
            let allowed = due + postpone * 4095 + 47 + postpone * 137;
            assert!(*at <= allowed, "refresh {i} at {at}, allowed until {allowed}");
        }
        if postpone > 0 {
            let late = refreshes.iter().enumerate().any(|(i, at)| *at > 4095 * (i as u64 + 2));
            assert!(late, "a busy memory uses what it may postpone");
        }
    }
}

#[test]
fn an_idle_memory_counts_the_refreshes_it_skips_over() {
    let mut memory = Memory::new(&pynq_z1(), FABRIC).unwrap();
    let mut out = Vec::new();
    // One second: 525 000 000 / 4095 = 128 205.1 refreshes.
    memory.advance(Cycle(100_000_000), &mut out);
    assert_eq!(memory.stats().refreshes, 128_205);
    // And it still meets the next one as if it had stepped: same answer as a memory that logs, which skips nothing.
    let mut stepped = Memory::new(&pynq_z1(), FABRIC).unwrap().with_log();
    for m in [&mut memory, &mut stepped] {
        m.submit(Cycle(100_000_700), read(0, 0, 16)).unwrap();
        m.advance(Cycle(100_010_000), &mut out);
    }
    assert_eq!(out[0], out[1]);
    assert_eq!(memory.stats(), stepped.stats());
}

#[test]
fn illegal_requests_are_refused() {
    let mut memory = Memory::new(&pynq_z1(), FABRIC).unwrap();
    memory.advance(Cycle(100), &mut Vec::new());
    let mut refuse = |at: u64, request: Request, what: &str| {
        let error = memory.submit(Cycle(at), request).unwrap_err();
        assert!(error.what().contains(what), "{error}");
        assert_eq!(error.kind(), bico::error::Kind::Fault);
    };
    refuse(99, read(0, 0, 1), "after its time");
    refuse(100, read(4, 0, 1), "no such HP port");
    refuse(100, read(0, 0, 0), "illegal length");
    refuse(100, read(0, 0, 17), "illegal length");
    refuse(100, read(0, 4, 1), "not aligned");
    refuse(100, read(0, 4096 - 64, 9), "4 KiB");
    refuse(100, read(0, (1 << 29) - 64, 16), "outside");
    refuse(100, read(0, u64::MAX - 7, 16), "outside");
    memory.submit(Cycle(100), read(0, 4096 - 64, 8)).unwrap();
    let error = memory.submit(Cycle(100), read(0, 0, 1)).unwrap_err();
    assert!(error.what().contains("at once"), "one address handshake a cycle: {error}");
    memory.submit(Cycle(120), write(0, 0, 16)).unwrap();
    assert!(memory.submit(Cycle(135), write(0, 0, 16)).is_err(), "W beats would overlap");
    memory.submit(Cycle(136), write(0, 0, 16)).unwrap();
}
