//! `waveform.fst`: states of the units, their jobs and queues, and token counters, for GTKWave, Surfer and the like.
//!
//! Time is simulated time in picoseconds; `top.cycle` is the cycle of the last change. In each unit's scope `busy`,
//! `wait_token`, `wait_job` say what it does (none of them: idle after its last job), `job` and `layer` which job runs
//! or waits, `missing` the code of the unit whose token came last (15: none), `queue` the jobs in its queue.
//! Signals are `x` before the window.

use super::activity::{self, State};
use super::timeline::picoseconds;
use super::{Extras, derive::frame_cycles};
use crate::error::{Error, Kind, Result};
use crate::plan::Unit;
use crate::record::RunRecord;
use fst_writer::{
    FstFileType, FstHeaderWriter, FstInfo, FstScopeType, FstSignalId, FstSignalType, FstVarDirection, FstVarType, FstWriteError,
};
use std::io::Cursor;

/// Bits of each signal of a unit, in order of declaration.
const UNIT_SIGNALS: [(&str, u32); 7] =
    [("busy", 1), ("wait_token", 1), ("wait_job", 1), ("job", 32), ("layer", 16), ("missing", 4), ("queue", 8)];
/// Value of `missing` when no token was waited for.
const NO_UNIT: u64 = 15;

/// A change of one signal: cycle, index of the signal, value.
type Change = (u64, usize, u64);

pub(super) fn render(record: &RunRecord, extras: &Extras) -> Result<Vec<u8>> {
    let whole = (0, frame_cycles(record));
    let (from, to) = extras.window_cycles.unwrap_or(whole);
    if from >= to.min(whole.1) {
        let e = Error::usage("the window of the waveform is empty").value(format!("{from}:{to}"));
        return Err(e.allowed(format!("FROM below TO, and below the frame's {} cycles", whole.1)));
    }
    let units = activity::active_units(record);
    let pairs = token_pairs(extras);
    encode(record, &units, &pairs, (from, to), &windowed(changes(record, extras, &units, &pairs), from, to)).map_err(|e| match e {
        FstWriteError::Io(e) => Error::new(Kind::Environment, format!("cannot write the waveform: {e}")),
        e => Error::fault(format!("cannot write the waveform: {e}")),
    })
}

/// Counters that ever change, by code.
fn token_pairs(extras: &Extras) -> Vec<(Unit, Unit)> {
    let mut pairs: Vec<_> = extras.tokens.iter().map(|t| (t.from, t.to)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// All changes of the frame in order of time; signal 0 is the cycle, then the units', then the tokens'.
fn changes(record: &RunRecord, extras: &Extras, units: &[Unit], pairs: &[(Unit, Unit)]) -> Vec<Change> {
    let mut out = Vec::new();
    for (i, unit) in units.iter().enumerate() {
        let first = 1 + i * UNIT_SIGNALS.len();
        for span in activity::spans(record, *unit) {
            let missing = match span.state {
                State::WaitToken(unit) => unit,
                _ => span.job.and_then(|job| job.waited_for),
            };
            let is = |state: bool| u64::from(state);
            out.extend([
                (span.from, first, is(span.state == State::Busy)),
                (span.from, first + 1, is(matches!(span.state, State::WaitToken(_)))),
                (span.from, first + 2, is(span.state == State::WaitJob)),
                (span.from, first + 5, missing.map_or(NO_UNIT, |unit| unit.index() as u64)),
            ]);
            // Job and layer keep the last job while nothing runs: easier to read than a value that comes and goes.
            if let Some(job) = span.job {
                out.extend([(span.from, first + 3, u64::from(job.job)), (span.from, first + 4, u64::from(job.layer))]);
            }
        }
        out.extend(activity::queue_levels(record, *unit).iter().map(|(cycle, level)| (*cycle, first + 6, u64::from(*level))));
    }
    let first = 1 + units.len() * UNIT_SIGNALS.len();
    for (i, pair) in pairs.iter().enumerate() {
        let own = extras.tokens.iter().filter(|t| (t.from, t.to) == *pair);
        out.push((0, first + i, 0));
        out.extend(own.map(|t| (t.cycle, first + i, u64::from(t.value))));
    }
    out.sort_by_key(|(cycle, signal, _)| (*cycle, *signal));
    out
}

/// Changes within the window; earlier ones count as the value at its first cycle.
fn windowed(changes: Vec<Change>, from: u64, to: u64) -> Vec<Change> {
    let split = changes.partition_point(|(cycle, ..)| *cycle <= from);
    let mut at_start: Vec<Change> = changes[..split].iter().map(|(_, signal, value)| (from, *signal, *value)).collect();
    at_start.reverse();
    at_start.sort_by_key(|(_, signal, _)| *signal);
    at_start.dedup_by_key(|(_, signal, _)| *signal);
    at_start.extend(changes[split..].iter().take_while(|(cycle, ..)| *cycle <= to));
    at_start
}

fn encode(
    record: &RunRecord,
    units: &[Unit],
    pairs: &[(Unit, Unit)],
    (from, to): (u64, u64),
    changes: &[Change],
) -> std::result::Result<Vec<u8>, FstWriteError> {
    let info = FstInfo {
        start_time: 0,
        timescale_exponent: -12,
        version: format!("bico {}", record.bico_version),
        date: String::new(),
        file_type: FstFileType::Verilog,
    };
    let mut header = FstHeaderWriter::new(Cursor::new(Vec::new()), &info)?;
    let mut signals: Vec<(FstSignalId, u32)> = Vec::new();
    let mut var = |header: &mut FstHeaderWriter<_>, name: &str, bits: u32| -> std::result::Result<(), FstWriteError> {
        let id = header.var(name, FstSignalType::bit_vec(bits), FstVarType::Wire, FstVarDirection::Implicit, None)?;
        signals.push((id, bits));
        Ok(())
    };
    header.scope("top", "", FstScopeType::Module)?;
    var(&mut header, "cycle", 48)?;
    for unit in units {
        header.scope(unit.name(), "", FstScopeType::Module)?;
        UNIT_SIGNALS.iter().try_for_each(|(name, bits)| var(&mut header, name, *bits))?;
        header.up_scope()?;
    }
    header.scope("tokens", "", FstScopeType::Module)?;
    pairs.iter().try_for_each(|(from, to)| var(&mut header, &format!("{from}_to_{to}"), 8))?;
    header.up_scope()?;
    header.up_scope()?;
    let mut body = header.finish()?;
    let set = |body: &mut fst_writer::FstBodyWriter<_>, signal: usize, value: u64| {
        let (id, bits) = signals[signal];
        let value = if bits < 64 { value.min((1 << bits) - 1) } else { value };
        body.signal_change(id, format!("{value:0width$b}", width = bits as usize).as_bytes())
    };
    let mut now = None;
    for (cycle, signal, value) in changes.iter().copied().chain([(from, 0, from), (to, 0, to)].into_iter().filter(|_| changes.is_empty())) {
        if now != Some(cycle) {
            body.time_change(picoseconds(record, cycle))?;
            set(&mut body, 0, cycle)?;
            now = Some(cycle);
        }
        set(&mut body, signal, value)?;
    }
    body.time_change(picoseconds(record, to))?;
    set(&mut body, 0, to)?;
    Ok(body.finish()?.into_inner())
}
