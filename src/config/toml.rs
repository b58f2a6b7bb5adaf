//! TOML with errors that name file, line, key, value, what is allowed and what to do.
//!
//! Use: a raw struct with `#[serde(deny_unknown_fields)]`, its fields wrapped in [`Spanned`] wherever a later check may have to point
//! at them; [`Source::parse`] reads it, [`Source::error_at`], [`Source::in_range`] and [`Source::one_of`] report what does not hold.

use super::suggest::did_you_mean;
use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::io::Read;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

pub use ::toml::Spanned;

/// Largest text that is read, in bytes: a configuration beyond it is a mistake (a binary, a device that never ends).
const MAX_BYTES: u64 = 4 << 20;

/// Reads `text` as a `T`; `path` is only what errors call it.
///
/// # Errors
/// When the text is no TOML or no `T`: with line, value, what is allowed and a suggestion.
pub fn parse_toml<T: DeserializeOwned>(text: &str, path: impl AsRef<Path>) -> Result<T> {
    Source::new(path, text).parse()
}

/// A configuration text and the name it goes by in errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// A text at hand; `path` is only what errors call it.
    pub fn new(path: impl AsRef<Path>, text: impl Into<String>) -> Source {
        Source { path: path.as_ref().to_path_buf(), text: text.into() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is larger than 4 MiB or is not UTF-8.
    pub fn read(path: impl AsRef<Path>) -> Result<Source> {
        let path = path.as_ref();
        let io = |e: std::io::Error| Error::io("read", path, &e);
        let mut bytes = Vec::new();
        std::fs::File::open(path).map_err(io)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::input("file is too large for a configuration").file(path).allowed("at most 4 MiB"));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            let line = 1 + e.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count();
            Error::input("not a text file").at(path, line).allowed("TOML in UTF-8")
        })?;
        Ok(Source { path: path.to_path_buf(), text })
    }

    /// What errors call this text.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as a `T`.
    ///
    /// # Errors
    /// As [`parse_toml`].
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        ::toml::from_str(&self.text).map_err(|e| self.explain(e))
    }

    /// The one-based line `value` starts at.
    pub fn line<T>(&self, value: &Spanned<T>) -> usize {
        self.line_of(value.span().start)
    }

    /// An input error in this file, without a line.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error::input(what).file(&self.path)
    }

    /// An input error that points at `value` and quotes it as it was written.
    pub fn error_at<T>(&self, value: &Spanned<T>, what: impl Into<String>) -> Error {
        let error = self.error(what).line(self.line(value));
        match self.quote(value.span()) {
            Some(text) => error.value(text),
            None => error,
        }
    }

    /// The value, when it lies in `range`; `key` names it.
    ///
    /// # Errors
    /// When it is outside (NaN is outside every range).
    pub fn in_range<T: PartialOrd + Display + Clone>(&self, key: &str, value: &Spanned<T>, range: RangeInclusive<T>) -> Result<T> {
        if range.contains(value.get_ref()) {
            return Ok(value.get_ref().clone());
        }
        Err(self.error_at(value, format!("`{key}` is out of range")).allowed(format!("{} to {}", range.start(), range.end())))
    }

    /// The value, when it is a member of `known`; `key` names it.
    ///
    /// # Errors
    /// When it is not, with the nearest member as a suggestion.
    pub fn one_of<'a>(&self, key: &str, value: &'a Spanned<String>, known: &[&str]) -> Result<&'a str> {
        if known.contains(&value.get_ref().as_str()) {
            return Ok(value.get_ref());
        }
        let error = self.error_at(value, format!("unknown `{key}`")).allowed(known.join(", "));
        Err(match did_you_mean(value.get_ref(), known.iter().copied()) {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }

    fn line_of(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|&&b| b == b'\n').count()
    }

    /// What was written at `span`, shortened to one line.
    fn quote(&self, span: Range<usize>) -> Option<String> {
        const LONGEST: usize = 60;
        let text = self.text.get(span)?;
        let line = text.lines().next()?.trim();
        let short: String = line.chars().take(LONGEST).collect();
        let cut = short.len() < text.trim_end().len();
        (!short.is_empty()).then(|| if cut { format!("{short}...") } else { short })
    }

    fn explain(&self, e: ::toml::de::Error) -> Error {
        let span = e.span();
        let quoted = span.clone().and_then(|s| self.quote(s));
        let error = reword(|what| self.error(what), e, quoted);
        match span {
            Some(span) => error.line(self.line_of(span.start)),
            None => error,
        }
    }
}

