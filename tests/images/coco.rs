//! COCO instances.

use crate::support::{broken, objects, photo, whole, write};
use bico::dataset::{Box2D, Examples, Folder, LabelFormat, OnBroken, coco};
use serde_json::{Value, json};
use std::path::Path;

fn instances() -> Value {
    json!({
        "info": {"year": 2020},
        "images": [
            {"id": 8, "file_name": "val/b.png", "width": 64, "height": 32, "license": 3},
            {"id": 7, "file_name": "a.png"},
            {"id": 9, "file_name": "c.png"},
        ],
        "annotations": [
            {"id": 1, "image_id": 8, "category_id": 5, "bbox": [1.5, 2, 3, 4], "area": 12, "segmentation": [], "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 6, "bbox": [60, 0, 8, 8]},
            {"id": 3, "image_id": 8, "category_id": 6, "bbox": [0, 0, 64, 32]},
            {"id": 4, "image_id": 8, "category_id": 6, "bbox": [0, 0, 64, 32], "iscrowd": true},
        ],
        "categories": [{"id": 5, "name": "car"}, {"id": 6, "name": "boat"}],
    })
}

fn folder(dir: &Path, json: &Value) {
    ["images/a.png", "images/val/b.png", "images/c.png"].into_iter().for_each(|name| drop(photo(dir, name)));
    write(dir, "annotations/instances.json", json.to_string());
}

#[test]
fn boxes_are_pixels_and_files_may_lie_in_subfolders() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), &instances());
    photo(dir.path(), "images/unlisted.png");
    for path in ["", "annotations/instances.json"] {
        let read = whole(&dir.path().join(path));
        assert_eq!(read.format(), Some(LabelFormat::Coco));
        let found = objects(&read);
        assert_eq!(found[0], ("a.png".into(), vec![("boat".to_string(), Box2D::new(60.0, 0.0, 4.0, 8.0))]));
        assert_eq!(found[1], ("c.png".into(), vec![]));
        let b = [("car".to_string(), Box2D::new(1.5, 2.0, 3.0, 4.0)), ("boat".to_string(), Box2D::new(0.0, 0.0, 64.0, 32.0))];
        assert_eq!(found[2], ("val/b.png".into(), b.into()));
        let notes: Vec<String> = read.notes().collect();
        for part in
            ["1 images of the folder are not listed", "a.png: box clipped", "b.png: 1 crowd regions: what is found there does not count"]
        {
            assert!(notes.iter().any(|n| n.contains(part)), "{notes:?}");
        }
        assert_eq!(read.load(2).unwrap().largest(), Some(1));
    }
}

#[test]
fn wrong_entries_name_their_place_and_take_one_image_along() {
    for (at, value, left, parts) in [
        ("/annotations/1/bbox", json!([60, 0, 8]), 2, ["annotations[1]: `bbox` is no box", "[60,0,8]"]),
        ("/annotations/1/bbox", json!("60 0 8 8"), 2, ["annotations[1]", "no box"]),
        ("/annotations/1/bbox", json!([60, 0, 0, 8]), 2, ["annotations[1]: the box is empty", "w 0"]),
        ("/annotations/1/bbox", json!([60, 0, -8, 8]), 2, ["annotations[1]: the box is empty", "w -8"]),
        ("/annotations/1/bbox", json!([1e300, 0, 8, 8]), 2, ["annotations[1]", "no finite number"]),
        ("/annotations/1/bbox", json!([65, 0, 8, 8]), 2, ["annotations[1]", "outside the image"]),
        ("/annotations/1/category_id", json!(99), 2, ["annotations[1]", "no category"]),
        ("/annotations/1/image_id", json!(99), 3, ["annotations[1]", "no image"]),
        ("/images/1/id", json!(8), 1, ["images[0]: the id is that of 2 images", "8"]),
        ("/images/1/file_name", json!("./val/b.png"), 2, ["images[1] is images[0] again", "./val/b.png"]),
        ("/images/1/file_name", json!("val/b.png"), 2, ["images[1] is images[0] again", "val/b.png"]),
        ("/images/1/file_name", json!("../a.png"), 2, ["images[1]", "no file of the folder"]),
        ("/images/1/file_name", json!("/etc/passwd"), 2, ["images[1]", "no file of the folder"]),
        ("/images/1/file_name", json!("missing.png"), 2, ["a label without image", "missing.png"]),
        ("/images/0/width", json!(640), 2, ["images: val/b.png: the labels are for an image of another size", "640 x 32"]),
        ("/categories/1/id", json!(5), 1, ["categories[1]: the id is taken", "5"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut json = instances();
        *json.pointer_mut(at).unwrap() = value;
        folder(dir.path(), &json);
        let (text, problems) = broken(dir.path(), None, left);
        let lines: Vec<String> = problems.iter().map(|p| p.one_line()).collect();
        parts.iter().for_each(|p| assert!(lines.iter().any(|l| l.contains(p)), "{at}: {p} in {lines:?}\n{text}"));
    }
}

#[test]
fn a_file_of_another_shape_is_one_error() {
    let good = instances().to_string();
    let nested = format!("{{\"images\": [], \"annotations\": [{{\"image_id\": 1, \"category_id\": 1, \"bbox\": {}", "[".repeat(1_000_000));
    for text in
        ["", "[]", "{}", "null", "{\"images\": 3}", "{\"images\": [], \"annotations\": [{}]}", &good[..good.len() / 2], &nested, "\u{0}"]
    {
        let e = coco::parse(Path::new("x.json"), text).unwrap_err().to_string();
        assert!(e.starts_with("x.json:") && e.contains("no COCO instances"), "{e}");
    }
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), &instances());
    write(dir.path(), "annotations/instances.json", &good[..good.len() - 1]);
    assert!(Folder::open(dir.path(), None, OnBroken::Skip).unwrap_err().to_string().contains("instances.json:1: no COCO instances"));
    write(dir.path(), "other.json", &good);
    let e = Folder::open(dir.path(), None, OnBroken::Skip).unwrap_err().to_string();
    assert!(e.contains("more than one JSON file") && e.contains("name the file instead"), "{e}");
    assert_eq!(whole(&dir.path().join("other.json")).len(), 3);
}
