//! Folders of images: what is accepted, what is reported, and one clear error for everything else.

mod coco;
mod decode;
mod folder;
mod fuzz;
mod support;
mod voc;
mod yolo;
