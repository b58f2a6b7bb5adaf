//! Tests that need a tool which is not part of Rust.

use std::io::Write;

/// Whether a tool is there, as was found out. Prints why a test is skipped; with `BICO_REQUIRE_RTL=1` a missing tool is a failure.
pub fn there(found: bool, tool: &str) -> bool {
    assert!(found || std::env::var_os("BICO_REQUIRE_RTL").is_none_or(|v| v != "1"), "`{tool}` is required and can not be run");
    if !found {
        // Past what the test harness captures of tests that pass.
        let _ = writeln!(std::io::stderr(), "skipped: `{tool}` can not be run");
    }
    found
}
