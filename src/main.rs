//! The `bico` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    bico::cli::main()
}
