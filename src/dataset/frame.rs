//! An 8-bit RGB image in memory, and its way to and from files.

use crate::error::{Error, Result};
use crate::files::write_atomically;
use std::path::Path;

/// Interleaved 8-bit RGB, row by row from the top left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Columns.
    pub w: usize,
    /// Rows.
    pub h: usize,
    /// `h * w * 3` bytes; channel c of pixel (y, x) is at `(y * w + x) * 3 + c`.
    pub data: Vec<u8>,
}

impl Image {
    /// All black.
    pub fn new(w: usize, h: usize) -> Image {
        Image { w, h, data: vec![0; w * h * 3] }
    }
    /// Red, green and blue at (y, x).
    #[inline]
    pub fn pixel(&self, y: usize, x: usize) -> [u8; 3] {
        let i = (y * self.w + x) * 3;
        [self.data[i], self.data[i + 1], self.data[i + 2]]
    }
    /// Writes one pixel.
    #[inline]
    pub fn put(&mut self, y: usize, x: usize, rgb: [u8; 3]) {
        let i = (y * self.w + x) * 3;
        self.data[i..i + 3].copy_from_slice(&rgb);
    }
    /// Writes a PNG: to a temporary file beside `path`, then renamed.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_png(&self, path: &Path) -> Result<()> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::write_buffer_with_format(
            &mut bytes,
            &self.data,
            self.w as u32,
            self.h as u32,
            image::ExtendedColorType::Rgb8,
            image::ImageFormat::Png,
        )
        .map_err(|e| Error::input(format!("cannot encode PNG: {e}")).file(path))?;
        write_atomically(path, bytes.get_ref())
    }
}
