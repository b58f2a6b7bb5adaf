//! Configuration files: raw (what was written) to checked (what it means), with errors that point at the line.

pub mod document;
mod resolved;
pub mod suggest;
pub mod toml;

pub use self::document::{Document, Origin, Override};
pub use self::toml::{Source, Spanned, parse_toml};

use crate::error::{Error, Result};
use std::path::Path;

/// The embedded configuration called `name_or_path`, else the file at that path. `embedded` holds name, path and text of each;
/// `kind` names them in the error.
///
/// # Errors
/// Usage: neither a name nor a file. Input: the file cannot be read.
pub fn find(name_or_path: &str, kind: &str, embedded: &[(&str, &str, &str)]) -> Result<Source> {
    if let Some((_, path, text)) = embedded.iter().find(|e| e.0 == name_or_path) {
        return Ok(Source::new(path, *text));
    }
    let path = Path::new(name_or_path);
    if path.exists() || path.extension().is_some() || path.components().count() > 1 {
        return Source::read(path);
    }
    let names = || embedded.iter().map(|e| e.0);
    let error = Error::usage(format!("no {kind} of that name")).value(name_or_path);
    let error = error.allowed(format!("{}, or the path of a .toml file", names().collect::<Vec<_>>().join(", ")));
    Err(match suggest::did_you_mean(name_or_path, names()) {
        Some(hint) => error.hint(hint),
        None => error,
    })
}
