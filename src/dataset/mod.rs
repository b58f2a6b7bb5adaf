//! Images with one labelled target: procedural scenes, folders of files, preprocessing and the score.

pub mod baseline;
pub mod contact;
pub mod frame;
pub mod iou;
pub mod preprocess;
pub mod reader;
pub mod rng;
pub mod scene;
pub mod voc;
pub mod writer;

pub use frame::Image;
pub use iou::Box2D;
pub use preprocess::{preprocess, resize};
pub use scene::{Class, Scene, Split};
