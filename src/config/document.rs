//! A configuration file as it was read: raw values, the line of each key, and what the command line put on top.

use super::toml::{Source, reword};
use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// One `key=value` of the command line; it replaces what the file says. Keys are paths such as `pointwise.parallel_out` or
/// `banks[0].words`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Path of the key.
    pub key: String,
    /// The value in TOML; bare words are strings.
    pub value: String,
    flag: &'static str,
}

impl Override {
    /// Reads `key=value`, of `--set`.
    ///
    /// # Errors
    /// Usage, when there is no `=` or no key.
    pub fn parse(text: &str) -> Result<Override> {
        Override::of("--set", text)
    }

    /// Reads `key=value`; errors call it by its flag.
    ///
    /// # Errors
    /// As [`Override::parse`].
    pub fn of(flag: &'static str, text: &str) -> Result<Override> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
                Ok(Override { key: key.trim().to_string(), value: value.trim().to_string(), flag })
            }
            _ => Err(Error::usage("not a setting")
                .value(text)
                .allowed("KEY=VALUE")
                .hint(format!("`bico explain` lists the keys for {flag}"))),
        }
    }

    /// What errors call it.
    pub fn origin(&self) -> PathBuf {
        PathBuf::from(format!("{} {self}", self.flag))
    }
}

/// As it was written, `KEY=VALUE`.
impl std::fmt::Display for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One-based line of the file.
    File(usize),
    /// The command line.
    CommandLine,
    /// Nobody said it.
    Default,
}

/// A raw configuration `T` that still knows where each of its values came from.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// The values.
    pub raw: T,
    source: Source,
    lines: BTreeMap<String, usize>,
    overrides: Vec<Override>,
}

impl<T: DeserializeOwned + Serialize> Document<T> {
    /// Reads `source` and puts `overrides` on top, in order.
    ///
    /// # Errors
    /// Input: when the text is no TOML or no `T`, or a setting of the command line names no key or has the wrong type.
    pub fn read(source: Source, overrides: &[Override]) -> Result<Document<T>> {
        let mut raw: T = source.parse()?;
        let mut table: ::toml::Table = if overrides.is_empty() { ::toml::Table::new() } else { source.parse()? };
        for setting in overrides {
            let fail = |what: String| Error::usage(what).file(setting.origin());
            place(&mut table, setting).map_err(|what| fail(what).hint("`bico explain` lists the keys"))?;
            raw = T::deserialize(table.clone()).map_err(|e| reword(fail, e, Some(setting.value.clone())))?;
        }
        let lines = key_lines(source.text());
        Ok(Document { raw, source, lines, overrides: overrides.to_vec() })
    }
}

impl<T> Document<T> {
    /// Name of the configuration: the stem of its file.
    pub fn name(&self) -> String {
        self.source.path().file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
    }

    /// What errors call the file.
    pub fn path(&self) -> &std::path::Path {
        self.source.path()
    }

    /// Where the value of `key` came from.
    pub fn origin(&self, key: &str) -> Origin {
        match (self.setting(key), self.lines.get(key)) {
            (Some(_), _) => Origin::CommandLine,
            (None, Some(&line)) => Origin::File(line),
            (None, None) => Origin::Default,
        }
    }

    /// The setting that the value of `key` is of: of the key itself, or of a table or list around it.
    fn setting(&self, key: &str) -> Option<&Override> {
        let is_in = |o: &&Override| key.strip_prefix(&o.key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.overrides.iter().rev().find(is_in)
    }

    /// An input error at `key`, or at the nearest table around it that was written.
    pub fn error(&self, key: &str, what: impl Into<String>) -> Error {
        self.locate(Error::input(what), key)
    }

    /// Says of an error where `key` was written: on the command line, or in the file at it or at the nearest table around it.
    pub fn locate(&self, error: Error, key: &str) -> Error {
        if let Some(setting) = self.setting(key) {
            return error.file(setting.origin());
        }
        let error = error.file(self.source.path());
        let mut path = key;
        loop {
            if let Some(&line) = self.lines.get(path) {
                return error.line(line);
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return error,
            }
        }
    }

    /// The value, when it lies in `range`.
    ///
    /// # Errors
    /// When it is outside (NaN is outside every range).
    pub fn in_range<V: PartialOrd + Display>(&self, key: &str, value: V, range: RangeInclusive<V>) -> Result<V> {
        if range.contains(&value) {
            return Ok(value);
        }
        Err(self.error(key, format!("`{key}` is out of range")).value(value).allowed(format!("{} to {}", range.start(), range.end())))
    }

    /// The value, when it is one of `known`.
    ///
    /// # Errors
    /// When it is not.
    pub fn one_of<V: PartialEq + Display>(&self, key: &str, value: V, known: &[V]) -> Result<V> {
        if known.contains(&value) {
            return Ok(value);
        }
        let words: Vec<String> = known.iter().map(V::to_string).collect();
        Err(self.error(key, format!("`{key}` is none of the allowed values")).value(value).allowed(words.join(", ")))
    }
}

/// Line of each key path, in the notation of [`Override`]; empty when the text is no TOML.
fn key_lines(text: &str) -> BTreeMap<String, usize> {
    use ::toml::Spanned;
    use ::toml::de::{DeTable, DeValue};
    fn walk(text: &str, prefix: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
        for (key, value) in table.iter() {
            let dot = if prefix.is_empty() { "" } else { "." };
            enter(text, &format!("{prefix}{dot}{}", key.get_ref()), key.span().start, value, lines);
        }
    }
    fn enter(text: &str, path: &str, at: usize, value: &Spanned<DeValue<'_>>, lines: &mut BTreeMap<String, usize>) {
        lines.insert(path.to_string(), 1 + text.as_bytes()[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count());
        match value.get_ref() {
            DeValue::Table(inner) => walk(text, path, inner, lines),
            DeValue::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    enter(text, &format!("{path}[{i}]"), item.span().start, item, lines);
                }
            }
            _ => {}
        }
    }
    let mut lines = BTreeMap::new();
    if let Ok(root) = DeTable::parse(text) {
        walk(text, "", root.get_ref(), &mut lines);
    }
    lines
}

