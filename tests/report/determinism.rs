//! The same record gives the same bytes; files appear whole and readable.

use crate::fixture;
use bico::report::{self, REGISTRY, write_all};
use std::collections::BTreeSet;

#[test]
fn every_report_has_the_same_bytes_twice() {
    let (record, extras) = (fixture::record(), fixture::extras());
    for report in REGISTRY {
        let first = report.files(&record, &extras).unwrap();
        assert!(first.iter().all(|(_, bytes)| !bytes.is_empty()), "{} has an empty file", report.name);
        assert!(first == report.files(&record, &extras).unwrap(), "{} differs between two runs", report.name);
    }
}

#[test]
fn a_record_that_was_written_and_read_gives_the_same_bytes() {
    let (record, extras) = (fixture::record(), fixture::extras());
    let read = report::parse_record(report::record_json(&record).unwrap().as_bytes()).unwrap();
    assert_eq!(read, record);
    for report in REGISTRY {
        assert!(report.files(&record, &extras).unwrap() == report.files(&read, &extras).unwrap(), "{} differs", report.name);
    }
}

#[test]
fn all_files_are_written_and_no_temporary_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let written = write_all(&fixture::record(), &fixture::extras(), &dir.path().join("out")).unwrap();
    assert_eq!(written.len(), written.iter().collect::<BTreeSet<_>>().len());
    let on_disk = |path: &std::path::Path| std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).count();
    let out = dir.path().join("out");
    assert_eq!(on_disk(&out) + on_disk(&out.join("detections")), written.len());
    // A second run replaces the first.
    assert_eq!(write_all(&fixture::record(), &fixture::extras(), &out).unwrap(), written);
}

#[test]
fn an_output_folder_that_is_a_file_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = write_all(&fixture::record(), &fixture::extras(), file.path()).unwrap_err();
    assert!(error.to_string().contains("cannot make the folder"), "{error}");
}
