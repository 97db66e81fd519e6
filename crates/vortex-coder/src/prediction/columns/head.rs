//! What a block says of a column before its bytes.

use super::contexts::{Context, MAX_BUCKETS};
use super::dictionary::{self, MAX_VALUES};
use super::varint;
use crate::error::{Error, Result};
use crate::schema::{DType, Field};

/// How the numbers of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Method {
    /// All are the same, which the head holds.
    Constant = 0,
    /// One zstd frame of planes.
    Planes = 1,
    /// One zstd frame of the bytes of the numbers.
    Bytes = 2,
    /// Chunks of pcodec of unsigned integers.
    Integers = 3,
    /// Chunks of pcodec of the floats that the numbers stand for.
    Floats = 4,
}

const METHOD: u8 = 7;
const REFERENCE: u8 = 8;
const CONTEXT: u8 = 16;
const DICTIONARY: u8 = 32;

/// All but the bytes of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub method: Method,
    /// The field whose numbers are subtracted.
    pub reference: Option<u16>,
    /// What tells the numbers apart.
    pub context: Option<Context>,
    /// The values that the numbers are places of; they grow.
    pub dictionary: Option<Vec<u64>>,
    /// The number of a constant column.
    pub constant: u64,
    /// Bytes of the column; 0 of a constant one.
    pub bytes: usize,
}

/// What must be known to read a head.
pub(super) struct Place<'a> {
    pub fields: &'a [Field],
    pub index: usize,
    /// Records.
    pub n: usize,
}

/// The floats that the numbers of a field stand for, where pcodec may take them: those of a field whose numbers are its bits
/// in order.
pub(super) fn floats(field: &Field) -> Option<DType> {
    let wide = matches!(field.dtype, DType::F32 | DType::F64);
    (wide && !field.coding.is_derived()).then_some(field.dtype)
}

impl Head {
    /// A column of nothing but this.
    pub(super) fn constant(constant: u64) -> Self {
        let method = Method::Constant;
        Self { method, reference: None, context: None, dictionary: None, constant, bytes: 0 }
    }

    /// The columns that must be known before this one, which is `index`.
    pub(super) fn needs(&self, index: usize) -> impl Iterator<Item = usize> {
        let context = self.context.as_ref().map(|context| usize::from(context.field));
        let reference = self.reference.map(usize::from);
        reference.into_iter().chain(context.filter(move |&field| field != index))
    }

    /// Bytes of each number that is stored, of a field of `size` bytes.
    pub(super) fn width(&self, size: usize) -> usize {
        self.dictionary.as_ref().map_or(size, |values| dictionary::width(values.len()))
    }

