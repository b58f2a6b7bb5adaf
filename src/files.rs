//! Files that are there whole or not at all.

use crate::error::{Error, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes `bytes` to a temporary file in the folder of `path`, then renames it to `path`, so that no reader sees half a file. Links are followed, and what is no
/// ordinary file (a pipe, a device) is written to as it is.
///
/// # Errors
/// When the folder does not exist or cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    // Errors of temporary files name these; what is wrong is enough.
    let failed = |e: &std::io::Error| Error::io("write", path, &std::io::Error::from(e.kind()));
    let is_device = path.starts_with("/dev") || std::fs::metadata(path).is_ok_and(|m| !m.is_file());
    if is_device {
        return std::fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes)).map_err(|e| failed(&e));
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = folder_of(&target)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Temporary files are private by default; this becomes an ordinary file, so the umask alone decides.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(".bico-").tempfile_in(folder).map_err(|e| failed(&e))?;
    file.write_all(bytes).map_err(|e| failed(&e))?;
    file.persist(&target).map_err(|e| failed(&e.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> Result<&Path> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Error::input("cannot write: there is no such folder").file(path).hint(format!("make {} first", folder.display())));
    }
    Ok(folder)
}

/// Refuses, before long work, files whose folders are not there for [`write_atomically`], and one that is named twice.
///
/// # Errors
/// As [`write_atomically`], for want of a folder; usage for a file named twice.
pub fn check_outputs<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<()> {
    let mut seen = Vec::new();
    for path in paths {
        let folder = folder_of(path)?;
        // Pipes and devices may take two.
        if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            continue;
        }
        let made = || std::fs::canonicalize(folder).unwrap_or_default().join(path.file_name().unwrap_or_default());
        let whole = std::fs::canonicalize(path).unwrap_or_else(|_| made());
        if seen.contains(&whole) {
            return Err(Error::usage("two results would be written to one file").value(path.display()).hint("name two files"));
        }
        seen.push(whole);
    }
    Ok(())
}

/// Makes a folder, before long work whose results go there, and tries to write into it.
///
/// # Errors
/// When it can not be made or written.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, &e))?;
    tempfile::tempfile_in(folder).map_err(|e| Error::io("write into", folder, &std::io::Error::from(e.kind())))?;
    Ok(())
}

/// As [`write_atomically`], into a folder that is made when absent.
///
/// # Errors
/// When the folder can not be made or written.
pub fn write_in_folder(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, &e))?;
    }
    write_atomically(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/here.txt");
        assert!(write_atomically(&path, b"a").unwrap_err().to_string().contains("made"));
        write_in_folder(&path, b"a").unwrap();
        write_atomically(&path, b"b").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"b");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(write_atomically(folder.path(), b"c").is_err(), "a folder is no file");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let [real, link, device] = ["real", "link", "device"].map(|name| folder.path().join(name));
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        write_atomically(&link, b"new").unwrap();
        write_atomically(&device, b"gone").unwrap();
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert!([&link, &device].iter().all(|p| p.symlink_metadata().unwrap().is_symlink()));
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    }
}
