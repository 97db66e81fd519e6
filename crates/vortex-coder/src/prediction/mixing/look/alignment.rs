//! Finds where numbers begin, and their byte order: the choice with the smallest differences
//! between consecutive numbers.

use super::super::numbers::Numbers;
use super::distances;
use super::form::{as_bits, form};

/// Numbers that are analysed: in runs, from places all over the region.
const RUNS: usize = 64;
const RUN: usize = 32;
/// Bytes from which the distances to earlier numbers are taken.
const SAMPLE: usize = 64 << 10;
/// Bits per number, in thousandths, by which another way to read the numbers must be better than
/// the first one.
const BETTER: u64 = 700;

/// Phase (the place of the first byte of a number, modulo the width) and byte order of the numbers of `start..end`;
/// `phase` and little-endian if no other choice is clearly better.
pub(super) fn find(
    bytes: &[u8],
    start: usize,
    end: usize,
    width: usize,
    phase: usize,
) -> (usize, bool) {
    if width == 1 || end - start < 4 * width {
        return (phase, false);
    }
    // Numbers of a grid are close to those of the row above, not to each other.
    let guess = as_bits(width, false);
    let from = first_number(start, width, phase);
    let far = distances::find(bytes, from, end.min(from + SAMPLE), &guess);
    let back: Vec<usize> = [width].into_iter().chain(far).filter(|&far| far > 0).collect();
    let ways = (0..width).flat_map(|phase| [(phase, false), (phase, true)]);
    let costs = ways.map(|(p, big_endian)| {
        let handicap = if (p, big_endian) == (phase, false) { 0 } else { BETTER };
        (
            distance(bytes, start, end, p, &as_bits(width, big_endian), &back) + handicap,
            p,
            big_endian,
        )
    });
    costs.min().map_or((phase, false), |(_, phase, big_endian)| (phase, big_endian))
}

/// The place of the first number with this width and phase, at `start` or after it.
pub(super) fn first_number(start: usize, width: usize, phase: usize) -> usize {
    start + (phase + width - start % width) % width
}

/// Bits of the difference to an earlier number at the best of the distances `back`, in thousandths
/// of a bit per number.
fn distance(
    bytes: &[u8],
    start: usize,
    end: usize,
    phase: usize,
    lie: &Numbers,
    back: &[usize],
) -> u64 {
    let width = lie.width;
    let first = first_number(start, width, phase);
    let n = end.saturating_sub(first) / width;
    let lie = Numbers { form: form(bytes, first, first + n.min(RUNS * RUN) * width, lie), ..*lie };
    let run = |run: usize| n * run / RUNS..(n * (run + 1) / RUNS).min(n * run / RUNS + RUN);
    let at_distance = |&far: &usize| {
        let looked_at = (0..RUNS).flat_map(run).map(|i| first + i * width);
        let (bits, pairs) = distances::differences(bytes, looked_at, &lie, far);
        bits * 1000 / pairs.max(1)
    };
    back.iter().map(at_distance).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4-byte numbers of a slow curve, `skip` bytes in.
    fn curve(skip: usize, bytes_of: fn(u32) -> [u8; 4]) -> Vec<u8> {
        let numbers = (0..4000u32).map(|i| 3_000_000 + i * 7 + i * i % 50);
        let mut bytes = vec![9; skip];
        bytes.extend(numbers.flat_map(bytes_of));
        bytes
    }

    #[test]
    fn phase_and_byte_order_are_found() {
        for skip in 0..4 {
            for guess in 0..4 {
                let little = curve(skip, u32::to_le_bytes);
                assert_eq!(find(&little, 0, little.len(), 4, guess), (skip, false));
                let big = curve(skip, u32::to_be_bytes);
                assert_eq!(find(&big, 0, big.len(), 4, guess), (skip, true));
            }
        }
    }

    #[test]
    fn rows_of_unrelated_numbers_keep_their_place() {
        let mut row: Vec<u64> = (1..50).map(|i| i * 0x0123_4567_89ab_cdef).collect();
        let mut bytes = Vec::new();
        for step in 0..40 {
            row.iter_mut().for_each(|number| *number = number.wrapping_add(step * 77 % 200));
            bytes.extend(row.iter().flat_map(|number| number.to_le_bytes()));
        }
        assert_eq!(find(&bytes, 0, bytes.len(), 8, 0), (0, false));
    }

    #[test]
    fn noise_keeps_what_was_guessed() {
        let noise: Vec<u8> =
            (0..20_000u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 13).to_le_bytes()[0]).collect();
        assert_eq!(find(&noise, 3, noise.len(), 4, 2), (2, false));
    }
}
