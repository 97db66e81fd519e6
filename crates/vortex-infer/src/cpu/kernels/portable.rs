//! Plain Rust, for every processor; also the oracle of the other files.

use super::{Isa, Matrix, SiluTable};
use crate::arithmetic::{ATTENTION_REACH, OUTPUT_REACH, clamp8, rs};
use crate::cpu::quads::{Block, COLUMNS};

/// See the module.
pub struct Portable;

/// `acc[c] += sum_r v[r] * block[c][r]`.
#[inline(always)]
fn dot_block(acc: &mut [i32; COLUMNS], v: [i16; 4], block: &Block) {
    for (acc, w) in acc.iter_mut().zip(block.0.as_chunks::<4>().0) {
        let low = i32::from(v[0]) * i32::from(w[0]) + i32::from(v[1]) * i32::from(w[1]);
        let high = i32::from(v[2]) * i32::from(w[2]) + i32::from(v[3]) * i32::from(w[3]);
        *acc += low + high;
    }
}

#[inline(always)]
fn product<T: Copy + Into<i16>>(v: &[T], m: Matrix<'_>, out: &mut [i32]) {
    m.check();
    let (v, _) = v.as_chunks::<4>();
    for (b, out) in out.as_chunks_mut::<COLUMNS>().0[..m.blocks].iter_mut().enumerate() {
        let mut acc = [0; COLUMNS];
        for (g, v) in v[..m.groups].iter().enumerate() {
            dot_block(&mut acc, v.map(Into::into), &m.data[g * m.stride + b]);
        }
        *out = acc;
    }
}

// SAFETY: no instruction beyond the target's baseline is used.
unsafe impl Isa for Portable {
    const KEY_FLIP: i8 = 0;

    // Not inlined: it is called in many places, and copies in all of them take the compiler minutes.
    #[inline(never)]
    unsafe fn gemm(m: Matrix<'_>, _column_sums: &[i32], a: &[i8], n: usize, out: &mut [i32]) {
        let (k, width) = (m.groups * 4, m.blocks * COLUMNS);
        for l in 0..n {
            product(&a[l * k..(l + 1) * k], m, &mut out[l * width..(l + 1) * width]);
        }
    }

    #[inline(always)]
    unsafe fn scores(q: &[i8], keys: Matrix<'_>, out: &mut [i32]) {
        product(q, keys, out);
    }

    #[inline(always)]
    unsafe fn mix(weights: &[u8], values: Matrix<'_>, out: &mut [i32]) {
        product(weights, values, out);
    }

    #[inline(always)]
    unsafe fn gated(a: &[i32], b: &[i32], silu: &SiluTable, shift: u32, out: &mut [i8]) {
        for ((&a, &b), out) in a.iter().zip(b).zip(out) {
            let silu = i32::from(silu[usize::from((clamp8(a) as u8) ^ 0x80)]);
            *out = clamp8(rs(silu * i32::from(clamp8(b)), shift));
        }
    }

    #[inline(always)]
    unsafe fn attention_weights(
        scores: &[i32],
        best: i32,
        shift: u32,
        table: &[u32; 32],
        out: &mut [u8],
    ) {
        for (&s, w) in scores.iter().zip(out) {
            let distance = (best - s) >> shift;
            let kept = if distance < ATTENTION_REACH { distance } else { 0 };
            let weight = (table[(kept & 31) as usize] >> (kept >> 5)) as u8;
            *w = if distance < ATTENTION_REACH { weight } else { 0 };
        }
    }

    #[inline(always)]
    unsafe fn symbol_weights(logits: &[i32], best: i32, table: &[u32; 32], out: &mut [u32]) {
        for (&l, w) in logits.iter().zip(out) {
            let distance = best - l;
            let kept = if distance < OUTPUT_REACH { distance } else { 0 };
            let weight = table[(kept & 31) as usize] >> (kept >> 5);
            *w = if distance < OUTPUT_REACH { weight } else { 0 };
        }
    }
}
