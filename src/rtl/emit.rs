//! Writes the sources of one accelerator: fixed modules and a generated package of its parameters.

use super::registers;
use crate::accelerator::{Accelerator, Bank, IpConfig};
use crate::error::{Error, Result};
use crate::files::write_in_folder;
use crate::plan::Unit;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The modules, by file name; the package of parameters ([`package`]) comes before them.
pub const SOURCES: [(&str, &str); 28] = [
    ("bico_accumulate.sv", include_str!("sv/bico_accumulate.sv")),
    ("bico_banks.sv", include_str!("sv/bico_banks.sv")),
    ("bico_bursts.sv", include_str!("sv/bico_bursts.sv")),
    ("bico_compute.sv", include_str!("sv/bico_compute.sv")),
    ("bico_delay.sv", include_str!("sv/bico_delay.sv")),
    ("bico_depthwise.sv", include_str!("../ip/depthwise/rtl.sv")),
    ("bico_fetch.sv", include_str!("sv/bico_fetch.sv")),
    ("bico_front.sv", include_str!("sv/bico_front.sv")),
    ("bico_mul.sv", include_str!("sv/bico_mul.sv")),
    ("bico_mul_pair.sv", include_str!("sv/bico_mul_pair.sv")),
    ("bico_operand.sv", include_str!("sv/bico_operand.sv")),
    ("bico_pack.sv", include_str!("sv/bico_pack.sv")),
    ("bico_pointwise.sv", include_str!("../ip/pointwise/rtl.sv")),
    ("bico_ram_async.sv", include_str!("sv/bico_ram_async.sv")),
    ("bico_ram_sdp.sv", include_str!("sv/bico_ram_sdp.sv")),
    ("bico_read_dma.sv", include_str!("sv/bico_read_dma.sv")),
    ("bico_requantise.sv", include_str!("sv/bico_requantise.sv")),
    ("bico_select.sv", include_str!("sv/bico_select.sv")),
    ("bico_store.sv", include_str!("sv/bico_store.sv")),
    ("bico_tail.sv", include_str!("sv/bico_tail.sv")),
    ("bico_tokens.sv", include_str!("sv/bico_tokens.sv")),
    ("bico_top.sv", include_str!("sv/bico_top.sv")),
    ("bico_tree.sv", include_str!("sv/bico_tree.sv")),
    ("bico_unpack.sv", include_str!("sv/bico_unpack.sv")),
    ("bico_vector.sv", include_str!("../ip/vector/rtl.sv")),
    ("bico_walker.sv", include_str!("sv/bico_walker.sv")),
    ("bico_weight.sv", include_str!("sv/bico_weight.sv")),
    ("bico_weights.sv", include_str!("sv/bico_weights.sv")),
];

/// What surrounds `bico_top` in a Zynq design; the top is `bico_system`.
pub const SYSTEM: [(&str, &str); 3] = [
    ("bico_control.sv", include_str!("sv/bico_control.sv")),
    ("bico_ports.sv", include_str!("sv/bico_ports.sv")),
    ("bico_system.v", include_str!("sv/bico_system.v")),
];

/// The package `bico_pkg`: everything in the sources that depends on the accelerator.
///
/// # Errors
/// When a parameter has no RTL (parallel factors that are no powers of two or do not divide the lanes, ...).
pub fn package(acc: &Accelerator) -> Result<String> {
    check(acc)?;
    let parameters = parameters(acc);
    let (design, version, offsets) = (hash(&parameters), registers::version(), registers::sv_parameters());
    Ok(format!(
        "// Parameters of the accelerator {}. Generated.\npackage bico_pkg;\n{parameters}  \
         localparam logic [31:0] DESIGN = 32'h{design:08x};\n  localparam logic [31:0] VERSION = 32'h{version:08x};\n{offsets}endpackage\n",
        acc.name
    ))
}

/// The value of register `DESIGN`: which programs an accelerator runs, and how, is settled by its parameters and the sources.
pub fn design(acc: &Accelerator) -> u32 {
    hash(&parameters(acc))
}

fn hash(parameters: &str) -> u32 {
    let sources = SOURCES.iter().chain(&SYSTEM).map(|(_, text)| *text);
    let digest = sources.chain([parameters]).fold(Sha256::new(), |sha, text| sha.chain_update(text)).finalize();
    digest.iter().take(4).fold(0, |h, &byte| h << 8 | u32::from(byte))
}

