//! Images with labelled objects: procedural scenes, folders of files, preprocessing and the score.

pub mod baseline;
pub mod coco;
pub mod contact;
pub mod decode;
pub mod folder;
pub mod frame;
pub mod iou;
pub mod labels;
mod layout;
pub mod preprocess;
pub mod rng;
pub mod scene;
pub mod scenes;
mod text;
pub mod voc;
pub mod writer;
pub mod yolo;

pub use folder::Folder;
pub use frame::Image;
pub use iou::Box2D;
pub use labels::{Example, Examples, LabelFormat, LabelledBox, Labels, OnBroken};
pub use preprocess::{preprocess, reads_images, resize, to_format};
pub use scene::{Class, Scene, Split};
pub use scenes::Scenes;
