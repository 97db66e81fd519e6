//! The loop over the operations of the network.

use cubecl::prelude::*;

use super::attend::attend_all;
use super::embed::{condition, copy_output, embed_head, embed_token};
use super::memory::{choose, keep_input, recall};
use super::norm::norm;
use super::product::product;
use crate::operation::{
    AFTER, ATTEND, BEFORE, COPY, EMBED_SYMBOL, EMBED_TOKEN, EXTRA, LAYER, NUMERATOR, OP_WORDS,
    RECALL, REPEAT, WIDTH,
};
use crate::shape::{ROLE_WORDS, Shape};

/// The arrays that the units of a cube share.
#[derive(CubeType)]
pub struct Shared {
    /// Of each lane: the residual stream `x`, then `y`, scores of attention or logits.
    pub numbers: SharedMemory<i32>,
    /// Of each lane: the input `q` of products, then `h`, hidden vectors, queries or contexts.
    pub bytes: SharedMemory<u32>,
    /// Two words of each unit.
    pub scratch: SharedMemory<u32>,
    pub inverse: SharedMemory<i32>,
    pub referred: SharedMemory<u32>,
    pub matched: SharedMemory<u32>,
    pub copied: SharedMemory<i32>,
}

/// Runs the operations `from..to` for the lanes from `lane0` on, whose next symbol is `role` of `record`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn run(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &mut Array<u32>,
    s: &mut Shared,
    from: usize,
    to: usize,
    record: u32,
    role: usize,
    lanes: usize,
    lane0: usize,
    parts: usize,
    #[comptime] shape: Shape,
) {
    let info = comptime!(shape.tables.role_info) + role * ROLE_WORDS;
    let field = params[info] as usize;
    let rank = params[info + 1] as usize;
    let token = record as usize * comptime!(shape.fields) + field;
    let place = token % comptime!(shape.segment);
    let mut recalled = 0u32;
    let mut pc = from as u32;
    let end = to as u32;
    while pc < end {
        let op = comptime!(shape.tables.operations) + pc as usize * OP_WORDS;
        let before = u32::cast_from(params[op + BEFORE]);
        let after = u32::cast_from(params[op + AFTER]);
        let layer = params[op + LAYER] as usize;
        let extra = params[op + EXTRA] as usize;
        let mut skipped = false;
        if before == EMBED_TOKEN {
            embed_token(weight, params, state, &mut s.numbers, record, field, lanes, lane0, shape);
        } else if before == EMBED_SYMBOL {
            condition(
                params,
                state,
                &mut s.referred,
                &mut s.matched,
                record,
                field,
                rank,
                lanes,
                lane0,
                shape,
            );
            embed_head(
                weight,
                params,
                state,
                &mut s.numbers,
                &s.referred,
                &s.matched,
                record,
                role,
                rank,
                lanes,
                lane0,
                shape,
            );
        }
        if comptime!(shape.memory.slots > 0) {
            if before == RECALL {
                if place + 1 == comptime!(shape.segment) {
                    if recalled == 0 {
                        choose(weight, params, state, layer, extra, lanes, lane0, shape);
                    }
                    recall(state, &mut s.bytes, layer, recalled as usize, lanes, lane0, shape);
                } else {
                    skipped = true;
                }
            }
        }
        if skipped {
            // The operation and the next one, which repeats it.
            pc += 2;
        } else {
            let numerator = u32::cast_from(params[op + NUMERATOR]);
            let mut slot = comptime!(shape.windows())
                + (layer * comptime!(shape.window) + token % comptime!(shape.window))
                    * comptime!(shape.pair_words());
            let mut source = 0usize;
            if comptime!(shape.memory.slots > 0) {
                if after == REPEAT {
                    let before = token / comptime!(shape.segment) * comptime!(shape.memory.keep);
                    slot = comptime!(shape.slots())
                        + (layer * comptime!(shape.memory.slots)
                            + (before + recalled as usize) % comptime!(shape.memory.slots))
                            * comptime!(shape.pair_words());
                    source = comptime!(shape.x_words).runtime();
                }
            }
            if numerator > 0 {
                let words = params[op + WIDTH] as usize / 4;
                norm(
                    numerator,
                    &s.numbers,
                    &mut s.bytes,
                    &mut s.scratch,
                    &mut s.inverse,
                    source,
                    words,
                    parts,
                    shape,
                );
            }
            // There is a matrix of logits for each class.
            let class = select(after == COPY, params[info + 3] as usize, 0);
            product(
                weight,
                params,
                state,
                &mut s.numbers,
                &mut s.bytes,
                op,
                class,
                slot,
                lanes,
                lane0,
                shape,
            );
            if after == ATTEND {
                if comptime!(shape.memory.slots > 0) {
                    keep_input(state, &s.bytes, layer, place, lanes, lane0, shape);
                }
            } else if after == COPY {
                copy_output(weight, params, &s.bytes, &s.matched, &mut s.copied, role, shape);
            }
            sync_storage();
            sync_cube();
            if after == ATTEND {
                attend_all(
                    params,
                    state,
                    &mut s.numbers,
                    &mut s.bytes,
                    &mut s.scratch,
                    layer,
                    extra,
                    token,
                    lanes,
                    lane0,
                    parts,
                    shape,
                );
            }
            pc += 1;
            if comptime!(shape.memory.slots > 0) {
                if after == REPEAT {
                    recalled += 1;
                    if recalled < comptime!(shape.memory.keep as u32) {
                        pc -= 2;
                    } else {
                        recalled = 0;
                    }
                }
            }
        }
    }
}
