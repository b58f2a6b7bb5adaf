//! Whatever a file holds, reading it ends in data or in an error of bad input, and boxes are what they have to be.

use crate::support::{photo, write};
use bico::dataset::decode::decode;
use bico::dataset::{Box2D, Examples, Folder, LabelFormat, LabelledBox, Labels, OnBroken, coco, voc, yolo};
use bico::error::Kind;
use proptest::prelude::*;
use std::path::Path;

type Edits = Vec<(usize, u8)>;

fn edits() -> impl Strategy<Value = Edits> {
    prop::collection::vec((0usize..4000, any::<u8>()), 1..6)
}

fn edited(mut bytes: Vec<u8>, edits: Edits) -> Vec<u8> {
    for (at, byte) in edits {
        let n = bytes.len();
        bytes[at % n] = byte;
    }
    bytes
}

/// Not empty and inside of an image of 64 x 32.
fn holds(objects: &[LabelledBox]) -> bool {
    let inside = |b: &Box2D| b.w > 0.0 && b.h > 0.0 && b.x >= 0.0 && b.y >= 0.0 && b.x + b.w <= 64.001 && b.y + b.h <= 32.001;
    objects.iter().all(|o| inside(&o.area))
}

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 32}], "annotations": [{"image_id": 1, "category_id": 2,
"bbox": [1.5, 2, 30, 4e0]}, {"image_id": 1, "category_id": 2, "bbox": [0, 0, 64, 32], "iscrowd": 1}], "categories": [{"id": 2, "name": "car"}]}"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_voc(edits in edits()) {
        let xml = voc::write("a.png", [64, 32], "car", Box2D::new(10.0, 20.0, 30.0, 10.0)).into_bytes();
        if let Ok(text) = String::from_utf8(edited(xml, edits)) {
            let _ = voc::parse(Path::new("a.xml"), &text);
        }
    }

    #[test]
    fn mutated_yolo(edits in edits()) {
        let bytes = edited(b"0 0.5 0.25 0.125 0.5\r\n1 0.125 0.5 0.25 1e0\n".to_vec(), edits);
        if let Ok(Labels { objects, .. }) = yolo::parse(Path::new("a.txt"), &String::from_utf8_lossy(&bytes), [64, 32], &[]) {
            prop_assert!(holds(&objects), "{objects:?}");
        }
    }

    #[test]
    fn any_four_numbers_of_yolo(numbers in prop::collection::vec(prop_oneof![0f32..=1.0, any::<f32>()], 4)) {
        let line = format!("0 {} {} {} {}", numbers[0], numbers[1], numbers[2], numbers[3]);
        if let Ok(Labels { objects, .. }) = yolo::parse(Path::new("a.txt"), &line, [64, 32], &[]) {
            prop_assert!(holds(&objects), "{objects:?}");
        }
    }

    #[test]
    fn mutated_coco(edits in edits()) {
        let bytes = edited(COCO.into(), edits);
        if let Ok((found, _)) = coco::parse(Path::new("a.json"), &String::from_utf8_lossy(&bytes)) {
            for entry in &found.images {
                if let Ok(Labels { objects, .. }) = found.objects(Path::new("a.json"), entry, [64, 32], false) {
                    prop_assert!(holds(&objects), "{objects:?}");
                }
            }
        }
    }

    #[test]
    fn any_bbox_of_coco(numbers in prop::collection::vec(any::<f64>(), 0..6)) {
        let text = COCO.replace("[1.5, 2, 30, 4e0]", &serde_json::to_string(&numbers).unwrap());
        let (found, _) = coco::parse(Path::new("a.json"), &text).unwrap();
        if let Ok(Labels { objects, .. }) = found.objects(Path::new("a.json"), &found.images[0], [64, 32], false) {
            prop_assert!(holds(&objects), "{objects:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_images(edits in edits(), jpeg in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = photo(folder.path(), if jpeg { "a.jpg" } else { "a.png" });
        std::fs::write(&path, edited(std::fs::read(&path).unwrap(), edits)).unwrap();
        if let Err(e) = decode(&path) {
            prop_assert_eq!(e.kind(), Kind::Input);
        }
    }

    #[test]
    fn mutated_folders(edits in edits(), which in 0usize..3, skip in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        photo(folder.path(), "a.png");
        let (name, text, format) = [
            ("a.xml", voc::write("a.png", [64, 32], "car", Box2D::new(1.0, 2.0, 3.0, 4.0)), LabelFormat::Voc),
            ("a.txt", "0 0.5 0.25 0.125 0.5\n".to_string(), LabelFormat::Yolo),
            ("all.json", COCO.to_string(), LabelFormat::Coco),
        ][which].clone();
        write(folder.path(), name, edited(text.into_bytes(), edits));
        match Folder::open(folder.path(), Some(format), if skip { OnBroken::Skip } else { OnBroken::Refuse }) {
            Ok((found, problems)) => {
                prop_assert!(found.len() == 1 && (skip || problems.is_empty()));
                prop_assert!(holds(found.objects(0)));
            }
            Err(e) => prop_assert_eq!(e.kind(), Kind::Input),
        }
    }
}
