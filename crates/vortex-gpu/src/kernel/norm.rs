//! The norm: the inverse root of the mean square of each lane, in integers of 32 bits.

use cubecl::prelude::*;

use super::quads::{clamp8, pack};
use crate::shape::Shape;

/// The largest root whose square is at most `hi:lo`.
#[cube]
fn isqrt(hi: u32, lo: u32) -> u32 {
    let mut bits = 64 - hi.leading_zeros();
    if hi == 0 {
        bits = 32 - lo.leading_zeros();
    }
    let mut root = 0u32;
    let places = (bits + 1) / 2;
    for b in 0..places {
        let trial = root | (1u32 << (places - 1 - b));
        let th = trial.mul_hi(trial);
        let tl = trial * trial;
        if th < hi || (th == hi && tl <= lo) {
            root = trial;
        }
    }
    root
}

/// Normalises the numbers of each lane from `source` on, four times `words`, to eight bits in `q`.
///
/// `scratch`: two words for each unit. `parts`: units of a lane; a number that is not known at compile time, so
/// that compilers do not unroll loops over it.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn norm(
    numerator: u32,
    numbers: &SharedMemory<i32>,
    bytes: &mut SharedMemory<u32>,
    scratch: &mut SharedMemory<u32>,
    inverse: &mut SharedMemory<i32>,
    source: usize,
    words: usize,
    parts: usize,
    #[comptime] shape: Shape,
) {
    let unit = UNIT_POS as usize;
    let lane = unit / parts;
    let part = unit % parts;
    let mut hi = 0u32;
    let mut lo = 0u32;
    let mut i = part;
    while i < 4 * words {
        let v = numbers[lane * comptime!(shape.number_words) + source + i];
        let a = u32::cast_from(select(v < 0, 0 - v, v));
        let square = a * a;
        lo += square;
        hi += a.mul_hi(a) + u32::cast_from(lo < square);
        i += parts;
    }
    scratch[2 * unit] = hi;
    scratch[2 * unit + 1] = lo;
    sync_cube();
    if part == 0 {
        for p in 1..parts {
            let add = scratch[2 * (unit + p) + 1];
            lo += add;
            hi += scratch[2 * (unit + p)] + u32::cast_from(lo < add);
        }
        inverse[lane] = i32::cast_from(numerator / (isqrt(hi, lo) + 1));
    }
    sync_cube();
    let mut at = unit;
    while at < comptime!(shape.lanes) * words {
        let lane = at / words;
        let k = at % words;
        let f = inverse[lane];
        let p = lane * comptime!(shape.number_words) + source + k;
        bytes[lane * comptime!(shape.byte_words) + k] = pack(
            clamp8((numbers[p] * f + (1 << 19)) >> 20),
            clamp8((numbers[p + words] * f + (1 << 19)) >> 20),
            clamp8((numbers[p + 2 * words] * f + (1 << 19)) >> 20),
            clamp8((numbers[p + 3 * words] * f + (1 << 19)) >> 20),
        );
        at += comptime!(shape.units);
    }
    sync_cube();
}
