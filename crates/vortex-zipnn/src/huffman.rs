//! Prefix codes for planes: lengths of at most 11 bits, four streams, several symbols per look-up.
//!
//! Coded bytes: the [code lengths](lengths), the lengths of the first three streams as `u32`, and the
//! four streams. Stream `i` holds the symbols from `i * q` on, `q = ceil(n / 4)`. Bits fill bytes
//! from the lowest one up, and the first bit of each code is the lowest.

mod decode;
mod encode;
mod histogram;
mod lengths;
mod table;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub(crate) use histogram::{Histogram, histogram};
pub(crate) use lengths::CodeLengths;

/// Longest code in bits.
const MAX_BITS: u32 = 11;
/// Longest codes of short planes, for which the decoder then needs a smaller table.
const SHORT_BITS: u32 = 8;
const SHORT_PLANE: usize = 4096;
const MIDDLE_BITS: u32 = 9;
const MIDDLE_PLANE: usize = 32768;
/// Number of streams that are read in parallel.
const STREAMS: usize = 4;

/// Symbols of each stream of a plane of `n`.
fn stream_symbols(n: usize) -> [usize; STREAMS] {
    let quarter = n.div_ceil(STREAMS);
    let mut left = n;
    [(); STREAMS].map(|()| {
        let take = quarter.min(left);
        left -= take;
        take
    })
}

/// The code of each symbol, first bit lowest, from the lengths alone: shorter codes first, symbols of
/// one length in order.
fn codes(lengths: &[u8; 256]) -> [u16; 256] {
    let mut next = [0u16; MAX_BITS as usize + 2];
    for &length in lengths {
        if length > 0 {
            next[usize::from(length) + 1] += 1;
        }
    }
    // next[l] becomes the first code of length l.
    let mut code = 0u16;
    for next in &mut next[1..] {
        code = (code + *next) << 1;
        *next = code;
    }
    let mut out = [0u16; 256];
    for (out, &length) in out.iter_mut().zip(lengths) {
        if length > 0 {
            let code = &mut next[usize::from(length)];
            *out = code.reverse_bits() >> (16 - u32::from(length));
            *code += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(plane: &[u8]) -> usize {
        let counts = histogram(plane);
        let lengths = CodeLengths::of(&counts, MAX_BITS);
        let mut coded = Vec::new();
        encode(plane, &lengths, &mut coded);
        assert!(coded.len() <= lengths.coded_bytes(&counts));
        let mut out = vec![0xAA; plane.len()];
        decode(&coded, &mut out).unwrap();
        assert!(out == plane);
        let mut few = Vec::new();
        encode(plane, &CodeLengths::of(&counts, SHORT_BITS), &mut few);
        out.fill(0xAA);
        decode(&few, &mut out).unwrap();
        assert!(out == plane);
        coded.len()
    }

    /// Bytes around 120 with a geometric fall to both sides.
    fn peaked(n: usize, mut state: u64) -> Vec<u8> {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let x = state >> 33;
                let away = x.trailing_zeros().min(40) as u8;
                if x >> 30 == 0 { 120 - away } else { 121 + away }
            })
            .collect()
    }

    #[test]
    fn planes_of_all_lengths_come_back() {
        for n in (2..300).chain([1000, 4095, 4096, 4097, 100_000]) {
            let mut plane = peaked(n, n as u64);
            plane[0] = 3;
            plane[n - 1] = 200;
            round_trip(&plane);
        }
    }

    #[test]
    fn skewed_and_flat_alphabets_come_back() {
        let two: Vec<u8> = (0..5000).map(|i| u8::from(i % 97 == 0) * 255).collect();
        assert!(round_trip(&two) < 5000 / 8 + 128 + 32);
        let flat: Vec<u8> =
            (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        round_trip(&flat);
        // Fibonacci counts would need codes far longer than the limit.
        let mut plane = Vec::new();
        let (mut a, mut b) = (1usize, 1usize);
        for symbol in 0..24u8 {
            plane.extend(std::iter::repeat_n(symbol, a));
            (a, b) = (b, a + b);
        }
        round_trip(&plane);
    }

    #[test]
    fn close_to_the_entropy() {
        let plane = peaked(1 << 18, 7);
        let counts = histogram(&plane);
        let entropy = counts.entropy_bits() / 8.0;
        let coded = round_trip(&plane) as f64;
        assert!(coded < entropy * 1.02 + 64.0, "{coded} bytes, entropy {entropy}");
    }

    #[test]
    fn any_flip_and_cut_ends_without_a_panic() {
        let plane = peaked(700, 3);
        let mut coded = Vec::new();
        encode(&plane, &CodeLengths::of(&histogram(&plane), MAX_BITS), &mut coded);
        let mut out = vec![0; plane.len()];
        for cut in 0..coded.len() {
            assert!(decode(&coded[..cut], &mut out).is_err(), "cut at {cut}");
        }
        for bit in 0..coded.len() * 8 {
            let mut bad = coded.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            if decode(&bad, &mut out).is_ok() {
                assert!(out != plane, "bit {bit} does not matter");
            }
        }
    }
}
