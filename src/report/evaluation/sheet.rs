//! The contact sheet: true boxes and what the executed network found, the first images and the worst of the rest.

use crate::error::Result;
use crate::evaluate::{Evaluation, FoundRecord, ImageRecord};
use crate::report::Picture;
use crate::report::picture::{self, draw};
use image::RgbImage;

/// Images from the start, and images with the lowest IoU of the others (the first ones where there is no IoU).
const FIRST: usize = 12;
const WORST: usize = 12;
/// Column of the evaluated network as executed.
const EXECUTED: usize = 1;
/// Boxes of lower confidence are not drawn, where several are.
const CONFIDENT: f32 = 0.5;

/// Indices of the images on the sheet, in order.
pub fn shown(found: &Evaluation) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..found.images.len()).collect();
    let mut rest = indices.split_off(FIRST.min(indices.len()));
    let iou = |i: &usize| found.images[*i].answers[EXECUTED].iou.unwrap_or(0.0);
    rest.sort_by(|a, b| iou(a).total_cmp(&iou(b)).then(a.cmp(b)));
    rest.truncate(WORST);
    rest.sort_unstable();
    indices.extend(rest);
    indices
}

pub(super) fn render(found: &Evaluation, pictures: &[(usize, Picture)]) -> Result<Vec<u8>> {
    let pages: Vec<RgbImage> = pictures.iter().filter_map(|(i, p)| Some(page(*i, found.images.get(*i)?, p, found.single_object))).collect();
    picture::png(&picture::arranged(&pages))
}

fn page(index: usize, image: &ImageRecord, picture: &Picture, single: bool) -> RgbImage {
    let mut pixels = picture::scaled(picture, picture::SHEET.1);
    image.objects.iter().for_each(|o| draw::outline(&mut pixels, &o.area, draw::TRUE, true));
    let answer = &image.answers[EXECUTED];
    let confident = |f: &&FoundRecord| f.confidence.is_some_and(|c| c >= CONFIDENT);
    let found: Vec<&FoundRecord> = if single { vec![&answer.best] } else { answer.found.iter().filter(confident).collect() };
    found.iter().for_each(|f| draw::outline(&mut pixels, &f.area, draw::FOUND, false));
    let text = answer.iou.map_or(format!("{index}"), |iou| format!("{index}: IoU {iou:.2}"));
    picture::under_strip(&pixels, &text)
}
