//! What takes the RTL to a board: a Vivado script and a PYNQ driver. Templates with a few values filled in; neither was ever run on the
//! real thing.

use super::emit::write;
use super::registers::{self, python_constants};
use crate::accelerator::Accelerator;
use crate::board::Board;
use crate::error::Result;
use crate::plan::Unit;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The script that makes a bitstream of `bico_system` on `board`, or `None` when the board's part is no Zynq-7000.
pub fn vivado_script(acc: &Accelerator, board: &Board) -> Option<String> {
    let ports: BTreeSet<u8> = Unit::ALL.iter().filter_map(|&u| acc.port(u)).map(|p| p.hp).collect();
    let ports: Vec<String> = ports.iter().map(u8::to_string).collect();
    let values = [
        ("PART", vivado_part(&board.part)?),
        ("BOARD", board.name.clone()),
        ("CLOCK_MHZ", format!("{:.6}", acc.clock.mhz())),
        ("PORTS", ports.join(" ")),
    ];
    Some(values.iter().fold(include_str!("host/vivado.tcl").to_string(), |text, (name, value)| text.replace(&format!("@{name}@"), value)))
}

/// The driver; it reads what depends on network and accelerator from `memory.json`.
pub fn driver() -> String {
    include_str!("host/driver.py").replace("@REGISTERS@\n", &python_constants()).replace("@ID@", &format!("0x{:08x}", registers::ID))
}

/// Writes `driver.py` and, where there is one, `vivado.tcl` into `dir`; returns them.
///
/// # Errors
/// When a file can not be written.
pub fn write_host(acc: &Accelerator, board: &Board, dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = vec![write(dir, "driver.py", driver())?];
    if let Some(script) = vivado_script(acc, board) {
        files.push(write(dir, "vivado.tcl", script)?);
    }
    Ok(files)
}

/// `xc7z020clg400-1` from the ordering code `XC7Z020-1CLG400C`.
fn vivado_part(ordering_code: &str) -> Option<String> {
    let (device, rest) = ordering_code.split_once('-')?;
    // A low-power grade has its letter first: `L1`.
    let package = rest.trim_start_matches('L').trim_start_matches(|c: char| c.is_ascii_digit());
    let speed = &rest[..rest.len() - package.len()];
    let package = package.strip_suffix(['C', 'I', 'E', 'Q', 'M'])?;
    let known = ["XC7Z", "XA7Z", "XQ7Z"].iter().any(|family| device.starts_with(family))
        && !speed.is_empty()
        && package.chars().all(|c| c.is_ascii_alphanumeric());
    known.then(|| format!("{device}{package}-{speed}").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_as_vivado_names_them() {
        assert_eq!(vivado_part("XC7Z020-1CLG400C").as_deref(), Some("xc7z020clg400-1"));
        assert_eq!(vivado_part("XC7Z010-3CLG225E").as_deref(), Some("xc7z010clg225-3"));
        assert_eq!(vivado_part("XC7Z020-L1CLG400I").as_deref(), Some("xc7z020clg400-l1"));
        assert_eq!(vivado_part("XA7Z020-1CLG400Q").as_deref(), Some("xa7z020clg400-1"));
        assert_eq!(vivado_part("XCZU3EG-1SBVA484E"), None);
        assert_eq!(vivado_part("XC7Z020"), None);
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let (acc, board) = (crate::accelerator::builtin("tiny").unwrap(), crate::board::builtin("pynq-z1").unwrap());
        let has_hole =
            |text: &str| ["PART", "BOARD", "CLOCK_MHZ", "PORTS", "REGISTERS", "ID"].iter().any(|n| text.contains(&format!("@{n}@")));
        assert!(!has_hole(&vivado_script(&acc, &board).unwrap()) && !has_hole(&driver()));
    }
}
