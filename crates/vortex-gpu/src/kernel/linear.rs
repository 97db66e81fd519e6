//! Matrix products: a unit computes four output channels of a few lanes.
//!
//! Vectors of bytes are packed so that word `k` of a vector of `n` channels holds the channels `k`,
//! `k + n/4`, `k + n/2` and `k + 3n/4`: then the four channels of a unit are one word of the next
//! vector, and neighbouring units read neighbouring weights.

use cubecl::prelude::*;

use super::quads::{byte, clamp8, pack, rs};
use crate::shape::{Matrix, Shape};

/// Lanes of a unit in most products.
pub const GROUP: usize = 4;

/// Sums of products, `acc[j * group + lane]` for channel `k + j * n/4`; they begin with the addends.
#[cube]
#[allow(clippy::too_many_arguments)]
fn sums(
    weight: &Array<u32>,
    params: &Array<i32>,
    q: &SharedMemory<u32>,
    acc: &mut Array<i32>,
    w_at: usize,
    p_at: usize,
    k: usize,
    first: usize,
    #[comptime] m: Matrix,
    #[comptime] stride: usize,
    #[comptime] group: usize,
) {
    let quarter = comptime!(m.n_out / 4);
    #[unroll]
    for j in 0..4usize {
        let addend = params[p_at + j * quarter + k];
        #[unroll]
        for l in 0..group {
            acc[j * group + l] = addend;
        }
    }
    for i in 0..comptime!(m.n_in / 4) {
        // Bytes are taken out of their words here, once; compilers see the sums of products all the same.
        let mut v = Array::<i32>::new(comptime!(4 * group));
        #[unroll]
        for l in 0..group {
            let word = q[(first + l) * stride + i];
            #[unroll]
            for b in 0..4usize {
                v[4 * l + b] = byte(word, b as u32);
            }
        }
        let row = w_at + i * comptime!(m.n_out) + k;
        #[unroll]
        for j in 0..4usize {
            let word = weight[row + j * quarter];
            let w0 = byte(word, 0u32);
            let w1 = byte(word, 1u32);
            let w2 = byte(word, 2u32);
            let w3 = byte(word, 3u32);
            #[unroll]
            for l in 0..group {
                acc[j * group + l] +=
                    w0 * v[4 * l] + w1 * v[4 * l + 1] + w2 * v[4 * l + 2] + w3 * v[4 * l + 3];
            }
        }
    }
    #[unroll]
    for j in 0..4usize {
        let shift = params[p_at + comptime!(m.n_out) + j * quarter + k];
        #[unroll]
        for l in 0..group {
            acc[j * group + l] = acc[j * group + l] >> shift;
        }
    }
}

/// `y[lane][o] = ` or `+= linear(q)`; the caller synchronises.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn linear(
    weight: &Array<u32>,
    params: &Array<i32>,
    q: &SharedMemory<u32>,
    y: &mut SharedMemory<i32>,
    w_at: usize,
    p_at: usize,
    #[comptime] shape: Shape,
    #[comptime] m: Matrix,
    #[comptime] q_stride: usize,
    #[comptime] y_stride: usize,
    #[comptime] add: bool,
) {
    let words = comptime!(m.n_out / 4);
    let mut task = UNIT_POS as usize;
    while task < comptime!(words * (shape.lanes / GROUP)) {
        let k = task % words;
        let first = (task / words) * GROUP;
        let mut acc = Array::<i32>::new(comptime!(4 * GROUP));
        sums(weight, params, q, &mut acc, w_at, p_at, k, first, m, q_stride, GROUP);
        #[unroll]
        for j in 0..4usize {
            #[unroll]
            for l in 0..GROUP {
                let at = (first + l) * y_stride + j * words + k;
                if comptime!(add) {
                    y[at] += acc[j * GROUP + l];
                } else {
                    y[at] = acc[j * GROUP + l];
                }
            }
        }
        task += comptime!(shape.units);
    }
}

