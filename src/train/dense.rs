//! Pointwise and square convolutions of one image, as matrix products (`gemm` crate, one thread: images are the parallel unit).

use gemm::{Parallelism, gemm};

/// A row-major matrix product: `out[m][n] = sum over k of a[m][k] * b[k][n]`, with strides so that either may be transposed.
#[derive(Clone, Copy)]
struct Product {
    m: usize,
    n: usize,
    k: usize,
    /// Row and column stride of `a`.
    a: (usize, usize),
    /// Row and column stride of `b`.
    b: (usize, usize),
    /// Adds to what `out` holds.
    add: bool,
}

impl Product {
    fn run(self, a: &[f32], b: &[f32], out: &mut [f32]) {
        let Product { m, n, k, .. } = self;
        assert!(a.len() >= m * k && b.len() >= k * n && out.len() >= m * n, "matrix buffers are too small");
        if k == 0 {
            if !self.add {
                out[..m * n].fill(0.0);
            }
            return;
        }
        // SAFETY: the lengths were checked, and every stride pair addresses a dense matrix of the checked size.
        unsafe {
            gemm(
                m,
                n,
                k,
                out.as_mut_ptr(),
                1,
                n as isize,
                self.add,
                a.as_ptr(),
                self.a.1 as isize,
                self.a.0 as isize,
                b.as_ptr(),
                self.b.1 as isize,
                self.b.0 as isize,
                1.0f32,
                1.0f32,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }
}

/// `out[co][p] = sum over ci of weight[co][ci] * input[ci][p]`.
pub fn forward(weight: &[f32], input: &[f32], co: usize, ci: usize, pixels: usize, out: &mut [f32]) {
    Product { m: co, n: pixels, k: ci, a: (ci, 1), b: (pixels, 1), add: false }.run(weight, input, out);
}

/// Gradient of the input: `out[ci][p] = sum over co of weight[co][ci] * grad[co][p]`, added to `out` with `add`.
pub fn grad_input(weight: &[f32], grad: &[f32], [co, ci, pixels]: [usize; 3], add: bool, out: &mut [f32]) {
    Product { m: ci, n: pixels, k: co, a: (1, ci), b: (pixels, 1), add }.run(weight, grad, out);
}

/// Gradient of the weight: `out[co][ci] = sum over p of grad[co][p] * input[ci][p]`.
pub fn grad_weight(grad: &[f32], input: &[f32], co: usize, ci: usize, pixels: usize, out: &mut [f32]) {
    Product { m: co, n: ci, k: pixels, a: (pixels, 1), b: (1, pixels), add: false }.run(grad, input, out);
}

/// Geometry of a square convolution padded by half its kernel.
#[derive(Clone, Copy, Debug)]
pub struct Patches {
    /// Input channels, rows, columns.
    pub input: [usize; 3],
    /// Odd.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
}

impl Patches {
    /// Output rows and columns.
    pub fn output(self) -> [usize; 2] {
        [self.input[1].div_ceil(self.stride), self.input[2].div_ceil(self.stride)]
    }
    /// Lays the patches out as a (channels * taps) x (output pixels) matrix.
    pub fn gather(self, input: &[f32], columns: &mut [f32]) {
        self.visit(|column, pixel| columns[column] = pixel.map_or(0.0, |i| input[i]));
    }
    /// The transpose of [`Patches::gather`]: adds each matrix element to the pixel it came from.
    pub fn scatter(self, columns: &[f32], input: &mut [f32]) {
        self.visit(|column, pixel| {
            if let Some(i) = pixel {
                input[i] += columns[column];
            }
        });
    }
    fn visit(self, mut each: impl FnMut(usize, Option<usize>)) {
        let [c, h, w] = self.input;
        let [oh, ow] = self.output();
        let (k, pad) = (self.kernel, self.kernel / 2);
        for row in 0..c * k * k {
            let (channel, ky, kx) = (row / (k * k), row % (k * k) / k, row % k);
            for y in 0..oh {
                let sy = (y * self.stride + ky).wrapping_sub(pad);
                for x in 0..ow {
                    let sx = (x * self.stride + kx).wrapping_sub(pad);
                    let inside = sy < h && sx < w;
                    each((row * oh + y) * ow + x, inside.then(|| (channel * h + sy) * w + sx));
                }
            }
        }
    }
}
