//! Compiles the sources of an accelerator with Verilator and the system's C++ compiler into a shared library.

use super::emit::{SOURCES, SYSTEM, emit_sources, package, write};
use super::model::Model;
use super::system::SystemModel;
use crate::accelerator::Accelerator;
use crate::error::{Error, Kind, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to compile.
#[derive(Clone, Copy)]
struct Build<'a> {
    /// Top module.
    module: &'static str,
    /// C interface of its model.
    shim: &'static str,
    /// The machine's modules.
    sources: &'a [(&'a str, &'a str)],
    /// Modules around it.
    more: &'static [(&'static str, &'static str)],
    /// Whether it can write waveforms.
    traced: bool,
}

impl Build<'_> {
    const MACHINE: Build<'static> =
        Build { module: "bico_top", shim: include_str!("shim.cpp"), sources: &SOURCES, more: &[], traced: false };
    const WHOLE: Build<'static> = Build { module: "bico_system", shim: include_str!("system.cpp"), more: &SYSTEM, ..Build::MACHINE };
}

/// Warnings of Verilator that are no defects here: unused bits of descriptors, local names that repeat an instance's.
const WAIVED: [&str; 5] = ["-Wno-DECLFILENAME", "-Wno-UNUSEDPARAM", "-Wno-PINCONNECTEMPTY", "-Wno-UNUSEDSIGNAL", "-Wno-VARHIDDEN"];
const COMPILER_FLAGS: [&str; 6] = ["-O1", "-std=gnu++17", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-w"];
const LINKER_FLAGS: [&str; 4] = ["-shared", "-pthread", "-Wl,-Bsymbolic", "-Wl,-z,defs"];

/// The first of the tools that [`verilate`] needs and that can not be run, if any.
pub fn missing_tool() -> Option<&'static str> {
    ["verilator", "g++"].into_iter().find(|tool| Command::new(tool).arg("--version").output().map_or(true, |o| !o.status.success()))
}

/// Compiles the RTL of `acc`. The result is kept in the user's cache folder under a hash of sources and tools, and
/// loaded from there the next time.
///
/// # Errors
/// When the accelerator has no RTL, a tool is missing (kind `Environment`) or a tool refuses the sources.
pub fn verilate(acc: &Accelerator) -> Result<Model> {
    Model::load(&library(acc, &Build::MACHINE)?)
}

/// As [`verilate`], with the registers and ports of `bico_system` around the machine.
///
/// # Errors
/// As [`verilate`].
pub fn verilate_system(acc: &Accelerator) -> Result<SystemModel> {
    Model::load(&library(acc, &Build::WHOLE)?)
}

/// As [`verilate`], for a model that can write waveforms; it runs several times slower.
pub(super) fn verilate_traced(acc: &Accelerator) -> Result<Model> {
    Model::load(&library(acc, &Build { traced: true, ..Build::MACHINE })?)
}

/// As [`verilate`], of other sources than the shipped ones: what a planted fault does.
///
/// # Errors
/// As [`verilate`].
pub fn verilate_sources(acc: &Accelerator, sources: &[(&str, &str)]) -> Result<Model> {
    Model::load(&library(acc, &Build { sources, ..Build::MACHINE })?)
}

/// The compiled library.
fn library(acc: &Accelerator, build: &Build) -> Result<PathBuf> {
    if let Some(tool) = missing_tool() {
        return Err(Error::new(Kind::Environment, format!("cannot run `{tool}`")).hint("install verilator 5 and g++"));
    }
    let cache = cache_dir();
    std::fs::create_dir_all(&cache).map_err(|e| Error::io("make the folder", &cache, &e))?;
    let library = cache.join(format!("bico-{}.so", hash(acc, build)?));
    if !library.exists() {
        let work = tempfile::tempdir_in(&cache).map_err(|e| Error::io("create a folder in", &cache, &e))?;
        let built = compile(acc, build, work.path(), &cache)?;
        std::fs::rename(&built, &library).map_err(|e| Error::io("write", &library, &e))?;
    }
    Ok(library)
}

/// `$XDG_CACHE_HOME/bico/rtl`, else `~/.cache/bico/rtl`, else the same in the folder for temporary files.
fn cache_dir() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("bico").join("rtl")
}

