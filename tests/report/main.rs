//! Reports on a made-up but consistent record: a pipeline of six bundles, scheduled by tokens as the machine would.

mod compare;
mod determinism;
mod fixture;
mod pipeline;
mod plots;
mod reading;
mod real;
mod table;
mod timeline;
mod waveform;

/// Writes all reports of the fixture for looking at: `cargo test --release --test report -- --ignored preview`.
#[test]
#[ignore = "for looking at the reports"]
fn preview() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("preview");
    bico::report::write_all(&fixture::record(), &fixture::extras(), &dir).unwrap();
    bico::report::write_all(&fixture::crowded(), &fixture::extras(), &dir.with_file_name("crowded")).unwrap();
    print!("{}", bico::report::table::summary(&fixture::record(), bico::report::table::Style::Terminal));
}
