//! The golden runs under `traces/` and the golden accuracies under `traces/accuracy/`: not a cycle, not an integer, no IoU may move.

#[path = "common/cli.rs"]
mod cli;

use std::path::Path;

/// Runs `regress` in the repository; each golden file of a folder has to be found the same.
fn holds(arguments: &[&str], folder: &str, names: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let o = cli::bico(root, &[&["regress", "--quiet"], arguments].concat());
    assert!(o.status.success(), "{}{}", cli::out(&o), cli::err(&o));
    let mut files: Vec<String> = std::fs::read_dir(root.join(folder))
        .unwrap()
        .filter_map(|f| f.unwrap().file_name().to_str()?.strip_suffix(".json").map(str::to_string))
        .collect();
    files.sort_unstable();
    assert_eq!(files, names.split_whitespace().collect::<Vec<_>>(), "each pair that ships has one");
    let said = cli::out(&o);
    let mut same: Vec<&str> = said.lines().filter(|l| l.contains(" same")).filter_map(|l| l.split(':').next()).collect();
    same.sort_unstable();
    assert_eq!(same, files, "{said}");
}

#[test]
fn the_golden_runs_have_not_moved() {
    let pairs = "dnn1 dnn2 dnn3 mobile_block skynet_c uav-accurate uav-detector uav-fast uav-finest uav-large uav-precise uav-ternary";
    holds(&[], "traces", pairs);
}

#[test]
fn the_golden_accuracies_have_not_moved() {
    let networks = "dnn1 dnn2 dnn3 mobile_block skynet_c uav-accurate uav-detector uav-detector-8-8 uav-fast uav-finest uav-large uav-precise uav-ternary";
    holds(&["--accuracy"], "traces/accuracy", networks);
}
