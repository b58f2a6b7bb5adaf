//! Where tensors, weights and the program lie in DRAM (contract, section 8).

use crate::accelerator::Accelerator;
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::model::graph::{Graph, NodeId, Op};
use crate::tensor::Shape;

/// Regions start at multiples of this many bytes.
pub const ALIGNMENT_BYTES: u64 = 128;

/// Where the features of one node lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorPlace {
    /// First byte of block 0.
    pub address: u64,
    /// Extents.
    pub shape: Shape,
    /// Format of the values.
    pub format: Format,
    /// Bytes of one word (lanes of one pixel).
    pub word_bytes: u64,
    /// The node that owns the region: itself, or the concatenation it is part of.
    pub owner: NodeId,
    /// First block within the owner's region.
    pub first_block: usize,
}

impl TensorPlace {
    /// Byte address of (block, row, column).
    pub fn at(&self, block: usize, y: usize, x: usize) -> u64 {
        self.address + (((block * self.shape.h + y) * self.shape.w + x) as u64) * self.word_bytes
    }
    /// Bytes between two rows.
    pub fn row_bytes(&self) -> u64 {
        self.shape.w as u64 * self.word_bytes
    }
    /// Bytes between two blocks.
    pub fn block_bytes(&self) -> u64 {
        self.shape.h as u64 * self.row_bytes()
    }
}

/// A bump allocator over DRAM.
#[derive(Clone, Debug, Default)]
pub struct Dram {
    next: u64,
}

impl Dram {
    /// Reserves `bytes`, aligned.
    ///
    /// # Errors
    /// Past 4 GiB, where addresses no longer fit a descriptor.
    pub fn reserve(&mut self, bytes: u64) -> Result<u64> {
        let at = self.next;
        self.next = (at + bytes).next_multiple_of(ALIGNMENT_BYTES);
        if self.next > u64::from(u32::MAX) {
            return Err(Error::new(crate::error::Kind::DoesNotFit, "features and weights do not fit the DRAM address space")
                .value(format!("{} MiB", self.next >> 20))
                .allowed("4096 MiB")
                .hint("use a smaller input or fewer channels"));
        }
        Ok(at)
    }
    /// First free byte.
    pub fn used(&self) -> u64 {
        self.next
    }
}

/// Places every node's features. A concatenation owns one region and its operands lie inside it, so that it costs nothing;
/// operands that can not lie there are refused with a remedy.
///
/// # Errors
/// When an operand of a concatenation is the input, is part of another concatenation, or does not end on a block.
pub fn place_tensors(graph: &Graph, acc: &Accelerator, dram: &mut Dram) -> Result<Vec<TensorPlace>> {
    let owners = owners(graph, acc)?;
    let mut places: Vec<Option<TensorPlace>> = vec![None; graph.nodes.len()];
    for (id, node) in graph.nodes.iter().enumerate() {
        if owners[id].0 != id {
            continue;
        }
        let word_bytes = acc.word_bytes(node.format.container_bits()) as u64;
        let bytes = (node.shape.blocks(acc.lanes) * node.shape.h * node.shape.w) as u64 * word_bytes;
        let address = dram.reserve(bytes)?;
        places[id] = Some(TensorPlace { address, shape: node.shape, format: node.format, word_bytes, owner: id, first_block: 0 });
    }
    for id in (0..graph.nodes.len()).rev() {
        let (owner, first_block) = owners[id];
        if owner != id {
            let home = places[owner].clone().expect("owners are placed first");
            let address = home.at(first_block, 0, 0);
            places[id] = Some(TensorPlace { address, shape: graph.nodes[id].shape, first_block, ..home });
        }
    }
    Ok(places.into_iter().map(|p| p.expect("every node has a place")).collect())
}

/// For each node: the node that owns its region, and its first block there.
fn owners(graph: &Graph, acc: &Accelerator) -> Result<Vec<(NodeId, usize)>> {
    let mut owners: Vec<(NodeId, usize)> = (0..graph.nodes.len()).map(|id| (id, 0)).collect();
    // Outer concatenations come later in topological order: settle them first so that nested ones inherit.
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        if !matches!(node.op, Op::Concat) {
            continue;
        }
        let mut block = owners[id].1;
        for (k, &operand) in node.inputs.iter().enumerate() {
            let shape = graph.nodes[operand].shape;
            let refuse = |why: &str, hint: &str| {
                Err(Error::unsupported(format!("concatenation `{}` can not take `{}`: {why}", node.name, graph.nodes[operand].name))
                    .hint(hint))
            };
            if k + 1 < node.inputs.len() && !shape.c.is_multiple_of(acc.lanes) {
                return refuse("its channels do not end on a block", &format!("use a multiple of {} channels", acc.lanes));
            }
            if owners[operand].0 != operand || node.inputs[..k].contains(&operand) {
                return refuse("it already lies in a concatenation", "insert an activation layer (a copy) before this concatenation");
            }
            if operand == 0 {
                return refuse("it is the network's input", "insert an activation layer (a copy) before this concatenation");
            }
            owners[operand] = (owners[id].0, block);
            block += shape.blocks(acc.lanes);
        }
    }
    Ok(owners)
}
