//! `bico evaluate` and `bico simulate --images` as a user meets them.

#[path = "common/cli.rs"]
mod cli;

use cli::{bico, err, fails, out};
use std::path::Path;
use std::process::{Command, Output};

fn json(o: &Output) -> serde_json::Value {
    assert!(o.status.success(), "{}", err(o));
    serde_json::from_str(&out(o)).unwrap()
}

/// The score `name` of objects of `size`.
fn metric<'a>(found: &'a serde_json::Value, name: &str, size: &str) -> &'a serde_json::Value {
    let all = found["metrics"].as_array().unwrap();
    all.iter().find(|m| m["name"] == name && m["size"] == size).unwrap_or_else(|| panic!("{name}, {size} in {all:?}"))
}

/// Scenes as files, with VOC labels.
fn scenes(dir: &Path, count: &str) {
    assert!(bico(dir, &["dataset", "generate", "--count", count, "--out", "photos"]).status.success());
}

/// The VOC labels of `photos` as another format's.
fn relabel(dir: &Path, label: impl Fn(&str, &bico::dataset::voc::Annotation)) {
    let folder = dir.join("photos");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "xml"));
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        label(&path.file_stem().unwrap().to_string_lossy(), &bico::dataset::voc::parse(&path, &text).unwrap());
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn scenes_and_the_same_scenes_as_files_in_each_format_score_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let scored = |arguments: &[&str]| {
        let found = json(&bico(dir.path(), &[&["evaluate", "--format", "json", "--resamples", "200"], arguments].concat()));
        metric(&found, "mean IoU", "all")["estimates"].as_array().unwrap()[..2].to_vec()
    };
    let direct = scored(&["--scenes", "4"]);
    assert!(direct[0]["value"].as_f64().unwrap() > 0.3, "{direct:?}");
    let close = |found: &[serde_json::Value]| {
        let value = |v: &serde_json::Value| v["value"].as_f64().unwrap();
        found.iter().zip(&direct).all(|(a, b)| (value(a) - value(b)).abs() < 1e-4)
    };
    scenes(dir.path(), "4");
    assert!(close(&scored(&["--images", "photos"])));
    let mut images = Vec::new();
    let mut annotations = Vec::new();
    let all = std::cell::RefCell::new((&mut images, &mut annotations));
    relabel(dir.path(), |stem, a| {
        let b = a.objects[0].1;
        let (cx, cy) = ((b.x + b.w / 2.0) / 640.0, (b.y + b.h / 2.0) / 360.0);
        std::fs::write(dir.path().join(format!("photos/{stem}.txt")), format!("0 {cx} {cy} {} {}\n", b.w / 640.0, b.h / 360.0)).unwrap();
        let (images, annotations) = &mut *all.borrow_mut();
        annotations.push(serde_json::json!({"image_id": images.len(), "category_id": 1, "bbox": [b.x, b.y, b.w, b.h]}));
        images.push(serde_json::json!({"id": images.len(), "file_name": format!("{stem}.png"), "width": 640, "height": 360}));
    });
    assert!(close(&scored(&["--images", "photos"])));
    let coco = serde_json::json!({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "target"}]});
    std::fs::write(dir.path().join("photos/all.json"), coco.to_string()).unwrap();
    assert!(close(&scored(&["--images", "photos", "--labels", "coco"])));
    fails(dir.path(), &["evaluate", "--images", "photos"], 3, &["more than one format", "--labels yolo or --labels coco"]);
}

