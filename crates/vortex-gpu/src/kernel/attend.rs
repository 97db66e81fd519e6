//! Attention of all lanes and heads over a window or over memory slots.

use cubecl::prelude::*;

use super::quads::{byte, clamp8, dot4, pack, rs};
use crate::shape::Shape;

/// One more than the largest distance from the best score, in 1/32 bits, that has a weight.
const REACH: i32 = 256;

/// Attends over `used` keys and values from `state[(at + slot * pair_words) * lanes + lane]`, with the queries in
/// `h`; the contexts replace the queries.
///
/// `y`: scores, then weights. `scratch`: two words for each unit. `parts`: units of a lane.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn attend(
    params: &Array<i32>,
    state: &Array<u32>,
    h: &mut SharedMemory<u32>,
    y: &mut SharedMemory<i32>,
    scratch: &mut SharedMemory<u32>,
    at: usize,
    used: usize,
    score_shift: i32,
    lanes: usize,
    lane0: usize,
    parts: usize,
    #[comptime] shape: Shape,
) {
    let unit = UNIT_POS as usize;
    let pairs = comptime!(shape.lanes * shape.heads);
    let parts = parts / comptime!(shape.heads);
    let lane = unit % comptime!(shape.lanes);
    let head = unit % pairs / comptime!(shape.lanes);
    let part = unit / pairs;
    let words = comptime!(shape.head_words);
    let base = lane * comptime!(shape.y_words) + head * comptime!(shape.head_scores());
    let mut best = i32::new(-2147483647);
    if part < parts {
        let mut query = Array::<u32>::new(words);
        #[unroll]
        for k in 0..words {
            query[k] = h[lane * comptime!(shape.h_words) + head * words + k];
        }
        let mut j = part;
        while j < used {
            let from = (at + j * comptime!(shape.pair_words()) + head * words) * lanes + lane0 + lane;
            let mut s = 0i32;
            #[unroll]
            for k in 0..words {
                s += dot4(query[k], state[from + k * lanes]);
            }
            y[base + j] = s;
            best = max(best, s);
            j += parts;
        }
        scratch[unit] = u32::cast_from(best);
    }
    sync_cube();
    if part < parts {
        for p in 0..parts {
            best = max(best, i32::cast_from(scratch[unit % pairs + p * pairs]));
        }
        let mut sum = 0i32;
        let mut j = part;
        while j < used {
            let distance = (best - y[base + j]) >> score_shift;
            let mut w = 0i32;
            if distance < REACH {
                let at = comptime!(shape.tables.att_pow2) + usize::cast_from(distance & 31);
                w = params[at] >> (distance >> 5);
            }
            y[base + j] = w;
            sum += w;
            j += parts;
        }
        scratch[comptime!(shape.units) + unit] = u32::cast_from(sum);
    }
    sync_cube();
    let mut task = unit;
    while task < comptime!(shape.lanes * shape.attention / 4) {
        let lane = task % comptime!(shape.lanes);
        let k = task / comptime!(shape.lanes);
        let head = k / words;
        let mut sum = 0i32;
        for p in 0..parts {
            let of = head * comptime!(shape.lanes) + lane + p * pairs;
            sum += i32::cast_from(scratch[comptime!(shape.units) + of]);
        }
        let mut word = 0u32;
        if sum > 0 {
            let reciprocal = (1i32 << 24) / sum;
            let weights = lane * comptime!(shape.y_words) + head * comptime!(shape.head_scores());
            let from = (at + comptime!(shape.attention / 4) + k) * lanes + lane0 + lane;
            let mut c0 = 0i32;
            let mut c1 = 0i32;
            let mut c2 = 0i32;
            let mut c3 = 0i32;
            for j in 0..used {
                let v = state[from + j * comptime!(shape.pair_words()) * lanes];
                let w = y[weights + j];
                c0 += w * byte(v, 0u32);
                c1 += w * byte(v, 1u32);
                c2 += w * byte(v, 2u32);
                c3 += w * byte(v, 3u32);
            }
            word = pack(
                clamp8((c0 * reciprocal + (1 << 23)) >> 24),
                clamp8((c1 * reciprocal + (1 << 23)) >> 24),
                clamp8((c2 * reciprocal + (1 << 23)) >> 24),
                clamp8((c3 * reciprocal + (1 << 23)) >> 24),
            );
        }
        h[lane * comptime!(shape.h_words) + k] = word;
        task += comptime!(shape.units);
    }
    sync_cube();
}

/// Copies the words of attention from `from` to `to`.
#[cube]
pub fn copy_words(
    from: &SharedMemory<u32>,
    to: &mut SharedMemory<u32>,
    #[comptime] shape: Shape,
    #[comptime] from_stride: usize,
    #[comptime] to_stride: usize,
) {
    let words = comptime!(shape.attention / 4);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * shape.attention / 4) {
        to[task / words * to_stride + task % words] = from[task / words * from_stride + task % words];
        task += comptime!(shape.units);
    }
    sync_cube();
}

/// The context of the window in `q`, mixed with that of the memory in `h` by the gate of each head.
#[cube]
pub fn mix(
    params: &Array<i32>,
    q: &mut SharedMemory<u32>,
    h: &SharedMemory<u32>,
    gate_at: usize,
    #[comptime] shape: Shape,
) {
    let words = comptime!(shape.attention / 4);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * shape.attention / 4) {
        let k = task % words;
        let gate = params[gate_at + k / comptime!(shape.head_words)];
        let local = q[task / words * comptime!(shape.q_words) + k];
        let far = h[task / words * comptime!(shape.h_words) + k];
        let mut word = 0u32;
        #[unroll]
        for j in 0..4u32 {
            let v = clamp8(rs(byte(local, j) * (256 - gate) + byte(far, j) * gate, 8));
            word |= (u32::cast_from(v) & 255) << comptime!(8 * j);
        }
        q[task / words * comptime!(shape.q_words) + k] = word;
        task += comptime!(shape.units);
    }
    sync_cube();
}
