//! The dispatch of instruction sets: the code that differs between them, and the choice of one.
//!
//! Almost all of the engine is plain Rust that the compiler vectorises, compiled once for each
//! (`engine::entry!`). Only the inner products and the two exponentials are written by
//! hand, in one file per instruction set; `portable.rs` is the readable version of each.

use crate::cpu::quads::Block;

/// 256 entries, and padding so that any entry can be read as 32 bits.
pub type SiluTable = [i16; 258];

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(target_arch = "aarch64")]
pub mod neon;
pub mod portable;

/// The instructions that the kernels use. Results are equal, to the bit, with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instructions {
    /// Plain Rust for any processor.
    Portable,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 F, BW, VL, DQ and VNNI.
    Avx512,
    /// 64-bit Arm.
    Neon,
}

impl Instructions {
    /// All sets, slowest first.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Neon];

    /// The best set of this processor.
    pub fn detect() -> Self {
        *Self::ALL.iter().rfind(|l| l.is_available()).unwrap_or(&Self::Portable)
    }

    /// Whether this processor has the set.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// `portable`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// The set of a [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.name() == name)
    }
}

/// Blocks of a matrix in the form that kernels use: `[groups][stride]`, of which the first `blocks`
/// of each group are used.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// `[groups][stride]`.
    pub data: &'a [Block],
    /// Groups of four rows.
    pub groups: usize,
    /// Blocks from one group to the next.
    pub stride: usize,
    /// Blocks used in each group.
    pub blocks: usize,
}

impl Matrix<'_> {
    /// Panics unless all blocks that a kernel reads exist.
    #[inline(always)]
    pub fn check(&self) {
        assert!(self.blocks <= self.stride && self.groups * self.stride <= self.data.len());
    }
}

/// The functions that are written by hand for one instruction set.
///
/// # Safety
/// Every method may use its instructions: the caller must run on a processor for which
/// [`Instructions::is_available`] holds. Slices are checked by the methods themselves.
pub unsafe trait Isa {
    /// Keys are stored with these bits flipped (an offset of 128 where the instruction wants an
    /// unsigned operand).
    const KEY_FLIP: i8;

    /// `out[l][c] = sum_r a[l][r] * m[r][c]` for `n` rows `a: [n][4 * groups]`,
    /// `out: [n][16 * blocks]`; `column_sums[c] = sum_r m[r][c]`.
    ///
    /// # Safety
    /// See [`Isa`].
    unsafe fn gemm(m: Matrix<'_>, column_sums: &[i32], a: &[i8], n: usize, out: &mut [i32]);

    /// `out[c] = sum_r q[r] * keys[r][c]` over all blocks; `keys` has [`KEY_FLIP`](Self::KEY_FLIP) applied.
    ///
    /// # Safety
    /// See [`Isa`].
    unsafe fn scores(q: &[i8], keys: Matrix<'_>, out: &mut [i32]);

    /// `out[c] = sum_r weights[r] * values[r][c]`.
    ///
    /// # Safety
    /// See [`Isa`].
    unsafe fn mix(weights: &[u8], values: Matrix<'_>, out: &mut [i32]);

    /// Hidden activations of SwiGLU: `clamp8(rs(silu[clamp8(a) + 128] * clamp8(b), shift))`, with the
    /// 256 entries of `silu` padded.
    ///
    /// # Safety
    /// See [`Isa`].
    unsafe fn gated(a: &[i32], b: &[i32], silu: &SiluTable, shift: u32, out: &mut [i8]);

    /// Attention weights: with `D = (best - score) >> shift`, `table[D & 31] >> (D >> 5)`, or zero
    /// where `D >= 256`. Lengths are equal multiples of 16.
    ///
    /// # Safety
    /// See [`Isa`].
    unsafe fn attention_weights(
        scores: &[i32],
        best: i32,
        shift: u32,
        table: &[u32; 32],
        out: &mut [u8],
    );

    /// Symbol weights: with `D = best - logit`, `table[D & 31] >> (D >> 5)`, or zero where
    /// `D >= 736`. Lengths are equal multiples of 16.
    ///
    /// # Safety
    /// See [`Isa`].
    unsafe fn symbol_weights(logits: &[i32], best: i32, table: &[u32; 32], out: &mut [u32]);
}