    /// Appends it.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out.push(
            self.method as u8
                | flag(self.reference.is_some(), REFERENCE)
                | flag(self.context.is_some(), CONTEXT)
                | flag(self.dictionary.is_some(), DICTIONARY),
        );
        if let Some(reference) = self.reference {
            varint::write(reference.into(), out);
        }
        if let Some(Context { field, before, bounds, counts }) = &self.context {
            varint::write(u64::from(*field) << 1 | u64::from(*before), out);
            out.push(u8::try_from(bounds.len()).expect("at most 63"));
            varint::write_growing(bounds, out);
            counts.iter().for_each(|&count| varint::write(count as u64, out));
        }
        if let Some(values) = &self.dictionary {
            varint::write(values.len() as u64, out);
            varint::write_growing(values, out);
        }
        match self.method {
            Method::Constant => varint::write(self.constant, out),
            _ => varint::write(self.bytes as u64, out),
        }
    }

    /// Reads it and moves `input` past it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] for what no encoder writes.
    pub(super) fn read_from(input: &mut &[u8], place: &Place<'_>) -> Result<Self> {
        let Place { fields, index, n } = *place;
        let field = &fields[index];
        let [code] = take(input)?;
        let method = match code & METHOD {
            0 => Method::Constant,
            1 => Method::Planes,
            2 => Method::Bytes,
            3 => Method::Integers,
            4 => Method::Floats,
            _ => return Err(unknown(code)),
        };
        let has = |bit| code & bit != 0;
        let possible = match method {
            Method::Constant => !has(CONTEXT | DICTIONARY),
            Method::Floats => !has(REFERENCE | DICTIONARY) && floats(field).is_some(),
            _ => true,
        };
        if !possible || code & !(METHOD | REFERENCE | CONTEXT | DICTIONARY) != 0 {
            return Err(unknown(code));
        }
        let reference = if has(REFERENCE) { Some(read_reference(input, place)?) } else { None };
        let context = if has(CONTEXT) { Some(read_context(input, place)?) } else { None };
        let largest = field.dtype.mask();
        let dictionary = if has(DICTIONARY) {
            let most = MAX_VALUES.min(n);
            let values = number(varint::read(input)?, 1, most, "values")?;
            Some(varint::read_growing(values, largest, input)?)
        } else {
            None
        };
        let last = varint::read(input)?;
        let (constant, bytes) = match method {
            Method::Constant if last <= largest => (last, 0),
            Method::Constant => {
                return Err(Error::corrupt(format!(
                    "the number {last} in a column of {}",
                    field.dtype
                )));
            }
            _ => (0, number(last, 0, usize::MAX, "bytes of a column")?),
        };
        Ok(Self { method, reference, context, dictionary, constant, bytes })
    }
}

fn read_reference(input: &mut &[u8], place: &Place<'_>) -> Result<u16> {
    let Place { fields, index, .. } = *place;
    let reference = varint::read(input)?;
    let found = u16::try_from(reference).ok().filter(|&other| {
        let other = usize::from(other);
        other != index
            && fields.get(other).is_some_and(|f| f.dtype.size() == fields[index].dtype.size())
    });
    found.ok_or_else(|| {
        let n = fields.len();
        Error::corrupt(format!("field {index} of {n} as a distance from field {reference}"))
    })
}

fn read_context(input: &mut &[u8], place: &Place<'_>) -> Result<Context> {
    let Place { fields, index, n } = *place;
    let code = varint::read(input)?;
    let (other, before) = (code >> 1, code & 1 == 1);
    let found = u16::try_from(other).ok().filter(|&other| {
        let other = usize::from(other);
        other < fields.len() && (before || other != index)
    });
    let Some(field) = found else {
        let n = fields.len();
        return Err(Error::corrupt(format!("field {index} of {n} told apart by field {other}")));
    };
    let [n_bounds] = take(input)?;
    let n_bounds = number(n_bounds.into(), 1, MAX_BUCKETS - 1, "bounds")?;
    let largest = fields[usize::from(field)].dtype.mask();
    let bounds = varint::read_growing(n_bounds, largest, input)?;
    let mut counts = Vec::with_capacity(n_bounds + 1);
    let mut left = n;
    for _ in 0..=n_bounds {
        let count = number(varint::read(input)?, 0, left, "numbers in a bucket")?;
        counts.push(count);
        left -= count;
    }
    if left > 0 {
        return Err(Error::corrupt(format!("{left} of {n} numbers of a column are in no bucket")));
    }
    Ok(Context { field, before, bounds, counts })
}

fn unknown(code: u8) -> Error {
    Error::corrupt(format!("a column of code {code:#04x}"))
}

fn number(found: u64, least: usize, most: usize, what: &str) -> Result<usize> {
    let within = usize::try_from(found).ok().filter(|found| (least..=most).contains(found));
    within.ok_or_else(|| Error::corrupt(format!("{found} {what}; {least} to {most} are possible")))
}

fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N]> {
    let Some((first, rest)) = input.split_first_chunk() else {
        return Err(Error::corrupt("a block of columns that ends inside its heads"));
    };
    *input = rest;
    Ok(*first)
}
