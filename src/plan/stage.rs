//! Which unit runs a node, and which input window an output window needs.

use super::descriptor;
use super::job::{ComputeOp, Unit};
use crate::accelerator::Accelerator;
use crate::error::{Error, Result};
use crate::model::graph::{Graph, Node, NodeId, Op, Sliding};
use crate::tensor::Window;

/// How a stage uses channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Output block b needs input block b only.
    Wise,
    /// Each output block needs all input blocks.
    Reduced,
}

/// One node on one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The node.
    pub node: NodeId,
    /// Its unit.
    pub unit: Unit,
    /// Inner operation.
    pub op: ComputeOp,
    /// Use of channels.
    pub channels: Channels,
    /// Sliding window in input coordinates (for upsampling: one tap).
    pub sliding: Sliding,
    /// log2 of the upsampling factor.
    pub upsample_shift: u8,
    /// Rows and columns read beyond the last tap: space-to-depth moves its one tap over the whole square.
    pub beyond: usize,
}

impl Stage {
    /// What the stage makes where `wanted` is needed: upsampling starts on a multiple of its factor, because its descriptor counts source
    /// coordinates from the first row and column it makes.
    pub fn align_output(&self, wanted: Window) -> Window {
        let before = |at: i32, n: i32| if n > 0 { at & ((1 << self.upsample_shift) - 1) } else { 0 };
        let (rows, cols) = (before(wanted.y, wanted.h), before(wanted.x, wanted.w));
        Window { y: wanted.y - rows, x: wanted.x - cols, h: wanted.h + rows, w: wanted.w + cols }
    }

    /// The input window (before clipping) that `out` needs.
    pub fn input_window(&self, out: Window) -> Window {
        let s = &self.sliding;
        let beyond = self.beyond as i32;
        let along = |y: i32, n: i32, k: usize, s: usize, d: usize, pad: usize| {
            let (first, last) = (y * s as i32, (y + n - 1) * s as i32);
            let shift = u32::from(self.upsample_shift);
            let (first, last) = (first >> shift, last >> shift);
            (first - pad as i32, last - first + ((k - 1) * d) as i32 + 1 + beyond)
        };
        let (y, h) = along(out.y, out.h, s.kernel.0, s.stride.0, s.dilation.0, s.padding.top);
        let (x, w) = along(out.x, out.w, s.kernel.1, s.stride.1, s.dilation.1, s.padding.left);
        Window { y, x, h, w }
    }
}

/// The stage of a node; `None` for nodes that need no job (`Input`, `Concat`).
///
/// # Errors
/// When no IP of the accelerator accepts the node; the message names it and says what would.
pub fn stage(graph: &Graph, id: NodeId, acc: &Accelerator) -> Result<Option<Stage>> {
    let node = &graph.nodes[id];
    let input = match node.op {
        Op::Input | Op::Concat => return Ok(None),
        _ => &graph.nodes[node.inputs[0]],
    };
    let base = |unit, op, channels, sliding| Stage { node: id, unit, op, channels, sliding, upsample_shift: 0, beyond: 0 };
    let vector = |op, sliding| base(Unit::Vector, op, Channels::Wise, sliding);
    let stage = match &node.op {
        Op::Conv { window, groups } if *groups == 1 => {
            let point = window.kernel == (1, 1) && window.padding == Default::default();
            let unit = if point && acc.pointwise.is_some() { Unit::Pointwise } else { Unit::Conv };
            base(unit, ComputeOp::MultiplyAccumulate, Channels::Reduced, *window)
        }
        Op::Conv { window, .. } if graph.is_depthwise(node) => {
            base(Unit::Depthwise, ComputeOp::MultiplyAccumulate, Channels::Wise, *window)
        }
        Op::Conv { groups, .. } => {
            return Err(refuse(node, &format!("convolution with {groups} groups"), "use groups = 1 or a depthwise convolution"));
        }
        Op::FullyConnected => {
            let sliding = Sliding { kernel: (input.shape.h, input.shape.w), ..Sliding::POINT };
            let unit = if sliding.kernel == (1, 1) && acc.pointwise.is_some() { Unit::Pointwise } else { Unit::Conv };
            base(unit, ComputeOp::MultiplyAccumulate, Channels::Reduced, sliding)
        }
        Op::MaxPool(window) => vector(ComputeOp::Maximum, *window),
        Op::AvgPool(window) => vector(ComputeOp::Sum, *window),
        Op::GlobalAvgPool => vector(ComputeOp::Sum, Sliding { kernel: (input.shape.h, input.shape.w), ..Sliding::POINT }),
        Op::Add { .. } => vector(ComputeOp::Add, Sliding::POINT),
        Op::Activation => vector(ComputeOp::Sum, Sliding::POINT),
        Op::SpaceToDepth { block } => {
            Stage { beyond: block - 1, ..vector(ComputeOp::Sum, Sliding { stride: (*block, *block), ..Sliding::POINT }) }
        }
        Op::Upsample { factor } => {
            if !factor.is_power_of_two() {
                return Err(refuse(node, &format!("upsampling by {factor}"), "use a power of two"));
            }
            Stage { upsample_shift: factor.trailing_zeros() as u8, ..vector(ComputeOp::Sum, Sliding::POINT) }
        }
        Op::Input | Op::Concat => unreachable!("returned above"),
    };
    accept(graph, node, input, &stage, acc)?;
    Ok(Some(stage))
}

/// What the fields of a descriptor hold.
const LARGEST_KERNEL: usize = descriptor::KERNEL_ROWS.largest() as usize;
const LARGEST_STRIDE: usize = descriptor::STRIDE_ROWS.largest() as usize;
const LARGEST_DILATION: usize = descriptor::DILATION_ROWS.largest() as usize;
const LARGEST_PADDING: usize = -descriptor::ORIGIN_ROW.smallest() as usize;

