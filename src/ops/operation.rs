//! What an operation has to say about itself, and the registry's entry made from it.

use crate::error::{Error, Result};
use crate::model::graph::{Op, Padding, Sliding, Weights};
use crate::tensor::Shape;
use std::ops::{Add, AddAssign, Mul};

/// A number that operations can be carried out on: `i32` and `i64` accumulators, `f32` for the float executor.
pub trait Number: Copy + Default + PartialOrd + Send + Sync + Add<Output = Self> + Mul<Output = Self> + AddAssign {}
impl Number for i32 {}
impl Number for i64 {}
impl Number for f32 {}

/// A feature map of any number, channel-major (c, y, x), as [`crate::tensor::Tensor`] is.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<T> {
    /// Extents.
    pub shape: Shape,
    /// `shape.len()` elements.
    pub data: Vec<T>,
}

impl<T: Number> Map<T> {
    /// All zero.
    pub fn zeros(shape: Shape) -> Map<T> {
        Map { shape, data: vec![T::default(); shape.len()] }
    }
    /// Row `y` of channel `c`.
    #[inline]
    pub fn row(&self, c: usize, y: usize) -> &[T] {
        let start = (c * self.shape.h + y) * self.shape.w;
        &self.data[start..start + self.shape.w]
    }
    /// Row `y` of channel `c`, to write.
    #[inline]
    pub fn row_mut(&mut self, c: usize, y: usize) -> &mut [T] {
        let start = (c * self.shape.h + y) * self.shape.w;
        &mut self.data[start..start + self.shape.w]
    }
    /// Channel `c`.
    #[inline]
    pub fn plane(&self, c: usize) -> &[T] {
        let plane = self.shape.h * self.shape.w;
        &self.data[c * plane..(c + 1) * plane]
    }
}

/// Weights and bias of a layer in one number type; layout as in [`Weights`].
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel<T> {
    /// `[out channel][in channel of its group][row][column]`.
    pub data: Vec<T>,
    /// One for each output channel.
    pub bias: Vec<T>,
}

/// What a network file says about one layer's geometry. Which keys a layer may have is [`Operation::KEYS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerKeys {
    /// The layer's `op`.
    pub op: String,
    /// Rows and columns.
    pub kernel: Option<(usize, usize)>,
    /// Rows and columns.
    pub stride: Option<(usize, usize)>,
    /// Rows and columns.
    pub dilation: Option<(usize, usize)>,
    /// Around the input.
    pub padding: Option<Padding>,
    /// Channel groups.
    pub groups: Option<usize>,
    /// Output channels.
    pub channels: Option<usize>,
    /// Side of the square that becomes channels.
    pub block: Option<usize>,
    /// Upsampling factor.
    pub factor: Option<usize>,
}

impl LayerKeys {
    /// The window; `stride` is what it is where the layer does not say.
    ///
    /// # Errors
    /// When the layer has no kernel.
    pub fn window(&self, stride: Option<(usize, usize)>) -> Result<Sliding> {
        let kernel = required("kernel", self.kernel)?;
        Ok(Sliding {
            kernel,
            stride: self.stride.or(stride).unwrap_or(kernel),
            dilation: self.dilation.unwrap_or((1, 1)),
            padding: self.padding.unwrap_or_default(),
        })
    }
}

/// The value of a key that a layer cannot do without.
pub(super) fn required<T>(key: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::input(format!("missing key `{key}`")))
}

/// Kernel, dilation and padding of a window as people write them.
pub(super) fn window_text(w: &Sliding) -> String {
    let p = &w.padding;
    let (kernel, dilation) = (format!("{}x{}", w.kernel.0, w.kernel.1), format!("{}x{}", w.dilation.0, w.dilation.1));
    format!("kernel {kernel}, dilation {dilation}, padding top {} bottom {} left {} right {}", p.top, p.bottom, p.left, p.right)
}

/// Output rows and columns of a window over `input`.
pub(super) fn slide(window: &Sliding, input: Shape) -> Result<(usize, usize)> {
    let whole = window.kernel.0 > 0 && window.kernel.1 > 0 && window.stride.0 > 0 && window.stride.1 > 0;
    window.output(input.h, input.w).filter(|_| whole).ok_or_else(|| {
        Error::input("the window is larger than the padded input")
            .value(format!("{}, input {input}", window_text(window)))
            .hint("enlarge padding or take a smaller kernel")
    })
}

