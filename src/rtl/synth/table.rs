//! The file of synthesised accelerators: one row each, with its configuration and its cells. `traces/synthesis.csv` is one.

use super::{Cells, random};
use crate::accelerator::{self, Accelerator};
use crate::error::{Error, Result};
use crate::files::write_in_folder;
use crate::plan::Unit;
use std::path::Path;

/// The stream of random accelerators ([`random::accelerator`]) on which the factors of the cost model were fitted. Every other row is
/// held out.
pub const FIT_SEED: u64 = 1;
/// Cell types that have a column.
const CELLS: [&str; 22] = [
    "DSP48E1",
    "RAMB18E1",
    "RAMB36E1",
    "RAM32M",
    "RAM64M",
    "RAM32X1D",
    "RAM64X1D",
    "RAM128X1D",
    "SRL16E",
    "SRLC32E",
    "FDRE",
    "FDSE",
    "CARRY4",
    "MUXF7",
    "MUXF8",
    "LUT1",
    "LUT2",
    "LUT3",
    "LUT4",
    "LUT5",
    "LUT6",
    "INV",
];
/// Cells of pins and clocks, which an accelerator inside a larger design does not have.
const PINS: [&str; 3] = ["BUFG", "IBUF", "OBUF"];

/// A synthesised accelerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What was synthesised.
    pub accelerator: Accelerator,
    /// What came out.
    pub cells: Cells,
}

impl Row {
    /// Whether the cost model was fitted on it.
    pub fn fitted(&self) -> bool {
        self.accelerator.name.starts_with(&format!("random-{FIT_SEED}-"))
    }
}

/// The configuration of `acc` as far as it changes the RTL: column and value.
fn columns(acc: &Accelerator) -> Vec<(String, String)> {
    let mut columns = vec![
        ("lanes".into(), acc.lanes.to_string()),
        ("feature_bits".into(), acc.feature_bits.to_string()),
        ("weight_bits".into(), acc.weight_bits.to_string()),
        ("queue_depth".into(), acc.queue_depth.to_string()),
    ];
    for (unit, port) in [("load", acc.load_port), ("weights", acc.weights_port), ("store", acc.store_port)] {
        columns.push((format!("{unit}.outstanding_bursts"), port.outstanding_bursts.to_string()));
    }
    for unit in Unit::ALL.into_iter().filter(|u| u.is_compute()) {
        // parallel_in x parallel_out, rows of weights, rows of parameters, whether products are packed.
        let text = |ip: &accelerator::IpConfig| {
            let packed = if ip.packed { " packed" } else { "" };
            format!("{}x{} {} {}{packed}", ip.parallel_in, ip.parallel_out, ip.weight_rows, ip.parameter_rows)
        };
        columns.push((unit.name().to_string(), acc.ip(unit).map_or(String::new(), text)));
    }
    let names = |units: &[Unit]| units.iter().map(|u| u.name()).collect::<Vec<_>>().join("+");
    let bank = |b: &accelerator::Bank| format!("{}>{}>{}", names(&b.writers), b.words, names(&b.readers));
    columns.push(("banks".into(), acc.banks.iter().map(bank).collect::<Vec<_>>().join(" ")));
    columns
}

/// Reads a file of rows; none when there is no such file.
///
/// # Errors
/// When it can not be read or a row does not hold what the accelerator of its name is.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, &e))?;
    parse(&text).map_err(|e| e.file(path))
}

/// As [`read`], from a text.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| Error::input(format!("not CSV: {e}")))?.clone();
    reader.records().enumerate().map(|(i, record)| row(&header, &record, i + 2)).collect()
}

fn row(header: &csv::StringRecord, record: &std::result::Result<csv::StringRecord, csv::Error>, line: usize) -> Result<Row> {
    let record = record.as_ref().map_err(|e| Error::input(format!("not CSV: {e}")).line(line))?;
    let field = |name: &str| header.iter().position(|h| h == name).and_then(|i| record.get(i));
    let name = field("name").ok_or_else(|| Error::input("no column `name`").line(line))?;
    let accelerator = random::named(name).unwrap_or_else(|| accelerator::builtin(name)).map_err(|e| e.line(line))?;
    for (column, value) in columns(&accelerator) {
        if field(&column) != Some(&value) {
            let error = Error::input(format!("`{column}` is not that of accelerator `{name}`")).value(field(&column).unwrap_or("absent"));
            return Err(error
                .allowed(value)
                .line(line)
                .hint("the generator or the file of this accelerator has changed: synthesise again"));
        }
    }
    let mut cells = Cells::default();
    for cell in CELLS {
        let count = field(cell).and_then(|v| v.parse::<u64>().ok());
        let count = count.ok_or_else(|| Error::input(format!("no count of `{cell}`")).line(line))?;
        if count > 0 {
            cells.0.insert(cell.to_string(), count);
        }
    }
    Ok(Row { accelerator, cells })
}

/// Writes all rows.
///
/// # Errors
/// When the file can not be written, or a netlist holds a cell that has no column.
pub fn write(path: &Path, rows: &[Row]) -> Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let failed = |e: csv::Error| Error::fault(format!("cannot write CSV: {e}"));
    for (i, row) in rows.iter().enumerate() {
        if let Some(cell) = row.cells.0.keys().find(|c| !CELLS.contains(&c.as_str()) && !PINS.contains(&c.as_str())) {
            return Err(Error::fault("synthesis gave a cell that has no column").value(cell));
        }
        let columns = columns(&row.accelerator);
        if i == 0 {
            let names = columns.iter().map(|c| c.0.as_str());
            writer.write_record(["name", "set"].into_iter().chain(names).chain(CELLS)).map_err(failed)?;
        }
        let set = if row.fitted() { "fit" } else { "held-out" };
        let own = [row.accelerator.name.clone(), set.to_string()].into_iter();
        let cells = CELLS.iter().map(|c| row.cells.of(c).to_string());
        writer.write_record(own.chain(columns.into_iter().map(|c| c.1)).chain(cells)).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::fault(format!("cannot write CSV: {e}")))?;
    write_in_folder(path, &bytes)
}
