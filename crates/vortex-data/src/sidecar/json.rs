//! Descriptions in JSON, as some data sets have them.

use std::path::Path;

use serde::Deserialize;
use vortex_coder::schema::{DType, Field, FieldCoding, Schema};

use super::names::{ByteOrder, TypeName};
use crate::error::{Error, Result};

/// The keys that are used; all others are ignored.
#[derive(Deserialize)]
struct Description {
    stride: Option<u32>,
    endianness: Option<ByteOrder>,
    fields: Option<Vec<Entry>>,
    record_descr: Option<Vec<(String, TypeName)>>,
    columns: Option<Vec<Column>>,
    layout: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    dtype: TypeName,
    offset: u32,
}

#[derive(Deserialize)]
struct Column {
    /// Any text: an unknown type is not an error here.
    dtype: String,
    offset: Option<u64>,
}

/// Whether a `.json` beside a data file describes this file.
pub(super) fn describes_data(text: &str) -> bool {
    let Ok(serde_json::Value::Object(keys)) = serde_json::from_str(text) else { return false };
    ["fields", "record_descr", "columns", "layout"].iter().any(|key| keys.contains_key(*key))
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Schema> {
    let description: Description =
        serde_json::from_str(text).map_err(|e| Error::sidecar(path, e.to_string()))?;
    let stride = description.stride;
    let fields = match (description.fields, description.record_descr) {
        (Some(entries), _) => entries,
        (None, Some(pairs)) => dense(pairs),
        (None, None) if stride.is_some() => Vec::new(),
        (None, None) => {
            return match (description.columns, description.layout) {
                (Some(columns), _) => Ok(element(&columns)),
                (None, Some(_)) => Ok(Schema::bytes()),
                (None, None) => Err(Error::sidecar(
                    path,
                    "describes no data: none of stride, fields, record_descr, columns, layout",
                )),
            };
        }
    };
    let big_endian = description.endianness.is_some_and(|order| order.big_endian);
    let end = |e: &Entry| e.offset as usize + e.dtype.dtype.size();
    let stride = match stride {
        Some(stride) => stride as usize,
        None => fields.iter().map(end).max().unwrap_or(0),
    };
    let fields = fields
        .into_iter()
        .map(|Entry { name, dtype: TypeName { dtype, big_endian: stated }, offset }| Field {
            big_endian: stated.unwrap_or(big_endian) && dtype.size() > 1,
            coding: FieldCoding::usual(dtype),
            ..Field::new(name, dtype, offset)
        })
        .collect();
    Schema::new(stride, fields).map_err(|e| Error::sidecar(path, e.message))
}

/// Pairs of name and type, one after the other.
fn dense(pairs: Vec<(String, TypeName)>) -> Vec<Entry> {
    let mut next = 0u32;
    pairs
        .into_iter()
        .map(|(name, dtype)| {
            let offset = next;
            next = next.saturating_add(dtype.dtype.size() as u32);
            Entry { name, dtype, offset }
        })
        .collect()
}

/// One number if all columns have numbers of one width at multiples of it, otherwise a byte.
fn element(columns: &[Column]) -> Schema {
    let types: Option<Vec<(DType, bool)>> =
        columns.iter().map(|c| DType::parse_numpy(&c.dtype)).collect();
    let Some((&(first, big_endian), rest)) = types.as_deref().and_then(|types| types.split_first())
    else {
        return Schema::bytes();
    };
    let width = first.size();
    let same_width = rest.iter().all(|(d, _)| d.size() == width);
    let aligned = columns.iter().all(|c| c.offset.unwrap_or(0) % width as u64 == 0);
    if width == 1 || !same_width || !aligned || rest.iter().any(|(_, b)| *b != big_endian) {
        return Schema::bytes();
    }
    let dtype = match width {
        _ if rest.iter().all(|(d, _)| *d == first) => first,
        2 => DType::U16,
        4 => DType::U32,
        _ => DType::U64,
    };
    let coding = FieldCoding::usual(dtype);
    let field = Field { coding, big_endian, ..Field::new("value", dtype, 0) };
    Schema::new(width, vec![field]).unwrap_or_else(|_| Schema::bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Schema> {
        parse(Path::new("x.json"), text)
    }

    #[test]
    fn fields_with_offsets() {
        let schema = read(
            r#"{"layout": "row-major", "stride": 9, "source": {"any": ["thing"]}, "fields": [
                {"name": "x", "dtype": "<f4", "offset": 0, "src_dtype": "float64"},
                {"name": "n", "dtype": "|i1", "offset": 4},
                {"name": "ok", "dtype": "|b1", "offset": 5},
                {"name": "y", "dtype": ">i2", "offset": 6}]}"#,
        )
        .unwrap();
        let seen: Vec<_> =
            schema.fields().iter().map(|f| (f.dtype, f.big_endian, f.coding.clone())).collect();
        assert_eq!(
            seen,
            [
                (DType::F32, false, FieldCoding::MSB_FIRST),
                (DType::I8, false, FieldCoding::ORDERED),
                (DType::Bool, false, FieldCoding::Raw),
                (DType::I16, true, FieldCoding::ORDERED),
                (DType::U8, false, FieldCoding::Raw),
            ]
        );
    }

    #[test]
    fn pairs_without_offsets() {
        let text = r#"{"record_descr": [["a", "<f8"], ["b", "|u1"], ["c", "int32"]]}"#;
        let schema = read(text).unwrap();
        assert_eq!(schema.stride(), 13);
        assert_eq!(schema.fields()[2].offset, 9);
        let text = text.replace("{", r#"{"stride": 16, "endianness": "big", "#);
        let schema = read(&text).unwrap();
        assert_eq!(schema.stride(), 16);
        let big: Vec<_> = schema.fields().iter().map(|f| f.big_endian).collect();
        assert_eq!(big, [false, false, true, false, false, false]);
    }

    #[test]
    fn columns_and_text_have_no_records() {
        let columns = |types: &[(&str, u64)]| {
            let list: Vec<_> = types
                .iter()
                .map(|(t, o)| format!(r#"{{"name": "c", "dtype": "{t}", "offset": {o}}}"#))
                .collect();
            read(&format!(r#"{{"layout": "x", "columns": [{}]}}"#, list.join(","))).unwrap()
        };
        let one = |dtype| Some((dtype, FieldCoding::usual(dtype)));
        for (types, expected) in [
            (&[("<f4", 0), ("<f4", 400)][..], one(DType::F32)),
            (&[("<f4", 0), ("<i4", 400)], one(DType::U32)),
            (&[("<f8", 0)], one(DType::F64)),
            (&[("<f4", 0), ("<f4", 402)], None),
            (&[("<f4", 0), (">f4", 400)], None),
            (&[("<f4", 0), ("|u1", 400)], None),
            (&[("|S7", 0)], None),
            (&[], None),
        ] {
            let schema = columns(types);
            match expected {
                None => assert_eq!(schema, Schema::bytes()),
                Some(expected) => {
                    let f = &schema.fields()[0];
                    assert_eq!((f.dtype, f.coding.clone()), expected);
                    assert_eq!(schema.stride(), f.dtype.size());
                }
            }
        }
        assert_eq!(read(r#"{"layout": "ASCII"}"#).unwrap(), Schema::bytes());
    }

    #[test]
    fn errors_name_line_and_value() {
        let cases: [(&str, &[&str]); 7] = [
            (
                "{\n\"fields\": [{\"name\": \"a\", \"dtype\": \"f3\", \"offset\": 0}]}",
                &["f3", "line 2", "float32"],
            ),
            ("{\n\"fields\": [{\"name\": \"a\", \"dtype\": \"f4\"}]}", &["offset", "line 2"]),
            ("{\"stride\": -1}", &["-1", "line 1"]),
            ("{\"stride\": 70000}", &["70000", "65535"]),
            ("{\"fields\": []}", &["stride", "0"]),
            ("{\"name\": 1}", &["record_descr"]),
            ("{\"stride\": 1", &["line 1"]),
        ];
        for (text, words) in cases {
            let message = read(text).unwrap_err().to_string();
            for word in words.iter().chain(&["x.json"]) {
                assert!(message.contains(word), "{word:?} not in: {message}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z:{}\\[\\],0-9\"\n -]{0,80}") {
            let _ = (read(&text), describes_data(&text));
        }
    }
}
