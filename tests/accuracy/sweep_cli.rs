//! `bico sweep`: its files, that it goes on where it ended, and what it refuses.

use super::{fails, run};
use std::process::Command;

const SMALL: [&str; 7] = ["sweep", "--features", "8..9", "--weights", "9..10", "--scenes", "3"];

#[test]
fn files_are_the_same_on_any_number_of_threads_and_finished_points_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let mut made = Vec::new();
    for threads in ["1", "2"] {
        let o = Command::new(env!("CARGO_BIN_EXE_bico"))
            .args(SMALL)
            .args(["--out", threads])
            .current_dir(d)
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(o.status.success() && o.stderr.is_empty(), "{}", String::from_utf8_lossy(&o.stderr));
        let read = |name: &str| std::fs::read(d.join(threads).join(name)).unwrap();
        made.push((o.stdout, ["sweep.csv", "sweep.toml", "sweep.svg", "observation1.csv", "observation1.svg"].map(read)));
    }
    assert!(made[0] == made[1]);
    let table = String::from_utf8(made[0].0.clone()).unwrap();
    assert!(table.contains("float32") && table.contains("observation 1"), "{table}");
    let rows = String::from_utf8(made[0].1[0].clone()).unwrap();
    assert_eq!(rows.lines().count(), 1 + 1 + 4, "{rows}");
    let text = |k: usize| String::from_utf8(made[0].1[k].clone()).unwrap();
    for row in rows.lines().filter(|r| r.starts_with("post-training")) {
        let iou: f64 = row.split(',').nth(4).unwrap().parse().unwrap();
        assert!(text(2).contains(&format!("{iou:.3}")) && table.contains(&format!("{iou:.3}")), "{row}");
    }
    for part in ["uav-detector: mean IoU on 3 validation scenes", "feature bits", "weight bits"] {
        assert!(text(2).contains(part), "{part}");
    }
    for part in ["relative to float32", "feature maps reduced, weights at 10 bits", "weights reduced, feature maps at 9 bits"] {
        assert!(text(4).contains(part), "{part}");
    }
    assert!(text(3).starts_with("reduced,bits,other_bits,compression,mean_iou,standard_error\nfeatures,9,10,"), "{}", text(3));

    // A finished point is not run again, a lost one is.
    let csv = d.join("1/sweep.csv");
    let mut lines: Vec<String> = rows.lines().map(str::to_string).collect();
    assert!(lines[2].starts_with("post-training,8,9,0,"), "{rows}");
    let marked = "post-training,8,9,0,0.123456,0.01,4.0,3.1";
    let lost = lines.pop().unwrap();
    lines[2] = marked.into();
    std::fs::write(&csv, lines.join("\n") + "\n").unwrap();
    let (code, text) = run(d, &[&SMALL[..], &["--out", "1"]].concat());
    assert!(code == 0 && text.contains("0.123"), "{text}");
    let after = std::fs::read_to_string(&csv).unwrap();
    assert!(after.contains(marked) && after.ends_with(&format!("{lost}\n")), "{after}");
}

#[test]
fn other_settings_broken_files_and_wrong_widths_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let one = ["sweep", "--features", "9", "--weights", "11", "--scenes", "2", "--out", "s"];
    assert_eq!(run(d, &one).0, 0);
    fails(d, &[&one[..7], &["--out", "s", "--seed", "5"]].concat(), 3, &["sweep.toml", "`seed`", "value:   5", "allowed: 0"]);
    fails(d, &["sweep", "skynet_c", "--scenes", "2", "--out", "s"], 3, &["`network`", "skynet_c", "uav-detector"]);
    std::fs::write(d.join("s/sweep.csv"), "kind,feature_bits\nodd,9\n").unwrap();
    fails(d, &one, 3, &["sweep.csv:2", "not a row of a sweep"]);
    std::fs::remove_file(d.join("s/sweep.toml")).unwrap();
    fails(d, &one, 3, &["sweep.csv", "without sweep.toml"]);
    for wrong in ["0..4", "4..17", "9..4", "wide"] {
        fails(d, &["sweep", "--features", wrong], 2, &["FROM..TO", wrong]);
    }
    fails(d, &["sweep", "tiny"], 3, &["tiny", "detection head"]);
    fails(d, &["sweep", "--scenes", "0"], 2, &["--scenes"]);
    fails(d, &["sweep", "--features", "9", "--weights", "11", "--scenes", "1", "--fine-tune", "2", "--epochs", "0"], 2, &["--epochs"]);
}

/// A folder of images: every fourth calibrates, the others are scored, and other images are another sweep.
#[test]
fn own_images_are_swept() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let generate = |count: &str, out: &str| assert_eq!(run(d, &["dataset", "generate", "--count", count, "--out", out]).0, 0);
    generate("9", "photos");
    let sweep = |images: &'static str| ["sweep", "--features", "9", "--weights", "11", "--out", "s", "--images", images];
    let (code, text) = run(d, &sweep("photos"));
    assert!(code == 0 && text.contains("mean IoU on 6 images, calibrated by"), "{text}");
    let rows = std::fs::read_to_string(d.join("s/sweep.csv")).unwrap();
    let ious: Vec<f64> = rows.lines().skip(1).map(|r| r.split(',').nth(4).unwrap().parse().unwrap()).collect();
    assert!(ious.len() == 2 && ious.iter().all(|iou| *iou > 0.3) && (ious[0] - ious[1]).abs() < 0.05, "float, and 9/11 bits: {rows}");
    // One without an object is not scored, and not counted.
    generate("9", "some");
    let mut labels: Vec<_> = std::fs::read_dir(d.join("some")).unwrap().map(|e| e.unwrap().path()).collect();
    labels.retain(|p| p.extension().is_some_and(|e| e == "xml"));
    labels.sort();
    let label = std::fs::read_to_string(&labels[1]).unwrap();
    let (before, after) = (label.find("<object>").unwrap(), label.rfind("</object>").unwrap() + "</object>".len());
    std::fs::write(&labels[1], format!("{}{}", &label[..before], &label[after..])).unwrap();
    let (code, text) = run(d, &["sweep", "--features", "9", "--weights", "11", "--images", "some"]);
    assert!(code == 0 && text.contains("mean IoU on 5 images") && text.contains("1 of 9 images have no labelled object"), "{text}");
    generate("1", "one");
    fails(d, &sweep("one"), 3, &["one", "no image is left to score", "2 images or more"]);
    generate("8", "others");
    fails(d, &sweep("others"), 3, &["sweep.toml", "`generator`"]);
    fails(d, &[&sweep("photos")[..], &["--fine-tune", "1"]].concat(), 2, &["--images", "--fine-tune"]);
}
