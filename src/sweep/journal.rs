//! What a sweep has finished: `sweep.csv`, and beside it the settings under which its rows are comparable.

use super::row::{Key, Row};
use crate::error::{Error, Result};
use crate::files::{make_folder, write_atomically};
use crate::model::FloatNetwork;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The rows.
pub const ROWS: &str = "sweep.csv";
/// The settings.
pub const SETTINGS: &str = "sweep.toml";

/// To be raised with any change that gives a network of the same file other integers.
pub const VERSION: u32 = 1;

/// Everything that a row depends on, its widths apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// [`VERSION`] of what measured.
    pub version: u32,
    /// Name of the network.
    pub network: String,
    /// Of its layers, formats and float weights: [`network_hash`].
    pub network_sha256: String,
    /// Split that the scenes come from; `images` for a folder of images.
    pub split: String,
    /// Hash of what the scene generator draws, or of the images.
    pub generator: String,
    /// The first scene.
    pub seed: u64,
    /// How many scenes, or images.
    pub scenes: usize,
    /// How formats are chosen.
    pub calibration: String,
    /// Training scenes, or images beside those, that formats are derived from.
    pub calibration_scenes: usize,
}

impl Settings {
    /// Name and value of each, as they are written.
    fn fields(&self) -> [(&'static str, String); 9] {
        [
            ("version", self.version.to_string()),
            ("network", self.network.clone()),
            ("network_sha256", self.network_sha256.clone()),
            ("split", self.split.clone()),
            ("generator", self.generator.clone()),
            ("seed", self.seed.to_string()),
            ("scenes", self.scenes.to_string()),
            ("calibration", self.calibration.clone()),
            ("calibration_scenes", self.calibration_scenes.to_string()),
        ]
    }
}

/// SHA-256 (hex) of a resolved `network.toml` and the float weights it was loaded with.
pub fn network_hash(resolved: &str, float: &FloatNetwork) -> String {
    let mut sha = Sha256::new();
    sha.update(resolved.as_bytes());
    for kernel in float.layers.iter().filter_map(|l| l.weights.as_ref()) {
        for values in [&kernel.data, &kernel.bias] {
            sha.update((values.len() as u64).to_le_bytes());
            sha.update(values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        }
    }
    hex::encode(sha.finalize())
}

/// The rows that are finished, sorted by their key, on disk after each one when there is a folder.
pub struct Journal {
    folder: Option<PathBuf>,
    rows: Vec<Row>,
}

impl Journal {
    /// In memory only.
    pub fn in_memory() -> Journal {
        Journal { folder: None, rows: Vec::new() }
    }

    /// Opens `folder`, which is made when absent, and reads what an earlier run left there.
    ///
    /// # Errors
    /// When that run had other settings, a file there is unreadable, or the folder can not be written.
    pub fn open(folder: &Path, settings: &Settings) -> Result<Journal> {
        make_folder(folder)?;
        let (path, rows) = (folder.join(SETTINGS), folder.join(ROWS));
        if path.exists() {
            same_settings(&path, settings)?;
        } else if rows.exists() {
            return Err(Error::input(format!("rows without {SETTINGS}: nobody knows what they were measured on"))
                .file(&rows)
                .hint("name another folder with --out, or remove the file"));
        } else {
            let text = toml::to_string(settings).map_err(|e| Error::fault(format!("cannot write the settings: {e}")))?;
            write_atomically(&path, text.as_bytes())?;
        }
        let rows = if rows.exists() { read(&rows)? } else { Vec::new() };
        Ok(Journal { folder: Some(folder.to_path_buf()), rows })
    }

    /// All rows, sorted.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A finished point.
    pub fn find(&self, key: Key) -> Option<&Row> {
        self.rows.binary_search_by_key(&key, Row::key).ok().map(|i| &self.rows[i])
    }

    /// Adds a point; it is on disk when this returns.
    ///
    /// # Errors
    /// When the file can not be written.
    pub fn add(&mut self, row: Row) -> Result<()> {
        match self.rows.binary_search_by_key(&row.key(), Row::key) {
            Ok(i) => self.rows[i] = row,
            Err(i) => self.rows.insert(i, row),
        }
        match &self.folder {
            Some(folder) => write_atomically(&folder.join(ROWS), &to_csv(&self.rows)?),
            None => Ok(()),
        }
    }
}

fn same_settings(path: &Path, settings: &Settings) -> Result<()> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, &e))?;
    let old: Settings = toml::from_str(&text).map_err(|e| {
        let line = e.span().map_or(1, |s| text[..s.start].matches('\n').count() + 1);
        Error::input(format!("not the settings of a sweep: {}", e.message())).at(path, line).hint("name another folder with --out")
    })?;
    let moved = old.fields().into_iter().zip(settings.fields()).find(|(a, b)| a != b);
    match moved {
        None => Ok(()),
        Some(((name, old), (_, new))) => Err(Error::input(format!("the sweep in this folder was made with another `{name}`"))
            .file(path)
            .value(new)
            .allowed(old)
            .hint("name another folder with --out, or remove this one to start anew")),
    }
}

/// Values as lines of CSV below a header.
///
/// # Errors
/// When a value can not be written (a bug).
pub fn to_csv<T: Serialize>(values: &[T]) -> Result<Vec<u8>> {
    let failed = |e: String| Error::fault(format!("cannot write CSV: {e}"));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    for value in values {
        writer.serialize(value).map_err(|e| failed(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| failed(e.to_string()))
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let text = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
    let mut rows: Vec<Row> = from_csv(&text, path, "a row of a sweep", "remove the file to start anew, or restore it")?;
    rows.sort_by_key(Row::key);
    Ok(rows)
}

/// The rows that an earlier run left at `path`, none where there is no file. `how` says how a row came about, which must be `wanted`; `flag` names another file.
///
/// # Errors
/// When the file is unreadable, or its rows came about otherwise.
pub fn kept<T: DeserializeOwned>(path: &Path, what: &str, flag: &str, how: impl Fn(&T) -> String, wanted: &str) -> Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
    let rows: Vec<T> = from_csv(&text, path, what, &format!("restore the file, or name another with {flag}"))?;
    match rows.iter().map(how).enumerate().find(|(_, is)| is != wanted) {
        Some((k, is)) => Err(Error::input("the row was made otherwise")
            .at(path, k + 2)
            .value(is)
            .allowed(wanted)
            .hint(format!("name another with {flag}"))),
        None => Ok(rows),
    }
}

/// The values of CSV below a header; `what` a line should be, and what to do when one is not, is for the error.
///
/// # Errors
/// When a line is no such value, or there is text and none: with file and line.
pub fn from_csv<T: DeserializeOwned>(text: &[u8], path: &Path, what: &str, hint: &str) -> Result<Vec<T>> {
    let broken = |e: csv::Error| {
        let line = e.position().map_or(1, |p| p.line() as usize);
        Error::input(format!("not {what}: {e}")).at(path, line).hint(hint)
    };
    if !text.is_empty() && !text.ends_with(b"\n") {
        let last = text.split(|&b| b == b'\n').count();
        return Err(Error::input(format!("the last line is cut off, where {what} was expected")).at(path, last).hint(hint));
    }
    let rows: Vec<T> = csv::Reader::from_reader(text).deserialize().map(|row| row.map_err(broken)).collect::<Result<_>>()?;
    match rows.is_empty() && !text.is_empty() {
        true => Err(Error::input(format!("no row in it, where {what} was expected")).file(path).hint(hint)),
        false => Ok(rows),
    }
}
