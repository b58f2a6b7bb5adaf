//! Folders as such: order, names, formats.

use crate::support::{broken, examples, photo, whole, write};
use bico::dataset::{Box2D, Example, Examples, Folder, Image, LabelFormat, LabelledBox, OnBroken};

#[test]
fn images_without_any_label_are_unlabelled_and_in_order_of_their_names() {
    let dir = tempfile::tempdir().unwrap();
    ["b.png", "a.jpg", "C.JPEG", ".hidden.png"].into_iter().for_each(|name| drop(photo(dir.path(), name)));
    ["notes.txt", "build.xml"].into_iter().for_each(|name| drop(write(dir.path(), name, "hello")));
    std::fs::create_dir(dir.path().join("folder.png")).unwrap();
    let folder = whole(dir.path());
    assert_eq!(folder.format(), None);
    let names: Vec<String> = examples(&folder).into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["C.JPEG", "a.jpg", "b.png"]);
    assert_eq!((folder.size(0), folder.objects(0).len()), ([64, 32], 0));
}

#[test]
fn a_folder_without_images_or_none_at_all_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_path_buf(), dir.path().join("nowhere"), photo(&dir.path().join("x"), "a.png")] {
        let e = Folder::open(&path, None, OnBroken::Skip).unwrap_err();
        assert!(e.to_string().contains(&path.display().to_string()), "{e}");
    }
}

#[test]
fn labels_of_two_formats_need_a_choice() {
    let dir = tempfile::tempdir().unwrap();
    photo(dir.path(), "a.png");
    write(dir.path(), "a.txt", "0 0.5 0.5 0.5 0.5");
    write(dir.path(), "a.xml", "<annotation/>");
    let e = Folder::open(dir.path(), None, OnBroken::Refuse).unwrap_err().to_string();
    assert!(e.contains("labels of more than one format") && e.contains("--labels voc or --labels yolo"), "{e}");
    for (format, count) in [(LabelFormat::Voc, 0), (LabelFormat::Yolo, 1)] {
        let (folder, _) = Folder::open(dir.path(), Some(format), OnBroken::Refuse).unwrap();
        assert_eq!(folder.objects(0).len(), count);
    }
    assert!(Folder::open(dir.path(), Some(LabelFormat::Coco), OnBroken::Refuse).unwrap_err().to_string().contains("no JSON file"));
}

#[test]
fn images_that_share_a_label_file_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    ["a.png", "a.jpg", "b.png"].into_iter().for_each(|name| drop(photo(dir.path(), name)));
    ["a.txt", "b.txt"].into_iter().for_each(|name| drop(write(dir.path(), name, "")));
    let (text, problems) = broken(dir.path(), None, 1);
    assert!(text.contains("images share one label file") && text.contains("a.jpg, a.png"), "{text}");
    assert_eq!(problems.len(), 2);
}

#[cfg(unix)]
#[test]
fn names_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let from = photo(dir.path(), "a.png");
    let name = |ending: &str| dir.path().join(std::ffi::OsStr::from_bytes(&[&b"\xff\xfe."[..], ending.as_bytes()].concat()));
    if std::fs::rename(from, name("png")).is_err() {
        return; // A file system that takes UTF-8 only.
    }
    std::fs::write(name("txt"), "0 0.5 0.5 0.5 0.5").unwrap();
    let folder = whole(dir.path());
    assert_eq!((folder.format(), folder.objects(0).len()), (Some(LabelFormat::Yolo), 1));
    assert!(folder.load(0).unwrap().name.ends_with(".png"));
}

#[test]
fn the_largest_object_counts_where_one_is_asked_for() {
    let object = |w: f32| LabelledBox { class: "car".into(), area: Box2D::new(0.0, 0.0, w, 1.0) };
    let example = |objects| Example { name: String::new(), image: Image::new(8, 4), objects, crowds: Vec::new(), notes: Vec::new() };
    assert_eq!(example(vec![object(2.0), object(4.0), object(4.0)]).largest(), Some(1));
    assert_eq!(example(vec![]).largest(), None);
    assert_eq!(example(vec![object(2.0)]).fractions(), [Box2D::new(0.0, 0.0, 0.25, 0.25)]);
}
