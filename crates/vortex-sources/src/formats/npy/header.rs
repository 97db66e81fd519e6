//! The header of a `.npy` array.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use vortex_coder::schema::{DType, Schema};

use super::dtype::{Element, dimensions};
use super::literal::{Literal, parse, value_text};
#[cfg(doc)]
use crate::fields::MAX_ROW_COLUMNS;
use crate::fields::{Fields, Records};
use crate::source::{DatasetInfo, Origin};
use crate::stored::{Stored, refuse};

/// First bytes of a `.npy` file.
pub const MAGIC: &[u8] = b"\x93NUMPY";
/// Digits of the longest number for which numpy reserves space.
const GROWING_DIGITS: usize = 21;
/// Longest header text.
const MAX_HEADER_BYTES: u32 = 16 << 20;

/// The description of the elements in an array's header, as stored in manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// `descr` of the header, a Python literal.
    pub descr: String,
    /// Whether the first index varies fastest.
    pub fortran_order: bool,
}

/// Name of this form.
const FORM: &str = "npy";

impl Described {
    /// The same for a dataset.
    pub fn origin(&self) -> Origin {
        Origin::new(FORM, self)
    }
}

/// The bytes of the header of a restored array.
pub(super) fn of_stored(dataset: &dyn Stored) -> io::Result<Vec<u8>> {
    let refuse = |what: String| refuse(dataset.name(), what);
    let described: Option<Described> = dataset.origin().read(FORM);
    let Described { descr, fortran_order } =
        described.ok_or_else(|| refuse("is not described as an array".into()))?;
    let header = to_bytes(&descr, fortran_order, dataset.shape()).map_err(refuse)?;
    let read = Header::read(dataset.name(), &mut header.as_slice()).map_err(refuse)?;
    let (bytes, held) = (read.info.n_bytes(), dataset.n_bytes());
    if bytes != held {
        return Err(refuse(format!("{held} bytes; its shape needs {bytes}")));
    }
    Ok(header)
}

/// The contents of a header.
#[derive(Debug)]
pub struct Header {
    /// The array as a dataset.
    pub info: DatasetInfo,
    /// Bytes of the header; the array follows.
    pub header_bytes: u64,
}

impl Header {
    /// Bytes of the header and of the array.
    pub fn total_bytes(&self) -> u64 {
        self.header_bytes.saturating_add(self.info.n_bytes())
    }

    /// Reads a header; the reader is then before the first element.
    ///
    /// # Errors
    /// A message that describes the error.
    pub fn read(name: &str, from: &mut dyn Read) -> Result<Self, String> {
        let ended = |e: io::Error| format!("the header: {e}");
        let mut start = [0; 8];
        from.read_exact(&mut start).map_err(ended)?;
        if &start[..6] != MAGIC {
            return Err("does not begin like a .npy array".into());
        }
        let (len, length_bytes) = match start[6] {
            1 => {
                let mut len = [0; 2];
                from.read_exact(&mut len).map_err(ended)?;
                (u32::from(u16::from_le_bytes(len)), 2)
            }
            2 | 3 => {
                let mut len = [0; 4];
                from.read_exact(&mut len).map_err(ended)?;
                (u32::from_le_bytes(len), 4)
            }
            version => return Err(format!("version {version}; 1, 2 and 3 are known")),
        };
        if len > MAX_HEADER_BYTES {
            return Err(format!("a header of {len} bytes; at most {MAX_HEADER_BYTES} are allowed"));
        }
        let mut bytes = Vec::new();
        from.take(len.into()).read_to_end(&mut bytes).map_err(ended)?;
        if bytes.len() < len as usize {
            return Err("ends inside its header".into());
        }
        let text = match start[6] {
            3 => String::from_utf8(bytes).map_err(|e| format!("the header: {e}"))?,
            _ => bytes.iter().map(|b| char::from(*b)).collect(),
        };
        let info = describe(name, &text).map_err(|e| format!("the header: {e}"))?;
        Ok(Self { info, header_bytes: 8 + length_bytes + u64::from(len) })
    }
}