/// Splits `banks[0].words` into `banks`, `0`, `words`.
fn steps(key: &str) -> impl Iterator<Item = &str> {
    key.split(['.', '[']).map(|s| s.trim_end_matches(']'))
}

/// Puts one setting into the table; intermediate tables are made, elements of arrays must exist.
fn place(root: &mut ::toml::Table, setting: &Override) -> std::result::Result<(), String> {
    let line = format!("value = {}", setting.value);
    let parsed = ::toml::from_str::<::toml::Table>(&line).ok().filter(|t| t.len() == 1).and_then(|mut t| t.remove("value"));
    let value = parsed.unwrap_or_else(|| ::toml::Value::String(setting.value.clone()));
    let mut path = steps(&setting.key).peekable();
    let first = path.next().unwrap_or_default();
    let empty = || ::toml::Value::Table(::toml::Table::new());
    let mut slot = root.entry(first.to_string()).or_insert_with(empty);
    for step in path {
        slot = match slot {
            ::toml::Value::Table(table) => table.entry(step.to_string()).or_insert_with(empty),
            ::toml::Value::Array(items) => {
                let count = items.len();
                let item = step.parse::<usize>().ok().and_then(|i| items.get_mut(i));
                item.ok_or_else(|| format!("no element `{step}`: there are {count}, counted from 0 (`{first}[0]`)"))?
            }
            _ => return Err(format!("`{step}` is not part of a table")),
        };
    }
    *slot = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        clock_mhz: f64,
        #[serde(default)]
        depth: u32,
        #[serde(default)]
        banks: Vec<Bank>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Bank {
        words: u32,
    }

    const TEXT: &str = "clock_mhz = 100\n\n[[banks]]\nwords = 3\n[[banks]]\nwords = 4\n";

    fn document(settings: &[&str]) -> Result<Document<Raw>> {
        let settings: Vec<Override> = settings.iter().map(|s| Override::parse(s)).collect::<Result<_>>()?;
        Document::read(Source::new("x/name.toml", TEXT), &settings)
    }

    #[test]
    fn values_know_their_origin() {
        let d = document(&["banks[1].words=9", "clock_mhz=150"]).unwrap();
        assert_eq!((d.raw.banks[0].words, d.raw.banks[1].words, d.raw.clock_mhz), (3, 9, 150.0));
        assert_eq!(d.origin("banks[0].words"), Origin::File(4));
        assert_eq!(d.origin("banks[1].words"), Origin::CommandLine);
        assert_eq!(d.origin("depth"), Origin::Default);
        assert_eq!(d.name(), "name");
        let e = d.in_range("banks[0].words", d.raw.banks[0].words, 4..=8).unwrap_err().to_string();
        assert_eq!(e, "x/name.toml:4: `banks[0].words` is out of range\n  value:   3\n  allowed: 4 to 8");
        let e = d.in_range("clock_mhz", f64::NAN, 1.0..=8.0).unwrap_err().to_string();
        assert_eq!(e, "--set clock_mhz=150: `clock_mhz` is out of range\n  value:   NaN\n  allowed: 1 to 8");
    }

    #[test]
    fn bad_settings_are_refused() {
        for bad in ["banks[2].words=1", "clock=1", "clock_mhz=fast", "clock_mhz.x=1", "banks[0]=1", "=", "a", "a="] {
            let e = document(&[bad]).unwrap_err();
            assert_eq!(e.kind(), crate::error::Kind::Usage, "{bad}: {e}");
        }
    }

    #[test]
    fn errors_of_settings_speak_as_those_of_files_do() {
        let e = document(&["dept=1"]).unwrap_err().to_string();
        assert_eq!(e, "--set dept=1: unknown key `dept`\n  allowed: clock_mhz, depth, banks\n  try:     did you mean `depth`?");
        let setting = Override::of("--set-board", "depth=-1").unwrap();
        let e = Document::<Raw>::read(Source::new("x/name.toml", TEXT), &[setting]).unwrap_err().to_string();
        assert_eq!(e, "--set-board depth=-1: wrong value for `depth`\n  value:   -1\n  allowed: an integer from 0 to 4294967295");
    }

    #[test]
    fn a_missing_key_is_reported_at_its_table() {
        let d = document(&[]).unwrap();
        assert!(d.error("banks[1].writers", "no writers").to_string().starts_with("x/name.toml:5: "));
    }
}
