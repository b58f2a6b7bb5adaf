//! Procedural scenes as examples.

use super::labels::{Example, Examples, LabelledBox};
use super::scene::{Scene, Split};
use crate::error::Result;

/// Scenes `first..first + count` of a split.
#[derive(Clone, Copy, Debug)]
pub struct Scenes {
    /// Where they are drawn from.
    pub split: Split,
    /// Index of the first.
    pub first: u64,
    /// How many.
    pub count: usize,
}

impl Examples for Scenes {
    fn len(&self) -> usize {
        self.count
    }

    fn load(&self, index: usize) -> Result<Example> {
        let index = self.first + index as u64;
        let scene = Scene::generate(self.split, index);
        let objects = vec![LabelledBox { class: scene.class.name().to_string(), area: scene.target }];
        Ok(Example { name: format!("scene_{index:04}"), image: scene.image, objects, crowds: Vec::new(), notes: Vec::new() })
    }
}
