//! The binary as tests of the command line run it. Included by path, so that a test which needs no accelerators compiles none.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::Path;
use std::process::{Command, Output};

/// The binary, about to run in `dir`.
pub fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bico"));
    command.args(arguments).current_dir(dir);
    command
}

pub fn bico(dir: &Path, arguments: &[&str]) -> Output {
    command(dir, arguments).output().unwrap()
}

pub fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

pub fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

/// One clear error: the exit code, and the parts that the message on standard error has to contain.
pub fn fails(dir: &Path, arguments: &[&str], code: i32, parts: &[&str]) {
    let o = bico(dir, arguments);
    assert_eq!(o.status.code(), Some(code), "{arguments:?}: {}{}", out(&o), err(&o));
    for part in parts {
        assert!(err(&o).contains(part), "{arguments:?}: `{part}` is missing in:\n{}", err(&o));
    }
    let errors = err(&o).lines().filter(|l| l.starts_with("error:")).count();
    assert!(!err(&o).contains("panicked") && errors == 1, "{}", err(&o));
}
