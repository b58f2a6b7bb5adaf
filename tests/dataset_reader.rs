//! Image folders: what is accepted, what is reported, and one clear error for everything else.

use bico::dataset::contact::{outline, sheet};
use bico::dataset::reader::{list, read};
use bico::dataset::{Box2D, Scene, Split, voc, writer};
use bico::error::Kind;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn save(folder: &Path, name: &str, image: DynamicImage) -> PathBuf {
    let path = folder.join(name);
    image.save(&path).unwrap();
    path
}

#[test]
fn generated_scenes_read_back_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    for index in [7, 8] {
        writer::write_scene(folder.path(), Split::Test, index).unwrap();
    }
    let paths = list(folder.path()).unwrap();
    assert_eq!(paths.len(), 2);
    for (path, index) in paths.iter().zip(7..) {
        let (read, scene) = (read(path).unwrap(), Scene::generate(Split::Test, index));
        assert_eq!(read.image, scene.image);
        assert!(read.target.unwrap().iou(scene.target) > 0.9999);
        assert!(read.notes.is_empty(), "{:?}", read.notes);
    }
}

#[test]
fn sheets_show_every_image_and_outlines_surround_the_box() {
    let mut image = bico::dataset::Image::new(40, 20);
    outline(&mut image, Box2D::new(-5.0, 4.0, 15.0, 10.0), [255, 0, 0], 1);
    assert_eq!(
        [image.pixel(3, 0), image.pixel(14, 5), image.pixel(8, 10), image.pixel(8, 9)],
        [[255, 0, 0], [255, 0, 0], [255, 0, 0], [0; 3]]
    );
    let page = sheet(&[image.clone(), image.clone(), image], 2, 40, 20);
    assert_eq!((page.w, page.h), (80, 40));
    assert_eq!([page.pixel(3, 40), page.pixel(23, 0), page.pixel(23, 40)], [[255, 0, 0], [255, 0, 0], [0; 3]]);
}

#[test]
fn other_sizes_grey_and_16_bits_are_converted_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let grey = save(folder.path(), "grey.png", GrayImage::from_pixel(640, 360, Luma([77])).into());
    let read_grey = read(&grey).unwrap();
    assert_eq!(read_grey.notes, ["grey expanded to RGB"]);
    assert_eq!(read_grey.image.pixel(9, 9), [77, 77, 77]);
    let deep = ImageBuffer::<Rgb<u16>, _>::from_pixel(1280, 720, Rgb([0x8080, 0, 0xffff]));
    let deep = save(folder.path(), "deep.png", DynamicImage::ImageRgb16(deep));
    std::fs::write(deep.with_extension("xml"), voc::write("deep.png", [1280, 720], "car", Box2D::new(100.0, 200.0, 60.0, 40.0))).unwrap();
    let read_deep = read(&deep).unwrap();
    assert_eq!(read_deep.notes, ["16 bits reduced to 8", "1280 x 720 resized to 640 x 360"]);
    assert_eq!(read_deep.image.pixel(0, 0), [0x80, 0, 0xff]);
    assert_eq!(read_deep.target, Some(Box2D::new(50.0, 100.0, 30.0, 20.0)));
    assert!(read(&save(folder.path(), "photo.jpg", RgbImage::new(640, 360).into())).unwrap().notes.is_empty());
}

#[test]
fn damaged_files_give_one_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(folder.path(), "a.png", RgbImage::new(64, 64).into());
    let whole = std::fs::read(&path).unwrap();
    for (name, bytes) in [("cut.png", &whole[..whole.len() / 2]), ("empty.png", &[][..]), ("text.jpg", &b"hello"[..])] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let e = read(&path).unwrap_err();
        assert_eq!(e.kind(), Kind::Input);
        assert!(e.to_string().contains(name) && e.to_string().contains("cannot decode"), "{e}");
    }
    assert_eq!(read(&folder.path().join("missing.png")).unwrap_err().kind(), Kind::Input);
    let empty = tempfile::tempdir().unwrap();
    assert!(list(empty.path()).unwrap_err().to_string().contains("no images"));
    assert!(list(&empty.path().join("nowhere")).is_err());
}

#[test]
fn wrong_annotations_name_line_and_value() {
    let path = Path::new("a.xml");
    let good = voc::write("a.png", [640, 360], "car", Box2D::new(10.0, 20.0, 30.5, 40.0));
    assert_eq!(voc::parse(path, &good).unwrap().objects, [("car".to_string(), Box2D::new(10.0, 20.0, 30.5, 40.0))]);
    for (from, to, message) in [
        ("<xmin>10</xmin>", "<xmin>ten</xmin>", "a.xml:6: <xmin> is no coordinate\n  value:   ten"),
        ("<xmin>10</xmin>", "<xmin>NaN</xmin>", "<xmin> is no coordinate"),
        ("<xmin>10</xmin>", "<xmin>-3</xmin>", "<xmin> is no coordinate"),
        ("<xmin>10</xmin>", "<xmin>1e30</xmin>", "<xmin> is no coordinate"),
        ("<xmin>10</xmin>", "<xmin>50</xmin>", "the box is empty"),
        ("<xmin>10</xmin>", "", "no <xmin> in <bndbox>"),
        ("<bndbox>", "<bndbox", "a.xml:6: annotation is no valid XML"),
        ("<width>640</width>", "", "no <width> in <size>"),
    ] {
        assert!(good.contains(from));
        let e = voc::parse(path, &good.replace(from, to)).unwrap_err().to_string();
        assert!(e.contains(message), "{e}");
    }
}

#[test]
fn annotations_that_do_not_fit_their_image_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = save(folder.path(), "a.png", RgbImage::new(64, 64).into());
    let xml = path.with_extension("xml");
    std::fs::write(&xml, voc::write("a.png", [640, 360], "car", Box2D::new(1.0, 2.0, 3.0, 4.0))).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("another size"));
    std::fs::write(&xml, voc::write("a.png", [64, 64], "car", Box2D::new(70.0, 2.0, 3.0, 4.0))).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("outside the image"));
    std::fs::write(&xml, voc::write("a.png", [64, 64], "car", Box2D::new(60.0, 2.0, 8.0, 4.0))).unwrap();
    assert!(read(&path).unwrap().notes.contains(&"box clipped to the image".to_string()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_annotations_never_panic(edits in prop::collection::vec((0usize..400, any::<u8>()), 1..6)) {
        let mut bytes = voc::write("a.png", [640, 360], "car", Box2D::new(10.0, 20.0, 30.0, 40.0)).into_bytes();
        for (at, byte) in edits {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            let _ = voc::parse(Path::new("a.xml"), &text);
        }
    }

    #[test]
    fn mutated_images_never_panic(edits in prop::collection::vec((0usize..4000, any::<u8>()), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let path = save(folder.path(), "a.png", RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8, y as u8, 5])).into());
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in edits {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        if let Err(e) = read(&path) {
            prop_assert_eq!(e.kind(), Kind::Input);
        }
    }
}
