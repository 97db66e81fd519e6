//! A block of columns back to records.

use pco::data_types::Number;
use pco::wrapped::FileDecompressor;
use zstd::bulk::Decompressor;

use super::contexts::{Buckets, Context, Together};
use super::head::{Head, Method, Place};
use super::{difference, pcodec, planes};
use crate::error::{Error, Result};
use crate::layout::RecordLayout;
use crate::records::columns::{Code, Column, with_column};
use crate::records::needs;
use crate::schema::{DType, Field};

/// Undoes what an encoder did to whole records.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] for a payload that no encoder writes.
pub(super) fn decode(
    layout: &RecordLayout,
    payload: &[u8],
    zstd: &mut Decompressor<'_>,
    out: &mut [u8],
) -> Result<()> {
    let fields = layout.schema().fields();
    let n = out.len() / layout.stride();
    let mut input = payload;
    let pcodec = pcodec::read_version(&mut input)?;
    let mut heads = Vec::with_capacity(fields.len());
    for index in 0..fields.len() {
        let head = Head::read_from(&mut input, &Place { fields, index, n });
        heads.push(head.map_err(|error| named(error, &fields[index]))?);
    }
    let mut streams = Vec::with_capacity(heads.len());
    for (head, field) in heads.iter().zip(fields) {
        let Some((stream, rest)) = input.split_at_checked(head.bytes) else {
            let (bytes, left) = (head.bytes, input.len());
            let error = format!("{bytes} bytes of a column, where {left} are left");
            return Err(named(Error::corrupt(error), field));
        };
        streams.push(stream);
        input = rest;
    }
    if !input.is_empty() {
        let left = input.len();
        return Err(Error::corrupt(format!("{left} bytes behind the last column")));
    }
    let mut columns: Vec<Column> =
        fields.iter().map(|field| Column::with_capacity(field.dtype.size(), 0)).collect();
    let mut tools = Tools { pcodec: &pcodec, zstd };
    let order = needs::in_order(heads.len(), |index| heads[index].needs(index));
    let circle = || Error::corrupt("columns that refer to each other in a circle");
    for index in order.ok_or_else(circle)? {
        let stream =
            Stream { field: &fields[index], head: &heads[index], bytes: streams[index], n };
        let column = stream.column(index, &columns, &mut tools);
        columns[index] = column.map_err(|error| named(error, &fields[index]))?;
    }
    layout.to_records(&mut columns, out);
    Ok(())
}

fn named(error: Error, field: &Field) -> Error {
    error.context(format!("field {:?}", field.name))
}

struct Tools<'a, 'z> {
    pcodec: &'a FileDecompressor,
    zstd: &'a mut Decompressor<'z>,
}

/// The bytes of a column and what is known of them.
struct Stream<'a> {
    field: &'a Field,
    head: &'a Head,
    bytes: &'a [u8],
    n: usize,
}

