//! Matrix products with their epilogues, norms and SwiGLU, for a batch of lanes.
//!
//! Everything is `inline(always)` so that it is compiled with the instructions of its caller.

use super::packed::{PackedLinear, PackedSwiGlu};
use crate::arithmetic::clamp8;
use crate::cpu::kernels::Isa;

/// Reused buffers.
#[derive(Default)]
pub struct Scratch {
    sums: Vec<i32>,
    eight: Vec<i8>,
    hidden: Vec<i8>,
}

/// Makes space for `len` values without clearing old values.
#[inline(always)]
pub fn reserve<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) -> &mut [T] {
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
    &mut buffer[..len]
}

/// `sums[l][o] = rs(sum_i weight[o][i] * q[l][i] + bias[o], shift[o])`, `[n][m.width()]`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn linear<'s, I: Isa>(
    m: &PackedLinear,
    q: &[i8],
    n: usize,
    sums: &'s mut Vec<i32>,
) -> &'s mut [i32] {
    let width = m.width();
    let sums = reserve(sums, n * width);
    // SAFETY: promised by the caller.
    unsafe { I::gemm(m.matrix(), &m.column_sums, q, n, sums) };
    for row in sums.chunks_exact_mut(width) {
        for ((v, &addend), &shift) in row.iter_mut().zip(&m.addend).zip(&m.shift) {
            *v = (*v + addend) >> shift;
        }
    }
    sums
}

/// [`linear`], saturated to eight bits: `[n][m.width()]`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn linear8<I: Isa>(
    m: &PackedLinear,
    q: &[i8],
    n: usize,
    sums: &mut Vec<i32>,
    out: &mut Vec<i8>,
) {
    // SAFETY: promised by the caller.
    let sums = unsafe { linear::<I>(m, q, n, sums) };
    for (to, &v) in reserve(out, sums.len()).iter_mut().zip(&*sums) {
        *to = clamp8(v);
    }
}

/// RMS normalisation of `[n][width]` to eight bits.
#[inline(always)]
pub fn norm(numerator: i32, x: &[i32], width: usize, q: &mut Vec<i8>) {
    let padded = width.next_multiple_of(4);
    let n = x.len() / width;
    for (x, q) in x.chunks_exact(width).zip(reserve(q, n * padded).chunks_exact_mut(padded)) {
        let mut squares = 0i64;
        for &v in x {
            squares += i64::from(v) * i64::from(v);
        }
        let inv = numerator / (squares.unsigned_abs().isqrt() as i32 + 1);
        for (q, &v) in q.iter_mut().zip(x) {
            *q = clamp8((v * inv + (1 << 19)) >> 20);
        }
    }
}

/// Adds `linear(q)` to `x: [n][width]`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn add_linear<I: Isa>(
    m: &PackedLinear,
    q: &[i8],
    x: &mut [i32],
    width: usize,
    sums: &mut Vec<i32>,
) {
    let n = x.len() / width;
    // SAFETY: promised by the caller.
    let y = unsafe { linear::<I>(m, q, n, sums) };
    for (x, y) in x.chunks_exact_mut(width).zip(y.chunks_exact(m.width())) {
        for (x, &y) in x.iter_mut().zip(y) {
            *x += y;
        }
    }
}

/// Adds the SwiGLU of `x: [n][width]` to `x`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn swiglu<I: Isa>(f: &PackedSwiGlu, x: &mut [i32], width: usize, s: &mut Scratch) {
    let n = x.len() / width;
    norm(f.numerator, x, width, &mut s.eight);
    // SAFETY: promised by the caller.
    let sums = unsafe { linear::<I>(&f.gate_up, &s.eight, n, &mut s.sums) };
    let padded = f.hidden.next_multiple_of(4);
    let hidden = reserve(&mut s.hidden, n * padded);
    for (h, ab) in hidden.chunks_exact_mut(padded).zip(sums.chunks_exact(f.gate_up.width())) {
        let (a, b) = (&ab[..f.hidden], &ab[f.hidden..2 * f.hidden]);
        // SAFETY: promised by the caller.
        unsafe { I::gated(a, b, &f.silu, f.hidden_shift, &mut h[..f.hidden]) };
    }
    // SAFETY: promised by the caller.
    unsafe { add_linear::<I>(&f.down, &s.hidden, x, width, &mut s.sums) }
}
