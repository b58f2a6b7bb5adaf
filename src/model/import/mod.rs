//! Networks from elsewhere: an ONNX file becomes the layers and weights of a network folder.
//!
//! Batch norm, multiplication and addition of constants are folded into the weights beside them; what only a host does with the output (reshape, sigmoid, softmax)
//! is left to it. Quantisers whose step is a power of two (QuantizeLinear and DequantizeLinear, QONNX's Quant) settle formats; of the others
//! what they cut off below 0 stays, as a ReLU, and the formats are open.

mod constant;
mod file;
mod proto;
#[cfg(test)]
mod tests;
mod translate;

use super::raw::{RawFormat, RawInput, RawLayer, RawNetwork, RawQuantise};
use crate::config::Spanned;
use crate::error::{Error, Result};
use crate::fixed::Format;
use file::File;
use std::path::Path;

/// What a network wants to be fed, and which part of it is meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Name of the network.
    pub name: String,
    /// The tensor that is the result; where left out, the file's output.
    pub output: Option<String>,
    /// Rows and columns of the image, where the file leaves them open.
    pub size: Option<[usize; 2]>,
    /// What black and white are to the network.
    pub scaling: Scaling,
}

/// From a pixel of 0 to 255 to what the network was trained on.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaling {
    /// Black and white.
    Range([f64; 2]),
    /// `(pixel / 255 - mean) / deviation`, of each channel.
    Normalise {
        /// Of each channel, of pixels from 0 to 1.
        mean: Vec<f64>,
        /// Standard deviation of each channel.
        deviation: Vec<f64>,
    },
}

impl Default for Scaling {
    fn default() -> Scaling {
        Scaling::Range([0.0, 1.0])
    }
}

/// A network that was read.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its layers. Fraction bits are open where the file has no quantiser of a power of two.
    pub raw: RawNetwork,
    /// The float weights: tensor, extents, values.
    pub weights: Vec<(String, Vec<usize>, Vec<f32>)>,
    /// What is done otherwise than the file says, and what is left to the host.
    pub remarks: Vec<String>,
    /// Who wrote the file, and for which operators.
    pub origin: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

impl Imported {
    /// The layers as text.
    ///
    /// # Errors
    /// When they cannot be written as TOML (a bug).
    pub fn toml(&self) -> Result<String> {
        toml::to_string(&self.raw).map_err(|e| Error::fault(format!("cannot write the imported network: {e}")))
    }
}

/// Reads an ONNX file.
///
/// # Errors
/// When it cannot be read, or has what the machine does not compute: names the file, the node, and what may be done.
pub fn read(path: &Path, options: &Options) -> Result<Imported> {
    let file = File::read(path)?;
    translate::translate(&file, options).map_err(|e| e.file(path))
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn raw_format(f: Format) -> RawFormat {
    RawFormat { bits: spanned(i64::from(f.bits)), frac: Some(spanned(i64::from(f.frac))), signed: f.signed, narrow: f.narrow }
}
