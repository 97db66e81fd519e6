//! A token: the layers, and the head's input.

use cubecl::prelude::*;

use super::attend::{attend, copy_words, mix};
use super::embed::embed_token;
use super::linear::{gated, linear, linear_to_state, linear8};
use super::memory::{keep_input, remember};
use super::norm::norm;
use crate::shape::{FeedForward, Shape};

/// Adds a feed-forward part to `x`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn feed_forward(
    weight: &Array<u32>,
    params: &Array<i32>,
    x: &mut SharedMemory<i32>,
    q: &mut SharedMemory<u32>,
    h: &mut SharedMemory<u32>,
    scratch: &mut SharedMemory<u32>,
    inverse: &mut SharedMemory<i32>,
    parts: usize,
    w: usize,
    p: usize,
    #[comptime] shape: Shape,
    #[comptime] part: FeedForward,
) {
    let numerator = u32::cast_from(params[p + comptime!(part.norm)]);
    let (width, stride) = comptime!((part.gate.n_in, shape.x_words));
    norm(numerator, x, q, scratch, inverse, parts, shape, width, stride);
    let gate_w = w + comptime!(part.gate.weight);
    let gate_p = p + comptime!(part.gate.param);
    gated(weight, params, q, h, gate_w, gate_p, p + comptime!(part.silu), shape, comptime!(part.gate));
    sync_cube();
    let down_w = w + comptime!(part.down.weight);
    let down_p = p + comptime!(part.down.param);
    linear(
        weight, params, h, x, down_w, down_p, shape, comptime!(part.down), comptime!(shape.h_words),
        comptime!(shape.x_words), true,
    );
    sync_cube();
}

/// All layers for the next token of each lane; the head's input goes to the state.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn trunk(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &mut Array<u32>,
    x: &mut SharedMemory<i32>,
    q: &mut SharedMemory<u32>,
    h: &mut SharedMemory<u32>,
    y: &mut SharedMemory<i32>,
    scratch: &mut SharedMemory<u32>,
    inverse: &mut SharedMemory<i32>,
    parts: usize,
    record: u32,
    field: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let token = record as usize * comptime!(shape.fields) + field;
    let place = token % comptime!(shape.segment);
    let used = min(token + 1, comptime!(shape.window));
    embed_token(weight, params, state, x, record, field, lanes, lane0, shape);
    for layer in 0..comptime!(shape.layers) {
        let w = comptime!(shape.layers_weight) + layer * comptime!(shape.layer_weights);
        let p = comptime!(shape.layers_param) + layer * comptime!(shape.layer_params);
        let numerator = u32::cast_from(params[p + comptime!(shape.norm)]);
        norm(
            numerator, x, q, scratch, inverse, parts, shape, comptime!(shape.d), comptime!(shape.x_words),
        );
        let window = comptime!(shape.windows())
            + layer * comptime!(shape.window * shape.pair_words());
        let slot = window + token % comptime!(shape.window) * comptime!(shape.pair_words());
        let m = comptime!(shape.query_key_value);
        linear8(
            weight, params, q, h, state, w + comptime!(m.weight), p + comptime!(m.param), slot, lanes,
            lane0, 0usize, shape, m, comptime!(shape.attention / 4),
        );
        if comptime!(shape.memory.slots > 0) {
            keep_input(state, q, layer, place, lanes, lane0, shape);
        }
        sync_storage();
        sync_cube();
        let score_shift = params[p + comptime!(shape.score_shift)];
        if comptime!(shape.memory.slots > 0) {
            // The queries are needed twice: they wait in `q`, whose content was used.
            copy_words(h, q, shape, comptime!(shape.h_words), comptime!(shape.q_words));
            attend(params, state, h, y, scratch, window, used, score_shift, lanes, lane0, parts, shape);
            exchange(q, h, shape);
            let far = comptime!(shape.slots())
                + layer * comptime!(shape.memory.slots * shape.pair_words());
            let remembered = min(
                token / comptime!(shape.segment) * comptime!(shape.memory.keep),
                comptime!(shape.memory.slots),
            );
            attend(params, state, h, y, scratch, far, remembered, score_shift, lanes, lane0, parts, shape);
            mix(params, q, h, p + comptime!(shape.memory.gate), shape);
        } else {
            attend(params, state, h, y, scratch, window, used, score_shift, lanes, lane0, parts, shape);
            copy_words(h, q, shape, comptime!(shape.h_words), comptime!(shape.q_words));
        }
        let m = comptime!(shape.output);
        linear(
            weight, params, q, x, w + comptime!(m.weight), p + comptime!(m.param), shape, m,
            comptime!(shape.q_words), comptime!(shape.x_words), true,
        );
        sync_cube();
        feed_forward(
            weight, params, x, q, h, scratch, inverse, parts, w, p, shape, comptime!(shape.feed_forward),
        );
        if comptime!(shape.memory.slots > 0) {
            if place + 1 == comptime!(shape.segment) {
                remember(
                    weight, params, state, q, h, y, scratch, inverse, parts, layer, token, w, p, lanes, lane0,
                    shape,
                );
            }
        }
    }
    let numerator = u32::cast_from(params[comptime!(shape.tables.norm_in)]);
    norm(numerator, x, q, scratch, inverse, parts, shape, comptime!(shape.d), comptime!(shape.x_words));
    linear_to_state(
        weight, params, q, state, lanes, lane0, shape, comptime!(shape.head_input), comptime!(shape.z0()),
    );
    sync_storage();
    sync_cube();
}

/// Exchanges the words of attention of `q` and `h`.
#[cube]
fn exchange(q: &mut SharedMemory<u32>, h: &mut SharedMemory<u32>, #[comptime] shape: Shape) {
    let words = comptime!(shape.attention / 4);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * shape.attention / 4) {
        let a = task / words * comptime!(shape.q_words) + task % words;
        let b = task / words * comptime!(shape.h_words) + task % words;
        let kept = q[a];
        q[a] = h[b];
        h[b] = kept;
        task += comptime!(shape.units);
    }
    sync_cube();
}
