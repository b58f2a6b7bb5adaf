//! Images with the true and the found box: a contact sheet, and the images one by one.

pub(super) mod draw;
mod glyphs;

use super::{Extras, NamedFiles};
use crate::error::{Error, Kind, Result};
use crate::record::{Detection, RunRecord};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

/// Images shown from the start of the run, whatever they are.
const FIRST: usize = 12;
/// Images shown because their IoU is the lowest of the others.
const WORST: usize = 12;
/// Columns of the contact sheet and width of each image on it, pixels.
pub(super) const SHEET: (u32, u32) = (4, 320);
/// Space between images of the contact sheet, pixels.
const GAP: u32 = 6;

/// Height of the strip above an image, pixels.
const STRIP: u32 = 20;

/// Pixels of one image.
#[derive(Clone, Debug)]
pub struct Picture {
    /// As in [`Detection::image`].
    pub name: String,
    /// The image as it was read, before it was resized for the network.
    pub pixels: RgbImage,
}

const SHEET_FILE: &str = "contact_sheet.png";

fn file_name(index: usize, detection: &Detection) -> String {
    format!("{index:04}_{}.png", file_stem(&detection.image))
}

/// Names of all pictures that [`render`] may have given for a record.
pub(super) fn names(record: &RunRecord) -> impl Iterator<Item = String> {
    let detections = record.accuracy.iter().flat_map(|a| a.detections.iter().enumerate());
    std::iter::once(SHEET_FILE.into()).chain(detections.map(|(index, detection)| file_name(index, detection)))
}

/// `contact_sheet.png` and one PNG for each image on it.
pub(super) fn render(record: &RunRecord, extras: &Extras) -> Result<NamedFiles> {
    let shown = shown(record, extras, FIRST, WORST);
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    let mut files = vec![(SHEET_FILE.to_string(), png(&sheet(&shown))?)];
    for (index, detection, picture) in shown {
        let width = picture.pixels.width();
        files.push((file_name(index, detection), png(&captioned(index, detection, picture, width))?));
    }
    Ok(files)
}

/// Detections whose pixels are there, with their index: the first of the run, then the worst of the rest, in order of the run.
pub(super) fn shown<'a>(record: &'a RunRecord, extras: &'a Extras, first: usize, worst: usize) -> Vec<(usize, &'a Detection, &'a Picture)> {
    let Some(accuracy) = &record.accuracy else { return Vec::new() };
    let usable = |p: &&Picture| p.pixels.width() > 0 && p.pixels.height() > 0;
    let picture = |d: &Detection| extras.pictures.iter().filter(usable).find(|p| p.name == d.image);
    let all = accuracy.detections.iter().enumerate();
    let mut all: Vec<_> = all.filter_map(|(i, d)| picture(d).map(|p| (i, d, p))).collect();
    let mut rest = all.split_off(first.min(all.len()));
    rest.retain(|(_, d, _)| d.iou.is_some());
    rest.sort_by(|a, b| a.1.iou.unwrap_or(0.0).total_cmp(&b.1.iou.unwrap_or(0.0)).then(a.0.cmp(&b.0)));
    rest.truncate(worst);
    rest.sort_by_key(|(i, ..)| *i);
    all.extend(rest);
    all
}

/// The image with both boxes, under a strip that says what it is: text on the image could hide the object.
fn captioned(index: usize, detection: &Detection, picture: &Picture, width: u32) -> RgbImage {
    let text = detection.iou.map_or(format!("{index}"), |iou| format!("{index}: IoU {iou:.2}"));
    under_strip(&annotated(detection, picture, width), &text)
}

/// An image under a strip with text.
pub(super) fn under_strip(image: &RgbImage, text: &str) -> RgbImage {
    let mut page = RgbImage::from_pixel(image.width(), image.height() + STRIP, draw::DARK);
    draw::label(&mut page, (0, 1), text, draw::WHITE);
    imageops::replace(&mut page, image, 0, i64::from(STRIP));
    page
}

/// The image `width` pixels wide with both boxes.
pub(super) fn annotated(detection: &Detection, picture: &Picture, width: u32) -> RgbImage {
    let mut image = scaled(picture, width);
    if let Some(truth) = &detection.truth {
        draw::outline(&mut image, truth, draw::TRUE, true);
    }
    draw::outline(&mut image, &detection.found, draw::FOUND, false);
    image
}

/// The image `width` pixels wide.
pub(super) fn scaled(picture: &Picture, width: u32) -> RgbImage {
    let (w, h) = picture.pixels.dimensions();
    let height = (u64::from(h) * u64::from(width) / u64::from(w.max(1))).clamp(1, 16_384) as u32;
    if width == w { picture.pixels.clone() } else { imageops::resize(&picture.pixels, width, height, FilterType::Triangle) }
}

fn sheet(shown: &[(usize, &Detection, &Picture)]) -> RgbImage {
    let images: Vec<RgbImage> = shown.iter().map(|(i, d, p)| captioned(*i, d, p, SHEET.1)).collect();
    arranged(&images)
}

/// Images of the sheet's width in rows, under a legend of the boxes' colours.
pub(super) fn arranged(images: &[RgbImage]) -> RgbImage {
    let (columns, width) = SHEET;
    let cell = images.iter().map(RgbImage::height).max().unwrap_or(1).min(2 * width);
    let columns = columns.min(images.len() as u32).max(1);
    let rows = (images.len() as u32).div_ceil(columns);
    let top = 24;
    let mut page = RgbImage::from_pixel(columns * (width + GAP) + GAP, top + rows * (cell + GAP), draw::DARK);
    draw::label(&mut page, (GAP, 5), "true: dashed", draw::TRUE);
    draw::label(&mut page, (GAP + 170, 5), "found: solid", draw::FOUND);
    for (i, image) in images.iter().enumerate() {
        let (column, row) = (i as u32 % columns, i as u32 / columns);
        imageops::replace(&mut page, image, i64::from(GAP + column * (width + GAP)), i64::from(top + row * (cell + GAP)));
    }
    page
}

/// Characters that every file system takes, at most 60.
fn file_stem(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let base = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    base.chars().take(60).map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}

pub(super) fn png(image: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8).map_err(failed)?;
    Ok(bytes)
}

/// For pages: a tenth of the PNG's size.
pub(super) fn jpeg(image: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 85);
    encoder.write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8).map_err(failed)?;
    Ok(bytes)
}

fn failed(e: image::ImageError) -> Error {
    Error::new(Kind::Fault, format!("cannot encode an image: {e}"))
}
