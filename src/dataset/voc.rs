//! PASCAL VOC annotation files, as DAC-SDC gives them: one XML file an image, boxes in pixels.

use super::iou::Box2D;
use super::labels::{LabelledBox, Labels, at, inside, same_size};
use super::text::read_text;
use crate::error::{Error, Result};
use roxmltree::{Document, Node, ParsingOptions};
use std::path::Path;

/// What an annotation says.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// Columns and rows the boxes refer to, where given.
    pub size: Option<[f64; 2]>,
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
    if !root.has_tag_name("annotation") {
        let e = Error::input("no annotation").at(path, 1).value(format!("<{}>", root.tag_name().name()));
        return Err(e.allowed("<annotation>").hint("is this an XML file of something else?"));
    }
    let line = |n: Node<'_, '_>| document.text_pos_at(n.range().start).row as usize;
    let number = |parent: Node<'_, '_>, name: &str| -> Result<f32> {
        let found = parent.children().find(|n| n.has_tag_name(name));
        let node = found.ok_or_else(|| Error::input(format!("no <{name}> in <{}>", parent.tag_name().name())).at(path, line(parent)))?;
        let text = node.text().unwrap_or("").trim();
        let allowed = "a number from -1000000 to 1000000";
        let bad = || Error::input(format!("<{name}> is no coordinate")).at(path, line(node)).value(text).allowed(allowed);
        text.parse::<f32>().ok().filter(|v| (-1e6..=1e6).contains(v)).ok_or_else(bad)
    };
    let mut size = None;
    if let Some(node) = root.children().find(|n| n.has_tag_name("size")) {
        // Some tools write 0 for what they do not know.
        size = Some([number(node, "width")?, number(node, "height")?].map(f64::from)).filter(|s| *s != [0.0; 2]);
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

/// Reads the annotation of an image of `image` (columns, rows); `is_turned` by its EXIF data, where that counts.
///
/// # Errors
/// As [`parse`], and when the annotation is for an image of another size or a box lies outside the image.
pub fn read(path: &Path, image: [usize; 2], is_turned: bool) -> Result<Labels> {
    let annotation = parse(path, &read_text(path, MAX_BYTES)?)?;
    annotation.size.map_or(Ok(()), |size| same_size(path, size, image, is_turned))?;
    let mut labels = Labels::default();
    for ((class, area), line) in annotation.objects.into_iter().zip(annotation.lines) {
        let (area, moved) = inside(area, image, at(path, line))?;
        labels.clipped(moved);
        labels.objects.push(LabelledBox { class, area });
    }
    Ok(labels)
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