/// `linear(q)` to `state[(at + o) * lanes + lane]`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn linear_to_state(
    weight: &Array<u32>,
    params: &Array<i32>,
    q: &SharedMemory<u32>,
    state: &mut Array<u32>,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
    #[comptime] m: Matrix,
    #[comptime] at: usize,
) {
    let words = comptime!(m.n_out / 4);
    let mut task = UNIT_POS as usize;
    while task < comptime!(words * (shape.lanes / GROUP)) {
        let k = task % words;
        let first = (task / words) * GROUP;
        let mut acc = Array::<i32>::new(comptime!(4 * GROUP));
        sums(
            weight, params, q, &mut acc, comptime!(m.weight), comptime!(m.param), k, first, m,
            comptime!(shape.q_words), GROUP,
        );
        #[unroll]
        for j in 0..4usize {
            #[unroll]
            for l in 0..GROUP {
                state[(at + j * words + k) * lanes + lane0 + first + l] = u32::cast_from(acc[j * GROUP + l]);
            }
        }
        task += comptime!(shape.units);
    }
}

/// Queries, keys and values of a token, or keys and values of a memory slot: the first `shared` words of a
/// lane go to `h`, the others to `state[(at + word) * lanes + lane]`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn linear8(
    weight: &Array<u32>,
    params: &Array<i32>,
    q: &SharedMemory<u32>,
    h: &mut SharedMemory<u32>,
    state: &mut Array<u32>,
    w_at: usize,
    p_at: usize,
    at: usize,
    lanes: usize,
    lane0: usize,
    first_word: usize,
    #[comptime] shape: Shape,
    #[comptime] m: Matrix,
    #[comptime] shared: usize,
) {
    let words = comptime!(m.n_out / 4);
    let count = words - first_word;
    let mut task = UNIT_POS as usize;
    while task < count * comptime!(shape.lanes / GROUP) {
        let k = task % count + first_word;
        let first = (task / count) * GROUP;
        let mut acc = Array::<i32>::new(comptime!(4 * GROUP));
        sums(weight, params, q, &mut acc, w_at, p_at, k, first, m, comptime!(shape.q_words), GROUP);
        #[unroll]
        for l in 0..GROUP {
            let word = pack(
                clamp8(acc[l]),
                clamp8(acc[GROUP + l]),
                clamp8(acc[2 * GROUP + l]),
                clamp8(acc[3 * GROUP + l]),
            );
            if k < shared {
                h[(first + l) * comptime!(shape.h_words) + k] = word;
            } else {
                state[(at + k - shared) * lanes + lane0 + first + l] = word;
            }
        }
        task += comptime!(shape.units);
    }
}

/// Lanes of a unit in the two products of [`gated`].
const PAIR: usize = 2;

/// The hidden vector of a feed-forward part: `clamp8(rs(silu[gate(q) + 128] * up(q), shift))` to `h`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn gated(
    weight: &Array<u32>,
    params: &Array<i32>,
    q: &SharedMemory<u32>,
    h: &mut SharedMemory<u32>,
    w_at: usize,
    p_at: usize,
    silu: usize,
    #[comptime] shape: Shape,
    #[comptime] gate: Matrix,
) {
    let words = comptime!(gate.n_out / 4);
    let up_w = w_at + comptime!(gate.weights());
    let up_p = p_at + comptime!(gate.params());
    let shift = u32::cast_from(params[silu + 256]);
    let mut task = UNIT_POS as usize;
    while task < comptime!(words * (shape.lanes / PAIR)) {
        let k = task % words;
        let first = (task / words) * PAIR;
        let mut a = Array::<i32>::new(comptime!(4 * PAIR));
        let mut b = Array::<i32>::new(comptime!(4 * PAIR));
        let stride = comptime!(shape.q_words);
        sums(weight, params, q, &mut a, w_at, p_at, k, first, gate, stride, PAIR);
        sums(weight, params, q, &mut b, up_w, up_p, k, first, gate, stride, PAIR);
        #[unroll]
        for l in 0..PAIR {
            let mut word = 0u32;
            #[unroll]
            for j in 0..4usize {
                let s = params[silu + usize::cast_from(clamp8(a[j * PAIR + l]) + 128)];
                let v = clamp8(rs(s * clamp8(b[j * PAIR + l]), shift));
                word |= (u32::cast_from(v) & 255) << comptime!(8 * j as u32);
            }
            h[(first + l) * comptime!(shape.h_words) + k] = word;
        }
        task += comptime!(shape.units);
    }
}
