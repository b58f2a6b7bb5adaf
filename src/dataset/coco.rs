//! COCO instances: one JSON file with `images`, `annotations` and `categories`; boxes `[x, y, width, height]` in pixels.
//!
//! Source: the format description of the COCO data set (Lin et al., "Microsoft COCO: common objects in context", ECCV 2014).

use super::iou::Box2D;
use super::labels::{LabelledBox, Labels, inside, same_size};
use super::text::read_text;
use crate::error::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

#[derive(Deserialize)]
struct Raw {
    images: Vec<RawImage>,
    annotations: Vec<RawAnnotation>,
    #[serde(default)]
    categories: Vec<RawCategory>,
}

#[derive(Deserialize)]
struct RawImage {
    id: i64,
    file_name: String,
    width: Option<f64>,
    height: Option<f64>,
}

#[derive(Deserialize)]
struct RawAnnotation {
    image_id: i64,
    category_id: i64,
    /// Checked later, so that one wrong box does not take the whole file along.
    #[serde(default)]
    bbox: Value,
    #[serde(default)]
    iscrowd: Flag,
}

/// 0 or 1; some tools write `false` and `true`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Number(u8),
    Bool(bool),
}

impl Default for Flag {
    fn default() -> Flag {
        Flag::Number(0)
    }
}

impl Flag {
    fn is_set(&self) -> bool {
        !matches!(self, Flag::Number(0) | Flag::Bool(false))
    }
}

/// Whether a JSON file may hold instances: it has the two lists, or is broken, which is to be said later.
pub fn may_be(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Lists {
        images: Option<IgnoredAny>,
        annotations: Option<IgnoredAny>,
    }
    let Ok(text) = read_text(path, MAX_BYTES) else { return true };
    match serde_json::from_str::<Lists>(&text) {
        Ok(lists) => lists.images.is_some() && lists.annotations.is_some(),
        // Another value than an object, or no JSON.
        Err(e) => !e.is_data(),
    }
}

#[derive(Deserialize)]
struct RawCategory {
    id: i64,
    name: String,
}

/// What the file says about one image.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Path relative to the folder of the images.
    pub file_name: String,
    size: [Option<f64>; 2],
    /// Position in `annotations`, category, and box of each object or crowd.
    objects: Vec<(usize, i64, Object)>,
}

#[derive(Clone, Debug)]
struct Object {
    bbox: Value,
    is_crowd: bool,
}

/// A read file.
#[derive(Clone, Debug)]
pub struct Instances {
    /// Sorted by file name.
    pub images: Vec<Entry>,
    categories: BTreeMap<i64, String>,
}

