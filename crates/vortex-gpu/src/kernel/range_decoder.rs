//! The range decoder of `docs/format.md`: numbers of 64 bits as two words.

use cubecl::prelude::*;

use crate::shape::{CODE, CUBE_WORDS, DONE, PAYLOAD, PAYLOAD_BYTES, RANGE, Shape};

/// `floor((2^64 - 1) / total)` for `1 <= total < 2^24`, digit by digit in base 256.
#[cube]
pub fn reciprocal(total: u32, out: &mut SharedMemory<u32>, at: usize) {
    let mut rest = 0u32;
    let mut hi = 0u32;
    let mut lo = 0u32;
    #[unroll]
    for _ in 0..4u32 {
        let v = (rest << 8) | 255;
        hi = (hi << 8) | (v / total);
        rest = v % total;
    }
    #[unroll]
    for _ in 0..4u32 {
        let v = (rest << 8) | 255;
        lo = (lo << 8) | (v / total);
        rest = v % total;
    }
    out[at] = hi;
    out[at + 1] = lo;
}

/// Byte `at` of the payload of a cube, 0 after its end.
#[cube]
fn payload_byte(data: &Array<u32>, start: u32, len: u32, at: u32) -> u32 {
    let mut b = 0u32;
    if at < len {
        let place = start + at;
        b = (data[(place >> 2) as usize] >> (8 * (place & 3))) & 255;
    }
    b
}

/// Decodes one symbol of each of `active` lanes, in order, with one unit.
///
/// `y` and `totals`: distributions; `reciprocals`: of the totals, two words each. Where the role is flat, the `alphabet`
/// symbols are equally likely and `y` is not used.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn decode(
    data: &Array<u32>,
    cubes: &mut Array<u32>,
    numbers: &SharedMemory<i32>,
    totals: &SharedMemory<u32>,
    reciprocals: &SharedMemory<u32>,
    decoded: &mut SharedMemory<u32>,
    cube: usize,
    active: usize,
    alphabet: u32,
    flat: bool,
    #[comptime] shape: Shape,
) {
    let entry = cube * CUBE_WORDS;
    let mut ch = cubes[entry + CODE];
    let mut cl = cubes[entry + CODE + 1];
    let mut rh = cubes[entry + RANGE];
    let mut rl = cubes[entry + RANGE + 1];
    let mut done = cubes[entry + DONE];
    let start = cubes[entry + PAYLOAD];
    let len = cubes[entry + PAYLOAD_BYTES];
    for lane in 0..active {
        let at = lane * comptime!(shape.number_words) + comptime!(shape.x_words);
        // unit = (range * reciprocal) >> 64; of raw bits, range >> 8.
        let mut uh = rh >> 8;
        let mut ul = (rh << 24) | (rl >> 8);
        if !(flat && alphabet == 256) {
            let qh = reciprocals[2 * lane];
            let ql = reciprocals[2 * lane + 1];
            let a = rl.mul_hi(ql);
            let m = a + rl * qh;
            let first_carry = u32::cast_from(m < a);
            let d = rh * ql;
            let second_carry = u32::cast_from(m + d < d);
            let e = rh * qh;
            let f = rl.mul_hi(qh);
            ul = e + f;
            uh = rh.mul_hi(qh) + u32::cast_from(ul < f);
            let g = rh.mul_hi(ql);
            ul += g;
            uh += u32::cast_from(ul < g);
            let carry = first_carry + second_carry;
            ul += carry;
            uh += u32::cast_from(ul < carry);
        }
        // The last symbol whose interval begins at or before the code.
        let mut v = 0u32;
        let mut half = 128u32;
        while half > 0 {
            let next = v + half;
            if next < alphabet {
                let mut low = next;
                if !flat {
                    low = u32::cast_from(numbers[at + next as usize]);
                }
                let ml = ul * low;
                let mh = ul.mul_hi(low) + uh * low;
                if mh < ch || (mh == ch && ml <= cl) {
                    v = next;
                }
            }
            half = half >> 1;
        }
        let mut low = v;
        let mut freq = 1u32;
        if !flat {
            low = u32::cast_from(numbers[at + v as usize]);
            let mut end = totals[lane];
            if v < 255 {
                end = u32::cast_from(numbers[at + v as usize + 1]);
            }
            freq = end - low;
        }
        let ml = ul * low;
        let mh = ul.mul_hi(low) + uh * low;
        let borrow = u32::cast_from(cl < ml);
        cl -= ml;
        ch = ch - mh - borrow;
        rh = ul.mul_hi(freq) + uh * freq;
        rl = ul * freq;
        if rh < 256 {
            rh = (rh << 24) | (rl >> 8);
            rl = rl << 24;
            ch = (ch << 24) | (cl >> 8);
            cl = cl << 24;
            #[unroll]
            for i in 0..3u32 {
                cl |= payload_byte(data, start, len, done + 8 + i) << comptime!(16 - 8 * i);
            }
            done += 3;
        }
        decoded[lane] = v;
    }
    cubes[entry + CODE] = ch;
    cubes[entry + CODE + 1] = cl;
    cubes[entry + RANGE] = rh;
    cubes[entry + RANGE + 1] = rl;
    cubes[entry + DONE] = done;
}