#[test]
fn files_are_the_same_on_one_thread_and_on_two_and_say_what_was_compared() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for threads in ["1", "2"] {
        let o = Command::new(env!("CARGO_BIN_EXE_bico"))
            .args(["evaluate", "--scenes", "6", "--features", "6", "--against", "uav-detector", "--resamples", "200", "--out", threads])
            .current_dir(dir.path())
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(o.status.success(), "{}", err(&o));
        for part in
            ["6-bit features", "9-bit features", "mean IoU", "executed - float", "other executed - executed", "salient blob", "AP at 0.5"]
        {
            assert!(out(&o).contains(part), "`{part}` is missing in:\n{}", out(&o));
        }
        assert!(out(&o).lines().all(|l| l.chars().count() <= 100), "{}", out(&o));
        let mut names: Vec<_> = std::fs::read_dir(dir.path().join(threads)).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        files.push(names.iter().map(|p| (p.file_name().unwrap().to_owned(), std::fs::read(p).unwrap())).collect::<Vec<_>>());
    }
    let names: Vec<_> = files[0].iter().map(|(n, _)| n.to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["contact_sheet.png", "evaluate.csv", "evaluate.json", "evaluate.txt", "iou.svg"]);
    assert!(files[0] == files[1]);
    let text = |name: &str| std::fs::read_to_string(dir.path().join("1").join(name)).unwrap();
    let found: bico::evaluate::Evaluation = serde_json::from_str(&text("evaluate.json")).unwrap();
    assert_eq!((found.images.len(), found.columns.len(), found.differences.len()), (6, 7, 4));
    assert_eq!(found.metrics[0].items, found.metrics[1..].iter().filter(|m| m.name == "mean IoU").map(|m| m.items).sum::<u64>());
    // The table's figures follow from the images' own.
    let mean = found.images.iter().map(|i| f64::from(i.answers[1].iou.unwrap())).sum::<f64>() / 6.0;
    let executed = found.metrics[0].estimates[1].unwrap();
    assert!((executed.value - mean).abs() < 1e-9 && executed.low <= mean && mean <= executed.high);
    let difference = found.metrics[0].differences[0].unwrap();
    assert!((difference.value - (mean - found.metrics[0].estimates[0].unwrap().value)).abs() < 1e-9);
    assert_eq!(text("evaluate.csv").lines().count(), 7);
    assert!(text("evaluate.csv").starts_with("image,objects,largest_share_percent,float_iou"));
}

#[test]
fn executed_values_are_those_of_the_simulated_machine() {
    let dir = tempfile::tempdir().unwrap();
    let simulated = json(&bico(dir.path(), &["simulate", "--scenes", "3", "--format", "json"]));
    let evaluated = json(&bico(dir.path(), &["evaluate", "--scenes", "3", "--format", "json"]));
    for index in 0..3 {
        let (a, b) = (&simulated["accuracy"]["detections"][index], &evaluated["images"][index]["answers"][1]);
        assert_eq!((&a["iou"], &a["confidence"], &a["found"]), (&b["iou"], &b["best"]["confidence"], &b["best"]["box"]));
    }
}

#[test]
fn images_of_several_objects_are_scored_by_average_precision() {
    let dir = tempfile::tempdir().unwrap();
    scenes(dir.path(), "4");
    relabel(dir.path(), |stem, a| {
        let b = a.objects[0].1;
        let line = |b: bico::dataset::Box2D| {
            format!("0 {} {} {} {}\n", (b.x + b.w / 2.0) / 640.0, (b.y + b.h / 2.0) / 360.0, b.w / 640.0, b.h / 360.0)
        };
        // One image without object, the others with a second one that is not there.
        let other = bico::dataset::Box2D::new(1.0, 1.0, 9.0, 9.0);
        let text = if stem.ends_with('0') { String::new() } else { line(b) + &line(other) };
        std::fs::write(dir.path().join(format!("photos/{stem}.txt")), text).unwrap();
    });
    let o = bico(dir.path(), &["evaluate", "--images", "photos", "--out", "run", "--resamples", "200"]);
    assert!(o.status.success() && out(&o).contains("AP at 0.5") && !out(&o).contains("mean IoU"), "{}{}", out(&o), err(&o));
    let text = std::fs::read_to_string(dir.path().join("run/evaluate.json")).unwrap();
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(metric(&found, "AP at 0.5", "all")["items"], 6);
    let value = |name: &str| metric(&found, name, "all")["estimates"][1]["value"].as_f64().unwrap();
    // At most half of the boxes can be found.
    let (coarse, fine) = (value("AP at 0.5"), value("AP 0.5 to 0.95"));
    assert!(coarse > 0.1 && coarse < 0.52 && fine <= coarse, "{coarse} {fine}");
    assert!(dir.path().join("run/contact_sheet.png").exists() && !dir.path().join("run/iou.svg").exists());
    let o = bico(dir.path(), &["simulate", "--images", "photos"]);
    let text = out(&o).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["on 3 images, standard error", "1 of 4 images have no labelled object", "3 of 4 images have several labelled objects"] {
        assert!(o.status.success() && text.contains(part), "{part}: {text}{}", err(&o));
    }
}

