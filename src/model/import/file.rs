//! An ONNX file as a list of nodes and the tensors whose values it knows.

use super::constant::{self, Constant, MAX_ELEMENTS};
use super::proto::{AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto};
use crate::error::{Error, Result};
use prost::Message;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// Largest file that is read, in bytes: protocol buffers end at 2 GiB, and no network of this size fits a small FPGA's DRAM.
const MAX_BYTES: u64 = 1 << 30;

/// A file that has been read.
pub(super) struct File {
    /// What its nodes compute, those of known values apart; a node reads earlier ones.
    pub nodes: Vec<Node>,
    /// Tensors of known values.
    pub constants: BTreeMap<String, Constant>,
    /// Inputs without values.
    pub inputs: Vec<Input>,
    /// Outputs.
    pub outputs: Vec<String>,
    /// Who wrote it, and for which operators.
    pub origin: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Of the operators.
    pub opset: i64,
    /// Of all constants.
    elements: usize,
}

/// An input without values.
pub(super) struct Input {
    pub name: String,
    /// Its extents, where given.
    pub dims: Option<Vec<Option<usize>>>,
    /// Whether it is of bytes.
    pub bytes: bool,
}

/// One operator.
pub(super) struct Node {
    pub name: String,
    pub op: String,
    pub inputs: Vec<String>,
    pub output: String,
    /// Further outputs, which nothing here knows.
    pub others: Vec<String>,
    pub domain: String,
    attributes: BTreeMap<String, AttributeProto>,
}

impl Node {
    fn new(proto: NodeProto) -> Node {
        Node {
            name: if proto.name.is_empty() { proto.output.first().cloned().unwrap_or_default() } else { proto.name },
            op: proto.op_type,
            inputs: proto.input,
            output: proto.output.first().cloned().unwrap_or_default(),
            others: proto.output.into_iter().skip(1).filter(|o| !o.is_empty()).collect(),
            domain: proto.domain,
            attributes: proto.attribute.into_iter().map(|a| (a.name.clone(), a)).collect(),
        }
    }

    /// The name of input `k`; none where it is left out.
    pub fn input(&self, k: usize) -> Option<&str> {
        self.inputs.get(k).map(String::as_str).filter(|name| !name.is_empty())
    }
    pub fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attributes.get(name)
    }
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attributes.get(name).map_or(default, |a| a.i)
    }
    pub fn float(&self, name: &str, default: f32) -> f64 {
        f64::from(self.attributes.get(name).map_or(default, |a| a.f))
    }
    /// Empty where it is not given.
    pub fn ints(&self, name: &str) -> &[i64] {
        self.attributes.get(name).map_or(&[], |a| &a.ints)
    }
    pub fn text(&self, name: &str) -> Option<String> {
        self.attributes.get(name).map(|a| String::from_utf8_lossy(&a.s).into_owned())
    }
    /// Where an error is.
    pub fn place(&self) -> String {
        format!("node `{}` ({})", self.name.escape_debug(), self.op.escape_debug())
    }
}