fn parameters(acc: &Accelerator) -> String {
    let mut s = String::new();
    let mut put = |kind: &str, name: &str, value: String| {
        let _ = writeln!(s, "  localparam {kind} {name} = {value};");
    };
    put("int", "LANES", acc.lanes.to_string());
    put("int", "FEATURE_BITS", acc.feature_bits.to_string());
    put("int", "WEIGHT_BITS", acc.weight_bits.to_string());
    put("int", "QUEUE_DEPTH", acc.queue_depth.to_string());
    put("int", "BANKS", acc.banks.len().to_string());
    put("int", "LOAD_OUTSTANDING", acc.load_port.outstanding_bursts.to_string());
    put("int", "WEIGHTS_OUTSTANDING", acc.weights_port.outstanding_bursts.to_string());
    put("int", "STORE_OUTSTANDING", acc.store_port.outstanding_bursts.to_string());
    let units = Unit::ALL.iter().filter(|&&u| !u.is_compute() || acc.ip(u).is_some()).fold(0, |m, u| m | u.bit());
    put("logic [7:0]", "UNITS", format!("8'h{units:02x}"));
    let packed = Unit::ALL.iter().filter(|&&u| acc.ip(u).is_some_and(|ip| ip.packed)).fold(0, |m, u| m | u.bit());
    put("logic [7:0]", "PACKED", format!("8'h{packed:02x}"));

    let bank = |f: &dyn Fn(&Bank) -> u64| (0..8).map(|b| acc.banks.get(b).map_or(0, f)).collect::<Vec<_>>();
    let mask = |units: &[Unit]| units.iter().fold(0u64, |m, u| m | u64::from(u.bit()));
    put("logic [135:0]", "BANK_WORDS", vector(&bank(&|b| b.words as u64), 17));
    put("logic [63:0]", "BANK_WRITERS", vector(&bank(&|b| mask(&b.writers)), 8));
    put("logic [63:0]", "BANK_READERS", vector(&bank(&|b| mask(&b.readers)), 8));

    let ip = |f: &dyn Fn(Unit, &IpConfig) -> u64| Unit::ALL.map(|u| acc.ip(u).map_or(0, |ip| f(u, ip)));
    put("logic [127:0]", "PARALLEL_IN", vector(&ip(&|_, ip| ip.parallel_in as u64), 16));
    put("logic [127:0]", "PARALLEL_OUT", vector(&ip(&|_, ip| ip.parallel_out as u64), 16));
    put("logic [135:0]", "WEIGHT_ROWS", vector(&ip(&|_, ip| ip.weight_rows as u64), 17));
    put("logic [135:0]", "PARAMETER_ROWS", vector(&ip(&|_, ip| ip.parameter_rows as u64), 17));
    put("logic [63:0]", "ACC_BITS", vector(&ip(&|u, _| acc.accumulator_bits(u)), 8));

    let readers = [acc.fetch_port.hp, acc.load_port.hp, acc.weights_port.hp].map(u64::from);
    let at_port = |p: u64| (0..3).filter(|&r| readers[r] == p).fold(0, |m, r| m | 1 << r);
    put("logic [5:0]", "READ_PORTS", vector(&readers, 2));
    put("logic [1:0]", "STORE_PORT", format!("2'd{}", acc.store_port.hp));
    put("logic [15:0]", "PORT_READERS", vector(&[0, 1, 2, 3].map(at_port), 4));
    s
}

/// A concatenation of sized values, the first one lowest.
fn vector(values: &[u64], bits: u32) -> String {
    let parts: Vec<_> = values.iter().rev().map(|v| format!("{bits}'d{v}")).collect();
    format!("{{{}}}", parts.join(", "))
}

fn check(acc: &Accelerator) -> Result<()> {
    let bad = |what: String, value: String, allowed: String| Err(Error::input(what).value(value).allowed(allowed));
    if acc.banks.is_empty() || acc.banks.len() > 8 {
        return bad("number of feature banks has no RTL".into(), acc.banks.len().to_string(), "1 to 8".into());
    }
    for unit in Unit::ALL {
        let Some(ip) = acc.ip(unit) else { continue };
        for (name, factor) in [("parallel_in", ip.parallel_in), ("parallel_out", ip.parallel_out)] {
            if !factor.is_power_of_two() || !acc.lanes.is_multiple_of(factor) {
                let allowed = format!("powers of two that divide {} lanes", acc.lanes);
                return bad(format!("{name} of `{unit}` has no RTL"), factor.to_string(), allowed);
            }
        }
    }
    Ok(())
}

/// Writes the package and the modules of `acc` into `dir` (created when missing). Returns the files in the order in which
/// tools have to read them; the machine is `bico_top`, and `bico_system` what goes into a Zynq design.
///
/// # Errors
/// When the accelerator has no RTL or a file can not be written.
pub fn emit(acc: &Accelerator, dir: &Path) -> Result<Vec<PathBuf>> {
    emit_sources(acc, &SOURCES, dir)
}

/// As [`emit`], with other modules.
pub(super) fn emit_sources(acc: &Accelerator, sources: &[(&str, &str)], dir: &Path) -> Result<Vec<PathBuf>> {
    let package = package(acc)?;
    let files = std::iter::once(("bico_pkg.sv", package.as_str())).chain(sources.iter().copied()).chain(SYSTEM);
    files.map(|(name, text)| write(dir, name, text)).collect()
}

/// Writes a file under a temporary name, then renames it.
pub(super) fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
    let path = dir.join(name);
    write_in_folder(&path, content.as_ref())?;
    Ok(path)
}
