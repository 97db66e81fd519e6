//! Random tables.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::Int16Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, FixedSizeListArray, Int16Array,
    LargeListArray, LargeStringArray, ListArray, MapArray, NullArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray, StringViewArray, StructArray, make_array,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType as T, Field, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use vortex_base::random::SplitMix64;

/// Types of which only some formats have all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kinds {
    Parquet,
    Arrow,
}

/// A source of arbitrary choices.
pub struct Chance(pub SplitMix64);

impl Chance {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0.draw() % n
    }

    fn nulls(&mut self, n: usize, nullable: bool) -> Option<NullBuffer> {
        let some = nullable && self.below(2) == 0;
        some.then(|| (0..n).map(|_| self.below(4) > 0).collect::<Vec<bool>>().into())
    }

    fn lengths(&mut self, n: usize) -> Vec<usize> {
        let most = 1 + self.below(4);
        (0..n).map(|_| self.below(most) as usize).collect()
    }

    fn text(&mut self) -> String {
        let n = self.below(20) as usize;
        let words = ["é", "muon ", "x", "", "0.5"];
        (0..n).map(|_| words[self.below(5) as usize]).collect()
    }

    fn leaf(&mut self, kinds: Kinds) -> T {
        let common = [
            T::Boolean,
            T::Int8,
            T::UInt8,
            T::Int16,
            T::UInt16,
            T::Int32,
            T::UInt32,
            T::Int64,
            T::UInt64,
            T::Float16,
            T::Float32,
            T::Float64,
            T::Date32,
            T::Time32(TimeUnit::Millisecond),
            T::Time64(TimeUnit::Nanosecond),
            T::Timestamp(TimeUnit::Microsecond, Some("Europe/Zurich".into())),
            T::Timestamp(TimeUnit::Nanosecond, None),
            T::Duration(TimeUnit::Second),
            T::FixedSizeBinary(5),
            T::Utf8,
            T::LargeUtf8,
            T::Binary,
            T::Utf8View,
        ];
        let arrow = [
            T::Date64,
            T::Interval(IntervalUnit::YearMonth),
            T::Interval(IntervalUnit::DayTime),
            T::Interval(IntervalUnit::MonthDayNano),
            T::Decimal128(30, 3),
            T::Decimal256(60, 5),
            T::Null,
            T::Dictionary(Box::new(T::Int16), Box::new(T::Utf8)),
        ];
        let n = common.len() + if kinds == Kinds::Arrow { arrow.len() } else { 0 };
        let all: Vec<&T> = common.iter().chain(&arrow).collect();
        all[self.below(n as u64) as usize].clone()
    }

    fn kind(&mut self, kinds: Kinds, depth: usize) -> T {
        if depth == 0 || self.below(2) == 0 {
            return self.leaf(kinds);
        }
        let item = |chance: &mut Self| {
            let kind = chance.kind(kinds, depth - 1);
            Arc::new(Field::new("item", kind, true))
        };
        match self.below(6) {
            0 | 1 => T::List(item(self)),
            2 => T::LargeList(item(self)),
            3 => T::Struct(self.fields(kinds, depth - 1, 3)),
            4 => {
                let value = Field::new("value", self.kind(kinds, depth - 1), true);
                let fields = vec![Field::new("key", T::Utf8, false), value];
                let entries = Field::new("entries", T::Struct(fields.into()), false);
                T::Map(Arc::new(entries), false)
            }
            _ if kinds == Kinds::Arrow => T::FixedSizeList(item(self), self.below(4) as i32),
            _ => T::List(item(self)),
        }
    }

    fn fields(&mut self, kinds: Kinds, depth: usize, most: u64) -> Fields {
        let n = 1 + self.below(most);
        // Names may be equal in Arrow.
        let name = |chance: &mut Self, n: u64| match kinds {
            Kinds::Parquet => format!("f{n}"),
            Kinds::Arrow => {
                ["a", "valid(a)", "Muon_pt", "", "x.y"][chance.below(5) as usize].into()
            }
        };
        let field = |chance: &mut Self, n| {
            let (name, kind) = (name(chance, n), chance.kind(kinds, depth));
            let nullable = kind == T::Null || chance.below(3) > 0;
            let unit = [("unit".to_owned(), "GeV".to_owned())];
            let field = Field::new(name, kind, nullable);
            if chance.below(4) == 0 { field.with_metadata(HashMap::from(unit)) } else { field }
        };
        (0..n).map(|n| field(self, n)).collect()
    }

    fn array(&mut self, field: &Field, n: usize) -> ArrayRef {
        let nulls = self.nulls(n, field.is_nullable());
        let (kind, here) =
            (field.data_type(), |slot| nulls.as_ref().is_none_or(|n| n.is_valid(slot)));
        match kind {
            T::Null => Arc::new(NullArray::new(n)),
            T::Boolean => {
                let values: Vec<bool> = (0..n).map(|_| self.below(2) == 0).collect();
                Arc::new(BooleanArray::new(values.into(), nulls))
            }
            T::Utf8 | T::LargeUtf8 | T::Utf8View => {
                let texts: Vec<_> = (0..n).map(|slot| here(slot).then(|| self.text())).collect();
                match kind {
                    T::Utf8 => Arc::new(StringArray::from(texts)),
                    T::LargeUtf8 => Arc::new(LargeStringArray::from(texts)),
                    _ => Arc::new(StringViewArray::from_iter(texts)),
                }
            }
            T::Binary => {
                let texts: Vec<_> = (0..n).map(|slot| here(slot).then(|| self.text())).collect();
                Arc::new(BinaryArray::from_iter(texts))
            }
            T::Dictionary(..) => {
                let values = Arc::new(StringArray::from(vec!["low", "middle", "high"]));
                let keys = (0..n).map(|slot| here(slot).then(|| self.below(3) as i16));
                let keys = Int16Array::from(keys.collect::<Vec<_>>());
                Arc::new(DictionaryArray::<Int16Type>::try_new(keys, values).unwrap())
            }
            T::List(item) | T::LargeList(item) => {
                let lengths = self.lengths(n);
                let items = self.array(item, lengths.iter().sum());
                let item = Arc::clone(item);
                if matches!(kind, T::List(_)) {
                    let offsets = OffsetBuffer::from_lengths(lengths);
                    return Arc::new(ListArray::try_new(item, offsets, items, nulls).unwrap());
                }
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(LargeListArray::try_new(item, offsets, items, nulls).unwrap())
            }
            T::Map(entries, sorted) => {
                let lengths = self.lengths(n);
                let items = self.array(entries, lengths.iter().sum());
                let (items, offsets) = (
                    items.as_any().downcast_ref::<StructArray>().unwrap(),
                    OffsetBuffer::from_lengths(lengths),
                );
                let map =
                    MapArray::try_new(Arc::clone(entries), offsets, items.clone(), nulls, *sorted);
                Arc::new(map.unwrap())
            }
            T::FixedSizeList(item, length) => {
                let items = self.array(item, n * *length as usize);
                let data = ArrayData::builder(kind.clone())
                    .len(n)
                    .nulls(nulls)
                    .add_child_data(items.to_data());
                Arc::new(FixedSizeListArray::from(data.build().unwrap()))
            }
            T::Struct(fields) => {
                let members = fields.iter().map(|field| self.array(field, n)).collect();
                Arc::new(
                    StructArray::try_new_with_length(fields.clone(), members, nulls, n).unwrap(),
                )
            }
            kind => {
                let width = match kind {
                    T::FixedSizeBinary(n) => *n as usize,
                    T::Decimal256(..) => 32,
                    kind => kind.primitive_width().unwrap(),
                };
                let mut bytes = vec![0u8; n * width];
                bytes.iter_mut().for_each(|byte| *byte = self.0.draw() as u8);
                let decimal = matches!(kind, T::Decimal128(..) | T::Decimal256(..));
                for value in bytes.chunks_exact_mut(width).filter(|_| decimal) {
                    // Few digits.
                    let byte = if value[0] > 127 { 0xff } else { 0 };
                    value[8..].fill(byte);
                }
                let data = ArrayData::builder(kind.clone())
                    .len(n)
                    .nulls(nulls)
                    .add_buffer(Buffer::from_vec(bytes))
                    .align_buffers(true);
                make_array(data.build().unwrap())
            }
        }
    }

    /// A schema, and batches of it.
    pub fn table(&mut self, kinds: Kinds) -> (SchemaRef, Vec<RecordBatch>) {
        let fields = self.fields(kinds, 3, 6);
        let about = [("made".to_owned(), "by chance".to_owned())];
        let schema = Arc::new(Schema::new_with_metadata(fields, HashMap::from(about)));
        let batches = (0..self.below(4)).map(|_| {
            let n = self.below(200) as usize;
            let arrays = schema.fields().iter().map(|field| self.array(field, n)).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(n));
            RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).unwrap()
        });
        let batches = batches.collect();
        (schema, batches)
    }
}

/// A primitive array, for tables that are no chance.
pub fn numbers<P: arrow_array::ArrowPrimitiveType>(values: Vec<P::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<P>::from_iter_values(values))
}