/// Turns serde's and the parser's words into ours; `quoted` is what was written where it went wrong.
pub(super) fn reword(error: impl Fn(String) -> Error, mut e: ::toml::de::Error, quoted: Option<String>) -> Error {
    let message = e.message().to_string();
    // Only the display without input names the path of keys.
    e.set_input(None);
    let shown = e.to_string();
    let keys = shown.rsplit_once("\nin `").map(|(_, rest)| rest.trim_end().trim_end_matches('`'));
    let table = keys.map(|k| format!(" in `{k}`")).unwrap_or_default();
    for (kind, noun) in [("unknown field ", "key"), ("unknown variant ", "value")] {
        if let Some((word, known)) = message.strip_prefix(kind).and_then(split_unknown) {
            let error = error(format!("unknown {noun} `{word}`{table}")).allowed(known.join(", "));
            return match did_you_mean(word, known) {
                Some(hint) => error.hint(hint),
                None => error,
            };
        }
    }
    if let Some(key) = message.strip_prefix("missing field ") {
        return error(format!("missing key {key}{table}"));
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((got, expected)) = message.strip_prefix(kind).and_then(|m| m.rsplit_once(", expected ")) {
            let what = keys.map_or("wrong value".to_string(), |k| format!("wrong value for `{k}`"));
            return error(what).value(quoted.unwrap_or_else(|| got.to_string())).allowed(plain_type(expected));
        }
    }
    match quoted {
        Some(text) => error(format!("{message}{table}")).value(text),
        None => error(format!("{message}{table}")),
    }
}

/// Splits serde's "`word`, expected one of `a`, `b`" into the word and the known ones.
fn split_unknown(rest: &str) -> Option<(&str, Vec<&str>)> {
    let (word, known) = rest.strip_prefix('`')?.split_once("`, ")?;
    Some((word, known.split('`').skip(1).step_by(2).collect()))
}

/// Rust's names of types in words for readers who do not write Rust.
fn plain_type(expected: &str) -> String {
    let integer = |low: &str, high: &str| format!("an integer from {low} to {high}");
    match expected {
        "u8" => integer("0", "255"),
        "i8" => integer("-128", "127"),
        "u16" => integer("0", "65535"),
        "i16" => integer("-32768", "32767"),
        "u32" => integer("0", "4294967295"),
        "i32" => integer("-2147483648", "2147483647"),
        "u64" | "usize" => "an integer, 0 or more".to_string(),
        "i64" | "isize" => "an integer".to_string(),
        "f32" | "f64" => "a number".to_string(),
        other if other.starts_with("struct ") => "a table of keys (`bico schema` and `bico explain` name them)".to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        lanes: Spanned<u32>,
        tile: Option<Tile>,
        #[serde(default)]
        mode: Mode,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tile {
        rows: u8,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        #[default]
        Dense,
        Container,
    }

    fn message(text: &str) -> String {
        parse_toml::<Raw>(text, "a.toml").unwrap_err().to_string()
    }

    #[test]
    fn errors_name_line_value_range_and_suggestion() {
        assert_eq!(
            message("lanes = 4\n\n[tile]\nrow = 3\n"),
            "a.toml:4: unknown key `row` in `tile`\n  allowed: rows\n  try:     did you mean `rows`?"
        );
        assert_eq!(
            message("lanes = 4\n[tile]\nrows = 300"),
            "a.toml:3: wrong value for `tile.rows`\n  value:   300\n  allowed: an integer from 0 to 255"
        );
        assert_eq!(message("[tile]\nrows = 3"), "a.toml:1: missing key `lanes`");
        assert_eq!(
            message("lanes = 4\nmode = \"desne\""),
            "a.toml:2: unknown value `desne` in `mode`\n  allowed: dense, container\n  try:     did you mean `dense`?"
        );
        assert!(message("lanes = 4\nlanes = 4").starts_with("a.toml:2: duplicate key"));
        assert!(message("lanes = \n").starts_with("a.toml:1: "));
    }

    #[test]
    fn later_checks_point_at_the_value() {
        let source = Source::new("b.toml", "# a comment\nlanes = 7\nmode = \"container\"\n");
        let raw: Raw = source.parse().unwrap();
        assert!(raw.tile.is_none_or(|t| t.rows > 0) && matches!(raw.mode, Mode::Container));
        assert_eq!(source.in_range("lanes", &raw.lanes, 1..=8).unwrap(), 7);
        assert_eq!(
            source.in_range("lanes", &raw.lanes, 1..=4).unwrap_err().to_string(),
            "b.toml:2: `lanes` is out of range\n  value:   7\n  allowed: 1 to 4"
        );
    }
}
