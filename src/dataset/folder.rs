//! A folder of a user's own images with labels in one of three formats, checked file by file before anything else is done with it.

use super::coco::{self, Instances};
use super::decode::{Decoded, decode};
use super::iou::Box2D;
use super::labels::{Example, Examples, LabelFormat, LabelledBox, Labels, OnBroken};
use super::layout::{Files, Layout};
use super::{voc, yolo};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Images of a folder whose labels have been read and checked. Pixels stay on disk until [`Examples::load`] asks for them.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    format: Option<LabelFormat>,
    entries: Vec<Entry>,
    notes: Vec<String>,
}

#[derive(Clone, Debug)]
struct Entry {
    path: PathBuf,
    name: String,
    size: [usize; 2],
    objects: Vec<LabelledBox>,
    crowds: Vec<Box2D>,
    notes: Vec<String>,
}

impl Folder {
    /// Opens a folder, or the JSON file of COCO instances. Labels are in `format`, or in the one format that lies in the folder.
    ///
    /// Images are JPEG or PNG files in the folder itself, in its `images` or its `JPEGImages`; labels lie beside them, in `labels` or in
    /// `Annotations` (`images/val` has them in `labels/val`). Hidden files do not count. Images are sorted by name. A folder
    /// without any label is one of unlabelled images.
    ///
    /// Every image is decoded once, to find the broken ones; its pixels are dropped again. The list says what was skipped; it is empty
    /// with [`OnBroken::Refuse`].
    ///
    /// # Errors
    /// When the folder cannot be read, holds no image or labels of several formats, or nothing of it is whole; with
    /// [`OnBroken::Refuse`] when anything is broken: the first problem with all others listed below it.
    pub fn open(path: &Path, format: Option<LabelFormat>, on_broken: OnBroken) -> Result<(Folder, Vec<Error>)> {
        Folder::open_watched(path, format, on_broken, &|_| ())
    }

    /// [`Folder::open`]; after each image `done` is called with the number of all images.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open_watched(path: &Path, format: Option<LabelFormat>, on_broken: OnBroken, done: Done) -> Result<(Folder, Vec<Error>)> {
        let layout = Layout::find(path)?;
        let format = match format {
            Some(format) => Some(format),
            None => layout.detect()?,
        };
        let (entries, problems, notes) = match format {
            Some(LabelFormat::Coco) => from_instances(&layout, done)?,
            _ => from_files(&layout, format, done)?,
        };
        if on_broken == OnBroken::Refuse && !problems.is_empty() || entries.is_empty() {
            return Err(refused(path, problems, on_broken));
        }
        Ok((Folder { path: path.to_path_buf(), format, entries, notes }, problems))
    }

    /// The folder or file that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// The format of the labels; `None` when there are none.
    pub fn format(&self) -> Option<LabelFormat> {
        self.format
    }
    /// The objects of image `index`, without reading its pixels: in pixels of the image.
    pub fn objects(&self, index: usize) -> &[LabelledBox] {
        &self.entries[index].objects
    }
    /// Columns and rows of image `index`.
    pub fn size(&self, index: usize) -> [usize; 2] {
        self.entries[index].size
    }
    /// What is worth a remark, one line each kind: conversions of images, clipped boxes, files that do not belong to the data set.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        // The first image of each remark, and how many there are.
        let mut kinds: BTreeMap<&str, (&Path, usize)> = BTreeMap::new();
        for entry in &self.entries {
            for note in &entry.notes {
                kinds.entry(note).or_insert((&entry.path, 0)).1 += 1;
            }
        }
        let line = |(note, (path, images)): (&str, (&Path, usize))| match images {
            1 => format!("{}: {note}", path.display()),
            _ => format!("{} and {} more: {note}", path.display(), images - 1),
        };
        let of_images: Vec<String> = kinds.into_iter().map(line).collect();
        self.notes.iter().cloned().chain(of_images)
    }
}

impl Examples for Folder {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn load(&self, index: usize) -> Result<Example> {
        let entry = &self.entries[index];
        let image = decode(&entry.path)?.image;
        if [image.w, image.h] != entry.size {
            let e = Error::input("the image changed its size while bico was running").file(&entry.path);
            return Err(e.value(format!("{} x {}", image.w, image.h)).allowed(format!("{} x {}", entry.size[0], entry.size[1])));
        }
        let (objects, crowds) = (entry.objects.clone(), entry.crowds.clone());
        Ok(Example { name: entry.name.clone(), image, objects, crowds, notes: entry.notes.clone() })
    }
}

