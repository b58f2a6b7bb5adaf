//! Scenes as files that [`super::folder`] reads back: a PNG image and a PASCAL VOC annotation each.

use super::scene::{HEIGHT, Scene, Split, WIDTH};
use super::voc;
use crate::error::Result;
use crate::files::write_atomically;
use std::path::Path;

/// Writes scene `index` of `split` as `<split>-<index>.png` and `.xml` into an existing folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_scene(folder: &Path, split: Split, index: u64) -> Result<()> {
    let scene = Scene::generate(split, index);
    let name = format!("{}-{index:06}", split.name());
    let xml = voc::write(&format!("{name}.png"), [WIDTH, HEIGHT], scene.class.name(), scene.target);
    write_atomically(&folder.join(format!("{name}.xml")), xml.as_bytes())?;
    scene.image.write_png(&folder.join(format!("{name}.png")))
}
