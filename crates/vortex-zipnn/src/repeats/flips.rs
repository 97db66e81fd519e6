//! One bit for each old value: whether its sign differs from that of the value that it repeats.

use crate::bits::word;

/// Appends a bit for each of `n` values, true where the highest bits of value `to + k` and value `from + k` differ.
/// There are `n_bits` bits before.
pub(super) fn push<const WIDTH: usize>(
    values: &[[u8; WIDTH]],
    from: usize,
    to: usize,
    n: usize,
    n_bits: usize,
    out: &mut Vec<u8>,
) {
    out.resize((n_bits + n).div_ceil(8), 0);
    for k in 0..n {
        let flip = (values[from + k][WIDTH - 1] ^ values[to + k][WIDTH - 1]) >> 7;
        let bit = n_bits + k;
        out[bit / 8] |= flip << (bit % 8);
    }
}

/// True if none of `n` bits from `bit` on is set.
pub(super) fn none(bits: &[u8], bit: usize, n: usize) -> bool {
    (0..n).step_by(32).all(|k| {
        let word = word(bits, bit + k) as u32;
        word & (u32::MAX >> (32 - (n - k).min(32))) == 0
    })
}

/// Flips the highest bit of each value whose bit, from `bit` on, is set.
#[inline(always)]
pub(super) fn apply<const WIDTH: usize>(values: &mut [[u8; WIDTH]], bits: &[u8], bit: usize) {
    let mut at = bit;
    let (groups, rest) = values.as_chunks_mut::<32>();
    for group in groups {
        let word = word(bits, at) as u32;
        for (k, value) in group.iter_mut().enumerate() {
            value[WIDTH - 1] ^= ((word >> k & 1) as u8) << 7;
        }
        at += 32;
    }
    let word = word(bits, at) as u32;
    for (k, value) in rest.iter_mut().enumerate() {
        value[WIDTH - 1] ^= ((word >> k & 1) as u8) << 7;
    }
}
