//! Plain Rust loops, compiled once for each instruction set, so that the compiler vectorises them for it.

/// Calls an `#[inline(always)]` function in the copy compiled for `isa`.
macro_rules! compiled_for {
    ($isa:expr, $function:ident($($name:ident: $type:ty),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2")]
            fn avx2($($name: $type),*) {
                $function($($name),*)
            }
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
            fn avx512($($name: $type),*) {
                $function($($name),*)
            }
            // SAFETY: an `Isa` is only made for detected instruction sets.
            match $isa.level() {
                $crate::kernels::isa::Level::Portable => $function($($name),*),
                $crate::kernels::isa::Level::Avx2 => unsafe { avx2($($name),*) },
                $crate::kernels::isa::Level::Avx512Vnni => unsafe { avx512($($name),*) },
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = $isa;
            $function($($name),*)
        }
    }};
}
pub(super) use compiled_for;
