//! The golden runs under `traces/`: not a cycle and not an integer may move.

use std::path::Path;
use std::process::Command;

#[test]
fn the_golden_runs_have_not_moved() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let run = Command::new(env!("CARGO_BIN_EXE_bico")).args(["regress", "--quiet", "--traces"]).arg(&traces).output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
    let files = std::fs::read_dir(&traces).unwrap().filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "json")).count();
    assert!(files >= 3 && text.lines().filter(|l| l.contains(": same, ")).count() == files, "{files} golden runs: {text}");
}
