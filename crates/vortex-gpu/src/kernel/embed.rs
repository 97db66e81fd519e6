//! The inputs of the trunk and of the head: sums of scaled rows of tables.

use cubecl::prelude::*;

use super::quads::{byte, dot4, rs};
use super::symbols::symbol_of;
use crate::shape::{FIELD_WORDS, ROLE_WORDS, Shape};

/// Adds word `k` of a row of the table at `table`, times the scale of a role, to four sums.
#[cube]
#[allow(clippy::too_many_arguments)]
fn add_row(
    weight: &Array<u32>,
    params: &Array<i32>,
    sum: &mut Array<i32>,
    row: usize,
    scale: usize,
    k: usize,
    #[comptime] table: usize,
    #[comptime] width: usize,
) {
    let words = comptime!(width / 4);
    let w = weight[table + row * words + k];
    #[unroll]
    for j in 0..4usize {
        sum[j] += byte(w, j as u32) * params[scale + j * words + k];
    }
}

/// The table of a role.
#[cube]
fn class_of(params: &Array<i32>, role: usize, #[comptime] shape: Shape) -> usize {
    params[comptime!(shape.tables.role_info + 3) + role * ROLE_WORDS] as usize
}

/// The residual stream of a new token, `x` of each lane.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn embed_token(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &Array<u32>,
    numbers: &mut SharedMemory<i32>,
    record: u32,
    field: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let words = comptime!(shape.d / 4);
    let tables = comptime!(shape.tables);
    let info = comptime!(tables.fields) + field * FIELD_WORDS;
    let first = params[info] as usize;
    let n = params[info + 1] as usize;
    let previous = params[info + 2] as usize;
    let n_previous = params[info + 3] as usize;
    let previous_back = u32::cast_from(params[info + 4]);
    let reference = params[info + 5] as usize;
    let reference_back = u32::cast_from(params[info + 6]);
    let token = record as usize * comptime!(shape.fields) + field;
    let place = token % comptime!(shape.segment);
    let shift = u32::cast_from(params[comptime!(tables.embed_shift)]);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * words) {
        let k = task % words;
        let lane = task / words;
        let mut sum = Array::<i32>::new(4usize);
        #[unroll]
        for j in 0..4usize {
            sum[j] = 0;
        }
        for b in 0..n_previous {
            let role = previous + b;
            let v = symbol_of(state, record, previous_back, role, lanes, lane0 + lane, shape);
            let row = class_of(params, role, shape) * 256 + v;
            let scale = comptime!(tables.prev_scale) + role * comptime!(shape.d);
            add_row(
                weight,
                params,
                &mut sum,
                row,
                scale,
                k,
                comptime!(tables.w_embedding),
                comptime!(shape.d),
            );
        }
        for b in 0..n {
            let v =
                symbol_of(state, record, reference_back, reference + b, lanes, lane0 + lane, shape);
            let row = class_of(params, first + b, shape) * 256 + v;
            let scale = comptime!(tables.ref_scale) + (first + b) * comptime!(shape.d);
            add_row(
                weight,
                params,
                &mut sum,
                row,
                scale,
                k,
                comptime!(tables.w_embedding),
                comptime!(shape.d),
            );
        }
        #[unroll]
        for j in 0..4usize {
            let i = j * words + k;
            let bias = params[comptime!(tables.field_bias) + field * comptime!(shape.d) + i];
            let position = params[comptime!(tables.position) + place * comptime!(shape.d) + i];
            numbers[lane * comptime!(shape.number_words) + i] = rs(sum[j], shift) + bias + position;
        }
        task += comptime!(shape.units);
    }
    sync_cube();
}

