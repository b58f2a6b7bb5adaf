//! Configuration files: raw (what was written) to checked (what it means), with errors that point at the line.

pub mod suggest;
pub mod toml;

pub use self::toml::{Source, Spanned, parse_toml};
