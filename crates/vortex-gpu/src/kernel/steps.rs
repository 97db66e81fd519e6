//! The kernel: several steps in one launch, each one role of all lanes.

use cubecl::prelude::*;

use super::frequencies::frequencies;
use super::operations::{Shared, run};
use super::range_decoder::{decode, reciprocal};
use super::symbols::keep_symbol;
use crate::shape::{
    CUBE_WORDS, DECODE, EACH, FIRST_LANE, FREQUENCIES, LANES, LONGER, ROLE_WORDS, Shape,
};

/// Advances the lanes of each cube by `n_steps` symbols, from symbol `first_step` of each lane on.
///
/// - `state`: `[word][lanes]`.
/// - `symbols`: `[1 + step][lanes]`, row 0 for the symbols of the step before, which are taken over if `pending` is 1.
///   A decoder writes the other rows, an encoder reads them.
/// - `data`: the payloads of a decoder; the output otherwise: `[step][lanes]` of three words (start, width and total of
///   the interval), or 256 frequencies a lane.
/// - `cubes`: an entry of [`CUBE_WORDS`] for each cube, then for each unit of each cube one more than the number of
///   steps that it finished.
/// - `parts`: units of a lane that advances, `shape.units / shape.lanes`.
/// - `mode`: [`FREQUENCIES`], [`crate::shape::INTERVALS`] or [`DECODE`]. One kernel does all, so that it is compiled once.
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
pub fn steps(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &mut Array<u32>,
    symbols: &mut Array<u32>,
    data: &mut Array<u32>,
    cubes: &mut Array<u32>,
    lanes: u32,
    first_step: u32,
    n_steps: u32,
    pending: u32,
    n_cubes: u32,
    mode: u32,
    parts: u32,
    #[comptime] shape: Shape,
) {
    let unit = UNIT_POS as usize;
    let cube = CUBE_POS as usize;
    let lanes = lanes as usize;
    let parts = parts as usize;
    let mut shared = Shared {
        numbers: SharedMemory::<i32>::new(comptime!(shape.lanes * shape.number_words)),
        bytes: SharedMemory::<u32>::new(comptime!(shape.lanes * shape.byte_words)),
        scratch: SharedMemory::<u32>::new(comptime!(2 * shape.units)),
        inverse: SharedMemory::<i32>::new(comptime!(shape.lanes)),
        referred: SharedMemory::<u32>::new(comptime!(shape.lanes)),
        matched: SharedMemory::<u32>::new(comptime!(shape.lanes)),
        copied: SharedMemory::<i32>::new(comptime!(shape.lanes)),
    };
    let mut totals = SharedMemory::<u32>::new(comptime!(shape.lanes));
    let mut reciprocals = SharedMemory::<u32>::new(comptime!(2 * shape.lanes));

    let entry = cube * CUBE_WORDS;
    let first_lane = cubes[entry + FIRST_LANE] as usize;
    let all = cubes[entry + LANES];
    let each = cubes[entry + EACH];
    let longer = cubes[entry + LONGER];
    let roles = comptime!(shape.roles as u32);
    if pending == 1 {
        let before = first_step - 1;
        let mut lane = unit;
        while lane < all as usize {
            let symbol = symbols[first_lane + lane];
            let role = (before % roles) as usize;
            keep_symbol(state, before / roles, role, symbol, lanes, first_lane + lane, shape);
            lane += comptime!(shape.units);
        }
        sync_storage();
        sync_cube();
    }
    let mut finished = 0u32;
    // One turn more than there are steps: it shows that a limit of the driver on loops did not end the last one.
    for turn in 0..n_steps + 1 {
        if turn < n_steps {
            let step = first_step + turn;
            let record = step / roles;
            let role = (step % roles) as usize;
            let info = comptime!(shape.tables.role_info) + role * ROLE_WORDS;
            let rank = params[info + 1];
            let alphabet = u32::cast_from(params[info + 2]);
            let flat = params[info + 4] == 1;
            let mut active = all;
            if record > each || longer == 0 {
                active = select(record < each, all, 0);
            } else if record == each {
                active = longer;
            }
            let tiles =
                (active + comptime!(shape.lanes as u32 - 1)) / comptime!(shape.lanes as u32);
            for tile in 0..tiles {
                let lane0 = first_lane + (tile as usize) * comptime!(shape.lanes);
                let here = min(
                    active - tile * comptime!(shape.lanes as u32),
                    comptime!(shape.lanes as u32),
                );
                let mut from = comptime!(shape.tables.token_operations).runtime();
                let mut to = comptime!(shape.tables.all_operations).runtime();
                if flat {
                    to = from;
                }
                if rank == 0 {
                    from = 0usize;
                }
                run(
                    weight,
                    params,
                    state,
                    &mut shared,
                    from,
                    to,
                    record,
                    role,
                    lanes,
                    lane0,
                    parts,
                    shape,
                );
                if !flat {
                    frequencies(
                        params,
                        &mut shared.numbers,
                        &mut shared.scratch,
                        &mut totals,
                        &shared.referred,
                        &shared.copied,
                        role,
                        parts,
                        shape,
                    );
                }
                let row = turn as usize * lanes + lane0;
                if mode == FREQUENCIES {
                    if !flat {
                        let mut task = unit;
                        while task < comptime!(shape.lanes * 256) {
                            let at = task / 256 * comptime!(shape.number_words)
                                + comptime!(shape.x_words)
                                + task % 256;
                            let mut end = totals[task / 256];
                            if task % 256 < 255 {
                                end = u32::cast_from(shared.numbers[at + 1]);
                            }
                            data[(row + task / 256) * 256 + task % 256] =
                                end - u32::cast_from(shared.numbers[at]);
                            task += comptime!(shape.units);
                        }
                    }
                    sync_cube();
                } else {
                    if mode == DECODE {
                        if unit < comptime!(shape.lanes) {
                            let total = select(flat, alphabet, totals[unit]);
                            reciprocal(total, &mut reciprocals, unit * 2);
                        }
                        sync_cube();
                        if unit == 0 {
                            decode(
                                data,
                                cubes,
                                &shared.numbers,
                                &totals,
                                &reciprocals,
                                &mut shared.referred,
                                cube,
                                here as usize,
                                alphabet,
                                flat,
                                shape,
                            );
                        }
                        sync_cube();
                    }
                    if unit < comptime!(shape.lanes) {
                        let mut symbol = 0u32;
                        if unit < here as usize {
                            if mode == DECODE {
                                symbol = shared.referred[unit];
                                symbols[lanes + row + unit] = symbol;
                            } else {
                                symbol = symbols[lanes + row + unit];
                                if !flat {
                                    let at = unit * comptime!(shape.number_words)
                                        + comptime!(shape.x_words)
                                        + symbol as usize;
                                    let mut end = totals[unit];
                                    if symbol < 255 {
                                        end = u32::cast_from(shared.numbers[at + 1]);
                                    }
                                    let low = u32::cast_from(shared.numbers[at]);
                                    data[(row + unit) * 3] = low;
                                    data[(row + unit) * 3 + 1] = end - low;
                                    data[(row + unit) * 3 + 2] = totals[unit];
                                }
                            }
                        }
                        keep_symbol(state, record, role, symbol, lanes, lane0 + unit, shape);
                    }
                    sync_storage();
                    sync_cube();
                }
            }
        }
        finished += 1;
    }
    cubes[n_cubes as usize * CUBE_WORDS + cube * comptime!(shape.units) + unit] = finished;
}
