//! From logits to cumulative frequencies.

use cubecl::prelude::*;

use crate::shape::{ROLE_WORDS, Shape};

/// One more than the largest distance from the best logit, in 1/32 bits, that has a weight.
const REACH: i32 = 32 * 23;
/// Totals stay below this.
const TOTAL: u32 = 1 << 24;

/// Replaces the logits in `y` by cumulative frequencies: `y[symbol]` is the sum of the frequencies before, which is
/// the total from the alphabet on. `totals`: one for each lane. `parts`: units of a lane.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn frequencies(
    params: &Array<i32>,
    numbers: &mut SharedMemory<i32>,
    scratch: &mut SharedMemory<u32>,
    totals: &mut SharedMemory<u32>,
    referred: &SharedMemory<u32>,
    copied: &SharedMemory<i32>,
    role: usize,
    parts: usize,
    #[comptime] shape: Shape,
) {
    let unit = UNIT_POS as usize;
    let each = 256 / parts;
    let lane = unit / parts;
    let part = unit % parts;
    let tables = comptime!(shape.tables);
    let alphabet = params[comptime!(tables.role_info + 2) + role * ROLE_WORDS] as usize;
    let first = lane * comptime!(shape.number_words) + comptime!(shape.x_words) + part * each;
    let mut best = i32::new(-2147483647);
    for i in 0..each {
        let symbol = part * each + i;
        let mut l = numbers[first + i] + params[comptime!(tables.out_bias) + role * 256 + symbol];
        if symbol == referred[lane] as usize {
            l += copied[lane];
        }
        numbers[first + i] = l;
        if symbol < alphabet {
            best = max(best, l);
        }
    }
    scratch[unit] = u32::cast_from(best);
    sync_cube();
    for p in 0..parts {
        best = max(best, i32::cast_from(scratch[lane * parts + p]));
    }
    sync_cube();
    // The sum of the weights in two parts: it may have 40 bits.
    let mut low = 0u32;
    let mut high = 0u32;
    for i in 0..each {
        let mut w = 0u32;
        if part * each + i < alphabet {
            let distance = best - numbers[first + i];
            if distance < REACH {
                let at = comptime!(tables.out_pow2) + usize::cast_from(distance & 31);
                w = u32::cast_from(params[at]) >> u32::cast_from(distance >> 5);
            }
        }
        numbers[first + i] = i32::cast_from(w);
        low += w & 65535;
        high += w >> 16;
    }
    scratch[2 * unit] = low;
    scratch[2 * unit + 1] = high;
    sync_cube();
    low = 0;
    high = 0;
    for p in 0..parts {
        low += scratch[2 * (lane * parts + p)];
        high += scratch[2 * (lane * parts + p) + 1];
    }
    high += low >> 16;
    // The smallest shift that may be enough; if it is not, the next one is.
    let mut shift = 0u32;
    if high > 0 {
        let bits = 48 - high.leading_zeros();
        if bits > 24 {
            shift = bits - 24;
        }
    }
    sync_cube();
    let mut least = 0u32;
    let mut next = 0u32;
    for i in 0..each {
        let w = u32::cast_from(numbers[first + i]);
        if part * each + i < alphabet {
            least += (w >> shift) + 1;
            next += (w >> (shift + 1)) + 1;
        }
    }
    scratch[2 * unit] = least;
    scratch[2 * unit + 1] = next;
    sync_cube();
    let mut total = 0u32;
    let mut total_next = 0u32;
    let mut before = 0u32;
    let mut before_next = 0u32;
    for p in 0..parts {
        if p == part {
            before = total;
            before_next = total_next;
        }
        total += scratch[2 * (lane * parts + p)];
        total_next += scratch[2 * (lane * parts + p) + 1];
    }
    if total >= TOTAL {
        total = total_next;
        before = before_next;
        shift += 1;
    }
    for i in 0..each {
        let w = u32::cast_from(numbers[first + i]);
        numbers[first + i] = i32::cast_from(before);
        if part * each + i < alphabet {
            before += (w >> shift) + 1;
        }
    }
    if part == 0 {
        totals[lane] = total;
    }
    sync_cube();
}
