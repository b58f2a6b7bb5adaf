//! What Yosys makes of an accelerator: its cells, and the depth of its logic.
//!
//! The machine `bico_top` is synthesised, without the AXI4-Lite registers around it ([`crate::ip::control::SHELL`]).
//!
//! [`synthesize`] runs `synth_xilinx -family xc7 -flatten` on the emitted sources and counts cells ([`Cells`]). The cost model
//! (`crate::ip`) is held against these counts; [`table`] is the file in which they are kept, [`random`] what was synthesised for it.

mod cells;
mod compare;
pub mod random;
pub mod table;
mod yosys;

pub use cells::Cells;
pub use compare::{Comparison, Summary, percent};
pub use yosys::{Delay, Synthesis, missing_tool, synthesize};
