//! `layers.csv`: one row for each layer group, for spreadsheets and scripts.

use super::derive::{layer_cycles, layer_gops, layer_mac_use, milliseconds, ops_per_byte};
use super::{Extras, text::percent};
use crate::error::{Error, Kind, Result};
use crate::plan::Unit;
use crate::record::{LayerRecord, RunRecord};

pub(super) fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    let failed = |e: &dyn std::fmt::Display| Error::new(Kind::Fault, format!("cannot write CSV: {e}"));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(header()).map_err(|e| failed(&e))?;
    let total = layer_cycles(record);
    for (index, layer) in record.layers.iter().enumerate() {
        writer.write_record(row(record, index, layer, total)).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

fn header() -> Vec<String> {
    let fixed =
        ["index", "name", "output", "tile_rows", "tile_cols", "macs", "start_cycle", "end_cycle", "cycles", "latency_ms", "share_percent"];
    let after = ["read_bytes", "write_bytes", "ops_per_byte", "gops_per_s", "mac_use_percent", "output_sha256"];
    let critical = ["critical_unit", "critical_busy_cycles", "critical_wait_operand_cycles", "critical_wait_space_cycles"];
    let critical_rest = ["critical_wait_job_cycles", "critical_idle_cycles"];
    let units = Unit::ALL.iter().map(|unit| format!("{unit}_busy_cycles"));
    let head = fixed.iter().chain(&critical).chain(&critical_rest).map(ToString::to_string);
    head.chain(units).chain(after.iter().map(ToString::to_string)).collect()
}

fn row(record: &RunRecord, index: usize, layer: &LayerRecord, total_cycles: u64) -> Vec<String> {
    let mut row = vec![index.to_string(), layer.name.clone(), layer.output.clone()];
    row.extend([layer.tile[0], layer.tile[1], layer.macs, layer.start_cycle, layer.end_cycle, layer.cycles].map(|v| v.to_string()));
    row.push(format!("{:.6}", milliseconds(record, layer.cycles)));
    row.push(percent(layer.cycles as f64, total_cycles as f64));
    row.push(layer.critical_unit.to_string());
    row.extend(layer.critical.parts().map(|(_, cycles)| cycles.to_string()));
    row.extend(Unit::ALL.iter().map(|unit| {
        let busy = layer.unit_busy_cycles.iter().filter(|(u, _)| u == unit).map(|(_, cycles)| cycles);
        busy.sum::<u64>().to_string()
    }));
    row.extend([layer.read_bytes, layer.write_bytes].map(|v| v.to_string()));
    row.extend([ops_per_byte(layer), layer_gops(record, layer)].map(|v| format!("{v:.3}")));
    row.push(layer_mac_use(record, layer).map_or_else(String::new, |share| format!("{:.1}", share * 100.0)));
    row.push(layer.output_sha256.clone().unwrap_or_default());
    row
}
