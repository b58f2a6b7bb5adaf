//! The fully resolved configuration as TOML, each value with where it came from: what `bico explain` prints.

use super::document::{Document, Origin};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;

/// Column at which the remarks start, when the value leaves room.
const REMARK_COLUMN: usize = 44;

impl<T: Serialize> Document<T> {
    /// All values, defaults included, as TOML that reads back to the same raw configuration; a remark behind each value says
    /// `file:line`, `default` or `command line`.
    pub fn resolved(&self) -> String {
        let mut text = format!("# {}: resolved\n", self.path().display());
        // Declaration order survives in a JSON value, and every raw configuration serialises.
        if let Ok(Value::Object(root)) = serde_json::to_value(&self.raw) {
            self.table(&mut text, "", "", &root);
        }
        text
    }

    /// Writes the plain values of a table, then its tables. `path` indexes arrays (`banks[0]`), `header` does not (`banks`).
    fn table(&self, text: &mut String, path: &str, header: &str, table: &serde_json::Map<String, Value>) {
        let join = |prefix: &str, key: &str| if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
        for (key, value) in table.iter().filter(|(_, v)| !is_table(v) && !v.is_null()) {
            let line = format!("{key} = {}", inline(value));
            let origin = match self.origin(&join(path, key)) {
                Origin::File(n) => format!("{}:{n}", self.path().display()),
                Origin::CommandLine => "command line".to_string(),
                Origin::Default => "default".to_string(),
            };
            let _ = writeln!(text, "{line:<REMARK_COLUMN$} # {origin}");
        }
        for (key, value) in table.iter().filter(|(_, v)| is_table(v)) {
            let (path, header) = (join(path, key), join(header, key));
            match value {
                Value::Object(inner) => {
                    let _ = writeln!(text, "\n[{header}]");
                    self.table(text, &path, &header, inner);
                }
                Value::Array(items) => {
                    for (i, item) in items.iter().enumerate() {
                        let _ = writeln!(text, "\n[[{header}]]");
                        if let Value::Object(inner) = item {
                            self.table(text, &format!("{path}[{i}]"), &header, inner);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether the value needs a header of its own.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.first().is_some_and(Value::is_object),
        _ => false,
    }
}

/// A value as TOML on one line.
fn inline(value: &Value) -> String {
    match value {
        // JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        Value::String(_) => value.to_string().replace('\u{7f}', "\\u007F"),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