#[test]
fn broken_files_are_one_error_or_are_listed_and_skipped() {
    let dir = tempfile::tempdir().unwrap();
    scenes(dir.path(), "3");
    let photos = dir.path().join("photos");
    let png = std::fs::read(photos.join("test-000000.png")).unwrap();
    std::fs::write(photos.join("test-000000.png"), &png[..1000]).unwrap();
    std::fs::write(photos.join("test-000001.xml"), "<annotation><object/></annotation>").unwrap();
    for command in ["evaluate", "simulate"] {
        let arguments = [command, "--images", "photos", "--out", "run"];
        fails(dir.path(), &arguments, 3, &["test-000000.png", "2 problems in all", "test-000001.xml:1", "--on-broken skip"]);
        assert!(!dir.path().join("run").exists(), "nothing half-written");
        let o = bico(dir.path(), &[&arguments[..], &["--on-broken", "skip", "--quiet"]].concat());
        assert!(o.status.success(), "{}", err(&o));
        assert_eq!(err(&o).matches("skipped: ").count(), 2, "{}", err(&o));
        let record = if command == "evaluate" { "run/evaluate.json" } else { "run/record.json" };
        let text = std::fs::read_to_string(dir.path().join(record)).unwrap();
        assert_eq!(text.matches("skipped: ").count(), 2);
        std::fs::remove_dir_all(dir.path().join("run")).unwrap();
    }
}

#[test]
fn what_cannot_be_evaluated_is_one_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    std::fs::create_dir(d.join("empty")).unwrap();
    std::fs::create_dir(d.join("unlabelled")).unwrap();
    image::RgbImage::new(64, 36).save(d.join("unlabelled/a.png")).unwrap();
    fails(d, &["evaluate", "--images", "nowhere"], 3, &["nowhere"]);
    fails(d, &["evaluate", "--images", "empty"], 3, &["empty", "no images"]);
    fails(d, &["evaluate", "--images", "unlabelled"], 3, &["no image has a labelled object", "simulate --images"]);
    fails(d, &["evaluate", "--images", "unlabelled", "--labels", "yolo"], 3, &["a.png: an image without label", ".txt"]);
    fails(d, &["evaluate", "--images", "unlabelled", "--labels", "pascal"], 2, &["voc", "yolo", "coco"]);
    fails(d, &["evaluate", "--images", "unlabelled", "--scenes", "3"], 2, &["--scenes"]);
    fails(d, &["evaluate", "--scenes", "0"], 2, &["--scenes"]);
    fails(d, &["evaluate", "--resamples", "3"], 2, &["--resamples"]);
    fails(d, &["evaluate", "skynet_c", "--scenes", "1", "--against", "nonesuch"], 2, &["nonesuch"]);
    fails(d, &["evaluate", "--features", "17"], 2, &["--features", "17", "16"]);
    fails(d, &["evaluate", "mobile_block", "--scenes", "1"], 3, &["mobile_block", "no detection head"]);
    std::fs::write(d.join("file"), "").unwrap();
    fails(d, &["evaluate", "--scenes", "1", "--out", "file"], 3, &["file"]);
}

/// The same images in another input format, signed around a zero point: executed sees what float sees. And a format that loses the image is refused.
#[test]
fn the_format_of_the_input_decides_nothing_as_long_as_it_holds_the_image() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/networks/uav-detector");
    let text = std::fs::read_to_string(shipped.join("network.toml")).unwrap();
    let network = |name: &str, from: &str, to: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(shipped.join("weights.safetensors"), folder.join("weights.safetensors")).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(folder.join("network.toml"), text.replacen(from, to, 1)).unwrap();
    };
    let format = "zero_point = 0\n\n[input.format]\nbits = 8\nfrac = 8\nsigned = false";
    network("signed", format, "zero_point = -128\n\n[input.format]\nbits = 8\nfrac = 8\nsigned = true");
    let scored = |name: &str| {
        let found = json(&bico(dir.path(), &["evaluate", name, "--format", "json", "--scenes", "8", "--resamples", "200"]));
        let estimates = metric(&found, "mean IoU", "all")["estimates"].as_array().unwrap().clone();
        [0, 1].map(|k| estimates[k]["value"].as_f64().unwrap())
    };
    assert_eq!(scored("signed"), scored("uav-detector"));
    network("whole", format, "zero_point = 0\n\n[input.format]\nbits = 8\nfrac = 0\nsigned = false");
    for command in
        [&["evaluate", "whole", "--scenes", "4"][..], &["simulate", "whole", "--scenes", "4"], &["train", "whole", "--out", "trained"]]
    {
        fails(dir.path(), command, 3, &["loses the image", "frac = 8"]);
    }
}
