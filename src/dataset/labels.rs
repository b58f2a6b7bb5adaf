//! Labelled images, whatever format their labels were written in.

use super::frame::Image;
use super::iou::Box2D;
use crate::error::{Error, Result};
use std::path::Path;

/// How the labels of a folder are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum LabelFormat {
    /// PASCAL VOC as DAC-SDC has it: an XML file for each image
    Voc,
    /// YOLO: a text file for each image, a line `class cx cy w h` in fractions for each object
    Yolo,
    /// COCO instances: one JSON file for all images
    Coco,
}

impl LabelFormat {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            LabelFormat::Voc => "voc",
            LabelFormat::Yolo => "yolo",
            LabelFormat::Coco => "coco",
        }
    }
}

/// What to do about broken files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnBroken {
    /// Stop, and list all of them
    #[default]
    Refuse,
    /// List them and go on without these images
    Skip,
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledBox {
    /// Name of its class; the class's number where the labels name none.
    pub class: String,
    /// Its box: not empty, inside the image; in pixels of the image.
    pub area: Box2D,
}

/// What a label file says about one image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Its objects, in the order of the file.
    pub objects: Vec<LabelledBox>,
    /// Regions of more objects than anyone counted, in pixels: what is found there is neither right nor wrong.
    pub crowds: Vec<Box2D>,
    /// What is worth a remark.
    pub notes: Vec<String>,
}

impl Labels {
    /// Remarks, once, that a box was clipped to the image, where `moved` says so.
    pub(super) fn clipped(&mut self, moved: bool) {
        const CLIPPED: &str = "box clipped to the image";
        if moved && !self.notes.iter().any(|n| n == CLIPPED) {
            self.notes.push(CLIPPED.into());
        }
    }
}

/// An image with its objects.
#[derive(Clone, Debug)]
pub struct Example {
    /// File name within its folder, or name of the scene.
    pub name: String,
    /// Pixels, in the size of the file.
    pub image: Image,
    /// All objects, in the order of the label file.
    pub objects: Vec<LabelledBox>,
    /// Crowds ([`Labels::crowds`]).
    pub crowds: Vec<Box2D>,
    /// What was changed while reading, one line each.
    pub notes: Vec<String>,
}

impl Example {
    /// The boxes in fractions of the image.
    pub fn fractions(&self) -> Vec<Box2D> {
        self.objects.iter().map(|o| self.fraction(o.area)).collect()
    }
    /// The crowds in fractions of the image.
    pub fn crowd_fractions(&self) -> Vec<Box2D> {
        self.crowds.iter().map(|&area| self.fraction(area)).collect()
    }
    fn fraction(&self, area: Box2D) -> Box2D {
        area.scale(1.0 / self.image.w as f32, 1.0 / self.image.h as f32)
    }
    /// Index of the largest object; of the first of equals.
    pub fn largest(&self) -> Option<usize> {
        let area = |i: &usize| self.objects[*i].area.area();
        (0..self.objects.len()).rev().max_by(|a, b| area(a).total_cmp(&area(b)))
    }
}

/// Images that can be asked for one by one, from any thread.
pub trait Examples: Sync {
    /// How many.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Image `index`, below [`Examples::len`].
    ///
    /// # Errors
    /// When its file can no longer be read.
    fn load(&self, index: usize) -> Result<Example>;
}

/// A box of a label file, checked against its image of `size` (columns, rows) and clipped to it. The flag says that clipping moved an edge
/// by more than a pixel: less is rounding.
///
/// # Errors
/// When a coordinate is no finite number, or nothing of the box is inside. `place` is where the label stands.
pub(super) fn inside(area: Box2D, size: [usize; 2], place: impl Fn(Error) -> Error) -> Result<(Box2D, bool)> {
    let [w, h] = size.map(|s| s as f32);
    let value = || format!("x {} y {} w {} h {}", area.x, area.y, area.w, area.h);
    if ![area.x, area.y, area.w, area.h].iter().all(|v| v.is_finite()) {
        return Err(place(Error::input("a coordinate is no finite number").value(value())));
    }
    if !(area.w > 0.0 && area.h > 0.0) {
        let e = Error::input("the box is empty").value(value()).allowed("width and height above 0");
        return Err(place(e.hint("delete this object, or draw its box anew")));
    }
    let clipped = area.clip(w, h);
    // What is left may be thinner than a float can tell from nothing.
    if !(clipped.w > 0.0 && clipped.h > 0.0) {
        let e = Error::input("the box lies outside the image").value(value()).allowed(format!("inside {w} x {h} pixels"));
        return Err(place(e.hint("are these the labels of another image?")));
    }
    let moved = (clipped.x - area.x).max(clipped.y - area.y).max(area.w - clipped.w).max(area.h - clipped.h);
    Ok((clipped, moved > 1.0))
}

/// Refuses labels that were written for an image of another size than `image` (columns, rows), `labelled`. `file` is where that stands.
///
/// # Errors
/// When the sizes differ; whether the image is turned by its EXIF data decides what to do about it.
pub(super) fn same_size(file: &Path, labelled: [f64; 2], image: [usize; 2], is_turned: bool) -> Result<()> {
    let [w, h] = image.map(|side| side as f64);
    if labelled == [w, h] {
        return Ok(());
    }
    let e = Error::input("the labels are for an image of another size").file(file).value(format!("{} x {}", labelled[0], labelled[1]));
    let e = e.allowed(format!("{w} x {h}"));
    Err(match labelled == [h, w] && is_turned {
        true => e.hint("the image was turned by its EXIF orientation when it was labelled: turn its pixels too (`exiftran -ai`, `mogrify -auto-orient`)"),
        false => e.hint("was the image resized after it was labelled?"),
    })
}

/// An error about a file of labels at a line.
pub(super) fn at(path: &Path, line: usize) -> impl Fn(Error) -> Error {
    move |e| e.at(path, line)
}
