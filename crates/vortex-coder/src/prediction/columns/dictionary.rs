//! Columns of few values as their places in a list of these.

use crate::records::columns::{Code, Column};

/// Most values of a list.
pub(super) const MAX_VALUES: usize = 1 << 16;

/// Bytes of a place in a list of so many values.
pub(super) const fn width(values: usize) -> usize {
    if values <= 256 { 1 } else { 2 }
}

/// The values of a column, and where each of its numbers is among them.
pub(super) struct Dictionary<T> {
    /// They grow.
    pub values: Vec<T>,
    /// As wide as [`width`] says.
    pub places: Column,
}

impl<T: Code> Dictionary<T> {
    /// Of a column that has no more than `most` values.
    pub(super) fn of(numbers: &[T], most: usize) -> Option<Self> {
        let mut table = Table::new(most);
        let mut indices = Vec::with_capacity(numbers.len());
        for &number in numbers {
            indices.push(table.index(number)?);
        }
        let mut order: Vec<u32> = (0..).take(table.values.len()).collect();
        order.sort_unstable_by_key(|&index| table.values[index as usize]);
        let values: Vec<T> = order.iter().map(|&index| table.values[index as usize]).collect();
        let mut ranks = vec![0u64; order.len()];
        (0..).zip(&order).for_each(|(rank, &index)| ranks[index as usize] = rank);
        let places = indices.iter().map(|&index| ranks[index as usize]);
        let places = match width(values.len()) {
            1 => Column::One(places.map(Code::low_bits).collect()),
            _ => Column::Two(places.map(Code::low_bits).collect()),
        };
        Some(Self { values, places })
    }
}

/// Values in the order in which they came, found by a hash.
struct Table<T> {
    values: Vec<T>,
    most: usize,
    /// Indices of values, plus 1; a power of two, at most half full.
    slots: Vec<u32>,
    last: Option<(T, u32)>,
}

impl<T: Code> Table<T> {
    fn new(most: usize) -> Self {
        let slots = vec![0; (2 * most + 2).next_power_of_two()];
        Self { values: Vec::new(), most, slots, last: None }
    }

    /// The index of a value, which is added where it is new; `None` where there are too many.
    fn index(&mut self, value: T) -> Option<u32> {
        if let Some((last, index)) = self.last
            && last == value
        {
            return Some(index);
        }
        let hash = Into::<u64>::into(value).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut slot = usize::try_from(hash).expect("32 bits") & (self.slots.len() - 1);
        let index = loop {
            match self.slots[slot] {
                0 if self.values.len() < self.most => {
                    self.values.push(value);
                    let index = u32::try_from(self.values.len()).expect("at most 2^16");
                    self.slots[slot] = index;
                    break index - 1;
                }
                0 => return None,
                index if self.values[index as usize - 1] == value => break index - 1,
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        };
        self.last = Some((value, index));
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_places() {
        let numbers = [70_000u32, 5, 70_000, 70_000, 1 << 31, 5];
        let Dictionary { values, places } = Dictionary::of(&numbers, 3).unwrap();
        assert_eq!(values, [5, 70_000, 1 << 31]);
        assert_eq!(places, Column::One(vec![1, 0, 1, 1, 2, 0]));
        assert!(Dictionary::of(&numbers, 2).is_none());
        let many: Vec<u16> = (0..1000).rev().collect();
        let Dictionary { values, places } = Dictionary::of(&many, 1000).unwrap();
        assert!(values.is_sorted() && places == Column::Two(many));
    }
}