/// Parses a file; `path` is for messages. The second part lists what is wrong in it apart from boxes: those are checked when the size of
/// their image is known, by [`Instances::objects`].
///
/// # Errors
/// When the text is no JSON of the expected shape.
pub fn parse(path: &Path, text: &str) -> Result<(Instances, Vec<Error>)> {
    let raw: Raw = serde_json::from_str(text).map_err(|e| {
        let at = Error::input(format!("no COCO instances: {e}")).at(path, e.line());
        at.allowed("{\"images\": [{id, file_name}], \"annotations\": [{image_id, category_id, bbox}], \"categories\": [{id, name}]}")
    })?;
    let mut problems = Vec::new();
    let wrong = |what: String, value: &dyn std::fmt::Display| Error::input(what).file(path).value(value);
    let mut categories = BTreeMap::new();
    for (i, c) in raw.categories.into_iter().enumerate() {
        if categories.insert(c.id, c.name).is_some() {
            problems.push(wrong(format!("categories[{i}]: the id is taken"), &c.id));
        }
    }
    let (mut by_id, mut names) = (BTreeMap::new(), BTreeMap::new());
    // Nobody knows which of several images of one id an annotation is of.
    let mut ids: BTreeMap<i64, usize> = BTreeMap::new();
    raw.images.iter().for_each(|image| *ids.entry(image.id).or_default() += 1);
    for (i, image) in raw.images.into_iter().enumerate() {
        let leaves = Path::new(&image.file_name).components().any(|c| !matches!(c, Component::Normal(_) | Component::CurDir));
        if leaves || image.file_name.is_empty() {
            let e = wrong(format!("images[{i}]: `file_name` names no file of the folder"), &image.file_name.escape_debug());
            problems.push(e.allowed("a path within the folder of the images"));
        } else if let Some(first) =
            names.insert(Path::new(&image.file_name).components().filter(|c| *c != Component::CurDir).collect::<PathBuf>(), i)
        {
            problems.push(wrong(format!("images[{i}] is images[{first}] again"), &image.file_name.escape_debug()));
        } else if ids[&image.id] > 1 {
            let e = wrong(format!("images[{i}]: the id is that of {} images", ids[&image.id]), &image.id);
            problems.push(e.allowed("an id for each image"));
        } else {
            by_id.insert(image.id, Entry { file_name: image.file_name, size: [image.width, image.height], objects: Vec::new() });
        }
    }
    for (i, a) in raw.annotations.into_iter().enumerate() {
        match by_id.get_mut(&a.image_id) {
            // Its image has been named above.
            None if ids.contains_key(&a.image_id) => {}
            None => {
                let e = wrong(format!("annotations[{i}]: `image_id` is the id of no image"), &a.image_id);
                problems.push(e.hint("add the image, or delete the annotation"));
            }
            Some(entry) => entry.objects.push((i, a.category_id, Object { bbox: a.bbox, is_crowd: a.iscrowd.is_set() })),
        }
    }
    let mut images: Vec<Entry> = by_id.into_values().collect();
    images.sort_by(|a, b| a.file_name.cmp(&b.file_name));
    Ok((Instances { images, categories }, problems))
}

/// Reads a file, as [`parse`] does.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: &Path) -> Result<(Instances, Vec<Error>)> {
    parse(path, &read_text(path, MAX_BYTES)?)
}

impl Instances {
    /// The objects and crowds of `entry`, whose file has `size` (columns, rows) and is turned by its EXIF data, where that counts; `path` is for messages.
    ///
    /// # Errors
    /// When the file names another size, a category is unknown, or a box is empty, outside the image or no box at all.
    pub fn objects(&self, path: &Path, entry: &Entry, size: [usize; 2], is_turned: bool) -> Result<Labels> {
        let labelled = [entry.size[0].unwrap_or(size[0] as f64), entry.size[1].unwrap_or(size[1] as f64)];
        same_size(path, labelled, size, is_turned).map_err(|e| e.within(format!("images: {}", entry.file_name.escape_debug())))?;
        let mut labels = Labels::default();
        for (index, category, Object { bbox, is_crowd }) in &entry.objects {
            let place = |e: Error| e.within(format!("annotations[{index}]")).file(path);
            let numbers: Option<Vec<f64>> = bbox.as_array().and_then(|a| a.iter().map(Value::as_f64).collect());
            let Some(&[x, y, w, h]) = numbers.as_deref() else {
                let text: String = bbox.to_string().chars().take(80).collect();
                return Err(place(Error::input("`bbox` is no box").value(text).allowed("[x, y, width, height] in pixels")));
            };
            let class = match self.categories.get(category) {
                Some(name) => name.clone(),
                None if self.categories.is_empty() => category.to_string(),
                None => return Err(place(Error::input("`category_id` is the id of no category").value(category))),
            };
            let (area, moved) = inside(Box2D::new(x as f32, y as f32, w as f32, h as f32), size, place)?;
            labels.clipped(moved);
            match is_crowd {
                true => labels.crowds.push(area),
                false => labels.objects.push(LabelledBox { class, area }),
            }
        }
        if !labels.crowds.is_empty() {
            labels.notes.push(format!("{} crowd regions: what is found there does not count", labels.crowds.len()));
        }
        Ok(labels)
    }
}
