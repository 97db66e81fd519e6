//! Attention of all lanes and heads over a window and over memory slots.

use cubecl::prelude::*;

use super::quads::{byte, clamp8, dot4, pack, rs};
use crate::shape::Shape;

/// One more than the largest distance from the best score, in 1/32 bits, that has a weight.
const REACH: i32 = 256;

/// Attends over the window with the queries in `h`, and with memory over the slots too. The contexts go to `q`. `extra`:
/// place of the score shift, which the gates follow.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn attend_all(
    params: &Array<i32>,
    state: &Array<u32>,
    numbers: &mut SharedMemory<i32>,
    bytes: &mut SharedMemory<u32>,
    scratch: &mut SharedMemory<u32>,
    layer: usize,
    extra: usize,
    token: usize,
    lanes: usize,
    lane0: usize,
    parts: usize,
    #[comptime] shape: Shape,
) {
    let shift = params[extra];
    let mut at = comptime!(shape.windows()) + layer * comptime!(shape.window * shape.pair_words());
    let mut used = min(token + 1, comptime!(shape.window).runtime());
    if comptime!(shape.memory.slots > 0) {
        for stream in 0..2u32 {
            if stream == 1 {
                at = comptime!(shape.slots())
                    + layer * comptime!(shape.memory.slots * shape.pair_words());
                used = min(
                    token / comptime!(shape.segment) * comptime!(shape.memory.keep),
                    comptime!(shape.memory.slots).runtime(),
                );
            }
            attend(
                params,
                state,
                numbers,
                bytes,
                scratch,
                at,
                used,
                shift,
                extra + 1,
                stream == 1,
                lanes,
                lane0,
                parts,
                shape,
            );
        }
    } else {
        attend(
            params,
            state,
            numbers,
            bytes,
            scratch,
            at,
            used,
            shift,
            extra + 1,
            false,
            lanes,
            lane0,
            parts,
            shape,
        );
    }
}

/// Attends over `used` keys and values from `state[(at + slot * pair_words) * lanes + lane]`, with the queries in
/// `h`; the contexts go to `q`, or if `far`, are mixed with those there by the gates.
///
/// `y`: scores, then weights. `scratch`: two words for each unit. `parts`: units of a lane.
#[cube]
#[allow(clippy::too_many_arguments)]
fn attend(
    params: &Array<i32>,
    state: &Array<u32>,
    numbers: &mut SharedMemory<i32>,
    bytes: &mut SharedMemory<u32>,
    scratch: &mut SharedMemory<u32>,
    at: usize,
    used: usize,
    score_shift: i32,
    gates: usize,
    far: bool,
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
    let base = lane * comptime!(shape.number_words)
        + comptime!(shape.x_words)
        + head * comptime!(shape.head_scores());
    let mut best = i32::new(-2147483647);
    if part < parts {
        let mut query = Array::<u32>::new(words);
        #[unroll]
        for k in 0..words {
            query[k] = bytes
                [lane * comptime!(shape.byte_words) + comptime!(shape.q_words) + head * words + k];
        }
        let mut j = part;
        while j < used {
            let from =
                (at + j * comptime!(shape.pair_words()) + head * words) * lanes + lane0 + lane;
            let mut s = 0i32;
            #[unroll]
            for k in 0..words {
                s += dot4(query[k], state[from + k * lanes]);
            }
            numbers[base + j] = s;
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
            let distance = (best - numbers[base + j]) >> score_shift;
            let mut w = 0i32;
            if distance < REACH {
                let at = comptime!(shape.tables.att_pow2) + usize::cast_from(distance & 31);
                w = params[at] >> (distance >> 5);
            }
            numbers[base + j] = w;
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
        let mut context = 0u32;
        if sum > 0 {
            let reciprocal = (1i32 << 24) / sum;
            let weights = lane * comptime!(shape.number_words)
                + comptime!(shape.x_words)
                + head * comptime!(shape.head_scores());
            let from = (at + comptime!(shape.attention / 4) + k) * lanes + lane0 + lane;
            let mut c0 = 0i32;
            let mut c1 = 0i32;
            let mut c2 = 0i32;
            let mut c3 = 0i32;
            for j in 0..used {
                let v = state[from + j * comptime!(shape.pair_words()) * lanes];
                let w = numbers[weights + j];
                c0 += w * byte(v, 0u32);
                c1 += w * byte(v, 1u32);
                c2 += w * byte(v, 2u32);
                c3 += w * byte(v, 3u32);
            }
            context = pack(
                clamp8((c0 * reciprocal + (1 << 23)) >> 24),
                clamp8((c1 * reciprocal + (1 << 23)) >> 24),
                clamp8((c2 * reciprocal + (1 << 23)) >> 24),
                clamp8((c3 * reciprocal + (1 << 23)) >> 24),
            );
        }
        let q = lane * comptime!(shape.byte_words) + k;
        let mut word = 0u32;
        word |= context;
        if comptime!(shape.memory.slots > 0) {
            if far {
                let gate = params[gates + head];
                let local = bytes[q];
                word = 0;
                #[unroll]
                for j in 0..4u32 {
                    let v = clamp8(rs(byte(local, j) * (256 - gate) + byte(context, j) * gate, 8));
                    word |= (u32::cast_from(v) & 255) << comptime!(8 * j);
                }
            }
        }
        bytes[q] = word;
        task += comptime!(shape.units);
    }
    sync_cube();
}
