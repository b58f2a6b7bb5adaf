//! PASCAL VOC annotations.

use crate::support::{broken, objects, photo, whole, write};
use bico::dataset::{Box2D, Examples, LabelFormat, Scene, Split, voc, writer};
use std::path::Path;

#[test]
fn generated_scenes_read_back_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    for index in [7, 8] {
        writer::write_scene(folder.path(), Split::Test, index).unwrap();
    }
    let read = whole(folder.path());
    assert_eq!((read.len(), read.format()), (2, Some(LabelFormat::Voc)));
    for (i, index) in [(0, 7), (1, 8)] {
        let (example, scene) = (read.load(i).unwrap(), Scene::generate(Split::Test, index));
        assert_eq!(example.image, scene.image);
        assert_eq!(example.objects[0].class, scene.class.name());
        assert!(example.objects[0].area.iou(scene.target) > 0.9999);
        assert!(example.notes.is_empty(), "{:?}", example.notes);
    }
}

#[test]
fn wrong_annotations_name_line_and_value() {
    let path = Path::new("a.xml");
    let good = voc::write("a.png", [640, 360], "car", Box2D::new(10.0, 20.0, 30.5, 40.0));
    assert_eq!(voc::parse(path, &good).unwrap().objects, [("car".to_string(), Box2D::new(10.0, 20.0, 30.5, 40.0))]);
    for (from, to, message) in [
        ("<xmin>10</xmin>", "<xmin>ten</xmin>", "a.xml:6: <xmin> is no coordinate\n  value:   ten"),
        ("<xmin>10</xmin>", "<xmin>NaN</xmin>", "<xmin> is no coordinate"),
        ("<xmin>10</xmin>", "<xmin>1e30</xmin>", "<xmin> is no coordinate"),
        ("<xmin>10</xmin>", "<xmin>50</xmin>", "the box is empty"),
        ("<xmin>10</xmin>", "", "no <xmin> in <bndbox>"),
        ("<bndbox>", "<bndbox", "a.xml:6: annotation is no valid XML"),
        ("<width>640</width>", "", "no <width> in <size>"),
        ("annotation>", "settings>", "a.xml:1: no annotation\n  value:   <settings>"),
    ] {
        assert!(good.contains(from));
        let e = voc::parse(path, &good.replace(from, to)).unwrap_err().to_string();
        assert!(e.contains(message), "{e}");
    }
}

#[test]
fn annotations_that_do_not_fit_their_image_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    photo(folder.path(), "good.png");
    let good = voc::write("good.png", [64, 32], "car", Box2D::new(1.0, 2.0, 3.0, 4.0));
    write(folder.path(), "good.xml", &good);
    photo(folder.path(), "a.png");
    for (xml, parts) in [
        (voc::write("a.png", [640, 360], "car", Box2D::new(1.0, 2.0, 3.0, 4.0)), ["another size", "640 x 360"]),
        (voc::write("a.png", [64, 32], "car", Box2D::new(70.0, 2.0, 3.0, 4.0)), ["a.xml:6", "outside the image"]),
        (good.replace("<annotation>", &"<annotation>".repeat(100_000)), ["a.xml", "no valid XML"]),
        (good.replace('>', ""), ["a.xml", "no valid XML"]),
    ] {
        write(folder.path(), "a.xml", xml);
        let (text, _) = broken(folder.path(), None, 1);
        parts.iter().for_each(|p| assert!(text.contains(p), "{text}"));
    }
    write(folder.path(), "a.xml", voc::write("a.png", [64, 32], "car", Box2D::new(60.0, 2.0, 8.0, 4.0)));
    let read = whole(folder.path());
    assert_eq!(objects(&read)[0].1, [("car".to_string(), Box2D::new(60.0, 2.0, 4.0, 4.0))]);
    assert!(read.notes().any(|n| n.ends_with("a.png: box clipped to the image")));
    // Corners may stick out on every side, and a size of 0 says nothing.
    let out = voc::write("a.png", [0, 0], "car", Box2D::new(-4.0, -2.0, 8.0, 6.0));
    write(folder.path(), "a.xml", out);
    assert_eq!(objects(&whole(folder.path()))[0].1, [("car".to_string(), Box2D::new(0.0, 0.0, 4.0, 4.0))]);
}

#[test]
fn the_layout_of_pascal_voc_is_known_and_an_annotation_may_be_empty() {
    let folder = tempfile::tempdir().unwrap();
    photo(folder.path(), "JPEGImages/a.jpg");
    photo(folder.path(), "JPEGImages/b.jpg");
    write(folder.path(), "Annotations/a.xml", "\u{feff}<?xml version=\"1.0\"?>\r\n<annotation>\r\n</annotation>\r\n");
    let mut two = voc::write("b.jpg", [64, 32], "car & van", Box2D::new(1.0, 2.0, 3.0, 4.0));
    let object = two[two.find("<object>").unwrap()..two.find("</annotation>").unwrap()].to_string();
    two = two.replace("</annotation>", &format!("{object}</annotation>"));
    write(folder.path(), "Annotations/b.xml", two);
    let found = objects(&whole(folder.path()));
    assert_eq!(found[0], ("a.jpg".to_string(), vec![]));
    assert_eq!(found[1].1, vec![("car & van".to_string(), Box2D::new(1.0, 2.0, 3.0, 4.0)); 2]);
}
