//! From the records of all tables back to columns, a batch of rows at a time.

use std::collections::HashMap;
use std::io;

use super::structure::{Is, Node, Place, Structure};
use crate::stored::{OnBytes, Records, Stored, refuse};

/// Most rows of a file without values.
const MAX_EMPTY_ROWS: u64 = 1 << 32;

/// Slots of a column, or of a part of one.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    pub(super) n: usize,
    /// A byte for each slot, 0 for a null; without it there are no nulls.
    pub(super) valid: Option<Vec<u8>>,
    pub(super) values: Values,
}

/// The values of slots.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// One after the other, all of one width.
    Fixed(Vec<u8>),
    Bytes {
        lengths: Vec<u32>,
        data: Vec<u8>,
    },
    List {
        counts: Vec<u32>,
        items: Box<Slots>,
    },
    Array {
        length: u32,
        items: Box<Slots>,
    },
    Struct(Vec<Slots>),
    Null,
}

/// The tables of a file, read in step with its rows.
pub(super) struct Gather<'a> {
    tables: Vec<Option<Open<'a>>>,
}

struct Open<'a> {
    name: &'a str,
    records: Box<dyn Records + 'a>,
    stride: usize,
    /// The records of this batch, and their number once they are read.
    held: Vec<u8>,
    n: Option<u64>,
}

impl<'a> Gather<'a> {
    /// Opens the tables of these columns.
    pub(super) fn new(
        structure: &'a Structure,
        columns: &[&Node],
        datasets: &[&'a dyn Stored],
    ) -> io::Result<Self> {
        let mut needed = Vec::new();
        columns.iter().for_each(|column| column.tables(&mut needed));
        let mut tables: Vec<Option<Open<'a>>> = Vec::new();
        tables.resize_with(structure.tables.len(), || None);
        needed.sort_unstable();
        needed.dedup();
        let all: HashMap<&str, &'a dyn Stored> =
            datasets.iter().map(|dataset| (dataset.name(), *dataset)).collect();
        for number in needed {
            let table = &structure.tables[number as usize];
            let found = all.get(table.name.as_str());
            let dataset = found.ok_or_else(|| refuse(&table.name, "is not there"))?;
            let (bytes, stride) = (dataset.n_bytes(), u64::from(table.stride));
            if stride == 0 || bytes % stride != 0 {
                return Err(refuse(&table.name, format!("{bytes} bytes of records of {stride}")));
            }
            tables[number as usize] = Some(Open {
                name: &table.name,
                records: dataset.records()?,
                stride: table.stride as usize,
                held: Vec::new(),
                n: None,
            });
        }
        Ok(Self { tables })
    }

    /// Begins a batch.
    pub(super) fn begin(&mut self) {
        for table in self.tables.iter_mut().flatten() {
            table.n = None;
        }
    }

    /// The next `n` slots of a node, once in each batch.
    pub(super) fn slots(
        &mut self,
        node: &Node,
        n: u64,
        on_bytes: &mut OnBytes<'_>,
    ) -> io::Result<Slots> {
        let valid = match node.valid {
            Some(place) => Some(self.values(place, 1, n, on_bytes)?),
            None => None,
        };
        let values = match &node.is {
            Is::Fixed { at, width, .. } => {
                Values::Fixed(self.values(*at, *width as usize, n, on_bytes)?)
            }
            Is::Bytes { lengths, values } => {
                let lengths = self.counts(*lengths, n, on_bytes)?;
                let data = self.values(Place(*values, 0), 1, sum(&lengths), on_bytes)?;
                Values::Bytes { lengths, data }
            }
            Is::List { counts, items } => {
                let counts = self.counts(*counts, n, on_bytes)?;
                let items = Box::new(self.slots(items, sum(&counts), on_bytes)?);
                Values::List { counts, items }
            }
            Is::Array { length, items } => {
                let n = n.checked_mul(u64::from(*length));
                let n = n.ok_or_else(|| io::Error::other("more than 2^64 items"))?;
                let items = Box::new(self.slots(items, n, on_bytes)?);
                Values::Array { length: *length, items }
            }
            Is::Struct(members) => {
                let members = members.iter().map(|member| self.slots(member, n, on_bytes));
                Values::Struct(members.collect::<io::Result<_>>()?)
            }
            Is::Null => Values::Null,
        };
        let n = usize::try_from(n).map_err(io::Error::other)?;
        Ok(Slots { n, valid, values })
    }

    fn counts(&mut self, at: Place, n: u64, on_bytes: &mut OnBytes<'_>) -> io::Result<Vec<u32>> {
        let bytes = self.values(at, 4, n, on_bytes)?;
        let counts = bytes.chunks_exact(4);
        Ok(counts.map(|n| u32::from_le_bytes(n.try_into().unwrap_or_default())).collect())
    }

    fn values(
        &mut self,
        Place(table, offset): Place,
        width: usize,
        n: u64,
        on_bytes: &mut OnBytes<'_>,
    ) -> io::Result<Vec<u8>> {
        let table = self.tables.get_mut(table as usize).and_then(Option::as_mut);
        let table = table.ok_or_else(|| io::Error::other("a table that is not there"))?;
        match table.n {
            None => {
                table.records.read(n, &mut table.held)?;
                on_bytes(table.held.len() as u64);
                table.n = Some(n);
            }
            Some(read) if read == n => {}
            Some(read) => {
                return Err(refuse(table.name, format!("{read} and {n} records at one place")));
            }
        }
        let offset = offset as usize;
        if table.stride == width {
            return Ok(table.held.clone());
        }
        let mut values = Vec::with_capacity(n as usize * width);
        for record in table.held.chunks_exact(table.stride) {
            values.extend_from_slice(&record[offset..offset + width]);
        }
        Ok(values)
    }

    /// Compares all that was read with what was prepared.
    pub(super) fn finish(self) -> io::Result<()> {
        self.tables.into_iter().flatten().try_for_each(|table| table.records.finish())
    }
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|n| u64::from(*n)).sum()
}

/// The number of rows of these columns that need about so many bytes in all tables; at least one.
pub(super) fn rows_of(
    batch_bytes: u64,
    structure: &Structure,
    columns: &[&Node],
    datasets: &[&dyn Stored],
) -> io::Result<u64> {
    let mut read = Vec::new();
    columns.iter().for_each(|column| column.tables(&mut read));
    let rows = structure.groups.iter().try_fold(0u64, |n, rows| n.checked_add(*rows));
    let bytes: u64 = datasets.iter().fold(0, |n, dataset| n.saturating_add(dataset.n_bytes()));
    let rows = rows.filter(|rows| !read.is_empty() || *rows <= MAX_EMPTY_ROWS);
    let rows = rows.ok_or_else(|| {
        io::Error::other(format!("more rows than a file can have: {MAX_EMPTY_ROWS} without values"))
    })?;
    let fits = u128::from(batch_bytes) * u128::from(rows) / u128::from(bytes.max(1));
    Ok(u64::try_from(fits).unwrap_or(u64::MAX).max(1))
}
