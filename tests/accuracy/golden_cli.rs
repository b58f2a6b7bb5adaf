//! `bico regress --accuracy` as a team has it in its CI: a network folder, a golden file, images of its own.

use super::{fails, moved, run};
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/networks/uav-detector");

fn copy_network(to: &Path) {
    std::fs::create_dir(to).unwrap();
    for file in ["network.toml", "weights.safetensors"] {
        std::fs::copy(Path::new(FOLDER).join(file), to.join(file)).unwrap();
    }
}

/// Moves one float weight of a layer by one step of its format.
fn alter(weights: &Path, tensor: &str, frac: i32) {
    let mut bytes = std::fs::read(weights).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let json: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let at = 8 + header + json[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    let old = f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let step = (-frac as f32).exp2();
    // Towards zero, so that it can not saturate.
    let new = if old > 0.0 { old - step } else { old + step };
    bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
    std::fs::write(weights, bytes).unwrap();
}

#[test]
fn an_altered_weight_fails_with_the_layer_named_until_it_is_blessed() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    copy_network(&d.join("net"));
    let check = ["regress", "--accuracy", "--network", "net", "--golden", "golden/net.json"];
    let bless = [&check[..], &["--bless"]].concat();
    fails(d, &check, 3, &["no such golden accuracy", "golden/net.json", "--bless"]);
    let (code, text) = run(d, &[&bless[..], &["--scenes", "3"]].concat());
    assert!(code == 0 && d.join("golden/net.json").exists(), "{text}");
    let (code, text) = run(d, &check);
    assert!(code == 0 && text.contains("every integer the same"), "{text}");

    alter(&d.join("net/weights.safetensors"), "bundle5_pw.weight", 11);
    moved(d, &check, &["net: moved", "`bundle5_pw` is the first layer whose integers changed", "mean IoU", "--bless"]);
    let before = std::fs::read(d.join("golden/net.json")).unwrap();
    moved(d, &check, &["`bundle5_pw`"]);
    assert_eq!(std::fs::read(d.join("golden/net.json")).unwrap(), before, "a check changes nothing");

    let (code, text) = run(d, &bless);
    assert!(code == 0 && text.contains("`bundle5_pw`") && text.contains("blessed"), "{text}");
    let (code, text) = run(d, &check);
    assert!(code == 0 && text.contains("every integer the same"), "{text}");
}

#[test]
fn images_of_ones_own_count_and_their_change_is_not_blamed_on_the_network() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (code, text) = run(d, &["dataset", "generate", "--count", "3", "--out", "images"]);
    assert_eq!(code, 0, "{text}");
    let check = ["regress", "--accuracy", "--network", FOLDER, "--images", "images", "--golden", "g.json"];
    assert_eq!(run(d, &[&check[..], &["--bless"]].concat()).0, 0);
    let (code, text) = run(d, &check);
    assert!(code == 0 && text.contains("on 3 images"), "{text}");
    // The file remembers network and folder.
    assert_eq!(run(d, &["regress", "--accuracy", "--golden", "g.json"]).0, 0);
    std::fs::remove_file(d.join("images/test-000001.xml")).unwrap();
    fails(d, &check, 3, &["test-000001", "label"]);
    std::fs::remove_file(d.join("images/test-000001.png")).unwrap();
    moved(d, &check, &["images: not those that were blessed (3 then, 2 now have a box)"]);
}

#[test]
fn wrong_options_and_files_are_one_clear_error_each() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    fails(d, &["regress", "--golden", "g.json"], 2, &["--accuracy"]);
    fails(d, &["regress", "--accuracy"], 3, &["traces/accuracy"]);
    fails(d, &["regress", "--accuracy", "--network", "tiny"], 2, &["--golden"]);
    fails(d, &["regress", "--accuracy", "--network", "nonesuch", "--golden", "g.json", "--bless"], 2, &["nonesuch", "uav-detector"]);
    fails(d, &["regress", "--accuracy", "--golden", "g.json", "--tolerance", "nan"], 2, &["tolerance"]);
    std::fs::write(d.join("bad.json"), "{\n\"network\": \"tiny\",\n\"imagess\": \"noise\"}").unwrap();
    fails(d, &["regress", "--accuracy", "--golden", "bad.json"], 3, &["bad.json:3", "imagess"]);
    // A network without a head has integers to hold all the same.
    assert_eq!(run(d, &["regress", "--accuracy", "--network", "tiny", "--golden", "t.json", "--bless"]).0, 0);
    let (code, text) = run(d, &["regress", "--accuracy", "--golden", "t.json"]);
    assert!(code == 0 && text.contains("no IoU"), "{text}");
    fails(d, &["regress", "--accuracy", "--golden", "t.json", "--features", "8"], 2, &["t.json", "--features"]);
}
