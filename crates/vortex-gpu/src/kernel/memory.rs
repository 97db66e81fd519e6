//! The compressive memory: at the end of a segment its best tokens become slots.

use cubecl::prelude::*;

use super::quads::{byte, clamp8, rs};
use crate::shape::Shape;

/// Where the attention inputs of a layer begin in the state of a lane.
#[cube]
fn segment_of(layer: usize, #[comptime] shape: Shape) -> usize {
    comptime!(shape.segments()) + layer * comptime!(shape.segment * shape.d / 4)
}

/// Keeps the attention input of a token.
#[cube]
pub fn keep_input(
    state: &mut Array<u32>,
    bytes: &SharedMemory<u32>,
    layer: usize,
    place: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let words = comptime!(shape.d / 4);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * words) {
        let lane = task % comptime!(shape.lanes);
        let k = task / comptime!(shape.lanes);
        state[(segment_of(layer, shape) + place * words + k) * lanes + lane0 + lane] =
            bytes[lane * comptime!(shape.byte_words) + k];
        task += comptime!(shape.units);
    }
}

/// The score of one token of a segment. `extra`: place of the places of the taps and of the scorer, then the shifts of
/// the taps.
#[cube]
#[allow(clippy::too_many_arguments)]
fn score(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &Array<u32>,
    from: usize,
    token: usize,
    extra: usize,
    lanes: usize,
    lane: usize,
    #[comptime] shape: Shape,
) -> i32 {
    let words = comptime!(shape.d / 4);
    let kernel = comptime!(shape.memory.kernel);
    let conv = params[extra] as usize;
    let points = params[extra + 1] as usize;
    let mut sum = 0i32;
    for k in 0..words {
        let mut y = Array::<i32>::new(4usize);
        #[unroll]
        for j in 0..4usize {
            y[j] = 0;
        }
        for tap in 0..kernel {
            if token + 1 + tap >= kernel {
                let v = state[(from + (token + 1 + tap - kernel) * words + k) * lanes + lane];
                let c = weight[conv + tap * words + k];
                #[unroll]
                for j in 0..4usize {
                    y[j] += byte(v, j as u32) * byte(c, j as u32);
                }
            }
        }
        let point = weight[points + k];
        #[unroll]
        for j in 0..4usize {
            let shift = u32::cast_from(params[extra + 2 + j * words + k]);
            sum += max(clamp8(rs(y[j], shift)), 0) * byte(point, j as u32);
        }
    }
    sum
}

/// Puts the tokens of highest score in temporal order; of equal ones the earlier are chosen.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn choose(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &mut Array<u32>,
    layer: usize,
    extra: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let segment = comptime!(shape.segment);
    let keep = comptime!(shape.memory.keep);
    let scores = comptime!(shape.scores());
    let flags = scores + segment;
    let order = flags + segment;
    let from = segment_of(layer, shape);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * shape.segment) {
        let lane = lane0 + task % comptime!(shape.lanes);
        let t = task / comptime!(shape.lanes);
        let s = score(weight, params, state, from, t, extra, lanes, lane, shape);
        state[(scores + t) * lanes + lane] = u32::cast_from(s);
        task += comptime!(shape.units);
    }
    sync_storage();
    sync_cube();
    task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * shape.segment) {
        let lane = lane0 + task % comptime!(shape.lanes);
        let t = task / comptime!(shape.lanes);
        let own = i32::cast_from(state[(scores + t) * lanes + lane]);
        let mut better = 0u32;
        for other in 0..segment {
            let s = i32::cast_from(state[(scores + other) * lanes + lane]);
            if s > own || (s == own && other < t) {
                better += 1;
            }
        }
        let mut kept = 0u32;
        if better < comptime!(keep as u32) {
            kept = 1;
        }
        state[(flags + t) * lanes + lane] = kept;
        task += comptime!(shape.units);
    }
    sync_storage();
    sync_cube();
    task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * shape.segment) {
        let lane = lane0 + task % comptime!(shape.lanes);
        let t = task / comptime!(shape.lanes);
        if state[(flags + t) * lanes + lane] == 1 {
            let mut rank = 0u32;
            for other in 0..t {
                rank += state[(flags + other) * lanes + lane];
            }
            state[(order + rank as usize) * lanes + lane] = t as u32;
        }
        task += comptime!(shape.units);
    }
    sync_storage();
    sync_cube();
}

/// Takes the attention input of the `n`-th token that was chosen to `q`.
#[cube]
pub fn recall(
    state: &Array<u32>,
    bytes: &mut SharedMemory<u32>,
    layer: usize,
    n: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let words = comptime!(shape.d / 4);
    let order = comptime!(shape.scores() + 2 * shape.segment);
    let from = segment_of(layer, shape);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * words) {
        let lane = task % comptime!(shape.lanes);
        let k = task / comptime!(shape.lanes);
        let t = state[(order + n) * lanes + lane0 + lane] as usize;
        bytes[lane * comptime!(shape.byte_words) + k] =
            state[(from + t * words + k) * lanes + lane0 + lane];
        task += comptime!(shape.units);
    }
    sync_cube();
}
