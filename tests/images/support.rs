//! Folders to read.

use bico::dataset::{Box2D, Example, Examples, Folder, LabelFormat, OnBroken};
use bico::error::{Error, Kind};
use image::{DynamicImage, Rgb, RgbImage};
use std::path::{Path, PathBuf};

pub fn save(folder: &Path, name: &str, image: DynamicImage) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.save(&path).unwrap();
    path
}

/// A colourful image of 64 x 32 pixels.
pub fn photo(folder: &Path, name: &str) -> PathBuf {
    save(folder, name, RgbImage::from_fn(64, 32, |x, y| Rgb([(x * 4) as u8, (y * 8) as u8, 90])).into())
}

pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

/// Opens what has to be whole.
pub fn whole(folder: &Path) -> Folder {
    let (found, problems) = Folder::open(folder, None, OnBroken::Refuse).unwrap_or_else(|e| panic!("{e}"));
    assert!(problems.is_empty());
    found
}

/// All examples of a folder.
pub fn examples(folder: &Folder) -> Vec<Example> {
    (0..folder.len()).map(|i| folder.load(i).unwrap()).collect()
}

/// Names and boxes of each example.
pub fn objects(folder: &Folder) -> Vec<(String, Vec<(String, Box2D)>)> {
    let of = |e: Example| (e.name, e.objects.into_iter().map(|o| (o.class, o.area)).collect());
    examples(folder).into_iter().map(of).collect()
}

/// Refused by default; with `skip` the same problems are listed and `left` images remain. Returns the message.
pub fn broken(folder: &Path, format: Option<LabelFormat>, left: usize) -> (String, Vec<Error>) {
    let refused = Folder::open(folder, format, OnBroken::Refuse).unwrap_err();
    assert_eq!(refused.kind(), Kind::Input, "{refused}");
    let (found, problems) = Folder::open(folder, format, OnBroken::Skip).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(found.len(), left, "{refused}");
    assert!(!problems.is_empty());
    let text = refused.to_string();
    assert!(text.contains("--on-broken skip"), "{text}");
    for problem in &problems[1..] {
        assert!(text.contains(&problem.one_line()), "{text}");
    }
    (text, problems)
}
