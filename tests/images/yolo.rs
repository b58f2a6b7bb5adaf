//! YOLO text files.

use crate::support::{broken, objects, photo, whole, write};
use bico::dataset::{Box2D, Folder, LabelFormat, Labels, OnBroken, yolo};
use std::path::Path;

#[test]
fn boxes_are_fractions_of_the_image_and_classes_have_names() {
    let dir = tempfile::tempdir().unwrap();
    photo(dir.path(), "b.png");
    photo(dir.path(), "a.PNG");
    write(dir.path(), "b.txt", "\u{feff}1 0.5 0.5 0.25 0.5\r\n\r\n0\t0.125 0.25 0.25 0.5  \r\n");
    write(dir.path(), "a.txt", "");
    write(dir.path(), "classes.txt", "car\nboat\n");
    let folder = whole(dir.path());
    assert_eq!(folder.format(), Some(LabelFormat::Yolo));
    let [a, b] = <[_; 2]>::try_from(objects(&folder)).unwrap();
    assert_eq!(a, ("a.PNG".to_string(), vec![]));
    let expected = [("boat", Box2D::new(24.0, 8.0, 16.0, 16.0)), ("car", Box2D::new(0.0, 0.0, 16.0, 16.0))];
    assert_eq!(b.1, expected.map(|(name, area)| (name.to_string(), area)));
    std::fs::remove_file(dir.path().join("classes.txt")).unwrap();
    assert_eq!(objects(&whole(dir.path()))[1].1[0].0, "1");
}

#[test]
fn labels_may_lie_in_a_folder_beside_that_of_the_images() {
    let dir = tempfile::tempdir().unwrap();
    for (image, label) in [("images/a.png", "labels/a.txt"), ("images/val/b.png", "labels/val/b.txt")] {
        photo(dir.path(), image);
        write(dir.path(), label, "1 0.5 0.5 0.5 0.5");
    }
    write(dir.path(), "data.yaml", "nc: 2\nnames: [car, 'boat']\n");
    for inner in ["", "images", "images/val"] {
        let found = objects(&whole(&dir.path().join(inner)));
        assert_eq!((found.len(), found[0].1[0].0.as_str()), (1, "boat"), "{inner}");
    }
}

#[test]
fn wrong_lines_name_file_line_and_value() {
    let parse = |text: &str, classes: &[String]| yolo::parse(Path::new("a.txt"), text, [64, 32], classes);
    let classes = ["car".to_string(), "boat".to_string()];
    for (text, message) in [
        ("0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\n", "a.txt:2: a line needs five fields"),
        ("0 0.5 0.5 0.1 0.1 0.9", "five fields"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4 0.4", "outlines"),
        ("0 nan 0.5 0.1 0.1", "a.txt:1: `cx` is no fraction of the image\n  value:   nan"),
        ("0 0.5 inf 0.1 0.1", "`cy` is no fraction"),
        ("0 0.5 -0.5 0.1 0.1", "`cy` is no fraction"),
        ("0 320 180 64 36", "not in pixels"),
        ("0 0.5 0.5 1e99 0.1", "`w` is no fraction"),
        ("0 0.5 0.5 0.1 x", "`h` is no fraction"),
        ("2 0.5 0.5 0.1 0.1", "wrong class\n  value:   2\n  allowed: 0 to 1"),
        ("-1 0.5 0.5 0.1 0.1", "wrong class"),
        ("car 0.5 0.5 0.1 0.1", "wrong class"),
        ("0 0.5 0.5 0 0.1", "the box is empty"),
        ("0 0.1 0.1 0.9 0.9", "a.txt:1: the box sticks out of the image"),
    ] {
        let e = parse(text, &classes).unwrap_err().to_string();
        assert!(e.contains(message), "{text}: {e}");
    }
    assert!(parse("99999999999999999999999 0.5 0.5 0.1 0.1", &[]).is_err());
    // What rounding to four digits does is no error.
    let Labels { objects: found, notes, .. } = parse("0 0.0249 0.5 0.05 1.0", &classes).unwrap();
    assert_eq!((found[0].area.x, notes.len()), (0.0, 0));
}

#[test]
fn broken_files_are_listed_and_refused_or_skipped() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        photo(dir.path(), &format!("{name}.jpg"));
        write(dir.path(), &format!("{name}.txt"), "0 0.5 0.5 0.1 0.1");
    }
    let bytes = std::fs::read(dir.path().join("a.jpg")).unwrap();
    write(dir.path(), "a.jpg", &bytes[..bytes.len() / 2]);
    write(dir.path(), "b.txt", b"0 0.5 0.5 0.1 0.1\n\xff\xfe");
    std::fs::remove_file(dir.path().join("c.txt")).unwrap();
    std::fs::remove_file(dir.path().join("d.jpg")).unwrap();
    let (text, problems) = broken(dir.path(), None, 1);
    assert!(text.contains("a.jpg: cannot decode the image: it is truncated") && text.contains("4 problems in all"), "{text}");
    let lines: Vec<String> = problems.iter().map(|p| p.one_line()).collect();
    for (line, part) in
        lines.iter().zip(["truncated", "b.txt:2: not a text file", "c.jpg: an image without label", "d.txt: a label without image"])
    {
        assert!(line.contains(part), "{lines:?}");
    }
    // Nothing whole is left: an error even when skipping.
    ["e.jpg", "e.txt"].into_iter().for_each(|name| std::fs::remove_file(dir.path().join(name)).unwrap());
    let e = Folder::open(dir.path(), Some(LabelFormat::Yolo), OnBroken::Skip).unwrap_err();
    assert!(e.to_string().contains("nothing in the folder is whole"), "{e}");
}

#[test]
fn only_what_belongs_to_the_folder_counts() {
    let dir = tempfile::tempdir().unwrap();
    // An image may be called as lists are; a list above the folder, a JSON file of something else and an annotation's settings are none of its labels.
    photo(dir.path(), "photos/test.png");
    write(dir.path(), "photos/test.txt", "3 0.5 0.5 0.25 0.5\n");
    write(dir.path(), "photos/train.txt", "photos/test.png\n");
    write(dir.path(), "photos/settings.json", "{\"brush\": 3}");
    write(dir.path(), "classes.txt", "car\n");
    let read = whole(&dir.path().join("photos"));
    assert_eq!(objects(&read)[0].1, [("3".to_string(), Box2D::new(24.0, 8.0, 16.0, 16.0))]);
}
