//! The dictionaries of columns that are categories in Arrow: their order means something, and some
//! of their values may occur in no row.

use std::collections::{HashMap, HashSet};

use arrow_schema::DataType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parquet::column::page::Page;
use parquet::file::metadata::KeyValue;
use parquet::schema::types::Type;

use super::Parquet;
use super::leaf::Leaf;
use super::pages::Pages;
use super::schema::{ARROW_SCHEMA, Step};
use crate::formats::arrow::shape::{Feed, What};
use crate::source::PIECE_BYTES;

/// Most bytes of the values of all dictionaries of a file, in all row groups; they are in memory.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// Memory of a value beside its bytes.
const VALUE_BYTES: usize = 64;

/// The values of a dictionary.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// Those of all row groups, one after the other.
    values: Vec<Box<[u8]>>,
    /// The end of those of each row group.
    ends: Vec<usize>,
}

/// Which columns have a dictionary in the Arrow schema of the metadata.
pub(super) fn columns(root: &Type, metadata: Option<&Vec<KeyValue>>) -> HashSet<usize> {
    let entry = metadata.into_iter().flatten().find(|entry| entry.key == ARROW_SCHEMA);
    let bytes = entry.and_then(|entry| STANDARD.decode(entry.value.as_ref()?).ok());
    let schema =
        bytes.and_then(|bytes| arrow_ipc::convert::try_schema_from_ipc_buffer(&bytes).ok());
    let Some(schema) = schema.filter(|s| s.fields().len() == root.get_fields().len()) else {
        return HashSet::new();
    };
    let both = schema.fields().iter().zip(root.get_fields()).enumerate();
    both.filter(|(_, (field, column))| {
        matches!(field.data_type(), DataType::Dictionary(..)) && column.is_primitive()
    })
    .map(|(number, _)| number)
    .collect()
}

impl Dictionary {
    /// Reads all row groups. Values that are not in the dictionary of a row group follow it. Their
    /// bytes are taken off `left`, if there are as many.
    pub(super) fn read(file: &Parquet, step: Step, left: &mut usize) -> Result<Self, String> {
        let mut all = Self::default();
        let mut leaf = Leaf::new(file, step, &[], None);
        let width = file.width(step.leaf);
        let mut known: HashSet<Box<[u8]>> = HashSet::new();
        let (mut bytes, most) = (0, *left);
        let mut add = |all: &mut Self, known: &mut HashSet<Box<[u8]>>, value: &[u8]| {
            if known.insert(value.into()) {
                bytes += value.len() + VALUE_BYTES;
                all.values.push(value.into());
            }
            (bytes <= most).then_some(()).ok_or_else(|| {
                format!("the dictionaries of the file have more than {MAX_BYTES} bytes")
            })
        };
        let mut group = usize::MAX;
        while leaf.advance()? {
            while group != leaf.group() {
                // Row groups without rows are passed over.
                group = group.wrapping_add(1);
                all.ends.push(all.values.len());
                known.clear();
                if group == leaf.group() {
                    for value in page(file, group, step.leaf, width)? {
                        add(&mut all, &mut known, &value)?;
                    }
                }
            }
            leaf.each_value(&mut |value| add(&mut all, &mut known, value))?;
        }
        // What was noted is where each begins.
        all.ends.resize(file.metadata.num_row_groups(), all.values.len());
        all.ends.rotate_left(1);
        if let Some(last) = all.ends.last_mut() {
            *last = all.values.len();
        }
        *left -= bytes;
        Ok(all)
    }

    fn range(&self, group: usize) -> std::ops::Range<usize> {
        let start = group.checked_sub(1).and_then(|before| self.ends.get(before).copied());
        let end = self.ends.get(group).copied().unwrap_or_default();
        start.unwrap_or_default().min(end)..end
    }

    /// The number of each value of a row group.
    pub(super) fn numbers(&self, group: usize) -> HashMap<&[u8], u32> {
        let values = self.values[self.range(group)].iter().enumerate();
        values.map(|(number, value)| (&**value, number as u32)).collect()
    }

    /// Number of values in all row groups.
    pub(super) fn len(&self) -> u64 {
        self.values.len() as u64
    }

    /// Row group, and the range of its values.
    pub(super) fn states(&self) -> Vec<[u64; 3]> {
        let range = |group| (group as u64, self.range(group));
        let ranges = (0..self.ends.len()).map(range);
        ranges.map(|(group, range)| [group, range.start as u64, range.end as u64]).collect()
    }
}

/// The values in the dictionary page of a column chunk, if it has one.
fn page(file: &Parquet, group: usize, leaf: usize, width: usize) -> Result<Vec<Vec<u8>>, String> {
    let chunk = file.metadata.row_group(group).column(leaf);
    let first = Pages::new(&file.file, chunk, Default::default())?.read()?;
    let Some(Page::DictionaryPage { buf, num_values, .. }) = first else { return Ok(Vec::new()) };
    if num_values as usize > MAX_BYTES / VALUE_BYTES {
        return Err("a dictionary has too many values".into());
    }
    let mut rest = &buf[..];
    let mut values = Vec::new();
    for _ in 0..num_values {
        let mut len = width;
        if width == 0 {
            let (stated, behind) = rest.split_at_checked(4).ok_or("a dictionary ends early")?;
            len = u32::from_le_bytes(stated.try_into().unwrap_or_default()) as usize;
            rest = behind;
        }
        let (value, behind) = rest.split_at_checked(len).ok_or("a dictionary ends early")?;
        values.push(value.to_vec());
        rest = behind;
    }
    Ok(values)
}

/// The values of a dictionary, in order.
pub(super) struct Known<'a> {
    values: &'a [Box<[u8]>],
    what: Vec<What>,
}

impl<'a> Known<'a> {
    pub(super) fn new(dictionary: &'a Dictionary, what: &[What]) -> Self {
        Self { values: &dictionary.values, what: what.to_vec() }
    }
}

impl Feed for Known<'_> {
    fn next(&mut self, out: &mut [Vec<u8>]) -> Result<bool, String> {
        let mut bytes = 0;
        let n = self.values.iter().take_while(|value| {
            bytes += value.len() + 4;
            bytes <= PIECE_BYTES
        });
        let n = n.count().max(1).min(self.values.len());
        let (now, later) = self.values.split_at(n);
        self.values = later;
        for (what, out) in self.what.iter().zip(out) {
            for value in now {
                match what {
                    What::Valid => out.push(1),
                    What::Counts => out.extend((value.len() as u32).to_le_bytes()),
                    What::Value | What::Data => out.extend_from_slice(value),
                }
            }
        }
        // Empty values have no bytes.
        Ok(n > 0)
    }
}
