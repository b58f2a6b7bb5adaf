//! Finished evaluations by the hash of everything they depend on.
//!
//! An entry is a file of its own, written under another name and then renamed: any number of searches may share a folder, and what a killed one finished
//! is there for the next.

use super::jobs::lock;
use crate::error::{Error, Result};
use crate::files::{make_folder, write_atomically};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// To be raised when the same inputs give other figures than before: entries of older versions are then not found.
const VERSION: &str = "2";

/// What is known.
#[derive(Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
    memory: Mutex<BTreeMap<String, String>>,
}

/// The name of an entry: a kind, and the hash of what it depends on.
pub fn key(kind: &str, depends_on: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in [env!("CARGO_PKG_VERSION"), VERSION].iter().chain(depends_on) {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part.as_bytes());
    }
    format!("{kind}-{}", hex::encode(sha.finalize()))
}

impl Cache {
    /// Of this process alone.
    pub fn in_memory() -> Cache {
        Cache::default()
    }

    /// In a folder, which is made when absent.
    ///
    /// # Errors
    /// When it can not be made or written.
    pub fn open(folder: &Path) -> Result<Cache> {
        make_folder(folder)?;
        Ok(Cache { folder: Some(folder.to_path_buf()), memory: Mutex::default() })
    }

    /// In a folder where one is named, else of this process alone.
    ///
    /// # Errors
    /// As [`Cache::open`].
    pub fn of(folder: Option<&Path>) -> Result<Cache> {
        folder.map_or_else(|| Ok(Cache::in_memory()), Cache::open)
    }

    /// What is kept under a key, else what `make` gives, which is then kept. The flag says whether it was made.
    ///
    /// # Errors
    /// Those of `make`, and when an entry is broken or can not be written.
    pub fn get_or<T: Serialize + DeserializeOwned>(&self, key: &str, make: impl FnOnce() -> Result<T>) -> Result<(T, bool)> {
        if let Some(value) = self.get(key)? {
            return Ok((value, false));
        }
        let value = make()?;
        let text = serde_json::to_string(&value).map_err(|e| Error::fault(format!("cannot write an evaluation: {e}")))?;
        if let Some(path) = self.path(key) {
            write_atomically(&path, text.as_bytes())?;
        }
        lock(&self.memory).insert(key.into(), text);
        Ok((value, true))
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|f| f.join(format!("{key}.json")))
    }

    fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let parsed = |text: &str| serde_json::from_str(text).map_err(|e| Error::input(format!("not a finished evaluation: {e}")));
        if let Some(text) = lock(&self.memory).get(key) {
            return parsed(text).map(Some);
        }
        let Some(path) = self.path(key).filter(|p| p.exists()) else { return Ok(None) };
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, &e))?;
        let value = parsed(&text).map_err(|e| e.file(&path).hint("remove the file: it is then evaluated anew"))?;
        lock(&self.memory).insert(key.into(), text);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_made_once_and_found_by_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let name = key("x", &["a", "b"]);
        assert_ne!(name, key("x", &["ab", ""]), "parts are told apart");
        let cache = Cache::open(folder.path()).unwrap();
        assert_eq!(cache.get_or(&name, || Ok(7)).unwrap(), (7, true));
        assert_eq!(cache.get_or(&name, || Ok(8)).unwrap(), (7, false));
        let other = Cache::open(folder.path()).unwrap();
        assert_eq!(other.get_or(&name, || Ok(9)).unwrap(), (7, false));
        std::fs::write(folder.path().join(format!("{name}.json")), "{").unwrap();
        let e = Cache::open(folder.path()).unwrap().get_or(&name, || Ok(9)).unwrap_err().to_string();
        assert!(e.contains(&name) && e.contains("remove the file"), "{e}");
    }
}