fn describe(name: &str, text: &str) -> Result<DatasetInfo, String> {
    let Literal::Dict(items) = parse(text)? else { return Err("no dictionary".into()) };
    let get = |key: &str| {
        let found = items.iter().find(|(k, _)| *k == Literal::Text(key.into()));
        found.map(|(_, value)| value).ok_or_else(|| format!("no {key:?}"))
    };
    let element = Element::parse(get("descr")?)?;
    let Literal::Bool(fortran_order) = *get("fortran_order")? else {
        return Err("fortran_order is neither True nor False".into());
    };
    let Literal::Sequence(shape) = get("shape")? else { return Err("shape is no tuple".into()) };
    let shape = dimensions(shape)?;
    let elements = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    if elements.and_then(|n| n.checked_mul(element.size())).is_none() {
        return Err(format!("an array of shape {shape:?} has more than 2^64 bytes"));
    }
    if element.size() == 0 {
        return Err("elements of no bytes".into());
    }
    // In Fortran order, neither a row nor an index of the first dimension is contiguous.
    let mut records = Records::of_array(
        &shape,
        element.size(),
        element.is_number() && !fortran_order,
        |fields, name, offset| element.describe(fields, name, offset),
    );
    if fortran_order {
        records.records_per_event = 1;
    }
    Ok(DatasetInfo {
        name: name.to_owned(),
        schema: records.schema,
        n_records: records.n_records,
        records_per_event: records.records_per_event,
        shape,
        origin: Described { descr: value_text(text, "descr")?.to_owned(), fortran_order }.origin(),
    })
}

/// The schema of the records of an array in C order; `descr` is the description of its dtype in a
/// `.npy` header, a Python literal. An element is a record; in a two-dimensional array of single
/// numbers, a row of at most [`MAX_ROW_COLUMNS`] columns is one.
///
/// # Errors
/// A message for a dtype without a fixed layout, or for elements of no bytes.
pub fn array_schema(descr: &str, shape: &[u64]) -> Result<Schema, String> {
    let element = Element::parse(&parse(descr)?)?;
    let plain_byte = Element::Number { dtype: DType::U8, big_endian: false, count: 1 };
    match element.size() {
        0 => Err("elements of no bytes".into()),
        // Bytes of any meaning, in which the predictors find numbers and text themselves.
        _ if element == plain_byte && shape.len() < 2 => Ok(Schema::bytes()),
        size => {
            let describe =
                |fields: &mut Fields, name: &str, at: u64| element.describe(fields, name, at);
            Ok(Records::of_array(shape, size, element.is_number(), describe).schema)
        }
    }
}

