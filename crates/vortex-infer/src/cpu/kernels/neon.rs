//! NEON: bytes are widened to 16 bits and multiplied into 32-bit sums, which is exact.

use std::arch::aarch64::*;

use super::{Isa, Matrix, SiluTable, portable::Portable};
use crate::cpu::quads::COLUMNS;

/// See the module.
pub struct Neon;

/// Rows of activations in one tile.
const ROWS: usize = 4;

/// `R` vectors of `k` values times one block of columns.
///
/// # Safety
/// `m` must have passed `check`; `block < m.blocks`.
#[inline(always)]
unsafe fn tile<const R: usize>(
    m: Matrix<'_>,
    a: &[i16],
    k: usize,
    block: usize,
) -> [[i32; COLUMNS]; R] {
    assert!(block < m.blocks && m.groups * 4 <= k && R * k <= a.len());
    let mut out = [[0; COLUMNS]; R];
    // SAFETY: the asserts and `check` bound every address; NEON is part of the target.
    unsafe {
        // Products of two neighbouring rows of a column are adjacent: `vpaddq` adds them.
        let mut acc = [[vdupq_n_s32(0); 8]; R];
        for g in 0..m.groups {
            let at = m.data.as_ptr().add(g * m.stride + block).cast::<i8>();
            for quarter in 0..4 {
                let bytes = vld1q_s8(at.add(quarter * 16));
                let low = vmovl_s8(vget_low_s8(bytes));
                let high = vmovl_s8(vget_high_s8(bytes));
                for r in 0..R {
                    let v = vld1_s16(a.as_ptr().add(r * k + g * 4));
                    // Two columns per register of eight 16-bit values, with four products each.
                    let first = vpaddq_s32(
                        vmull_s16(vget_low_s16(low), v),
                        vmull_s16(vget_high_s16(low), v),
                    );
                    let second = vpaddq_s32(
                        vmull_s16(vget_low_s16(high), v),
                        vmull_s16(vget_high_s16(high), v),
                    );
                    acc[r][quarter * 2] = vaddq_s32(acc[r][quarter * 2], first);
                    acc[r][quarter * 2 + 1] = vaddq_s32(acc[r][quarter * 2 + 1], second);
                }
            }
        }
        for (out, acc) in out.iter_mut().zip(&acc) {
            for quarter in 0..4 {
                let sums = vpaddq_s32(acc[quarter * 2], acc[quarter * 2 + 1]);
                vst1q_s32(out.as_mut_ptr().add(quarter * 4), sums);
            }
        }
    }
    out
}

fn product<T: Copy + Into<i16>>(v: &[T], m: Matrix<'_>, out: &mut [i32]) {
    m.check();
    let k = m.groups * 4;
    let wide: Vec<i16> = v[..k].iter().map(|&x| x.into()).collect();
    for (b, out) in out.as_chunks_mut::<COLUMNS>().0[..m.blocks].iter_mut().enumerate() {
        // SAFETY: `check` has passed and `b < m.blocks`.
        [*out] = unsafe { tile::<1>(m, &wide, k, b) };
    }
}

// SAFETY: NEON is part of every 64-bit Arm target.
unsafe impl Isa for Neon {
    const KEY_FLIP: i8 = Portable::KEY_FLIP;

    unsafe fn gemm(m: Matrix<'_>, _column_sums: &[i32], a: &[i8], n: usize, out: &mut [i32]) {
        m.check();
        let (k, width) = (m.groups * 4, m.blocks * COLUMNS);
        let mut wide = vec![0i16; ROWS * k];
        for first in (0..n).step_by(ROWS) {
            let rows = ROWS.min(n - first);
            for (to, &from) in wide.iter_mut().zip(&a[first * k..(first + rows) * k]) {
                *to = i16::from(from);
            }
            for b in 0..m.blocks {
                // SAFETY: `check` has passed and `b < m.blocks`. Rows beyond `rows` are computed
                // from old values and dropped.
                let sums = unsafe { tile::<ROWS>(m, &wide, k, b) };
                for (r, sums) in sums[..rows].iter().enumerate() {
                    let at = (first + r) * width + b * COLUMNS;
                    out[at..at + COLUMNS].copy_from_slice(sums);
                }
            }
        }
    }

    unsafe fn scores(q: &[i8], keys: Matrix<'_>, out: &mut [i32]) {
        product(q, keys, out);
    }

    unsafe fn mix(weights: &[u8], values: Matrix<'_>, out: &mut [i32]) {
        product(weights, values, out);
    }

    unsafe fn gated(a: &[i32], b: &[i32], silu: &SiluTable, shift: u32, out: &mut [i8]) {
        // SAFETY: plain Rust: look-ups do not vectorise here.
        unsafe { Portable::gated(a, b, silu, shift, out) }
    }

    unsafe fn attention_weights(
        scores: &[i32],
        best: i32,
        shift: u32,
        table: &[u32; 32],
        out: &mut [u8],
    ) {
        // SAFETY: plain Rust, which the compiler vectorises where this is faster.
        unsafe { Portable::attention_weights(scores, best, shift, table, out) }
    }

    unsafe fn symbol_weights(logits: &[i32], best: i32, table: &[u32; 32], out: &mut [u32]) {
        // SAFETY: as above.
        unsafe { Portable::symbol_weights(logits, best, table, out) }
    }
}
