//! The memory image of a network on an accelerator, and the manifest that says what lies where: all that a board needs beside
//! the bitstream.

use super::emit::{design, write};
use super::features;
use crate::accelerator::Accelerator;
use crate::board::Board;
use crate::dram::Memory;
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::machine::Machine;
use crate::model::{Network, reference};
use crate::plan::descriptor::DESCRIPTOR_BYTES;
use crate::plan::layout::TensorPlace;
use crate::plan::{self, Plan};
use crate::simulate::Sample;
use crate::tensor::Tensor;
use crate::units::Cycle;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The DRAM image by file name: bytes, and 64-bit words for `$readmemh`.
const BINARY: &str = "memory.bin";
const HEX: &str = "memory.hex";
/// What lies where in it.
const MANIFEST: &str = "memory.json";

/// `memory.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// What has and has not been tried.
    pub status: &'static str,
    /// Version of bico that wrote it.
    pub bico_version: &'static str,
    /// Name of the network.
    pub network: String,
    /// Name of the accelerator.
    pub accelerator: String,
    /// Value of register `DESIGN` that the program needs.
    pub design: u32,
    /// Fabric clock, MHz.
    pub clock_mhz: f64,
    /// The image; address 0 of everything here is its first byte.
    pub memory: ImageFile,
    /// Where the program lies.
    pub program: ProgramPlace,
    /// Where the network's input lies.
    pub input: FeatureMap,
    /// Where its output lies.
    pub output: FeatureMap,
    /// Width and height of the detection head's anchors in fractions of the image, if there is a head.
    pub anchors: Option<Vec<[f64; 2]>>,
    /// What lies in the image, in order.
    pub regions: Vec<Region>,
    /// The input that the image holds, and what must come out.
    pub sample: SampleResult,
    /// What the simulator says about the first frame.
    pub expected: Expected,
}

/// The image as a file.
#[derive(Clone, Debug, Serialize)]
pub struct ImageFile {
    /// Name in the same folder.
    pub file: &'static str,
    /// Size.
    pub bytes: usize,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

/// The program in the image.
#[derive(Clone, Debug, Serialize)]
pub struct ProgramPlace {
    /// First byte: register `PROGRAM_ADDRESS`.
    pub address: u64,
    /// Number of descriptors of 64 bytes: register `PROGRAM_DESCRIPTORS`.
    pub descriptors: usize,
}

/// A feature map in the image: words in the order `[block][row][column]`, each of `lanes` values of consecutive channels in
/// containers, lowest lane in the lowest bits, padded to `word_bytes`. A raw value r stands for (r - zero_point) / 2^frac.
#[derive(Clone, Debug, Serialize)]
pub struct FeatureMap {
    /// Layer.
    pub name: String,
    /// First byte.
    pub address: u64,
    /// Size.
    pub bytes: u64,
    /// Channels that mean something; lanes past the last one do not.
    pub channels: usize,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Channels in a word.
    pub lanes: usize,
    /// Bytes of a word.
    pub word_bytes: u64,
    /// Bits a value takes in a word.
    pub container_bits: u8,
    /// Format of the values.
    pub format: Format,
    /// Raw value of zero.
    pub zero_point: i32,
}

/// A part of the image.
#[derive(Clone, Debug, Serialize)]
pub struct Region {
    /// `features`, `weights`, `parameters` or `program`.
    pub kind: &'static str,
    /// Layer.
    pub name: String,
    /// First byte.
    pub address: u64,
    /// Size.
    pub bytes: u64,
}

/// A known answer.
#[derive(Clone, Debug, Serialize)]
pub struct SampleResult {
    /// Which input lies in the image.
    pub name: String,
    /// SHA-256 of the output's raw integers as little-endian `i32`, ordered `[channel][row][column]`: from the untiled reference.
    pub output_sha256: String,
}

/// What the simulator says.
#[derive(Clone, Debug, Serialize)]
pub struct Expected {
    /// Frame latency in cycles: register `FRAME_CYCLES`, up to where refresh happens to fall.
    pub frame_cycles: u64,
    /// The board whose DDR model gave it. Its path through the processing system is assumed, see `traces/DEVIATIONS.md`.
    pub board: String,
}

/// A network's image, not yet written.
#[derive(Clone, Debug)]
pub struct MemoryImage {
    /// The content.
    pub bytes: Vec<u8>,
    /// What it is.
    pub manifest: Manifest,
}

impl MemoryImage {
    /// Plans and times the network, and lays out program, weights, parameters and the sample's input.
    ///
    /// # Errors
    /// When the network can not be planned, or the sample does not fit its input.
    pub fn new(network: &Network, acc: &Accelerator, board: &Board, sample: &Sample) -> Result<MemoryImage> {
        let graph = &network.graph;
        let plan = plan::plan(graph, acc)?;
        let outputs = reference::run(graph, &sample.image)?;
        let memory = Memory::new(&board.memory, acc.clock)?;
        plan.check_dram(memory.capacity_bytes())?;
        let frame = Machine::new(&plan, acc, memory).frame(Cycle(0))?;
        let mut bytes = plan.dram_image(graph, acc)?;
        features::put(&plan.places[0], acc.lanes, &sample.image, &mut bytes);
        let output = graph.nodes.len() - 1;
        let manifest = Manifest {
            status: "computed by the simulator; bitstream and driver were never run on a board",
            bico_version: env!("CARGO_PKG_VERSION"),
            network: network.name.clone(),
            accelerator: acc.name.clone(),
            design: design(acc),
            clock_mhz: acc.clock.mhz(),
            memory: ImageFile { file: BINARY, bytes: bytes.len(), sha256: hex::encode(Sha256::digest(&bytes)) },
            program: ProgramPlace { address: plan.program_address, descriptors: plan.jobs.len() },
            input: feature_map(network, acc, &plan, 0),
            output: feature_map(network, acc, &plan, output),
            anchors: network.head.as_ref().map(|h| h.anchors.clone()),
            regions: regions(network, acc, &plan),
            sample: SampleResult { name: sample.name.clone(), output_sha256: reference::hash(&outputs[output]) },
            expected: Expected { frame_cycles: frame.end.0 - frame.start.0, board: board.name.clone() },
        };
        Ok(MemoryImage { bytes, manifest })
    }