/// Hash of everything the library is made from.
fn hash(acc: &Accelerator, build: &Build) -> Result<String> {
    let mut hasher = Sha256::new_with_prefix([u8::from(build.traced)]);
    let package = package(acc)?;
    let sources = build.sources.iter().chain(build.more).map(|s| s.1);
    let texts = [&package, build.module, build.shim].into_iter().chain(sources);
    for text in texts.chain(WAIVED).chain(COMPILER_FLAGS).chain(LINKER_FLAGS) {
        hasher.update(text);
        hasher.update([0]);
    }
    hasher.update(run("verilator", &["--version"], &[])?);
    hasher.update(run("g++", &["--version"], &[])?);
    Ok(hex::encode(&hasher.finalize()[..12]))
}

/// Emits, verilates and links in `work`; returns the library.
fn compile(acc: &Accelerator, build: &Build, work: &Path, cache: &Path) -> Result<PathBuf> {
    let files = emit_sources(acc, build.sources, &work.join("sv"))?;
    let generated = work.join("cpp");
    let flags = ["--cc", "--top", build.module, "--prefix", "Vbico", "-O3", "--x-assign", "fast", "--x-initial", "fast", "-Wall", "--Mdir"];
    let mut flags: Vec<&str> = flags.into_iter().chain([text(&generated)?]).chain(WAIVED).collect();
    let word_bits = format!("-DBICO_WORD_BITS={}", acc.lanes * usize::from(acc.feature_bits));
    let mut defines = vec![word_bits.as_str()];
    if build.traced {
        flags.push("--trace");
        defines.push("-DBICO_TRACE");
    }
    run("verilator", &flags, &files)?;

    let root = String::from_utf8_lossy(&run("verilator", &["--getenv", "VERILATOR_ROOT"], &[])?).trim().to_string();
    let (include, standard) = (format!("-I{root}/include"), format!("-I{root}/include/vltstd"));
    let runtime = runtime(&include, build.traced, cache)?;
    let shim = write(work, "shim.cpp", build.shim)?;
    let library = work.join("bico.so");
    let here = format!("-I{}", text(&generated)?);
    let flags: Vec<&str> = COMPILER_FLAGS
        .into_iter()
        .chain(LINKER_FLAGS)
        .chain(defines)
        .chain([include.as_str(), standard.as_str(), here.as_str(), "-o", text(&library)?])
        .collect();
    let mut files = cpp_files(&generated)?;
    files.push(shim);
    files.push(runtime);
    run("g++", &flags, &files)?;
    Ok(library)
}

/// Verilator's own run-time, compiled once for all models.
fn runtime(include: &str, traced: bool, cache: &Path) -> Result<PathBuf> {
    let waveforms = if traced { "#include \"verilated_vcd_c.cpp\"\n" } else { "" };
    let source = format!("#include \"verilated.cpp\"\n#include \"verilated_threads.cpp\"\n{waveforms}");
    let mut hasher = Sha256::new_with_prefix(run("verilator", &["--version"], &[])?);
    hasher.update(&source);
    hasher.update(run("g++", &["--version"], &[])?);
    hasher.update(COMPILER_FLAGS.join(" "));
    let name = hex::encode(&hasher.finalize()[..12]);
    let object = cache.join(format!("verilated-{name}.o"));
    if !object.exists() {
        let work = tempfile::tempdir_in(cache).map_err(|e| Error::io("create a folder in", cache, &e))?;
        let built = work.path().join("verilated.o");
        let source = write(work.path(), "runtime.cpp", &source)?;
        let flags: Vec<&str> = COMPILER_FLAGS.into_iter().chain([include, "-c", "-o", text(&built)?]).collect();
        run("g++", &flags, &[source])?;
        std::fs::rename(&built, &object).map_err(|e| Error::io("write", &object, &e))?;
    }
    Ok(object)
}

/// The generated C++ files, in name order.
fn cpp_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).map_err(|e| Error::io("read", dir, &e))?;
    let mut files: Vec<_> =
        entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|x| x == "cpp")).collect();
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::new(Kind::Environment, "path is not valid UTF-8").file(path))
}

/// Runs a tool; its standard output, or an error that carries what it said.
fn run(tool: &str, flags: &[&str], files: &[PathBuf]) -> Result<Vec<u8>> {
    let output = Command::new(tool).args(flags).args(files).output();
    let output = output.map_err(|e| Error::new(Kind::Environment, format!("cannot run `{tool}`: {e}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().take(20).collect();
    Err(Error::new(Kind::Environment, format!("`{tool}` failed ({})", output.status)).value(said.join("\n")))
}
