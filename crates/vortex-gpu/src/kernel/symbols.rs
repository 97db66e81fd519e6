//! The symbols of the record in progress and of the one before, in the state of each lane.

use cubecl::prelude::*;

use crate::shape::Shape;

/// The symbol of `role` in the record in progress (`back` 0) or the one before (1); before a lane begins all
/// symbols are 0.
#[cube]
pub fn symbol_of(
    state: &Array<u32>,
    record: u32,
    back: u32,
    role: usize,
    lanes: usize,
    lane: usize,
    #[comptime] shape: Shape,
) -> usize {
    let mut symbol = 0u32;
    if record >= back {
        let parity = ((record - back) & 1) as usize;
        symbol = state[(parity * comptime!(shape.roles) + role) * lanes + lane] & 255;
    }
    symbol as usize
}

/// Keeps a symbol of the record in progress.
#[cube]
pub fn keep_symbol(
    state: &mut Array<u32>,
    record: u32,
    role: usize,
    symbol: u32,
    lanes: usize,
    lane: usize,
    #[comptime] shape: Shape,
) {
    let parity = (record & 1) as usize;
    state[(parity * comptime!(shape.roles) + role) * lanes + lane] = symbol;
}