/// One error for all problems.
fn refused(path: &Path, problems: Vec<Error>, on_broken: OnBroken) -> Error {
    let mut problems = problems.into_iter();
    let Some(first) = problems.next() else { return Error::input("no images in the data set").file(path) };
    let first = match on_broken {
        OnBroken::Refuse => first.hint_more("leave broken files out with --on-broken skip"),
        OnBroken::Skip => first.hint_more("nothing in the folder is whole"),
    };
    problems.fold(first, |e, other| e.also(&other))
}

/// Called after each image with the number of all.
type Done<'a> = &'a (dyn Fn(usize) + Sync);

type Checked = (Vec<Entry>, Vec<Error>, Vec<String>);

/// Decodes one image, then reads its labels, given columns and rows and whether EXIF data turn it.
fn examine(path: &Path, name: String, labels: impl FnOnce([usize; 2], bool) -> Result<Labels>) -> Result<Entry> {
    let Decoded { image, is_turned, mut notes } = decode(path)?;
    let size = [image.w, image.h];
    drop(image);
    let Labels { objects, crowds, notes: more } = labels(size, is_turned)?;
    notes.extend(more);
    Ok(Entry { path: path.to_path_buf(), name, size, objects, crowds, notes })
}

fn split(examined: Vec<Result<Entry>>, problems: &mut Vec<Error>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(examined.len());
    examined.into_iter().for_each(|one| match one {
        Ok(entry) => entries.push(entry),
        Err(problem) => problems.push(problem),
    });
    entries
}

/// VOC and YOLO: a label file for each image; or no labels at all.
fn from_files(layout: &Layout, format: Option<LabelFormat>, done: Done) -> Result<Checked> {
    let images = layout.images()?;
    let labels = format.map_or(Files::new(), |f| layout.label_files(f));
    let classes = if format == Some(LabelFormat::Yolo) { layout.class_names()? } else { Vec::new() };
    let mut by_stem: BTreeMap<&OsStr, Vec<String>> = BTreeMap::new();
    images.iter().for_each(|p| by_stem.entry(p.file_stem().unwrap_or_default()).or_default().push(file_name(p)));
    let examined = images.par_iter().inspect(|_| done(images.len())).map(|path| {
        let stem = path.file_stem().unwrap_or_default();
        examine(path, file_name(path), |size, is_turned| {
            let Some(format) = format else { return Ok(Default::default()) };
            let twins = &by_stem[stem];
            if twins.len() > 1 {
                let e = Error::input("images share one label file").file(path).value(twins.join(", "));
                return Err(e.allowed("names that differ in more than the ending").hint("rename all but one"));
            }
            match (labels.get(stem), format) {
                (None, _) => Err(without_label(path, format)),
                (Some(file), LabelFormat::Yolo) => yolo::read(file, size, &classes),
                (Some(file), _) => voc::read(file, size, is_turned),
            }
        })
    });
    let mut problems = Vec::new();
    let entries = split(examined.collect(), &mut problems);
    for (_, file) in labels.iter().filter(|(stem, _)| !by_stem.contains_key(stem.as_os_str())) {
        let e = Error::input("a label without image").file(file).allowed("a JPEG or PNG file of the same name");
        problems.push(e.hint("add the image, or delete the label"));
    }
    Ok((entries, problems, Vec::new()))
}

fn without_label(path: &Path, format: LabelFormat) -> Error {
    let e = Error::input("an image without label").file(path);
    match format {
        LabelFormat::Yolo => e.allowed("a .txt file of the same name").hint("an empty .txt file says that there is no object"),
        _ => e.allowed("an .xml file of the same name").hint("an <annotation> without <object> says that there is no object"),
    }
}

/// COCO: the JSON file says which images there are.
fn from_instances(layout: &Layout, done: Done) -> Result<Checked> {
    let json = layout.instances()?;
    let (instances, mut problems): (Instances, _) = coco::read(&json)?;
    let examined = instances.images.par_iter().inspect(|_| done(instances.images.len())).map(|entry| {
        let found = layout.image(&entry.file_name).ok_or_else(|| {
            let e = Error::input("a label without image").file(&json).value(entry.file_name.escape_debug());
            e.allowed(format!("an image in {}", layout.root().display()))
        })?;
        examine(&found, entry.file_name.clone(), |size, is_turned| instances.objects(&json, entry, size, is_turned))
    });
    let entries = split(examined.collect(), &mut problems);
    let listed: BTreeSet<PathBuf> = instances.images.iter().filter_map(|i| layout.image(&i.file_name)).collect();
    let others = layout.images().unwrap_or_default().iter().filter(|p| !listed.contains(*p)).count();
    let note = (others > 0).then(|| format!("{}: {others} images of the folder are not listed and do not count", json.display()));
    Ok((entries, problems, note.into_iter().collect()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
