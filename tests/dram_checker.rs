//! The protocol checker catches what it is there for: for each constraint a log that keeps it to the clock is clean, and one clock less
//! is a violation with the right name.
mod dram_common;

use bico::dram::{Command, CommandKind, MemorySpec, checker::check_log};
use dram_common::*;

use CommandKind::{Activate as A, Precharge as P, PrechargeAll as PA, Read as R, Refresh as F, Write as W};

fn command(clock: u64, kind: CommandKind, bank: u8) -> Command {
    Command { clock, kind, bank, row: 0, column: 0 }
}

fn rules_broken(spec: &MemorySpec, log: &[(u64, CommandKind, u8)]) -> Vec<&'static str> {
    let log: Vec<_> = log.iter().map(|&(clock, kind, bank)| command(clock, kind, bank)).collect();
    check_log(spec, &log).into_iter().map(|v| v.rule).collect()
}

/// `history` then `last`: clean as it is, `rule` broken when the last command comes one clock earlier.
#[track_caller]
fn catches(rule: &str, history: &[(u64, CommandKind, u8)], last: (u64, CommandKind, u8)) {
    let spec = pynq_z1();
    let with = |clock| [history, &[(clock, last.1, last.2)]].concat();
    assert_eq!(rules_broken(&spec, &with(last.0)), [""; 0], "{rule}: the legal log");
    let broken = rules_broken(&spec, &with(last.0 - 1));
    assert!(broken.contains(&rule), "{rule}: planted, but found {broken:?}");
}

#[test]
fn each_planted_violation_is_found() {
    let open = [(10, A, 0), (14, A, 1)];
    let [a, b] = open;
    catches("tRCD", &[a], (17, R, 0));
    catches("tRCD", &[a], (17, W, 0));
    catches("tRAS", &[a], (29, P, 0));
    catches("tRAS", &[a], (29, PA, 0));
    catches("tRC", &[a, (29, P, 0)], (36, A, 0));
    catches("tRP", &[a, (40, P, 0)], (47, A, 0));
    catches("tRP", &[a, (40, PA, 0), (4100, A, 0), (4140, PA, 0)], (4147, F, 0));
    catches("tRRD", &[a], (14, A, 1));
    catches("tFAW", &[a, b, (18, A, 2), (22, A, 3)], (31, A, 4));
    catches("tCCD", &[a, b, (50, R, 0)], (54, R, 1));
    catches("tCCD", &[a, b, (50, W, 0)], (54, W, 1));
    catches("tRTP", &[a, (50, R, 0)], (54, P, 0));
    catches("tWR", &[a, (50, W, 0)], (68, P, 0));
    catches("tWTR", &[a, b, (50, W, 0)], (64, R, 1));
    catches("tRTW", &[a, b, (50, R, 0)], (57, W, 1));
    catches("tRFC", &[(4096, F, 0)], (4233, A, 0));
    catches("one command a clock", &[a, (50, R, 0)], (51, A, 1));
    catches("data bus overlap", &[a, b, (50, R, 0)], (54, R, 1));
}

#[test]
fn wrong_states_are_found() {
    let spec = pynq_z1();
    assert_eq!(rules_broken(&spec, &[(50, R, 0)]), ["row not open"]);
    assert_eq!(rules_broken(&spec, &[(10, A, 0), (50, A, 0)]), ["activate of an open bank"]);
    assert_eq!(rules_broken(&spec, &[(4000, A, 0), (4100, F, 0)]), ["refresh with an open bank"]);
    assert_eq!(rules_broken(&spec, &[(100, F, 0)]), ["refresh before it is due"]);
    let mut misaligned = command(50, R, 0);
    misaligned.column = 4;
    let found = check_log(&spec, &[command(10, A, 0), misaligned]);
    assert_eq!(found[0].rule, "column not aligned to the burst");
    // The first refresh is due at 4095; one interval later somebody must have noticed.
    assert_eq!(rules_broken(&spec, &[(8191, A, 0)]), ["tREFI"]);
}

#[test]
fn shifting_any_command_of_a_dense_run_is_found() {
    // Move each command of a saturated run one clock earlier, alone: nearly all are as early as they can be.
    let spec = without_refresh();
    let requests: Vec<_> = (0..64).map(|i| (i, read((i % 4) as u8, (i * 37 % 64) * 16_384 + i % 3 * 2048, 16))).collect();
    let log = run(&spec, &requests).log;
    let found = (1..log.len()).filter(|&i| {
        let mut log = log.clone();
        log[i].clock -= 1;
        !check_log(&spec, &log).is_empty()
    });
    let (found, all) = (found.count(), log.len());
    assert!(found * 10 > all * 8, "{found} of {all}");
}
