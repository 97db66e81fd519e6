//! What most records agree on.

/// The middle one of some numbers, which are sorted.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The median of some numbers, each with the size of the largest part that it was computed from: of those with the smallest
/// parts, so that rounding counts least.
pub(super) fn of_small_parts(mut numbers: Vec<(f64, f64)>) -> Option<f64> {
    numbers.sort_by(|a, b| a.1.total_cmp(&b.1));
    numbers.truncate((numbers.len() / 4).max(1));
    median(&mut numbers.into_iter().map(|(number, _)| number).collect::<Vec<f64>>())
}
