//! The waveform, read back by another library.

use crate::fixture;
use bico::plan::Unit;
use bico::record::RunRecord;
use bico::report::activity::{State, queue_levels, spans};
use bico::report::{Extras, REGISTRY};
use std::io::Cursor;
use wellen::simple::Waveform;

/// Picoseconds of a cycle at the fixture's clock.
const PERIOD: u64 = 10_000;

fn waveform(record: &RunRecord, extras: &Extras) -> Waveform {
    let report = REGISTRY.iter().find(|r| r.name == "waveform").unwrap();
    let (_, bytes) = report.files(record, extras).unwrap().remove(0);
    wellen::simple::read_from_reader(Cursor::new(bytes)).unwrap()
}

/// The value of a signal at a cycle.
fn value(wave: &mut Waveform, scope: &str, name: &str, cycle: u64) -> Option<u64> {
    let var = wave.hierarchy().lookup_var(&["top", scope], name).expect("the signal exists");
    let signal = wave.hierarchy()[var].signal_ref();
    wave.load_signals(&[signal]);
    let index = wave.time_table().partition_point(|t| *t <= cycle * PERIOD).checked_sub(1)? as u32;
    let loaded = wave.get_signal(signal).unwrap();
    let offset = loaded.get_offset(index)?;
    let bits = loaded.get_value_at(&offset, 0).to_bit_string()?;
    u64::from_str_radix(&bits, 2).ok()
}

#[test]
fn states_and_queues_equal_the_record_at_sampled_cycles() {
    let record = fixture::record();
    let mut wave = waveform(&record, &fixture::extras());
    for unit in [Unit::Load, Unit::Pointwise, Unit::Store] {
        let (spans, levels) = (spans(&record, unit), queue_levels(&record, unit));
        for cycle in (0..record.frames[0].end_cycle).step_by(50_021) {
            let span = spans.iter().find(|s| (s.from..s.to).contains(&cycle)).unwrap();
            let mut get = |name| value(&mut wave, unit.name(), name, cycle).unwrap();
            assert_eq!(get("busy"), u64::from(span.state == State::Busy), "{unit} in cycle {cycle}");
            assert_eq!(get("wait_token"), u64::from(matches!(span.state, State::WaitToken(_))));
            assert_eq!(get("wait_job"), u64::from(span.state == State::WaitJob));
            let level = levels.iter().rev().find(|(from, _)| *from <= cycle).unwrap().1;
            assert_eq!(get("queue"), u64::from(level), "queue of {unit} in cycle {cycle}");
            if let Some(job) = span.job {
                assert_eq!((get("job"), get("layer")), (u64::from(job.job), u64::from(job.layer)));
            }
        }
    }
}

#[test]
fn tokens_have_their_values() {
    let mut wave = waveform(&fixture::record(), &fixture::extras());
    let mut at = |cycle| value(&mut wave, "tokens", "load_to_depthwise", cycle);
    assert_eq!([at(499), at(500), at(899), at(900)], [Some(0), Some(1), Some(1), Some(0)]);
}

#[test]
fn a_window_starts_with_the_values_it_finds() {
    let record = fixture::record();
    let job = record.jobs.iter().filter(|j| j.unit == Unit::Pointwise).nth(40).unwrap();
    let (from, to) = (job.start_cycle + 5, job.end_cycle + 5);
    let extras = Extras { window_cycles: Some((from, to)), ..Extras::default() };
    let mut wave = waveform(&record, &extras);
    assert_eq!(value(&mut wave, "pointwise", "busy", from), Some(1));
    assert_eq!(value(&mut wave, "pointwise", "job", from), Some(u64::from(job.job)));
    assert_eq!(value(&mut wave, "pointwise", "busy", from - 1), None, "unknown before the window");
    assert_eq!(*wave.time_table().last().unwrap(), to * PERIOD);
}

#[test]
fn an_empty_window_is_an_error() {
    let report = REGISTRY.iter().find(|r| r.name == "waveform").unwrap();
    let extras = Extras { window_cycles: Some((10, 10)), ..Extras::default() };
    let error = report.files(&fixture::record(), &extras).unwrap_err();
    assert!(error.to_string().contains("window"), "{error}");
}