impl File {
    /// Reads a file, external tensors beside it included, and works out what depends on nothing else.
    ///
    /// # Errors
    /// When it cannot be read, is no ONNX model, or has tensors that do not hold what they say.
    pub fn read(path: &Path) -> Result<File> {
        let io = |e: std::io::Error| Error::io("read", path, &e);
        let mut bytes = Vec::new();
        std::fs::File::open(path).map_err(io)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::input("the model is too large").file(path).allowed("at most 1 GiB"));
        }
        File::parse(&bytes, path).map_err(|e| e.file(path))
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<File> {
        let not_onnx = || Error::input("this is no ONNX model").hint("export the network with torch.onnx.export, tf2onnx or the like");
        let model = ModelProto::decode(bytes).map_err(|e| not_onnx().value(e))?;
        let graph = model.graph.filter(|g| !g.node.is_empty()).ok_or_else(not_onnx)?;
        let opset = model.opset_import.iter().find(|o| o.domain.is_empty() || o.domain == "ai.onnx").map_or(0, |o| o.version);
        let producer = format!("{} {}", model.producer_name, model.producer_version);
        let producer = if producer.trim().is_empty() { "nobody named" } else { producer.trim() };
        let GraphProto { node, initializer, input, output } = graph;
        let (mut constants, mut elements) = (BTreeMap::new(), 0);
        for proto in initializer {
            let name = proto.name.clone();
            if Constant::elements(&proto.dims).is_some_and(|n| n + elements > MAX_ELEMENTS) {
                return Err(Error::input("the model's constants have too many elements").allowed(format!("{MAX_ELEMENTS} in all")));
            }
            let constant = Constant::new(proto, path).map_err(|e| e.within(format!("tensor `{}`", name.escape_debug())))?;
            elements += constant.data.len();
            constants.insert(name, constant);
        }
        let inputs = input.into_iter().filter(|i| !constants.contains_key(&i.name)).map(self::input).collect();
        let mut file = File {
            nodes: Vec::new(),
            constants,
            inputs,
            outputs: output.into_iter().map(|o| o.name).collect(),
            origin: format!("{producer} (opset {opset})"),
            sha256: hex::encode(Sha256::digest(bytes)),
            opset,
            elements,
        };
        for proto in node {
            if proto.op_type.is_empty() || proto.output.iter().all(String::is_empty) {
                return Err(Error::input("a node has no operator or no output").value(proto.name.escape_debug()));
            }
            file.push(Node::new(proto), path)?;
        }
        Ok(file)
    }

    /// Adds a node; one that reads constants alone becomes a constant where we know how.
    fn push(&mut self, node: Node, path: &Path) -> Result<()> {
        let inputs: Option<Vec<Option<&Constant>>> =
            node.inputs.iter().map(|name| if name.is_empty() { Some(None) } else { self.constants.get(name).map(Some) }).collect();
        let folded = match inputs {
            Some(inputs) => constant::fold(&node, &inputs, path).map_err(|e| e.within(node.place()))?,
            None => None,
        };
        match folded {
            Some(constant) => {
                self.elements += constant.data.len();
                if self.elements > MAX_ELEMENTS {
                    return Err(Error::input("the model's constants have too many elements").allowed(format!("{MAX_ELEMENTS} in all")));
                }
                self.constants.insert(node.output, constant);
            }
            None => self.nodes.push(node),
        }
        Ok(())
    }

    /// The node that makes a tensor.
    pub fn maker(&self, tensor: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.output == tensor)
    }

    /// The nodes that `tensor` depends on, in order, by their data: extents that others compute are not followed.
    pub fn towards(&self, tensor: &str) -> Vec<&Node> {
        let mut wanted: BTreeSet<&str> = BTreeSet::from([tensor]);
        let mut nodes: Vec<&Node> = Vec::new();
        for node in self.nodes.iter().rev() {
            let others = node.others.iter().any(|o| wanted.contains(o.as_str()));
            if others || wanted.contains(node.output.as_str()) {
                let data = if FIRST_ALONE.contains(&node.op.as_str()) { 1 } else { node.inputs.len() };
                wanted.extend(node.inputs.iter().take(data).map(String::as_str).filter(|i| !self.constants.contains_key(*i)));
                nodes.push(node);
            }
        }
        nodes.reverse();
        nodes
    }
}

/// Bytes, among the types of ONNX (TensorProto.DataType).
const UINT8: i32 = 2;

/// Operators whose other inputs are extents and the like.
const FIRST_ALONE: &[&str] = &["Reshape", "Resize", "Upsample", "Pad", "Clip", "Squeeze", "Unsqueeze", "ReduceMean", "Dropout"];

fn input(info: ValueInfoProto) -> Input {
    let tensor = info.r#type.and_then(|t| t.tensor_type);
    let known = |extent: i64| usize::try_from(extent).ok().filter(|e| *e > 0);
    let bytes = tensor.as_ref().is_some_and(|t| t.elem_type == UINT8);
    let shape = tensor.and_then(|t| t.shape);
    Input { name: info.name, dims: shape.map(|s| s.dim.iter().map(|d| known(d.dim_value)).collect()), bytes }
}
