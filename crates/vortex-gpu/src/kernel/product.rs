//! The matrix product: a unit computes four output channels of a few lanes.
//!
//! Vectors of bytes are packed so that word `k` of a vector of `n` channels holds the channels `k`,
//! `k + n/4`, `k + n/2` and `k + 3n/4`: then the four channels of a unit are one word of the next
//! vector, and neighbouring units read neighbouring weights.

use cubecl::prelude::*;

use super::quads::{byte, clamp8, pack, rs};
use crate::operation::{
    ADD, EXTRA, FIRST, GATE, INPUT, KIND, N_IN, N_OUT, PACK, PARAM, SHARED, STATE, WEIGHT,
};
use crate::shape::Shape;

/// Lanes of a unit.
pub const GROUP: usize = 4;

/// The product of the operation at `op`, and what is done with it. `class`: which of the matrices that follow each
/// other. `slot`: the word of a lane's state where the words
/// from `SHARED` on go.
#[cube]
#[allow(clippy::too_many_arguments)]
pub fn product(
    weight: &Array<u32>,
    params: &Array<i32>,
    state: &mut Array<u32>,
    numbers: &mut SharedMemory<i32>,
    bytes: &mut SharedMemory<u32>,
    op: usize,
    class: usize,
    slot: usize,
    lanes: usize,
    lane0: usize,
    #[comptime] shape: Shape,
) {
    let n_in = params[op + N_IN] as usize;
    let n_out = params[op + N_OUT] as usize;
    let w_at = params[op + WEIGHT] as usize + class * (n_in / 4 * n_out);
    let p_at = params[op + PARAM] as usize + class * (2 * n_out);
    let input = params[op + INPUT] as usize;
    let kind = u32::cast_from(params[op + KIND]);
    let first_word = params[op + FIRST] as usize;
    let shared = params[op + SHARED] as usize;
    let extra = params[op + EXTRA] as usize;
    let words = n_out / 4;
    let count = words - first_word;
    let inner = n_in / 4;
    let mut task = UNIT_POS as usize;
    while task < count * comptime!(shape.lanes / GROUP) {
        let k = task % count + first_word;
        let first = (task / count) * GROUP;
        let mut acc = Array::<i32>::new(comptime!(4 * GROUP));
        #[unroll]
        for j in 0..4usize {
            let addend = params[p_at + j * words + k];
            #[unroll]
            for l in 0..GROUP {
                acc[j * GROUP + l] = addend;
            }
        }
        for i in 0..inner {
            // Bytes are taken out of their words here, once; compilers see the sums of products all the same.
            let mut v = Array::<i32>::new(comptime!(4 * GROUP));
            #[unroll]
            for l in 0..GROUP {
                let word = bytes[(first + l) * comptime!(shape.byte_words) + input + i];
                #[unroll]
                for b in 0..4usize {
                    v[4 * l + b] = byte(word, b as u32);
                }
            }
            let row = w_at + i * n_out + k;
            #[unroll]
            for j in 0..4usize {
                let word = weight[row + j * words];
                let w0 = byte(word, 0u32);
                let w1 = byte(word, 1u32);
                let w2 = byte(word, 2u32);
                let w3 = byte(word, 3u32);
                #[unroll]
                for l in 0..GROUP {
                    acc[j * GROUP + l] +=
                        w0 * v[4 * l] + w1 * v[4 * l + 1] + w2 * v[4 * l + 2] + w3 * v[4 * l + 3];
                }
            }
        }
        #[unroll]
        for j in 0..4usize {
            let shift = params[p_at + n_out + j * words + k];
            #[unroll]
            for l in 0..GROUP {
                acc[j * GROUP + l] = acc[j * GROUP + l] >> shift;
            }
        }
        if kind == PACK || kind == GATE {
            #[unroll]
            for l in 0..GROUP {
                let output = pack(
                    clamp8(acc[l]),
                    clamp8(acc[GROUP + l]),
                    clamp8(acc[2 * GROUP + l]),
                    clamp8(acc[3 * GROUP + l]),
                );
                let at = (first + l) * comptime!(shape.byte_words) + comptime!(shape.q_words) + k;
                let mut word = 0u32;
                if kind == PACK {
                    word = output;
                } else {
                    let gate = bytes[at];
                    let shift = u32::cast_from(params[extra + 256]);
                    #[unroll]
                    for j in 0..4u32 {
                        let s = params[extra + usize::cast_from(byte(gate, j) + 128)];
                        let v = clamp8(rs(s * byte(output, j), shift));
                        word |= (u32::cast_from(v) & 255) << comptime!(8 * j);
                    }
                }
                if k < shared {
                    bytes[at] = word;
                } else {
                    state[(slot + k - shared) * lanes + lane0 + first + l] = word;
                }
            }
        } else if kind == STATE {
            #[unroll]
            for j in 0..4usize {
                #[unroll]
                for l in 0..GROUP {
                    let at = (comptime!(shape.z0()) + j * words + k) * lanes + lane0 + first + l;
                    state[at] = u32::cast_from(acc[j * GROUP + l]);
                }
            }
        } else {
            let add = kind == ADD;
            let target = k + select(add, 0, comptime!(shape.x_words).runtime());
            #[unroll]
            for j in 0..4usize {
                #[unroll]
                for l in 0..GROUP {
                    let at = (first + l) * comptime!(shape.number_words) + j * words + target;
                    numbers[at] = select(add, numbers[at], 0) + acc[j * GROUP + l];
                }
            }
        }
        task += comptime!(shape.units);
    }
}
