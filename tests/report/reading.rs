//! Reading a record back: clear errors, and whatever passes the check can be reported without a panic.

use crate::fixture;
use bico::error::Kind;
use bico::record::RunRecord;
use bico::report::{self, Extras, REGISTRY, compare, parse_record, read_record, record_json, record_schema};
use proptest::prelude::*;

fn json() -> String {
    let mut record = fixture::record();
    record.jobs.truncate(24);
    record_json(&record).unwrap()
}

#[test]
fn another_schema_version_is_named_before_anything_else() {
    let error = parse_record(br#"{"schema_version": 99, "unknown": []}"#).unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    assert!(error.to_string().contains("value:   99") && error.to_string().contains("allowed: 1"), "{error}");
}

#[test]
fn errors_name_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.json");
    let text = json().replacen("\"board\": \"pynq-z1\"", "\"board\": 7", 1);
    let line = text.lines().position(|l| l.contains("\"board\": 7")).unwrap() + 1;
    std::fs::write(&path, text).unwrap();
    let error = read_record(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:{line}: not a record of a run", path.display())), "{error}");
    let missing = read_record(&dir.path().join("absent.json")).unwrap_err();
    assert_eq!(missing.kind(), Kind::Input);
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    let refused = |change: fn(&mut RunRecord), field: &str| {
        let mut record = fixture::record();
        change(&mut record);
        let error = report::check(&record).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    };
    refused(|r| r.clock_mhz = 0.0, "clock_mhz");
    refused(|r| r.performance.fps = f64::NAN, "performance.fps");
    refused(|r| r.jobs[3].layer = 900, "jobs[3].layer");
    refused(|r| r.jobs[3].end_cycle = 0, "jobs[3]");
    refused(|r| r.layers[0].end_cycle = u64::MAX, "layers[0]");
    refused(|r| r.layers[1].macs = u64::MAX, "layers[1]");
    refused(|r| r.units[0].split.busy_cycles = u64::MAX, "units (load)");
    refused(|r| r.memory.read_bytes = u64::MAX, "memory.read_bytes");
    refused(|r| r.resources.total.lut = u64::MAX, "resources.total");
    refused(|r| r.power.parts[0].1 = -1.0, "power.parts");
    refused(|r| r.accuracy.as_mut().unwrap().detections[0].found.w = f32::INFINITY, "detections (scene 000)");
}

#[test]
fn schema_describes_every_field_of_a_record() {
    let schema: serde_json::Value = serde_json::from_str(&record_schema()).unwrap();
    let record: serde_json::Value = serde_json::from_str(&json()).unwrap();
    let described = schema["properties"].as_object().unwrap();
    for field in record.as_object().unwrap().keys() {
        assert!(described[field].get("description").is_some(), "{field} has no description");
    }
}

#[test]
fn an_empty_run_has_reports() {
    let mut record = fixture::record();
    record.jobs.clear();
    record.layers.clear();
    record.units.clear();
    record.frames.clear();
    record.accuracy = None;
    record.power.parts.clear();
    record.resources.components.clear();
    record.resources.budget = Default::default();
    all_reports(&record);
}

fn all_reports(record: &RunRecord) {
    for report in REGISTRY {
        report.files(record, &Extras::default()).unwrap();
    }
    let c = compare(record, &fixture::record());
    c.json().unwrap();
    assert!(!c.text().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any bytes give an error or a record that all reports accept.
    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = json().into_bytes();
        for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Ok(record) = parse_record(&bytes) {
            all_reports(&record);
        }
    }

    /// Digits are where a change leaves the JSON valid: numbers of any size.
    #[test]
    fn changed_numbers_never_panic(places in prop::collection::vec((any::<prop::sample::Index>(), "[0-9]{1,22}|1e[0-9]{1,3}|-1|0\\.[0-9]{1,3}"), 1..4)) {
        let mut text = json();
        for (place, number) in &places {
            let digits: Vec<usize> = text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(i, _)| i).collect();
            let from = digits[place.index(digits.len())];
            let start = text[..from].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + 1);
            let end = text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |i| from + i);
            text.replace_range(start..end, number);
        }
        if let Ok(record) = parse_record(text.as_bytes()) {
            all_reports(&record);
        }
    }

    #[test]
    fn truncated_files_are_errors(at in any::<prop::sample::Index>()) {
        let text = json();
        let end = at.index(text.trim_end().len());
        prop_assert!(parse_record(&text.as_bytes()[..end]).is_err());
    }
}
