//! The Perfetto timeline holds every job once, in tracks without overlaps.

use crate::fixture;
use bico::report::{Extras, REGISTRY};
use serde_json::Value;
use std::collections::BTreeMap;

fn events() -> Vec<Value> {
    let report = REGISTRY.iter().find(|r| r.name == "timeline").unwrap();
    let (_, bytes) = report.files(&fixture::record(), &Extras::default()).unwrap().remove(0);
    let parsed: Value = serde_json::from_slice(&bytes).unwrap();
    parsed["traceEvents"].as_array().unwrap().clone()
}

#[test]
fn every_job_is_one_slice_at_its_time() {
    let record = fixture::record();
    let events = events();
    let jobs: BTreeMap<u64, &Value> =
        events.iter().filter_map(|e| e["args"].get("start_cycle").map(|_| (e["args"]["job"].as_u64().unwrap(), e))).collect();
    assert_eq!(jobs.len(), record.jobs.len());
    for job in &record.jobs {
        let slice = jobs[&u64::from(job.job)];
        let microseconds = |cycles: u64| cycles as f64 / record.clock_mhz;
        assert_eq!(slice["ts"].as_f64().unwrap(), microseconds(job.start_cycle));
        assert_eq!(slice["dur"].as_f64().unwrap(), microseconds(job.end_cycle + 1 - job.start_cycle));
        assert_eq!(slice["name"], record.layers[usize::from(job.layer)].name.as_str());
    }
}

#[test]
fn slices_of_a_track_do_not_overlap() {
    let mut tracks: BTreeMap<(u64, u64), Vec<(i64, i64)>> = BTreeMap::new();
    for e in events().iter().filter(|e| e["ph"] == "X") {
        let picoseconds = |v: &Value| (v.as_f64().unwrap() * 1e6).round() as i64;
        let from = picoseconds(&e["ts"]);
        let track = (e["pid"].as_u64().unwrap(), e["tid"].as_u64().unwrap());
        tracks.entry(track).or_default().push((from, from + picoseconds(&e["dur"])));
    }
    assert_eq!(tracks.len(), 6 + 7);
    for slices in tracks.values_mut() {
        slices.sort_unstable();
        assert!(slices.windows(2).all(|w| w[0].1 <= w[1].0), "{slices:?}");
    }
}

#[test]
fn queue_counters_start_and_end_empty_and_keep_to_the_depth() {
    let mut queues: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for e in events().iter().filter(|e| e["ph"] == "C") {
        queues.entry(e["name"].as_str().unwrap().into()).or_default().push(e["args"]["jobs"].as_u64().unwrap());
    }
    assert_eq!(queues.len(), 6);
    for (name, levels) in queues {
        assert_eq!((levels[0].min(1), *levels.last().unwrap()), (0, 0), "{name}");
        assert!(levels.iter().all(|l| *l <= 5), "{name}: {levels:?}");
    }
}
