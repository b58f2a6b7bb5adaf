//! YOLO labels: beside each image a text file with a line `class cx cy w h` for each object, centre and extent in fractions of the image.

use super::iou::Box2D;
use super::labels::{LabelledBox, Labels, at, inside};
use super::text::read_text;
use crate::error::{Error, Result};
use std::path::Path;

/// Largest label file that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// How far a box may stick out of its image before it is refused: what rounding to a few digits does.
const SLACK: f32 = 0.01;
/// Highest class number.
const MAX_CLASS: usize = 100_000;

/// Parses the labels of an image of `size` (columns, rows); `path` is for messages. An empty text is an image without objects. `classes` are the known names, empty when there are none: then numbers are names.
///
/// # Errors
/// When a line does not hold five numbers, the class is unknown, or the box is empty or not inside the image.
pub fn parse(path: &Path, text: &str, size: [usize; 2], classes: &[String]) -> Result<Labels> {
    let mut labels = Labels::default();
    for (index, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let place = at(path, index + 1);
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [class, numbers @ ..] = fields.as_slice() else { continue };
        if numbers.len() != 4 {
            let e = Error::input("a line needs five fields").value(shown(line)).allowed("class cx cy w h");
            return Err(place(e.hint("outlines and confidences are not read: export plain detection boxes")));
        }
        let mut values = [0.0; 4];
        for ((value, field), name) in values.iter_mut().zip(numbers).zip(["cx", "cy", "w", "h"]) {
            let number = field.parse::<f32>().ok().filter(|v| (0.0..=1.0).contains(v));
            *value = number.ok_or_else(|| {
                let e = Error::input(format!("`{name}` is no fraction of the image")).value(shown(field)).allowed("0 to 1");
                place(e.hint("boxes count in fractions, not in pixels"))
            })?;
        }
        let class = class_name(class, classes).map_err(&place)?;
        let [cx, cy, w, h] = values;
        let fractions = Box2D::centred(cx, cy, w, h);
        let out = [-fractions.x, -fractions.y, fractions.x + w - 1.0, fractions.y + h - 1.0].into_iter().fold(0.0, f32::max);
        if out > SLACK {
            let e = Error::input("the box sticks out of the image")
                .value(shown(line))
                .allowed("cx - w/2 to cx + w/2 within 0 to 1, y likewise");
            return Err(place(e.hint("the first two numbers are the centre, not a corner")));
        }
        let (area, moved) = inside(fractions.scale(size[0] as f32, size[1] as f32), size, &place)?;
        labels.clipped(moved);
        labels.objects.push(LabelledBox { class, area });
    }
    Ok(labels)
}

fn class_name(field: &str, classes: &[String]) -> Result<String> {
    let last = if classes.is_empty() { MAX_CLASS } else { classes.len() - 1 };
    let number = field.parse::<usize>().ok().filter(|n| *n <= last);
    let number = number.ok_or_else(|| {
        let e = Error::input("wrong class").value(shown(field)).allowed(format!("0 to {last}"));
        if classes.is_empty() { e } else { e.hint("name the class in classes.txt or data.yaml") }
    })?;
    Ok(classes.get(number).cloned().unwrap_or_else(|| number.to_string()))
}

/// At most 80 characters of a text that may be anything.
fn shown(text: &str) -> String {
    text.trim().chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Reads the labels of one image.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: &Path, size: [usize; 2], classes: &[String]) -> Result<Labels> {
    parse(path, &read_text(path, MAX_BYTES)?, size, classes)
}

/// The class names of a folder: `classes.txt`, a name a line, else the `names` of `data.yaml`; none when there is neither.
///
/// # Errors
/// When the file cannot be read, or `data.yaml` has names in another form than `[a, b]`, `- a` lines or `0: a` lines.
pub fn class_names(folder: &Path) -> Result<Vec<String>> {
    let (text, yaml) = (folder.join("classes.txt"), folder.join("data.yaml"));
    if text.is_file() {
        let all = read_text(&text, MAX_BYTES)?;
        return Ok(all.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_string).collect());
    }
    if yaml.is_file() {
        return names_of_yaml(&yaml, &read_text(&yaml, MAX_BYTES)?);
    }
    Ok(Vec::new())
}

/// The `names` of a `data.yaml`, which is as much of YAML as its writers use.
fn names_of_yaml(path: &Path, text: &str) -> Result<Vec<String>> {
    let mut lines = text.lines().enumerate().skip_while(|(_, l)| !l.starts_with("names:"));
    let Some((first, head)) = lines.next() else { return Ok(Vec::new()) };
    let bare = |name: &str| name.trim().trim_matches(['"', '\'']).to_string();
    let rest = head["names:".len()..].trim();
    if let Some(list) = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']')) {
        return Ok(list.split(',').map(bare).filter(|n| !n.is_empty()).collect());
    }
    let mut names = Vec::new();
    let wrong = |line: usize, text: &str| {
        let e = Error::input("class names in a form that is not read").at(path, line + 1).value(shown(text));
        e.allowed("names: [a, b], or below `names:` lines `- a` or `0: a`").hint("or write classes.txt, a name a line")
    };
    if !rest.is_empty() {
        return Err(wrong(first, head));
    }
    let inner = |l: &str| l.trim().is_empty() || l.starts_with([' ', '-', '\t']);
    for (index, line) in lines.take_while(|(_, l)| inner(l)).filter(|(_, l)| !l.trim().is_empty()) {
        let name = match line.trim().strip_prefix('-') {
            Some(name) => Some(name),
            None => line.split_once(':').filter(|(n, _)| n.trim().parse() == Ok(names.len())).map(|(_, name)| name),
        };
        names.push(bare(name.ok_or_else(|| wrong(index, line))?));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_of_yaml_in_each_form() {
        let names = |text: &str| names_of_yaml(Path::new("data.yaml"), text);
        for text in ["nc: 2\nnames: ['car', \"boat\"]\n", "names:\n  - car\n  - boat\nnc: 2\n", "names:\r\n  0: car\r\n  1: boat\r\n"] {
            assert_eq!(names(text).unwrap(), ["car", "boat"], "{text}");
        }
        assert_eq!(names("nc: 2\n").unwrap(), [""; 0]);
        let e = names("nc: 1\nnames:\n  1: car\n").unwrap_err().to_string();
        assert!(e.starts_with("data.yaml:3: class names"), "{e}");
        assert!(names("names: *all\n").is_err());
    }
}
