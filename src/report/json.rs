//! `record.json`: the whole record, one line for each layer, unit and job, so that two records can be compared line by line.

use super::Extras;
use crate::error::{Error, Kind, Result};
use crate::record::RunRecord;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Levels that get a line for each element.
const OPEN_LEVELS: usize = 2;

/// The record as JSON.
///
/// # Errors
/// Only when a number is not finite.
pub fn record_json(record: &RunRecord) -> Result<String> {
    to_json(record)
}

/// The JSON schema of [`RunRecord`].
pub fn record_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(RunRecord)).expect("a schema is always JSON");
    text.push('\n');
    text
}

pub(super) fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    record_json(record)
}

/// Any report as JSON with [`OPEN_LEVELS`] levels opened.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Shallow::default());
    let failed = |e: &dyn std::fmt::Display| Error::new(Kind::Fault, format!("cannot write JSON: {e}"));
    value.serialize(&mut serializer).map_err(|e| failed(&e))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

/// Indents the outer levels and writes the inner ones on one line.
#[derive(Default)]
struct Shallow {
    depth: usize,
    /// Whether the container being written has an element, by level.
    filled: Vec<bool>,
}

impl Shallow {
    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled.push(false);
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.filled.pop() == Some(true) && self.depth < OPEN_LEVELS {
            self.new_line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn element<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if let Some(filled) = self.filled.last_mut() {
            *filled = true;
        }
        match (first, self.depth <= OPEN_LEVELS) {
            (true, true) => self.new_line(writer),
            (true, false) => Ok(()),
            (false, true) => {
                writer.write_all(b",")?;
                self.new_line(writer)
            }
            (false, false) => writer.write_all(b", "),
        }
    }

    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Shallow {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }
    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.element(writer, first)
    }
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }
    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.element(writer, first)
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_levels_have_lines_and_inner_ones_do_not() {
        let value = serde_json::json!({"a": [{"b": 1, "c": [1, 2]}, {"b": 2}], "d": [], "e": {}});
        let text = to_json(&value).unwrap();
        assert_eq!(text, "{\n  \"a\": [\n    {\"b\": 1, \"c\": [1, 2]},\n    {\"b\": 2}\n  ],\n  \"d\": [],\n  \"e\": {}\n}\n");
    }
}