/// One operation. The associated functions are called with an [`Op`] that [`Operation::recognises`].
pub trait Operation {
    /// Name in reports.
    const NAME: &'static str;
    /// What a network file calls it (`op = "..."`).
    const LAYERS: &'static [&'static str];
    /// The geometry keys its layers may have.
    const KEYS: &'static [&'static str] = &[];
    /// Fewest and most operands.
    const OPERANDS: (usize, usize) = (1, 1);
    /// Values pass unchanged: there is no requantise step, and operands and output share format and zero point.
    const MOVES: bool = false;

    /// Whether `op` is this operation.
    fn recognises(op: &Op) -> bool;
    /// The operation a layer of a network file means.
    ///
    /// # Errors
    /// When a key is missing or contradicts the operands.
    fn from_layer(keys: &LayerKeys, inputs: &[Shape]) -> Result<Op>;
    /// Output extents; `channels` are the output channels of operations that have weights, the rest ignore it.
    ///
    /// # Errors
    /// When the operands do not fit each other or the operation.
    fn output_shape(op: &Op, inputs: &[Shape], channels: usize) -> Result<Shape>;
    /// `[out channels, in channels of a group, rows, columns]` of the weights, for operations that have them.
    fn weights_shape(_op: &Op, _inputs: &[Shape], _channels: usize) -> Option<[usize; 4]> {
        None
    }
    /// Full-width accumulators from centred operands (zero stands for zero, so padding adds nothing).
    fn accumulate<T: Number>(op: &Op, inputs: &[Map<T>], weights: Option<&Kernel<T>>, out: Shape) -> Map<T>;
    /// No partial sum, in any order of summation, is larger in magnitude; `reach` is the largest `|raw - zero point|` of each operand.
    fn bound(op: &Op, inputs: &[Shape], reach: &[i64], weights: Option<&Weights>) -> i64;
    /// Left shift of operand `index` before it enters (to bring operands to one scale).
    fn operand_shift(_op: &Op, _index: usize) -> u8 {
        0
    }
    /// The accumulator is a sum over this many elements and stands for their mean.
    fn mean_of(_op: &Op, _inputs: &[Shape]) -> usize {
        1
    }
}

type Accumulate<T> = fn(&Op, &[Map<T>], Option<&Kernel<T>>, Shape) -> Map<T>;

/// An [`Operation`] as data: one line of [`super::REGISTRY`].
#[allow(missing_docs, reason = "each field is the item of `Operation` of the same name")]
pub struct Entry {
    pub name: &'static str,
    pub layers: &'static [&'static str],
    pub keys: &'static [&'static str],
    pub operands: (usize, usize),
    pub moves: bool,
    pub recognises: fn(&Op) -> bool,
    pub from_layer: fn(&LayerKeys, &[Shape]) -> Result<Op>,
    pub output_shape: fn(&Op, &[Shape], usize) -> Result<Shape>,
    pub weights_shape: fn(&Op, &[Shape], usize) -> Option<[usize; 4]>,
    pub bound: fn(&Op, &[Shape], &[i64], Option<&Weights>) -> i64,
    pub operand_shift: fn(&Op, usize) -> u8,
    pub mean_of: fn(&Op, &[Shape]) -> usize,
    pub accumulate_i32: Accumulate<i32>,
    pub accumulate_i64: Accumulate<i64>,
    pub accumulate_f32: Accumulate<f32>,
}

impl Entry {
    /// Whether its layers may have an activation: it is part of the requantise step.
    pub const fn takes_activation(&self) -> bool {
        !self.moves
    }

    /// The entry of an operation.
    pub const fn of<O: Operation>() -> Entry {
        Entry {
            name: O::NAME,
            layers: O::LAYERS,
            keys: O::KEYS,
            operands: O::OPERANDS,
            moves: O::MOVES,
            recognises: O::recognises,
            from_layer: O::from_layer,
            output_shape: O::output_shape,
            weights_shape: O::weights_shape,
            bound: O::bound,
            operand_shift: O::operand_shift,
            mean_of: O::mean_of,
            accumulate_i32: O::accumulate::<i32>,
            accumulate_i64: O::accumulate::<i64>,
            accumulate_f32: O::accumulate::<f32>,
        }
    }
}
