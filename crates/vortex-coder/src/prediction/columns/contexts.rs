//! A column told apart by another: its numbers go into buckets by what the other column has in the same record, or it or
//! another in the record before. What follows alike then stands together, and is coded on its own.

use crate::error::{Error, Result};
use crate::records::columns::{Code, Column, with_column};

/// Most buckets.
pub(super) const MAX_BUCKETS: usize = 64;

/// What tells the numbers of a column apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    /// The field that does; with `before` it may be the column's own.
    pub field: u16,
    /// Whether it is that of the record before; of the first record 0 is taken.
    pub before: bool,
    /// Bounds of the buckets: a number is in the bucket of as many bounds as are not larger. At least one, and they grow.
    pub bounds: Vec<u64>,
    /// Numbers in each bucket, of which there is one more than bounds.
    pub counts: Vec<usize>,
}

/// Finds buckets.
pub(super) struct Buckets<T> {
    /// Filled up with the largest number.
    bounds: Vec<[T; LANES]>,
    n_bounds: u8,
}

/// Bounds that are compared side by side.
const LANES: usize = 16;

impl<T: Code> Buckets<T> {
    /// Of bounds that are no larger than the numbers may be.
    pub(super) fn new(bounds: &[u64]) -> Self {
        let group = |bounds: &[u64]| {
            let mut lanes = [T::default().turned(); LANES];
            lanes.iter_mut().zip(bounds).for_each(|(lane, &bound)| *lane = T::low_bits(bound));
            lanes
        };
        let n_bounds = u8::try_from(bounds.len()).expect("at most 63");
        Self { bounds: bounds.chunks(LANES).map(group).collect(), n_bounds }
    }

    pub(super) fn of(&self, number: T) -> u8 {
        let mut bucket = 0;
        for lanes in &self.bounds {
            bucket += lanes.iter().map(|&bound| u8::from(bound <= number)).sum::<u8>();
        }
        bucket.min(self.n_bounds)
    }
}

impl Context {
    /// The bucket of each number, where another column tells: `other` is that of [`Self::field`].
    pub(super) fn buckets(&self, other: &Column) -> Vec<u8> {
        with_column!(other, numbers => self.buckets_of(numbers))
    }

    fn buckets_of<T: Code>(&self, numbers: &[T]) -> Vec<u8> {
        let n = numbers.len();
        let mut out = vec![0; n];
        let (told, telling) = match (self.before, n) {
            (true, 1..) => {
                out[0] = Buckets::<T>::new(&self.bounds).of(T::default());
                (&mut out[1..], &numbers[..n - 1])
            }
            _ => (&mut out[..], numbers),
        };
        pulp::Arch::new().dispatch(Told { bounds: &self.bounds, numbers: telling, buckets: told });
        out
    }
}

/// The buckets of many numbers, bound by bound.
struct Told<'a, T> {
    bounds: &'a [u64],
    numbers: &'a [T],
    buckets: &'a mut [u8],
}

/// Numbers that are compared with all bounds before the next ones.
const TOLD: usize = 64;

impl<T: Code> pulp::NullaryFnOnce for Told<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let tiles = self.numbers.chunks(TOLD).zip(self.buckets.chunks_mut(TOLD));
        for (numbers, buckets) in tiles {
            let mut tile = [T::default(); TOLD];
            tile[..numbers.len()].copy_from_slice(numbers);
            let mut counts = [0u8; TOLD];
            for &bound in self.bounds {
                let bound = T::low_bits(bound);
                for (count, &number) in counts.iter_mut().zip(&tile) {
                    *count += u8::from(bound <= number);
                }
            }
            buckets.copy_from_slice(&counts[..numbers.len()]);
        }
    }
}

/// Numbers by their buckets, those of a bucket in the order of the records; and how many each bucket has.
pub(super) fn apart<T: Code>(
    numbers: &[T],
    buckets: &[u8],
    n_buckets: usize,
) -> (Vec<T>, Vec<usize>) {
    let mut counts = vec![0; n_buckets];
    buckets.iter().for_each(|&bucket| counts[usize::from(bucket)] += 1);
    let mut next = starts(&counts);
    let mut out = vec![T::default(); numbers.len()];
    for (&number, &bucket) in numbers.iter().zip(buckets) {
        let place = &mut next[usize::from(bucket)];
        out[*place] = number;
        *place += 1;
    }
    (out, counts)
}

/// Where each bucket begins.
pub(super) fn starts(counts: &[usize]) -> Vec<usize> {
    let sum = |sum: &mut usize, &count: &usize| {
        let start = *sum;
        *sum += count;
        Some(start)
    };
    counts.iter().scan(0, sum).collect()
}

/// Takes numbers out of buckets.
pub(super) struct Together<'a, T> {
    numbers: &'a [T],
    next: Vec<usize>,
    ends: Vec<usize>,
}

impl<'a, T: Code> Together<'a, T> {
    /// `counts` sum up to the numbers.
    pub(super) fn new(numbers: &'a [T], counts: &[usize]) -> Self {
        let next = starts(counts);
        let ends = next.iter().zip(counts).map(|(start, count)| start + count).collect();
        Self { numbers, next, ends }
    }

    /// The next number of a bucket.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] where it is empty.
    pub(super) fn take(&mut self, bucket: usize) -> Result<T> {
        let place = self.next[bucket];
        if place >= self.ends[bucket] {
            return Err(Error::corrupt("a column with more numbers in a bucket than it states"));
        }
        self.next[bucket] += 1;
        Ok(self.numbers[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_apart_come_together() {
        let other = Column::Two(vec![5, 300, 7, 6, 300, 0]);
        let bounds = vec![6, 300];
        let mut context = Context { field: 0, before: false, bounds, counts: vec![] };
        assert_eq!(context.buckets(&other), [0, 2, 1, 1, 2, 0]);
        context.before = true;
        assert_eq!(context.buckets(&other), [0, 0, 2, 1, 1, 2]);
        let numbers = [10u32, 11, 12, 13, 14, 15];
        let buckets = context.buckets(&other);
        let (apart, counts) = apart(&numbers, &buckets, 3);
        assert_eq!((&apart[..], &counts[..]), (&[10, 11, 13, 14, 12, 15][..], &[2, 2, 2][..]));
        let mut together = Together::new(&apart, &counts);
        let back: Vec<u32> = buckets.iter().map(|&b| together.take(b.into()).unwrap()).collect();
        assert_eq!(back, numbers);
        assert!(together.take(0).is_err());
    }
}
