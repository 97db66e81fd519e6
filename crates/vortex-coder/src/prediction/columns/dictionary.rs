//! Columns of few values as their places in a list of these.

use crate::records::columns::{Code, Column};

/// Most values of a list.
pub(super) const MAX_VALUES: usize = 1 << 16;

/// Bytes of a place in a list of so many values.
pub(super) const fn width(values: usize) -> usize {
    if values <= 256 { 1 } else { 2 }
}

/// The values of a column in order, if there are no more than `most`.
pub(super) fn values<T: Code>(numbers: &[T], most: usize) -> Option<Vec<T>> {
    let mut seen = std::collections::HashSet::with_capacity(most.min(numbers.len()) + 1);
    let mut last = None;
    for &number in numbers {
        if last != Some(number) {
            seen.insert(number);
            if seen.len() > most {
                return None;
            }
            last = Some(number);
        }
    }
    let mut values: Vec<T> = seen.into_iter().collect();
    values.sort_unstable();
    Some(values)
}

/// Places of numbers in a list that holds all of them.
pub(super) fn places<T: Code>(numbers: &[T], values: &[T]) -> Column {
    let place = |number: &T| values.partition_point(|value| value < number);
    let (mut last, mut at) = (None, 0);
    let places = numbers.iter().map(|&number| {
        if last != Some(number) {
            (last, at) = (Some(number), place(&number));
        }
        at as u64
    });
    match width(values.len()) {
        1 => Column::One(places.map(Code::low_bits).collect()),
        _ => Column::Two(places.map(Code::low_bits).collect()),
    }
}