/// The bytes of a header as numpy writes it; `descr` is a Python literal.
///
/// # Errors
/// A message for a `descr` that is not a dtype.
pub fn to_bytes(descr: &str, fortran_order: bool, lengths_of: &[u64]) -> Result<Vec<u8>, String> {
    Element::parse(&parse(descr)?)?;
    let order = if fortran_order { "True" } else { "False" };
    let mut lengths: Vec<String> = lengths_of.iter().map(u64::to_string).collect();
    if lengths.len() == 1 {
        lengths.push(String::new());
    }
    let shape = lengths.join(", ");
    let shape = shape.trim_end();
    // numpy reserves space for the longest number in the dimension that can grow.
    let growing = if fortran_order { lengths_of.last() } else { lengths_of.first() };
    let room = growing.map_or(0, |n| GROWING_DIGITS.saturating_sub(n.to_string().len()));
    let text = format!(
        "{{'descr': {descr}, 'fortran_order': {order}, 'shape': ({shape}), }}{}",
        " ".repeat(room)
    );
    let latin = text.chars().all(|c| u32::from(c) < 256);
    let text: Vec<u8> = match latin {
        true => text.chars().map(|c| c as u8).collect(),
        false => text.into_bytes(),
    };
    // The array must begin at a multiple of 64.
    let padded = |prefix: usize| (prefix + text.len() + 1).next_multiple_of(64) - prefix;
    let mut out = MAGIC.to_vec();
    if latin && padded(10) <= usize::from(u16::MAX) {
        out.extend([1, 0]);
        out.extend((padded(10) as u16).to_le_bytes());
    } else {
        let len = u32::try_from(padded(12)).map_err(|_| "a header beyond 4 GiB".to_owned())?;
        out.extend([if latin { 2 } else { 3 }, 0]);
        out.extend(len.to_le_bytes());
    }
    let end = (out.len() + text.len() + 1).next_multiple_of(64);
    out.extend(text);
    out.resize(end - 1, b' ');
    out.push(b'\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<DatasetInfo, String> {
        Header::read("x", &mut &*bytes).map(|header| header.info)
    }

    #[test]
    fn written_headers_are_read() {
        for (descr, shape, stride, n_records) in [
            ("'<f4'", vec![], 4, 1),
            ("'>i2'", vec![7], 2, 7),
            ("'<f8'", vec![5, 3], 24, 5),
            ("'|S5'", vec![2, 2], 5, 4),
            ("'<U2'", vec![3], 8, 3),
            ("'<c8'", vec![3], 8, 3),
            ("'<M8[ns]'", vec![3], 8, 3),
            (
                "[('a', '<f4'), ('', '|V3'), ('b', '>i2', (3,)), ('c', [('d', '|b1')])]",
                vec![9],
                14,
                9,
            ),
        ] {
            let bytes = to_bytes(descr, false, &shape).unwrap();
            assert!(bytes.len().is_multiple_of(64));
            let info = read(&bytes).unwrap();
            assert_eq!((info.schema.stride(), info.n_records), (stride, n_records), "{descr}");
            assert_eq!(info.shape, shape);
            let described = Described { descr: descr.into(), fortran_order: false };
            assert_eq!(info.origin, described.origin());
            assert_eq!(info.origin.read(FORM), Some(described));
        }
    }

    #[test]
    fn fields_of_structures() {
        let descr = "[('a', '<f4'), ('', '|V3'), ('b', '>i2', (3,)), ('c', [('d', '|b1')])]";
        let info = read(&to_bytes(descr, true, &[9]).unwrap()).unwrap();
        let fields: Vec<_> =
            info.schema.fields().iter().map(|f| (f.name.as_str(), f.dtype)).collect();
        assert_eq!(fields[0], ("a", DType::F32));
        assert_eq!(fields[4], ("b[0]", DType::I16));
        assert!(info.schema.fields()[4].big_endian);
        assert_eq!(fields[7], ("c.d", DType::Bool));
        let names = to_bytes("[('\u{e9}', '<f4'), ('\u{3b7}', '<f4')]", false, &[1]).unwrap();
        assert_eq!(names[6], 3);
        assert_eq!(read(&names).unwrap().schema.fields()[1].name, "\u{3b7}");
    }

    #[test]
    fn schemas_of_arrays() {
        let strides = |descr, shape: &[u64]| array_schema(descr, shape).unwrap().stride();
        assert_eq!(strides("'<f4'", &[10]), 4);
        assert_eq!(strides("'<f4'", &[10, 3]), 12);
        assert_eq!(strides("'<f4'", &[2, 10, 3]), 4);
        assert_eq!(strides("[('a', '<f4'), ('', '|V3'), ('b', '>i2')]", &[]), 9);
        assert_eq!(array_schema("'|u1'", &[5]).unwrap(), Schema::bytes());
        assert_eq!(array_schema("'bfloat16'", &[5]).unwrap().fields()[0].dtype, DType::Bf16);
        assert!(array_schema("'|V0'", &[5]).unwrap_err().contains("no bytes"));
        assert!(array_schema("'|O'", &[5]).is_err() && array_schema("[(", &[5]).is_err());
    }

    #[test]
    fn hostile_headers_are_refused() {
        let good = to_bytes("'<f4'", false, &[3]).unwrap();
        for cut in 0..good.len() {
            assert!(read(&good[..cut]).is_err(), "cut at {cut}");
        }
        for (descr, word) in
            [("'|O'", "objects"), ("'<f3x'", "known"), ("'|V0'", "no bytes"), ("'f3'", "known")]
        {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (3,), }}");
            let error = describe("x", &text).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        let large = "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }";
        assert!(describe("x", large).unwrap_err().contains("2^64"));
        // Elements of no bytes, 2^48 times: at once.
        let nothing =
            "[('x', '|u1'), ('a', [('b', [('c', '|V0', (65536,))], (65536,))], (65536,))]";
        let text = format!("{{'descr': {nothing}, 'fortran_order': False, 'shape': (3,), }}");
        assert_eq!(describe("x", &text).unwrap().schema.stride(), 1);
        let negative = "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }";
        assert!(describe("x", negative).is_err());
        let mut long = MAGIC.to_vec();
        long.extend([2, 0, 255, 255, 255, 255]);
        assert!(read(&long).unwrap_err().contains("at most"));
    }
}
