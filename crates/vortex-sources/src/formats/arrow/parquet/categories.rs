//! From the numbers of values in dictionaries back to the values.

use std::io;

use super::levels::{self, Levels};
use crate::formats::arrow::gather::{Gather, Slots, Values as SlotValues};
use crate::formats::arrow::structure::Dictionary;
use crate::stored::OnBytes;

/// Rows of a page of a column with a dictionary.
pub(super) const PAGE_ROWS: usize = 1 << 14;

/// The values of a dictionary in all row groups.
pub(super) struct Values<'a> {
    states: &'a [[u64; 3]],
    /// All values, one after the other, and the end of each.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    texts: bool,
}

impl<'a> Values<'a> {
    pub(super) fn read(
        dictionary: &'a Dictionary,
        gather: &mut Gather<'_>,
        on_bytes: &mut OnBytes<'_>,
    ) -> io::Result<Self> {
        let states = &dictionary.states;
        let total = states.iter().map(|state| state[2]).max().unwrap_or_default();
        gather.begin();
        let slots = gather.slots(&dictionary.values, total, on_bytes)?;
        let wrong = || io::Error::other("a dictionary of lists");
        let (texts, lengths, bytes) = match slots.values {
            SlotValues::Bytes { lengths, data } => (true, lengths, data),
            SlotValues::Fixed(data) => {
                let width = u32::try_from(data.len().checked_div(slots.n).unwrap_or_default());
                (false, vec![width.map_err(|_| wrong())?; slots.n], data)
            }
            _ => return Err(wrong()),
        };
        let mut end = 0;
        let mut add = |len: u32| {
            end += len as usize;
            end
        };
        let ends = lengths.into_iter().map(&mut add).collect();
        Ok(Self { states, bytes, ends, texts })
    }

    fn value(&self, number: u64) -> Option<&[u8]> {
        let number = usize::try_from(number).ok()?;
        let start =
            number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..*self.ends.get(number)?)
    }

    fn range(&self, group: u64) -> Result<(u64, u64), String> {
        let state = self.states.iter().find(|state| state[0] == group);
        let range = state.map_or((0, 0), |state| (state[1], state[2]));
        match range.0 <= range.1 && range.1 <= self.ends.len() as u64 {
            true => Ok(range),
            false => Err(format!("values {range:?} of {} in a dictionary", self.ends.len())),
        }
    }

    /// All values of a row group, in order; the first is repeated until pages are full.
    pub(super) fn of_group(&self, group: u64) -> Result<Levels, String> {
        let (start, end) = self.range(group)?;
        let n = ((end - start) as usize).next_multiple_of(PAGE_ROWS) as u64;
        let numbers = (start..start + n).map(|number| if number < end { number } else { start });
        let values = self.all(numbers)?;
        Ok(Levels { def: vec![0; n as usize], rep: Vec::new(), values })
    }

    fn all(&self, numbers: impl Iterator<Item = u64>) -> Result<levels::Values, String> {
        let mut values = levels::Values::default();
        for number in numbers {
            let value = self.value(number).ok_or("a number behind a dictionary")?;
            values.fixed.extend_from_slice(value);
            if self.texts {
                values.lengths.push(value.len() as u32);
            }
        }
        Ok(values)
    }

    /// Replaces numbers in the dictionary of a row group by the values.
    pub(super) fn look_up(&self, group: u64, slots: Slots) -> Result<Slots, String> {
        let (start, end) = self.range(group)?;
        let SlotValues::Fixed(numbers) = &slots.values else {
            return Err("no numbers of values".into());
        };
        let Slots { n, valid, .. } = &slots;
        let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).unwrap_or_default();
        let numbers = numbers.chunks_exact(4).map(number).enumerate();
        let (mut lengths, mut data) = (Vec::new(), Vec::new());
        let width = match self.ends.first() {
            Some(width) if !self.texts => *width,
            _ => 0,
        };
        for (slot, number) in numbers {
            if valid.as_ref().is_some_and(|valid| valid[slot] == 0) {
                lengths.push(0);
                data.resize(data.len() + width, 0);
                continue;
            }
            let number = start.saturating_add(number.into());
            let value = self.value(number).filter(|_| number < end);
            let value = value.ok_or("a number behind a dictionary")?;
            lengths.push(value.len() as u32);
            data.extend_from_slice(value);
        }
        let values = match self.texts {
            true => SlotValues::Bytes { lengths, data },
            false => SlotValues::Fixed(data),
        };
        Ok(Slots { n: *n, valid: valid.clone(), values })
    }
}
