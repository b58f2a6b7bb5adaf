//! JPEG and PNG files.

use crate::support::{photo, save, whole, write};
use bico::dataset::contact::{outline, sheet};
use bico::dataset::decode::{Decoded, decode};
use bico::dataset::{Box2D, Examples, Folder, OnBroken, voc};
use bico::error::Kind;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

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
fn sizes_stay_and_grey_and_16_bits_are_converted_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let grey = save(folder.path(), "grey.png", GrayImage::from_pixel(100, 50, Luma([77])).into());
    let Decoded { image, notes, .. } = decode(&grey).unwrap();
    assert_eq!(notes, ["grey expanded to RGB"]);
    assert_eq!((image.w, image.h, image.pixel(9, 9)), (100, 50, [77, 77, 77]));
    let deep = ImageBuffer::<Rgb<u16>, _>::from_pixel(30, 20, Rgb([0x8080, 0, 0xffff]));
    let Decoded { image, notes, .. } = decode(&save(folder.path(), "deep.png", DynamicImage::ImageRgb16(deep))).unwrap();
    assert_eq!((notes, image.pixel(0, 0)), (vec!["16 bits reduced to 8".to_string()], [0x80, 0, 0xff]));
    assert!(decode(&save(folder.path(), "photo.jpg", RgbImage::new(64, 36).into())).unwrap().notes.is_empty());
    let notes: Vec<String> = whole(folder.path()).notes().collect();
    assert_eq!(notes.len(), 2);
    assert!(notes[0].ends_with("deep.png: 16 bits reduced to 8") && notes[1].ends_with("grey.png: grey expanded to RGB"), "{notes:?}");
}

#[test]
fn a_photo_that_was_taken_upright_is_not_turned_but_reported() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(photo(folder.path(), "a.jpg")).unwrap();
    // An EXIF segment whose one entry is orientation 6.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    bytes.splice(2..2, exif.iter().copied());
    let Decoded { image, is_turned, notes } = decode(&write(folder.path(), "a.jpg", bytes)).unwrap();
    assert_eq!((image.w, image.h), (64, 32));
    assert!(is_turned && notes.len() == 1 && notes[0].contains("orientation"), "{notes:?}");
    // Labelled as it is displayed: the error says what happened.
    write(folder.path(), "a.xml", voc::write("a.jpg", [32, 64], "car", Box2D::new(1.0, 2.0, 3.0, 4.0)));
    let e = Folder::open(folder.path(), None, OnBroken::Refuse).unwrap_err().to_string();
    assert!(e.contains("32 x 64") && e.contains("EXIF orientation"), "{e}");
}

#[test]
fn damaged_files_give_one_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    // A PNG file ends with check sums and an end chunk, which pixels do not need.
    for (name, end) in [("a.png", 40), ("b.jpg", 1)] {
        let bytes = std::fs::read(photo(folder.path(), name)).unwrap();
        // Many cuts: a decoder may fill up what is missing.
        for n in (0..bytes.len() - end).step_by(bytes.len() / 40) {
            let cut = write(folder.path(), &format!("cut-{name}"), &bytes[..n]);
            let e = decode(&cut).unwrap_err();
            assert_eq!(e.kind(), Kind::Input);
            assert!(e.to_string().contains(name) && e.to_string().contains("cannot decode"), "{n} of {}: {e}", bytes.len());
        }
    }
    for (name, bytes) in [("empty.png", &[][..]), ("text.jpg", &b"hello"[..])] {
        let e = decode(&write(folder.path(), name, bytes)).unwrap_err();
        assert!(e.to_string().contains(name) && e.to_string().contains("cannot decode"), "{e}");
    }
    assert_eq!(decode(&folder.path().join("missing.png")).unwrap_err().kind(), Kind::Input);
}

#[test]
fn an_image_of_no_or_of_absurd_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(photo(folder.path(), "a.png")).unwrap();
    // Width and height of the header, with its check sum made right again.
    for (name, size) in [("zero.png", [0u32, 32]), ("huge.png", [100_000, 100_000]), ("large.png", [16_384, 16_384])] {
        let mut bytes = whole.clone();
        bytes[16..20].copy_from_slice(&size[0].to_be_bytes());
        bytes[20..24].copy_from_slice(&size[1].to_be_bytes());
        let sum = crc(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.to_be_bytes());
        let e = decode(&write(folder.path(), name, bytes)).unwrap_err();
        assert_eq!(e.kind(), Kind::Input, "{e}");
    }
}

/// The check sum of PNG chunks (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    let step = |c: u32, _: u32| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 };
    !bytes.iter().fold(!0u32, |c, &b| (0..8).fold(c ^ u32::from(b), step))
}

#[test]
fn an_image_that_changes_after_the_folder_was_opened_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    photo(dir.path(), "a.png");
    let folder = whole(dir.path());
    save(dir.path(), "a.png", RgbImage::new(8, 8).into());
    assert!(folder.load(0).unwrap_err().to_string().contains("changed its size"));
    std::fs::remove_file(dir.path().join("a.png")).unwrap();
    assert_eq!(folder.load(0).unwrap_err().kind(), Kind::Input);
}