impl Stream<'_> {
    /// The numbers of the column; those that it needs are among `columns`.
    fn column(
        &self,
        index: usize,
        columns: &[Column],
        tools: &mut Tools<'_, '_>,
    ) -> Result<Column> {
        let size = self.field.dtype.size();
        Ok(match size {
            1 => Column::One(self.numbers(index, columns, tools)?),
            2 => Column::Two(self.numbers(index, columns, tools)?),
            4 => Column::Four(self.numbers(index, columns, tools)?),
            _ => Column::Eight(self.numbers(index, columns, tools)?),
        })
    }

    fn numbers<T: Code + Number>(
        &self,
        index: usize,
        columns: &[Column],
        tools: &mut Tools<'_, '_>,
    ) -> Result<Vec<T>> {
        let size = self.field.dtype.size();
        if self.head.width(size) == size && self.head.dictionary.is_none() {
            let stored: Vec<T> = self.stored(tools)?;
            return self.together(&stored, |number| Ok(number), index, columns);
        }
        let values: Vec<T> =
            self.head.dictionary.iter().flatten().map(|&value| T::low_bits(value)).collect();
        let value = |place: u64| {
            let found = usize::try_from(place).ok().and_then(|place| values.get(place));
            found.copied().ok_or_else(|| {
                let n = values.len();
                Error::corrupt(format!("place {place} in a list of {n} values"))
            })
        };
        match self.head.width(size) {
            1 => {
                let stored: Vec<u8> = self.stored(tools)?;
                self.together(&stored, |place| value(place.into()), index, columns)
            }
            _ => {
                let stored: Vec<u16> = self.stored(tools)?;
                self.together(&stored, |place| value(place.into()), index, columns)
            }
        }
    }

    /// The numbers as they are stored.
    fn stored<S: Code + Number>(&self, tools: &mut Tools<'_, '_>) -> Result<Vec<S>> {
        let mut numbers = vec![S::default(); self.n];
        let bytes = self.n * S::BYTES;
        match self.head.method {
            Method::Constant => numbers.fill(S::low_bits(self.head.constant)),
            Method::Planes => {
                planes::from_planes(&planes::read(tools.zstd, self.bytes, bytes)?, &mut numbers);
            }
            Method::Bytes => {
                planes::from_bytes(&planes::read(tools.zstd, self.bytes, bytes)?, &mut numbers);
            }
            Method::Integers => self.chunks(&mut numbers, tools)?,
            Method::Floats if self.field.dtype == DType::F32 => {
                let mut floats = vec![0f32; self.n];
                self.chunks(&mut floats, tools)?;
                let bits = floats.iter().map(|x| x.to_bits().float_in_order().into());
                numbers.iter_mut().zip(bits).for_each(|(number, bits)| *number = S::low_bits(bits));
            }
            Method::Floats => {
                let mut floats = vec![0f64; self.n];
                self.chunks(&mut floats, tools)?;
                let bits = floats.iter().map(|x| x.to_bits().float_in_order());
                numbers.iter_mut().zip(bits).for_each(|(number, bits)| *number = S::low_bits(bits));
            }
        }
        Ok(numbers)
    }

    /// A chunk of pcodec for each bucket that has numbers.
    fn chunks<S: Number>(&self, numbers: &mut [S], tools: &Tools<'_, '_>) -> Result<()> {
        let mut input = self.bytes;
        let all = [self.n];
        let counts = self.head.context.as_ref().map_or(&all[..], |context| &context.counts);
        let mut rest = numbers;
        for &count in counts.iter().filter(|&&count| count > 0) {
            let (chunk, later) = rest.split_at_mut(count);
            pcodec::read(tools.pcodec, &mut input, chunk)?;
            rest = later;
        }
        match input.len() {
            0 => Ok(()),
            left => Err(Error::corrupt(format!("{left} bytes behind the last chunk of a column"))),
        }
    }

    /// The numbers of the field: out of their buckets, by their dictionary, beside their reference.
    fn together<S: Code, T: Code>(
        &self,
        stored: &[S],
        value: impl Fn(S) -> Result<T>,
        index: usize,
        columns: &[Column],
    ) -> Result<Vec<T>> {
        let others: Option<Vec<T>> = self.head.reference.map(|other| {
            with_column!(&columns[usize::from(other)], numbers => {
                numbers.iter().map(|&number| T::low_bits(number.wide())).collect()
            })
        });
        let number = |i: usize, stored: S| {
            let value = value(stored)?;
            Ok(others.as_ref().map_or(value, |others| difference::at(value, others[i])))
        };
        let Some(context) = &self.head.context else {
            return stored.iter().enumerate().map(|(i, &stored)| number(i, stored)).collect();
        };
        let mut together = Together::new(stored, &context.counts);
        if usize::from(context.field) == index {
            return self.by_itself(context, &mut together, number);
        }
        let buckets = context.buckets(&columns[usize::from(context.field)]);
        let mut numbers = Vec::with_capacity(self.n);
        for (i, &bucket) in buckets.iter().enumerate() {
            numbers.push(number(i, together.take(bucket.into())?)?);
        }
        Ok(numbers)
    }

    /// The numbers of a column that tells itself apart.
    fn by_itself<S: Code, T: Code>(
        &self,
        context: &Context,
        together: &mut Together<'_, S>,
        number: impl Fn(usize, S) -> Result<T>,
    ) -> Result<Vec<T>> {
        let buckets = Buckets::<T>::new(&context.bounds);
        let mut before = T::default();
        let mut numbers = Vec::with_capacity(self.n);
        for i in 0..self.n {
            before = number(i, together.take(buckets.of(before).into())?)?;
            numbers.push(before);
        }
        Ok(numbers)
    }
}
