//! A column as its distance from another of the same width, counted as distances of laws are: 2^(bits - 1) is none.

use crate::records::columns::Code;

/// Distances of numbers from others.
pub(super) fn distances<T: Code>(numbers: &[T], others: &[T]) -> Vec<T> {
    let distance = |(&number, &other): (&T, &T)| number.minus(other).plus(T::TOP);
    numbers.iter().zip(others).map(distance).collect()
}

/// The number at a distance from another.
pub(super) fn at<T: Code>(distance: T, other: T) -> T {
    distance.minus(T::TOP).plus(other)
}