fn refuse(node: &Node, what: &str, hint: &str) -> Error {
    Error::unsupported(format!("no IP of the accelerator accepts layer `{}` ({what})", node.name)).hint(hint)
}

/// [`stage`] of a layer whose jobs have to fit their descriptors on the parallel factors that `acc` has.
///
/// # Errors
/// As [`stage`].
pub fn planned(graph: &Graph, id: NodeId, acc: &Accelerator) -> Result<Option<Stage>> {
    let Some(stage) = stage(graph, id, acc)? else { return Ok(None) };
    let node = &graph.nodes[id];
    let channels = graph.nodes[node.inputs[0]].shape.c;
    let parallel_in = acc.ip(stage.unit).map_or(1, |ip| ip.parallel_in);
    let most = descriptor::BLOCKS.largest() as usize * parallel_in;
    if stage.channels == Channels::Reduced && channels > most {
        let hint = format!("use at most {most} input channels, or raise parallel_in");
        return Err(refuse(node, &format!("{channels} input channels, {parallel_in} at a time"), &hint));
    }
    Ok(Some(stage))
}

/// Limits of the IP and of the descriptor.
fn accept(graph: &Graph, node: &Node, input: &Node, stage: &Stage, acc: &Accelerator) -> Result<()> {
    let unit = stage.unit;
    let Some(ip) = acc.ip(unit) else {
        return Err(refuse(node, &format!("it needs a `{unit}` IP"), &format!("add [{unit}] to the accelerator file")));
    };
    let (kh, kw) = stage.sliding.kernel;
    let limit = ip.max_kernel.min(LARGEST_KERNEL);
    if kh > limit || kw > limit {
        let whole_map = matches!(node.op, Op::GlobalAvgPool | Op::FullyConnected);
        let hint = match (kh.max(kw) <= LARGEST_KERNEL, whole_map) {
            (true, _) => "raise max_kernel".to_string(),
            (false, true) => format!("pool the map to at most {LARGEST_KERNEL} x {LARGEST_KERNEL} before it: it is one window to the IP"),
            (false, false) => format!("use a smaller kernel: no IP goes beyond {LARGEST_KERNEL}"),
        };
        return Err(refuse(node, &format!("kernel {kh}x{kw}, `{unit}` takes at most {limit}x{limit}"), &hint));
    }
    let (dh, dw) = stage.sliding.dilation;
    if dh.max(dw) > LARGEST_DILATION {
        return Err(refuse(node, &format!("dilation {dh}x{dw}"), &format!("use a dilation of at most {LARGEST_DILATION}")));
    }
    let before = stage.sliding.padding.top.max(stage.sliding.padding.left);
    if before > LARGEST_PADDING {
        return Err(refuse(node, &format!("padding of {before}"), &format!("pad by at most {LARGEST_PADDING} above and to the left")));
    }
    let (sh, sw) = stage.sliding.stride;
    if sh.max(sw) > LARGEST_STRIDE {
        return Err(refuse(node, &format!("stride {sh}x{sw}"), &format!("use a stride of at most {LARGEST_STRIDE}")));
    }
    if [input, node].iter().any(|n| n.format.is_binary()) && acc.feature_bits < 2 {
        return Err(refuse(
            node,
            "features of -1 and 1 in one bit",
            "raise feature_bits of the accelerator to 2: a lane of one bit holds 0 and 1",
        ));
    }
    let widths = [input.format.bits, node.format.bits].into_iter().max().unwrap_or(0);
    if widths > acc.feature_bits {
        return Err(refuse(
            node,
            &format!("features of {widths} bits, the accelerator holds {}", acc.feature_bits),
            "name an accelerator of that width (--accelerator), raise feature_bits of this one, or run the network narrower (--features)",
        ));
    }
    if let Some(w) = &node.weights {
        if w.format.bits > acc.weight_bits {
            return Err(refuse(
                node,
                &format!("weights of {} bits, the accelerator holds {}", w.format.bits, acc.weight_bits),
                "name an accelerator of that width (--accelerator), raise weight_bits of this one, or run the network narrower (--weights)",
            ));
        }
        if !w.format.signed && w.format.bits == acc.weight_bits {
            let hint = format!("raise weight_bits to {}: a weight of the hardware has a sign", acc.weight_bits + 1);
            return Err(refuse(node, &format!("unsigned weights of {} bits", w.format.bits), &hint));
        }
        if w.format.is_binary() && !input.shape.c.is_multiple_of(ip.parallel_in) {
            let hint = format!("use a multiple of {} input channels: binary weights can not be padded with zero", ip.parallel_in);
            return Err(refuse(node, "binary weights", &hint));
        }
    }
    if unit == Unit::Vector && node.requantise.as_ref().is_some_and(|r| r.scales.len() > 1) {
        return Err(refuse(node, "a scale for each channel", "use one scale for the tensor"));
    }
    if matches!(node.op, Op::SpaceToDepth { .. }) && !input.shape.c.is_multiple_of(acc.lanes) {
        return Err(refuse(node, "space-to-depth", &format!("use a multiple of {} channels", acc.lanes)));
    }
    let operands_differ = graph.operands(node).any(|n| n.shape.blocks(acc.lanes) != input.shape.blocks(acc.lanes));
    if matches!(node.op, Op::Add { .. }) && operands_differ {
        return Err(refuse(node, "operands of different shape", "give both operands one shape"));
    }
    if matches!(node.op, Op::Add { .. }) && graph.operands(node).any(|n| n.format.signed != input.format.signed) {
        // A descriptor has one such bit for both.
        return Err(refuse(node, "a signed and an unsigned operand", "give both operands features of one kind (`signed`)"));
    }
    Ok(())
}
