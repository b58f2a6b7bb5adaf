//! Where the images and the labels of a folder lie.

use super::coco;
use super::labels::LabelFormat;
use super::yolo;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Label files by name without ending.
pub type Files = BTreeMap<OsString, PathBuf>;

/// Text files that are no labels.
const NO_LABELS: [&str; 10] = ["classes", "labels", "names", "readme", "license", "train", "val", "valid", "test", "requirements"];

/// Folders of images, and those of their labels beside them.
const SISTERS: [(&str, &str); 2] = [("images", "labels"), ("JPEGImages", "Annotations")];

/// A folder, or a JSON file, and what lies around it: folders are listed once, when it is found.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
    /// The folder of the images.
    folder: PathBuf,
    /// The image files, sorted by name.
    images: Vec<PathBuf>,
    /// Their names without ending.
    stems: BTreeSet<OsString>,
    /// Folders that may hold labels.
    labels: Vec<PathBuf>,
    /// The JSON file, when that was asked for.
    json: Option<PathBuf>,
    /// JSON files that may hold COCO instances, once somebody asked.
    instances: OnceLock<Vec<PathBuf>>,
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
        let images_in = |folder: &Path| -> Result<Vec<PathBuf>> { Ok(entries(folder)?.into_iter().filter(|p| is_image(p)).collect()) };
        let (mut folder, mut images) = (root.clone(), images_in(&root)?);
        if images.is_empty()
            && let Some(inner) = ["images", "JPEGImages"].map(|n| root.join(n)).into_iter().find(|p| p.is_dir())
        {
            (images, folder) = (images_in(&inner)?, inner);
        }
        let stems = images.iter().map(|p| p.file_stem().unwrap_or_default().to_os_string()).collect();
        let sisters = SISTERS.map(|(from, to)| sister(&folder, from, to));
        let below = ["labels", "Annotations"].map(|n| Some(root.join(n)));
        let mut labels: Vec<PathBuf> = Vec::new();
        for candidate in [Some(folder.clone()), Some(root.clone())].into_iter().chain(sisters).chain(below).flatten() {
            if candidate.is_dir() && !labels.contains(&candidate) {
                labels.push(candidate);
            }
        }
        Ok(Layout { root, folder, images, stems, labels, json, instances: OnceLock::new() })
    }

    /// The folder everything lies in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The image files, sorted by name.
    ///
    /// # Errors
    /// When there are none.
    pub fn images(&self) -> Result<&[PathBuf]> {
        if !self.images.is_empty() {
            return Ok(&self.images);
        }
        let e = Error::input("no images in the folder").file(&self.folder);
        let e = e.allowed(".jpg, .jpeg and .png files, here or in `images` or `JPEGImages`");
        let deeper = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|f| f.path()).filter(|p| p.is_dir()).min();
        Err(match deeper {
            Some(folder) => e.hint(format!("folders below are not read: name one of them, such as {}", folder.display())),
            None => e,
        })
    }

    /// The image that a JSON file calls `name`.
    pub fn image(&self, name: &str) -> Option<PathBuf> {
        [&self.root, &self.folder].into_iter().map(|folder| folder.join(name)).find(|p| p.is_file())
    }

    /// The label files of a format with a file for each image.
    pub fn label_files(&self, format: LabelFormat) -> Files {
        let ending = if format == LabelFormat::Yolo { "txt" } else { "xml" };
        let is_label = |p: &PathBuf| {
            let stem = p.file_stem().unwrap_or_default();
            let other = || NO_LABELS.contains(&stem.to_string_lossy().to_ascii_lowercase().as_str()) && !self.stems.contains(stem);
            has_ending(p, &[ending]) && (ending == "xml" || !other())
        };
        let mut files = Files::new();
        for path in self.labels.iter().flat_map(|folder| entries(folder).unwrap_or_default()).filter(is_label) {
            files.entry(path.file_stem().unwrap_or_default().to_os_string()).or_insert(path);
        }
        files
    }

    /// JSON files that may hold COCO instances: not those that belong to a single image, nor those that hold something else.
    fn json_files(&self) -> &[PathBuf] {
        self.instances.get_or_init(|| {
            if let Some(json) = &self.json {
                return vec![json.clone()];
            }
            let annotations = self.root.join("annotations");
            let folders = [&self.root, &annotations, &self.folder];
            let all = folders.into_iter().flat_map(|folder| entries(folder).unwrap_or_default());
            let of_no_image = |p: &PathBuf| has_ending(p, &["json"]) && !self.stems.contains(p.file_stem().unwrap_or_default());
            let mut files: Vec<PathBuf> = all.filter(of_no_image).collect();
            files.sort();
            files.dedup();
            files.retain(|p| coco::may_be(p));
            files
        })
    }

    /// The one JSON file.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn instances(&self) -> Result<PathBuf> {
        match self.json_files() {
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
        let of_an_image = |f: &LabelFormat| self.label_files(*f).keys().any(|stem| self.stems.contains(stem));
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
        let sisters = SISTERS.map(|(from, to)| sister(&self.folder, from, to));
        let apart = sisters.into_iter().flatten().any(|folder| folder.is_dir());
        let above = self.folder.ancestors().skip(1).take(if apart { 2 } else { 0 }).map(Path::to_path_buf);
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

/// The files of a folder that are not hidden, sorted by name.
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
    paths.sort();
    Ok(paths)
}

/// `path` with its last component `from` replaced by `to`, however it is spelled.
fn sister(path: &Path, from: &str, to: &str) -> Option<PathBuf> {
    let path = if path.components().any(|c| c.as_os_str() == from) { path.to_path_buf() } else { std::path::absolute(path).ok()? };
    let parts: Vec<_> = path.components().collect();
    let at = parts.iter().rposition(|c| c.as_os_str() == from)?;
    Some(parts.iter().enumerate().map(|(i, c)| if i == at { to.as_ref() } else { c.as_os_str() }).collect())
}
