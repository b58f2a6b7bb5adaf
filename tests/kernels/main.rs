//! The host kernels against naive references in unbounded integers: every instruction set, width, mode and geometry.

mod conv;
mod depthwise;
mod pool_add;
mod random;
