//! Finds numbers that resemble others far back: rows of a grid, steps of a simulation, columns of a
//! table.

use super::super::numbers::Numbers;

/// Numbers compared at each distance in the first round, and in the second.
const FIRST: usize = 24;
const SECOND: usize = 384;
/// Distances that reach the second round.
const FINALISTS: usize = 24;
/// Longest distance in numbers.
const LONGEST: usize = 16_384;
/// Bits, in thousandths, by which a distance may be worse than the previous number; both together
/// predict better than one.
const SLACK: u64 = 500;
/// The second distance differs by at least this from the first and from the current numbers.
const APART: usize = 4;

/// Up to two distances in bytes for the numbers at `start..end`, 0 for none.
pub(super) fn find(bytes: &[u8], start: usize, end: usize, numbers: &Numbers) -> [usize; 2] {
    let width = numbers.width;
    let n = (end - start) / width;
    let limit = match difference(bytes, start, n, numbers, width, SECOND) {
        Some(near) => near + SLACK,
        None => return [0; 2],
    };
    let furthest = (LONGEST * width).min(start + n / 2 * width);
    let mut found: Vec<(u64, usize)> = (2 * width..=furthest)
        .step_by(width)
        .filter_map(|far| Some((difference(bytes, start, n, numbers, far, FIRST)?, far)))
        .collect();
    found.sort_unstable();
    let mut best: Vec<(u64, usize)> = found
        .into_iter()
        .take(FINALISTS)
        .filter_map(|(_, far)| Some((difference(bytes, start, n, numbers, far, SECOND)?, far)))
        .filter(|(bits, _)| *bits < limit)
        .collect();
    best.sort_unstable();
    let Some(&(_, first)) = best.first() else { return [0; 2] };
    let apart = APART * width;
    let second = best.iter().find(|(_, far)| *far > apart && far.abs_diff(first) > apart);
    [first, second.map_or(0, |(_, far)| *far)]
}

/// Bits of the difference to the number `far` bytes back, in thousandths of a bit a number; `None`
/// if half of the numbers have no such earlier number.
fn difference(
    bytes: &[u8],
    start: usize,
    n: usize,
    numbers: &Numbers,
    far: usize,
    points: usize,
) -> Option<u64> {
    let step = (n / points).max(1);
    let looked_at = (0..n).step_by(step).map(|i| start + i * numbers.width);
    let (bits, compared) = differences(bytes, looked_at, numbers, far);
    let wanted = n.div_ceil(step) as u64;
    (compared > 0 && compared * 2 >= wanted).then(|| bits * 1000 / compared)
}

/// Bits of the differences between the numbers at some places and those `far` bytes before them,
/// and the count of numbers that have one.
pub(super) fn differences(
    bytes: &[u8],
    places: impl Iterator<Item = usize>,
    numbers: &Numbers,
    far: usize,
) -> (u64, u64) {
    let pairs = places.filter_map(|at| Some((at, at.checked_sub(far)?)));
    pairs.fold((0, 0), |(bits, compared), (at, back)| {
        let difference = numbers.at(bytes, at).abs_diff(numbers.at(bytes, back));
        (bits + u64::from(64 - difference.leading_zeros()), compared + 1)
    })
}
