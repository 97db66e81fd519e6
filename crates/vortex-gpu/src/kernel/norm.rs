//! The norm: the inverse root of the mean square of each lane, in integers of 32 bits.

use cubecl::prelude::*;

use super::quads::{clamp8, pack};
use crate::shape::Shape;

/// The largest root whose square is at most `hi:lo`, which is below 2^62.
#[cube]
fn isqrt(hi: u32, lo: u32) -> u32 {
    let mut bits = 64 - lo.leading_zeros();
    if hi == 0 {
        bits -= 32;
    } else {
        bits = 64 - hi.leading_zeros();
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

/// Normalises `width` numbers of each lane, `from[lane * stride + i]`, to eight bits in `q`.
///
/// `scratch`: two words for each unit. `parts`: units of a lane; a number that is not known at compile time, so
/// that compilers do not unroll loops over it.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn norm(
    numerator: u32,
    from: &SharedMemory<i32>,
    q: &mut SharedMemory<u32>,
    scratch: &mut SharedMemory<u32>,
    inverse: &mut SharedMemory<i32>,
    parts: usize,
    #[comptime] shape: Shape,
    #[comptime] width: usize,
    #[comptime] stride: usize,
) {
    let unit = UNIT_POS as usize;
    let lane = unit / parts;
    let part = unit % parts;
    let mut hi = 0u32;
    let mut lo = 0u32;
    let mut i = part;
    while i < width {
        let v = from[lane * stride + i];
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
    let words = comptime!(width / 4);
    let mut at = unit;
    while at < comptime!(shape.lanes * words) {
        let lane = at / words;
        let k = at % words;
        let f = inverse[lane];
        let p = lane * stride + k;
        q[lane * comptime!(shape.q_words) + k] = pack(
            clamp8((from[p] * f + (1 << 19)) >> 20),
            clamp8((from[p + words] * f + (1 << 19)) >> 20),
            clamp8((from[p + 2 * words] * f + (1 << 19)) >> 20),
            clamp8((from[p + 3 * words] * f + (1 << 19)) >> 20),
        );
        at += comptime!(shape.units);
    }
    sync_cube();
}
