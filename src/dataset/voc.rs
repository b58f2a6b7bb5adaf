//! PASCAL VOC annotation files, as DAC-SDC gives them: one XML file an image, boxes in pixels.

use super::iou::Box2D;
use super::labels::{CLIPPED, LabelledBox, at, inside};
use super::text::read_text;
use crate::error::{Error, Result};
use roxmltree::{Document, Node, ParsingOptions};
use std::path::Path;

/// What an annotation says.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// Columns and rows the boxes refer to, where given.
    pub size: Option<[u32; 2]>,
    /// Name and box of each object, in pixels; width is xmax - xmin as DAC-SDC counts.
    pub objects: Vec<(String, Box2D)>,
    /// One-based line of each object's box.
    pub lines: Vec<usize>,
}

/// Largest annotation that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// Parses an annotation; `path` is for messages.
///
/// # Errors
/// When the text is no XML, or a box lacks a corner, has one that is no finite number, or is empty.
pub fn parse(path: &Path, text: &str) -> Result<Annotation> {
    // DTDs could expand without bound; annotations have none.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 100_000, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|e| Error::input(format!("annotation is no valid XML: {e}")).at(path, e.pos().row as usize))?;
    let root = document.root_element();
    let line = |n: Node<'_, '_>| document.text_pos_at(n.range().start).row as usize;
    let number = |parent: Node<'_, '_>, name: &str| -> Result<f32> {
        let found = parent.children().find(|n| n.has_tag_name(name));
        let node = found.ok_or_else(|| Error::input(format!("no <{name}> in <{}>", parent.tag_name().name())).at(path, line(parent)))?;
        let text = node.text().unwrap_or("").trim();
        let allowed = "a number from 0 to 1000000";
        let bad = || Error::input(format!("<{name}> is no coordinate")).at(path, line(node)).value(text).allowed(allowed);
        text.parse::<f32>().ok().filter(|v| (0.0..=1e6).contains(v)).ok_or_else(bad)
    };
    let mut size = None;
    if let Some(node) = root.children().find(|n| n.has_tag_name("size")) {
        size = Some([number(node, "width")? as u32, number(node, "height")? as u32]);
    }
    let (mut objects, mut lines) = (Vec::new(), Vec::new());
    for object in root.children().filter(|n| n.has_tag_name("object")) {
        let name = object.children().find(|n| n.has_tag_name("name")).and_then(|n| n.text()).unwrap_or("target").trim().to_string();
        let corners = object.children().find(|n| n.has_tag_name("bndbox"));
        let corners = corners.ok_or_else(|| Error::input("<object> without <bndbox>").at(path, line(object)))?;
        let [x0, y0] = [number(corners, "xmin")?, number(corners, "ymin")?];
        let [x1, y1] = [number(corners, "xmax")?, number(corners, "ymax")?];
        if !(x1 > x0 && y1 > y0) {
            let e = Error::input("the box is empty").at(path, line(corners)).value(format!("x {x0} to {x1}, y {y0} to {y1}"));
            return Err(e.allowed("xmin < xmax and ymin < ymax"));
        }
        objects.push((name, Box2D::new(x0, y0, x1 - x0, y1 - y0)));
        lines.push(line(corners));
    }
    Ok(Annotation { size, objects, lines })
}

/// Reads the annotation of an image of `image` (columns, rows). The second part is what is worth a remark.
///
/// # Errors
/// As [`parse`], and when the annotation is for an image of another size or a box lies outside the image.
pub fn read(path: &Path, image: [usize; 2]) -> Result<(Vec<LabelledBox>, Vec<String>)> {
    let annotation = parse(path, &read_text(path, MAX_BYTES)?)?;
    if let Some(size) = annotation.size.map(|s| s.map(|v| v as usize)).filter(|&s| s != image) {
        let e = Error::input("the annotation is for an image of another size").file(path).value(format!("{} x {}", size[0], size[1]));
        return Err(e.allowed(format!("{} x {}", image[0], image[1])).hint("was the image resized after it was labelled?"));
    }
    let (mut objects, mut clipped) = (Vec::new(), false);
    for ((class, area), line) in annotation.objects.into_iter().zip(annotation.lines) {
        let (area, moved) = inside(area, image, at(path, line))?;
        clipped |= moved;
        objects.push(LabelledBox { class, area });
    }
    Ok((objects, clipped.then(|| CLIPPED.to_string()).into_iter().collect()))
}

/// The annotation of one box in an image of `width` x `height`, in the form [`parse`] reads. Coordinates keep their fractions.
pub fn write(file: &str, [width, height]: [usize; 2], name: &str, b: Box2D) -> String {
    let escaped = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<annotation>\n  <filename>{}</filename>\n  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n  \
         <object>\n    <name>{}</name>\n    <bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>\n  </object>\n\
         </annotation>\n",
        escaped(file),
        escaped(name),
        b.x,
        b.y,
        b.x + b.w,
        b.y + b.h,
    )
}