/// For each lane, the reference's symbol of the same rank, and 1 if the known symbols of the field equal those of
/// the reference, else 0.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn condition(
    params: &Array<i32>,
    state: &Array<u32>,
    referred: &mut SharedMemory<u32>,
    matched: &mut SharedMemory<u32>,
    record: u32,
    field: usize,
    rank: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let unit = UNIT_POS as usize;
    if unit < comptime!(shape.lanes) {
        let info = comptime!(shape.tables.fields) + field * FIELD_WORDS;
        let first = params[info] as usize;
        let reference = params[info + 5] as usize;
        let back = u32::cast_from(params[info + 6]);
        let mut same = 1u32;
        for b in 0..rank {
            let known = symbol_of(state, record, 0, first + b, lanes, lane0 + unit, shape);
            let other = symbol_of(state, record, back, reference + b, lanes, lane0 + unit, shape);
            if known != other {
                same = 0;
            }
        }
        matched[unit] = same;
        referred[unit] =
            symbol_of(state, record, back, reference + rank, lanes, lane0 + unit, shape) as u32;
    }
    sync_cube();
}

/// The head's stream for a role, `x` of each lane.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn embed_head(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &Array<u32>,
    numbers: &mut SharedMemory<i32>,
    referred: &SharedMemory<u32>,
    matched: &SharedMemory<u32>,
    record: u32,
    role: usize,
    rank: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let words = comptime!(shape.e / 4);
    let tables = comptime!(shape.tables);
    let own_shift = u32::cast_from(params[comptime!(tables.own_shift)]);
    let ref_shift = u32::cast_from(params[comptime!(tables.ref_shift)]);
    let mut task = UNIT_POS as usize;
    while task < comptime!(shape.lanes * words) {
        let k = task % words;
        let lane = task / words;
        let mut own = Array::<i32>::new(4usize);
        let mut refs = Array::<i32>::new(4usize);
        #[unroll]
        for j in 0..4usize {
            own[j] = 0;
            refs[j] = 0;
        }
        for b in 0..rank {
            let of = role - rank + b;
            let v = symbol_of(state, record, 0, of, lanes, lane0 + lane, shape);
            let row = class_of(params, of, shape) * 256 + v;
            let scale = comptime!(tables.own_scale) + of * comptime!(shape.e);
            add_row(
                weight,
                params,
                &mut own,
                row,
                scale,
                k,
                comptime!(tables.w_own),
                comptime!(shape.e),
            );
        }
        let row = class_of(params, role, shape) * 256 + referred[lane] as usize;
        let scale = comptime!(tables.head_ref_scale) + role * comptime!(shape.e);
        add_row(
            weight,
            params,
            &mut refs,
            row,
            scale,
            k,
            comptime!(tables.w_reference),
            comptime!(shape.e),
        );
        let bias =
            comptime!(tables.role_bias) + (role * 2 + matched[lane] as usize) * comptime!(shape.e);
        #[unroll]
        for j in 0..4usize {
            let i = j * words + k;
            let z0 =
                i32::cast_from(state[comptime!(shape.z0()) * lanes + i * lanes + lane0 + lane]);
            numbers[lane * comptime!(shape.number_words) + i] =
                z0 + rs(own[j], own_shift) + rs(refs[j], ref_shift) + params[bias + i];
        }
        task += comptime!(shape.units);
    }
    sync_cube();
}

/// The copy output of each lane, to be added to the logit of the reference's symbol.
#[cube]
pub fn copy_output(
    weight: &Array<u32>,
    params: &Array<i32>,
    bytes: &SharedMemory<u32>,
    matched: &SharedMemory<u32>,
    copied: &mut SharedMemory<i32>,
    role: usize,
    #[comptime] shape: Shape,
) {
    let unit = UNIT_POS as usize;
    if unit < comptime!(shape.lanes) {
        let class = class_of(params, role, shape);
        let words = comptime!(shape.e / 4);
        let mut sum = 0i32;
        for k in 0..words {
            sum += dot4(
                weight[comptime!(shape.tables.w_copy) + class * words + k],
                bytes[unit * comptime!(shape.byte_words) + k],
            );
        }
        let shift = u32::cast_from(params[comptime!(shape.tables.copy_shift) + class]);
        let bias = params[comptime!(shape.tables.copy_bias) + role * 2 + matched[unit] as usize];
        copied[unit] = rs(sum, shift) + bias;
    }
}
