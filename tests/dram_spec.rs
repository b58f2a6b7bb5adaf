//! The `[memory]` table: what the Pynq-Z1's resolves to, and that nonsense is refused with key, value and range.
mod dram_common;

use bico::dram::{AddressMap, Memory, MemorySpec, Place, Timing};
use bico::units::{Cycle, Hertz};
use dram_common::*;
use proptest::prelude::*;

#[test]
fn the_pynq_z1_resolves_to_these_clocks() {
    // 525 MHz: 1 clock = 1.905 ns.
    let t = Timing::new(&pynq_z1());
    let expected = Timing {
        cl: 7,
        cwl: 6,
        burst: 4,
        t_rcd: 7,
        t_rp: 7,
        t_ras: 19,              // 35 ns = 18.375
        t_rc: 26,               // 48.91 ns = 25.68
        t_ccd: 4,               //
        t_rrd: 4,               // 7.5 ns = 3.94
        t_faw: 21,              // 40 ns = 21.0
        t_rtp: 4,               // 7.5 ns = 3.94
        write_to_precharge: 18, // 6 + 4 + 15 ns = 7.875
        write_to_read: 14,      // 6 + 4 + 4
        read_to_write: 7,       // 7 + 4 + 2 - 6
        t_rfc: 137,             // 260 ns = 136.5
        t_refi: 4095,           // 7.8 us
    };
    assert_eq!(t, expected);
    assert_eq!(pynq_z1().peak_bytes_per_second(), 2_100_000_000);
    assert_eq!(Memory::new(&pynq_z1(), FABRIC).unwrap().capacity_bytes(), 512 << 20);
}

#[test]
fn row_bank_column_puts_2_kib_in_a_row() {
    let map = AddressMap::new(&pynq_z1()).unwrap();
    assert_eq!(map.decode(0x1234_5678), Place { row: 0x1234_5678 >> 14, bank: (0x5678 >> 11 & 7) as u8, column: 0x678 >> 1 });
    assert_eq!((map.banks(), map.block_bytes()), (8, 2048));
}

proptest! {
    #[test]
    fn every_address_map_is_a_bijection(order in 0usize..4, address in 0u64..1 << 28) {
        let maps: [&[&str]; 4] = [
            &["row:15", "bank:3", "column:10"],
            &["bank:3", "row:15", "column:10"],
            &["row:15", "column:7", "bank:3", "column:3"],
            &["row:4", "bank:1", "row:11", "column:5", "bank:2", "column:5"],
        ];
        let mut spec = pynq_z1();
        spec.controller.address_map = maps[order].iter().map(|s| s.to_string()).collect();
        let map = AddressMap::new(&spec).unwrap();
        let address = address * 2;
        prop_assert_eq!(map.encode(map.decode(address)), address);
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut MemorySpec), what: &str) {
    let mut spec = pynq_z1();
    change(&mut spec);
    let message = Memory::new(&spec, FABRIC).unwrap_err().to_string();
    assert!(message.contains(what) && message.contains("allowed:"), "{message}");
}

#[test]
fn values_that_no_device_has_are_refused() {
    refused(|s| s.ddr_clock_hz = 0, "memory.ddr_clock_hz is out of range\n  value:   0");
    refused(|s| s.bus_width_bits = 12, "bus_width_bits");
    refused(|s| s.burst_length = 4, "burst_length");
    refused(|s| s.timing.t_ccd_ddr_clocks = 3, "memory.timing.t_ccd_ddr_clocks is out of range\n  value:   3\n  allowed: 4 to");
    refused(|s| s.timing.t_rp_ddr_clocks = 0, "t_rp_ddr_clocks");
    refused(|s| s.timing.cwl_ddr_clocks = 8, "cwl_ddr_clocks");
    refused(|s| s.timing.t_ras_ps = u64::MAX, "t_ras_ps");
    refused(|s| s.timing.t_refi_ps = 500_000, "no time between refreshes");
    refused(|s| s.controller.read_queue_ddr_bursts = 8, "read_queue_ddr_bursts is out of range\n  value:   8\n  allowed: 9 to 256");
    refused(|s| s.controller.write_high_watermark_ddr_bursts = 25, "allowed: 1 to 24");
    refused(|s| s.controller.age_cap_ddr_clocks = 0, "age_cap");
    refused(|s| s.controller.refresh_postpone_max = 8, "refresh_postpone_max");
    refused(|s| s.ports.read_response_latency_fabric_cycles = 0, "read_response_latency_fabric_cycles");
    refused(|s| s.ports.outstanding_reads = 0, "outstanding_reads");
    refused(|s| s.ports.read_fifo_beats = 15, "read_fifo_beats");
    for map in [vec!["row:15", "bank:3", "colum:10"], vec!["row:15", "bank:3", "column"], vec!["row:0", "bank:3", "column:10"], vec![]] {
        refused(|s| s.controller.address_map = map.iter().map(|m| m.to_string()).collect(), "address_map");
    }
    refused(|s| s.controller.address_map = ["column:10", "row:15", "bank:3"].map(String::from).into(), "split a DDR burst");
    for hz in [0, 999_999, 1_000_000_001, u64::MAX] {
        assert!(Memory::new(&pynq_z1(), Hertz(hz)).is_err());
    }
}

#[test]
fn a_board_text_with_unknown_or_missing_keys_is_refused_with_its_line() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/boards/pynq-z1.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let line = 1 + text.lines().position(|l| l.starts_with("cl_ddr_clocks")).unwrap();
    let wrong = MemorySpec::from_board_text(&text.replace("cl_ddr_clocks", "cl_clocks")).unwrap_err().to_string();
    assert!(wrong.contains("cl_clocks"), "{wrong}");
    let wrong = MemorySpec::from_board_text(&text.replacen("cl_ddr_clocks = 7", "cl_ddr_clocks = -7", 1)).unwrap_err();
    assert_eq!(wrong, wrong.clone().line(line), "{wrong}");
}

#[test]
fn other_devices_run_too() {
    // A 32-bit bus with bursts of 16 (64 bytes, as LPDDR4): twice the bursts' bytes in 8 clocks, two or three of them an AXI burst.
    let mut spec = pynq_z1();
    spec.bus_width_bits = 32;
    spec.burst_length = 16;
    spec.timing.t_ccd_ddr_clocks = 8;
    let requests: Vec<_> =
        (0..400u64).map(|i| (i * 3, read((i % 4) as u8, i * 120 / 128 * 128 + i % 16 * 8, 16 - (i % 16) as u8))).collect();
    let o = run(&spec, &requests);
    assert_eq!(o.completions.len(), requests.len());
    assert!(o.completions.iter().all(|c| c.last >= c.first_beat && c.first_beat > Cycle(20)));
}

#[test]
fn a_row_that_opens_slower_than_refreshes_come_is_refused() {
    let mut spec = pynq_z1();
    (spec.timing.t_rcd_ddr_clocks, spec.timing.t_refi_ps) = (600, 2_000_000);
    let e = spec.check().unwrap_err().to_string();
    assert!(e.contains("t_refi_ps") && e.contains("tRCD"), "{e}");
}
