//! Records to columns of numbers and back: what [`RecordLayout`](super::layout::RecordLayout) says of one record after the
//! other, said of one field after the other.
//!
//! The *number* of a field that counts something (places on a grid, distances) is that of its symbols, most significant first;
//! that of any other field is its bits in order, larger where the value is larger, whatever order its symbols have.
//!
//! Fields without a law take a way of their own, a loop a stage over the whole column; `tests` compares it with the
//! definition. Those with laws and formulas are in `derived`.

mod column;
mod derived;
mod grid;
mod law;
mod stages;
#[cfg(test)]
mod tests;

pub(crate) use column::{Code, Column, with_column};

use super::coding::FieldCoding;
use super::layout::RecordLayout;
use super::schema::{Field, Order, Predicted};
use derived::Derived;
use stages::Stages;

/// Bytes of records that are gone through for all fields before the next ones: they stay in the cache.
const TILE_BYTES: usize = 16 << 10;

impl RecordLayout {
    /// The numbers of each field of whole records, the first of which has none before it.
    ///
    /// # Panics
    /// When `bytes` is not a whole number of records.
    pub(crate) fn to_columns(&self, bytes: &[u8]) -> Vec<Column> {
        let stride = self.stride();
        assert_eq!(bytes.len() % stride, 0, "whole records");
        let fields = self.schema().fields();
        let n = bytes.len() / stride;
        let mut columns: Vec<Column> =
            fields.iter().map(|field| Column::with_capacity(field.dtype.size(), n)).collect();
        for tile in bytes.chunks((TILE_BYTES / stride).max(1) * stride) {
            for (field, column) in fields.iter().zip(&mut columns) {
                if by_column(field) {
                    with_column!(column, numbers => append(field, tile, stride, numbers));
                }
            }
        }
        for (field, column) in fields.iter().zip(&mut columns) {
            if by_column(field) {
                let stages = Stages::of(field);
                with_column!(column, numbers => stages.to_numbers(numbers));
            }
        }
        Derived::all(self).to_columns(bytes, &mut columns, |index| index);
        columns
    }

    /// The column that [`Self::to_columns`] makes of one field.
    ///
    /// # Panics
    /// When `bytes` is not a whole number of records, or there is no such field.
    pub(crate) fn to_column(&self, index: usize, bytes: &[u8]) -> Column {
        assert_eq!(bytes.len() % self.stride(), 0, "whole records");
        let field = &self.schema().fields()[index];
        let mut column = Column::with_capacity(field.dtype.size(), bytes.len() / self.stride());
        if by_column(field) {
            let stages = Stages::of(field);
            with_column!(&mut column, numbers => {
                append(field, bytes, self.stride(), numbers);
                stages.to_numbers(numbers);
            });
        } else {
            let columns = std::slice::from_mut(&mut column);
            Derived::one(self, index).to_columns(bytes, columns, |_| 0);
        }
        column
    }

    /// The records of their numbers; undoes [`Self::to_columns`], and leaves other numbers in the columns.
    ///
    /// # Panics
    /// When the columns are not those of the schema, as long as `bytes` has records.
    pub(crate) fn to_records(&self, columns: &mut [Column], bytes: &mut [u8]) {
        let stride = self.stride();
        let fields = self.schema().fields();
        let n = bytes.len() / stride;
        assert!(columns.len() == fields.len() && columns.iter().all(|column| column.len() == n));
        for (field, column) in fields.iter().zip(&mut *columns) {
            if by_column(field) {
                let stages = Stages::of(field);
                with_column!(column, numbers => stages.to_bits(numbers));
            }
        }
        let tile = (TILE_BYTES / stride).max(1);
        for (tile_number, out) in bytes.chunks_mut(tile * stride).enumerate() {
            for (field, column) in fields.iter().zip(&*columns) {
                if by_column(field) {
                    with_column!(column, bits => scatter(field, &bits[tile_number * tile..], stride, out));
                }
            }
        }
        Derived::all(self).to_records(columns, bytes);
    }
}

/// Whether a field needs no other: it is coded as a whole column.
fn by_column(field: &Field) -> bool {
    matches!(field.coding.predicted(), Predicted::Nothing | Predicted::RecordBefore)
}

impl Stages {
    fn of(field: &Field) -> Self {
        let (grid, near) = match &field.coding {
            FieldCoding::Raw => (None, false),
            FieldCoding::Number { grid, order } => {
                (*grid, *order == Order::Ordered(Predicted::RecordBefore))
            }
        };
        // On a grid without an order the symbols are the places themselves.
        let in_order = match &field.coding {
            FieldCoding::Number { grid: Some(_), order } => *order != Order::MsbFirst,
            _ => true,
        };
        Self { dtype: field.dtype, grid, in_order, near }
    }
}

/// Appends the bits of a field of all records.
fn append<T: Code>(field: &Field, records: &[u8], stride: usize, out: &mut Vec<T>) {
    let start = out.len();
    out.resize(start + records.len() / stride, T::default());
    gather(field, records, stride, &mut out[start..]);
}

/// The bits of a field of all records.
fn gather<T: Code>(field: &Field, records: &[u8], stride: usize, out: &mut [T]) {
    let place = field.offset as usize;
    let records = out.iter_mut().zip(records.chunks_exact(stride));
    if field.big_endian {
        records.for_each(|(out, record)| *out = T::from_be(&record[place..place + T::BYTES]));
    } else {
        records.for_each(|(out, record)| *out = T::from_le(&record[place..place + T::BYTES]));
    }
}

/// Writes the bits of a field into records, of which there are no more than bits.
fn scatter<T: Code>(field: &Field, bits: &[T], stride: usize, records: &mut [u8]) {
    let place = field.offset as usize;
    let records = records.chunks_exact_mut(stride).zip(bits);
    if field.big_endian {
        records.for_each(|(record, bits)| bits.to_be(&mut record[place..place + T::BYTES]));
    } else {
        records.for_each(|(record, bits)| bits.to_le(&mut record[place..place + T::BYTES]));
    }
}
