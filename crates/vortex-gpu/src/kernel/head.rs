//! The head: the logits of a role.

use cubecl::prelude::*;

use super::embed::{condition, copy_output, embed_head};
use super::linear::linear;
use super::norm::norm;
use super::trunk::feed_forward;
use crate::shape::{ROLE_WORDS, Shape};

/// The logits of a role in `y[lane * y_words + symbol]`, without biases; the copy output in `copied`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn head(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &Array<u32>,
    x: &mut SharedMemory<i32>,
    q: &mut SharedMemory<u32>,
    h: &mut SharedMemory<u32>,
    y: &mut SharedMemory<i32>,
    scratch: &mut SharedMemory<u32>,
    inverse: &mut SharedMemory<i32>,
    parts: usize,
    referred: &mut SharedMemory<u32>,
    matched: &mut SharedMemory<u32>,
    copied: &mut SharedMemory<i32>,
    record: u32,
    role: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let info = comptime!(shape.tables.role_info) + role * ROLE_WORDS;
    let field = params[info] as usize;
    let rank = params[info + 1] as usize;
    let class = params[info + 3] as usize;
    condition(params, state, referred, matched, record, field, rank, lanes, lane0, shape);
    embed_head(
        weight, params, state, x, referred, matched, record, role, rank, lanes, lane0, shape,
    );
    feed_forward(
        weight, params, x, q, h, scratch, inverse, parts, 0usize, 0usize, shape,
        comptime!(shape.head_feed_forward),
    );
    let numerator = u32::cast_from(params[comptime!(shape.tables.norm_out)]);
    norm(numerator, x, q, scratch, inverse, parts, shape, comptime!(shape.e), comptime!(shape.x_words));
    copy_output(weight, params, q, matched, copied, role, shape);
    let m = comptime!(shape.logits);
    linear(
        weight, params, q, y, comptime!(m.weight) + class * comptime!(m.weights()),
        comptime!(m.param) + class * comptime!(m.params()), shape, m, comptime!(shape.q_words),
        comptime!(shape.y_words), false,
    );
    sync_cube();
}
