//! Folders of JPEG or PNG images, each optionally with a PASCAL VOC annotation of the same name beside it.

use super::frame::Image;
use super::iou::Box2D;
use super::preprocess::resize;
use super::scene::{HEIGHT, WIDTH};
use super::voc;
use crate::error::{Error, Result};
use image::{ColorType, DynamicImage, ImageReader, Limits};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// An image file brought to 640 x 360 RGB, with its box if it has one.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// File name without folder and ending.
    pub name: String,
    /// 640 x 360 RGB.
    pub image: Image,
    /// The first annotated box, in pixels of `image`.
    pub target: Option<Box2D>,
    /// What was changed on the way, one line each: resized, grey made RGB, 16 bits reduced to 8, and the like.
    pub notes: Vec<String>,
}

/// The image files of a folder, sorted by name.
///
/// # Errors
/// When the folder cannot be read or holds no JPEG or PNG file.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read the folder", folder, &e))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::io("read the folder", folder, &e))?.path();
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        if path.is_file() && matches!(ending.as_str(), "jpg" | "jpeg" | "png") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Error::input("no images in the folder").file(folder).allowed(".jpg, .jpeg and .png files"));
    }
    paths.sort();
    Ok(paths)
}

/// Reads one image and the annotation beside it.
///
/// # Errors
/// When the image is unreadable, truncated or larger than 16384 x 16384, or its annotation is wrong.
pub fn read(path: &Path) -> Result<Labelled> {
    let name = path.file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned());
    let mut notes = Vec::new();
    let (image, mut target) = (decode(path, &mut notes)?, None);
    let xml = path.with_extension("xml");
    if xml.is_file() {
        target = annotated(&xml, &image, &mut notes)?;
    }
    if (image.w, image.h) == (WIDTH, HEIGHT) {
        return Ok(Labelled { name, image, target, notes });
    }
    notes.push(format!("{} x {} resized to {WIDTH} x {HEIGHT}", image.w, image.h));
    let scale = [WIDTH as f32 / image.w as f32, HEIGHT as f32 / image.h as f32];
    let target = target.map(|b| b.scale(scale[0], scale[1]));
    Ok(Labelled { name, image: resize(&image, WIDTH, HEIGHT), target, notes })
}

fn decode(path: &Path, notes: &mut Vec<String>) -> Result<Image> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
    let bad = |e: String| Error::input(format!("cannot decode the image: {e}")).file(path).allowed("a whole JPEG or PNG file");
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| bad(e.to_string()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(16384);
    limits.max_image_height = Some(16384);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|e| bad(e.to_string()))?;
    let colour = decoded.color();
    match colour {
        ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16 => notes.push("grey expanded to RGB".into()),
        _ => {}
    }
    if matches!(colour, ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16) {
        notes.push("16 bits reduced to 8".into());
    }
    if colour.has_alpha() {
        notes.push("transparency ignored".into());
    }
    let rgb = DynamicImage::into_rgb8(decoded);
    if rgb.width() == 0 || rgb.height() == 0 {
        return Err(bad("it has no pixels".into()));
    }
    Ok(Image { w: rgb.width() as usize, h: rgb.height() as usize, data: rgb.into_raw() })
}

fn annotated(xml: &Path, image: &Image, notes: &mut Vec<String>) -> Result<Option<Box2D>> {
    let text = std::fs::read_to_string(xml).map_err(|e| Error::io("read", xml, &e))?;
    let annotation = voc::parse(xml, &text)?;
    if annotation.size.is_some_and(|[w, h]| (w as usize, h as usize) != (image.w, image.h)) {
        let e = Error::input("the annotation is for an image of another size").file(xml);
        return Err(e.value(format!("{:?}", annotation.size)).allowed(format!("{} x {}", image.w, image.h)));
    }
    if annotation.objects.len() > 1 {
        notes.push(format!("{} objects annotated, the first counts", annotation.objects.len()));
    }
    let Some((_, b)) = annotation.objects.first() else { return Ok(None) };
    let inside = b.clip(image.w as f32, image.h as f32);
    if inside.area() <= 0.0 {
        return Err(Error::input("the box lies outside the image").file(xml).value(format!("{b:?}")));
    }
    if inside != *b {
        notes.push("box clipped to the image".into());
    }
    Ok(Some(inside))
}