    /// Reads the network's output out of a memory of this layout.
    pub fn output(&self, dram: &[u8]) -> Tensor {
        self.manifest.output.read(dram)
    }

    /// Writes `memory.bin`, `memory.hex` and `memory.json` into `dir`; returns them.
    ///
    /// # Errors
    /// When a file can not be written.
    pub fn write(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let json = serde_json::to_string_pretty(&self.manifest).map_err(|e| Error::fault(e.to_string()))?;
        Ok(vec![
            write(dir, BINARY, &self.bytes)?,
            write(dir, HEX, hex_lines(&self.bytes))?,
            // Last: where the manifest is, the image is whole.
            write(dir, MANIFEST, format!("{json}\n"))?,
        ])
    }
    /// Removes the image that [`MemoryImage::write`] left in a folder, if there is one and it is of another accelerator than that of register `DESIGN`: its files.
    ///
    /// # Errors
    /// When one can not be removed.
    pub fn remove_others(dir: &Path, design: u32) -> Result<Vec<PathBuf>> {
        let manifest = dir.join(MANIFEST);
        let read = std::fs::read(&manifest).ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let is_other = read.is_some_and(|manifest| manifest["memory"]["file"] == BINARY && manifest["design"] != design);
        let files: Vec<PathBuf> =
            [MANIFEST, BINARY, HEX].map(|name| dir.join(name)).into_iter().filter(|f| is_other && f.exists()).collect();
        for file in &files {
            std::fs::remove_file(file).map_err(|e| Error::io("remove", file, &e))?;
        }
        Ok(files)
    }
}

impl FeatureMap {
    /// Reads the map out of a memory of this layout.
    pub fn read(&self, dram: &[u8]) -> Tensor {
        let place = TensorPlace {
            address: self.address,
            shape: crate::tensor::Shape::new(self.channels, self.rows, self.columns),
            format: self.format,
            word_bytes: self.word_bytes,
            owner: 0,
            first_block: 0,
        };
        features::get(&place, self.lanes, dram)
    }
}

fn feature_map(network: &Network, acc: &Accelerator, plan: &Plan, node: usize) -> FeatureMap {
    let (place, node) = (&plan.places[node], &network.graph.nodes[node]);
    FeatureMap {
        name: node.name.clone(),
        address: place.address,
        bytes: feature_bytes(place, acc),
        channels: place.shape.c,
        rows: place.shape.h,
        columns: place.shape.w,
        lanes: acc.lanes,
        word_bytes: place.word_bytes,
        container_bits: place.format.container_bits(),
        format: place.format,
        zero_point: node.zero_point,
    }
}

fn feature_bytes(place: &TensorPlace, acc: &Accelerator) -> u64 {
    place.shape.blocks(acc.lanes) as u64 * place.block_bytes()
}

fn regions(network: &Network, acc: &Accelerator, plan: &Plan) -> Vec<Region> {
    let name = |node: usize| network.graph.nodes[node].name.clone();
    let program_bytes = (plan.jobs.len() * DESCRIPTOR_BYTES) as u64;
    let mut all = vec![Region { kind: "program", name: String::new(), address: plan.program_address, bytes: program_bytes }];
    for (node, place) in plan.places.iter().enumerate().filter(|(node, place)| place.owner == *node) {
        all.push(Region { kind: "features", name: name(node), address: place.address, bytes: feature_bytes(place, acc) });
    }
    for (node, rows) in plan.rows.iter().enumerate().filter_map(|(node, rows)| Some((node, rows.as_ref()?))) {
        all.push(Region { kind: "weights", name: name(node), address: rows.weight_address, bytes: rows.weight_bytes() });
        all.push(Region { kind: "parameters", name: name(node), address: rows.parameter_address, bytes: rows.parameter_bytes() });
    }
    all.sort_by_key(|r| r.address);
    all
}

/// 64-bit words, one a line; runs of zeros are skipped with the address of the word after them.
fn hex_lines(bytes: &[u8]) -> String {
    let mut text = String::from("// 64-bit words; what is not listed is zero.\n");
    let mut next = 0;
    for (at, chunk) in bytes.chunks(8).enumerate() {
        let word = chunk.iter().rev().fold(0u64, |w, &byte| w << 8 | u64::from(byte));
        if word == 0 {
            continue;
        }
        if at != next {
            let _ = writeln!(text, "@{at:x}");
        }
        let _ = writeln!(text, "{word:016x}");
        next = at + 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_skips_zeros_and_keeps_addresses() {
        let mut bytes = [0; 40];
        (bytes[0], bytes[25], bytes[39]) = (1, 2, 3);
        assert_eq!(
            hex_lines(&bytes).lines().skip(1).collect::<Vec<_>>(),
            ["0000000000000001", "@3", "0000000000000200", "0300000000000000"]
        );
    }
}
