//! Label files as text: size limit, byte order mark, encoding.

use crate::error::{Error, Result};
use std::io::Read;
use std::path::Path;

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read or holds more than `most` bytes.
pub(super) fn read_limited(path: &Path, most: u64) -> Result<Vec<u8>> {
    let io = |e: std::io::Error| Error::io("read", path, &e);
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(io)?.take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > most {
        return Err(Error::input("the file is too large").file(path).allowed(format!("at most {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// The text of a label file, without a byte order mark.
///
/// # Errors
/// As [`read_limited`], and when it is not UTF-8.
pub(super) fn read_text(path: &Path, most: u64) -> Result<String> {
    let mut text = String::from_utf8(read_limited(path, most)?).map_err(|e| {
        let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        Error::input("not a text file").at(path, line).allowed("text in UTF-8").hint("save the labels as UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}
