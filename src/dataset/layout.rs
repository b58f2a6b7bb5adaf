//! Where the images and the labels of a folder lie.

use super::coco;
use super::labels::LabelFormat;
use super::yolo;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Label files by name without ending.
pub type Files = BTreeMap<OsString, PathBuf>;

/// Text files that are no labels.
const NO_LABELS: [&str; 10] = ["classes", "labels", "names", "readme", "license", "train", "val", "valid", "test", "requirements"];

/// Folders of images, and those of their labels beside them.
const SISTERS: [(&str, &str); 2] = [("images", "labels"), ("JPEGImages", "Annotations")];

/// A folder, or a JSON file, and what lies around it.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
    /// The folder of the images.
    images: PathBuf,
    /// Folders that may hold labels.
    labels: Vec<PathBuf>,
    /// The JSON file, when that was asked for.
    json: Option<PathBuf>,
}

impl Layout {
    /// Looks around at `path`: a folder, or a JSON file of COCO instances.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(path: &Path) -> Result<Layout> {
        let json = (path.is_file() && has_ending(path, &["json"])).then(|| path.to_path_buf());
        let mut root = path.to_path_buf();
        if json.is_some() {
            root.pop();
            if root.file_name().is_some_and(|n| n == "annotations") {
                root.pop();
            }
            if root.as_os_str().is_empty() {
                root.push(".");
            }
        }
        let here = entries(&root)?.iter().any(|p| is_image(p));
        let inner = ["images", "JPEGImages"].map(|n| root.join(n)).into_iter().find(|p| p.is_dir());
        let images = if here { root.clone() } else { inner.unwrap_or_else(|| root.clone()) };
        let sisters = SISTERS.map(|(from, to)| sister(&images, from, to));
        let below = ["labels", "Annotations"].map(|n| Some(root.join(n)));
        let mut labels: Vec<PathBuf> = Vec::new();
        for folder in [Some(images.clone()), Some(root.clone())].into_iter().chain(sisters).chain(below).flatten() {
            if folder.is_dir() && !labels.contains(&folder) {
                labels.push(folder);
            }
        }
        Ok(Layout { root, images, labels, json })
    }

    /// The folder everything lies in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The image files, sorted by name.
    ///
    /// # Errors
    /// When there are none.
    pub fn images(&self) -> Result<Vec<PathBuf>> {
        let mut paths: Vec<PathBuf> = entries(&self.images)?.into_iter().filter(|p| is_image(p)).collect();
        if paths.is_empty() {
            let e = Error::input("no images in the folder").file(&self.images);
            let e = e.allowed(".jpg, .jpeg and .png files, here or in `images` or `JPEGImages`");
            let deeper = std::fs::read_dir(&self.images).into_iter().flatten().flatten().map(|f| f.path()).filter(|p| p.is_dir()).min();
            return Err(match deeper {
                Some(folder) => e.hint(format!("folders below are not read: name one of them, such as {}", folder.display())),
                None => e,
            });
        }
        paths.sort();
        Ok(paths)
    }

    /// Names of the images without ending.
    fn stems(&self) -> BTreeSet<OsString> {
        let images = self.images().unwrap_or_default();
        images.iter().map(|p| p.file_stem().unwrap_or_default().to_os_string()).collect()
    }

    /// The image that a JSON file calls `name`.
    pub fn image(&self, name: &str) -> Option<PathBuf> {
        [&self.root, &self.images].into_iter().map(|folder| folder.join(name)).find(|p| p.is_file())
    }

    /// The label files of a format with a file for each image.
    pub fn label_files(&self, format: LabelFormat) -> Files {
        let ending = if format == LabelFormat::Yolo { "txt" } else { "xml" };
        let images = self.stems();
        let is_label = |p: &PathBuf| {
            let stem = p.file_stem().unwrap_or_default();
            let other = || NO_LABELS.contains(&stem.to_string_lossy().to_ascii_lowercase().as_str()) && !images.contains(stem);
            has_ending(p, &[ending]) && (ending == "xml" || !other())
        };
        let mut files = Files::new();
        for path in self.labels.iter().flat_map(|folder| entries(folder).unwrap_or_default()).filter(is_label) {
            files.entry(path.file_stem().unwrap_or_default().to_os_string()).or_insert(path);
        }
        files
    }

    /// JSON files that may hold COCO instances: not those that belong to a single image, nor those that hold something else.
    fn json_files(&self) -> Vec<PathBuf> {
        if let Some(json) = &self.json {
            return vec![json.clone()];
        }
        let images = self.stems();
        let annotations = self.root.join("annotations");
        let folders = [&self.root, &annotations, &self.images];
        let all = folders.into_iter().flat_map(|folder| entries(folder).unwrap_or_default());
        let mut files: Vec<PathBuf> =
            all.filter(|p| has_ending(p, &["json"]) && !images.contains(p.file_stem().unwrap_or_default())).collect();
        files.retain(|p| coco::may_be(p));
        files.sort();
        files.dedup();
        files
    }

    /// The one JSON file.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn instances(&self) -> Result<PathBuf> {
        let files = self.json_files();
        match files.as_slice() {
            [one] => Ok(one.clone()),
            [] => {
                Err(Error::input("no JSON file with COCO instances").file(&self.root).allowed("one .json file, here or in `annotations`"))
            }
            several => {
                let names: Vec<String> = several.iter().map(|p| p.display().to_string()).collect();
                let e = Error::input("more than one JSON file").file(&self.root).value(names.join(", "));
                Err(e.hint("name the file instead of the folder"))
            }
        }
    }

    /// The format of the labels that lie here; `None` when there are none.
    ///
    /// # Errors
    /// When there are several.
    pub fn detect(&self) -> Result<Option<LabelFormat>> {
        if self.json.is_some() {
            return Ok(Some(LabelFormat::Coco));
        }
        let images = self.stems();
        let of_an_image = |f: &LabelFormat| self.label_files(*f).keys().any(|stem| images.contains(stem));
        let mut found: Vec<LabelFormat> = [LabelFormat::Voc, LabelFormat::Yolo].into_iter().filter(of_an_image).collect();
        found.extend((!self.json_files().is_empty()).then_some(LabelFormat::Coco));
        if found.len() > 1 {
            let names: Vec<&str> = found.iter().map(|f| f.name()).collect();
            let e = Error::input("labels of more than one format").file(&self.root).value(names.join(", "));
            return Err(e.hint(format!("choose with --labels {}", names.join(" or --labels "))));
        }
        Ok(found.first().copied())
    }

    /// The names of YOLO's classes; none when no file names them.
    ///
    /// # Errors
    /// When such a file is there and unreadable.
    pub fn class_names(&self) -> Result<Vec<String>> {
        // Beside and above `images` of `images/val` and `labels/val`; what lies above other folders has nothing to do with them.
        let sisters = SISTERS.map(|(from, to)| sister(&self.images, from, to));
        let apart = sisters.into_iter().flatten().any(|folder| folder.is_dir());
        let above = self.images.ancestors().skip(1).take(if apart { 2 } else { 0 }).map(Path::to_path_buf);
        for folder in self.labels.iter().cloned().chain(above) {
            let names = yolo::class_names(&folder)?;
            if !names.is_empty() {
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e.to_ascii_lowercase().as_str()))
}

fn is_image(path: &Path) -> bool {
    has_ending(path, &["jpg", "jpeg", "png"])
}

/// The files of a folder that are not hidden.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e: std::io::Error| Error::io("read the folder", folder, &e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.is_file() {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// `path` with its last component `from` replaced by `to`, however it is spelled.
fn sister(path: &Path, from: &str, to: &str) -> Option<PathBuf> {
    let path = if path.components().any(|c| c.as_os_str() == from) { path.to_path_buf() } else { std::path::absolute(path).ok()? };
    let parts: Vec<_> = path.components().collect();
    let at = parts.iter().rposition(|c| c.as_os_str() == from)?;
    Some(parts.iter().enumerate().map(|(i, c)| if i == at { to.as_ref() } else { c.as_os_str() }).collect())
}
