//! Vortex's own form, `NAME.schema.yaml`.

use std::fmt::{self, Write};
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;
use vortex_coder::schema::{Field, FieldCoding, MAX_STRIDE, Schema, Words};

use super::names::{ByteOrder, TypeName};
use super::words::{self, Shaped};
use crate::error::{Error, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    stride: Spanned<u64>,
    byte_order: Option<ByteOrder>,
    #[serde(default)]
    fields: Vec<Spanned<FieldEntry>>,
}

struct FieldEntry {
    name: String,
    dtype: TypeName,
    offset: Option<u64>,
    count: Option<u64>,
    byte_order: Option<ByteOrder>,
    /// The keys of its coding, with their words.
    coding: Vec<(&'static str, Words)>,
}

impl<'de> Deserialize<'de> for FieldEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Entry)
    }
}

/// Keys of a field besides those of its coding.
const KEYS: [&str; 5] = ["name", "dtype", "offset", "count", "byte_order"];

struct Entry;

impl<'de> Visitor<'de> for Entry {
    type Value = FieldEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<FieldEntry, A::Error> {
        /// Reads the value of a key that may occur once.
        fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
            map: &mut A,
            key: &'static str,
            value: &mut Option<T>,
        ) -> std::result::Result<(), A::Error> {
            let twice = value.replace(map.next_value()?).is_some();
            if twice { Err(de::Error::duplicate_field(key)) } else { Ok(()) }
        }
        let (mut name, mut dtype, mut offset, mut count, mut byte_order) =
            (None, None, None, None, None);
        let mut coding = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => once(&mut map, "name", &mut name)?,
                "dtype" => once(&mut map, "dtype", &mut dtype)?,
                "offset" => once(&mut map, "offset", &mut offset)?,
                "count" => once(&mut map, "count", &mut count)?,
                "byte_order" => once(&mut map, "byte_order", &mut byte_order)?,
                key => match FieldCoding::KEYS.iter().find(|(known, _)| *known == key) {
                    Some((key, shape)) => {
                        words::push(&mut coding, key, map.next_value_seed(Shaped(*shape))?)?;
                    }
                    None => {
                        let codings = FieldCoding::KEYS.iter().map(|(key, _)| *key);
                        return Err(words::unknown(key, KEYS.into_iter().chain(codings)));
                    }
                },
            }
        }
        Ok(FieldEntry {
            name: name.ok_or_else(|| de::Error::missing_field("name"))?,
            dtype: dtype.ok_or_else(|| de::Error::missing_field("dtype"))?,
            offset,
            count,
            byte_order,
            coding,
        })
    }
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Schema> {
    // Use one line, without the lines of context: they would repeat the message.
    let options = serde_saphyr::options! { with_snippet: false };
    let file: SchemaFile = serde_saphyr::from_str_with_options(text, options)
        .map_err(|e| Error::sidecar(path, e.to_string().trim_end().to_owned()))?;
    let stride = file.stride.value;
    if stride == 0 || stride > u64::from(MAX_STRIDE) {
        let line = file.stride.referenced.line();
        let message = format!("line {line}: stride {stride}; allowed: 1 to {MAX_STRIDE}");
        return Err(Error::sidecar(path, message));
    }
    let mut fields = Vec::new();
    let mut entries = Vec::new();
    let mut end = 0u64;
    for entry in &file.fields {
        let (at, entry) = (&entry.referenced, &entry.value);
        let refuse = |message: String| {
            let (line, column, name) = (at.line(), at.column(), &entry.name);
            let message = format!("line {line}, column {column}: field {name:?}: {message}");
            Error::sidecar(path, message)
        };
        let size = entry.dtype.dtype.size() as u64;
        let count = entry.count.unwrap_or(1);
        let offset = entry.offset.unwrap_or(end);
        if count == 0 {
            return Err(refuse("count 0; allowed: 1 or more".into()));
        }
        end = count.saturating_mul(size).saturating_add(offset);
        if end > stride {
            return Err(refuse(format!(
                "offset {offset} and {count} x {size} bytes end beyond the stride of {stride}"
            )));
        }
        let big_endian = match (entry.dtype.big_endian, entry.byte_order) {
            (Some(stated), Some(order)) if stated != order.big_endian => {
                return Err(refuse("dtype and byte_order name different byte orders".into()));
            }
            (Some(stated), _) => stated,
            (None, order) => order.or(file.byte_order).is_some_and(|o| o.big_endian),
        };
        let dtype = entry.dtype.dtype;
        for index in 0..count {
            let name = match entry.count {
                Some(_) => format!("{}[{index}]", entry.name),
                None => entry.name.clone(),
            };
            // Below the stride, checked above.
            let offset = (offset + index * size) as u32;
            let big_endian = big_endian && size > 1;
            fields.push(Field { big_endian, ..Field::new(name, dtype, offset) });
        }
        entries.push((offset as u32, count, at.line(), entry));
    }
    // Below MAX_STRIDE, checked above.
    let stride = stride as usize;
    let schema = Schema::new(stride, fields).map_err(|e| Error::sidecar(path, e.message))?;
    // Codings may name any field, so they are added when all fields are known.
    let mut codings = Vec::new();
    for (offset, count, line, entry) in entries {
        let first = schema.fields().partition_point(|field| field.offset < offset);
        let of_one = entry.coding.iter().find(|(_, words)| words::name_fields(words));
        let coding = match of_one {
            Some((key, _)) if entry.count.is_some() => {
                Err(format!("{key} is for one field, not for an array of them"))
            }
            _ => FieldCoding::from_words(entry.dtype.dtype, &entry.coding, schema.fields())
                .map_err(|e| e.message),
        };
        let coding = coding.map_err(|message| {
            let name = &entry.name;
            Error::sidecar(path, format!("line {line}: field {name:?}: {message}"))
        })?;
        codings.push((first..first + count as usize, coding));
    }
    let mut fields = schema.into_fields();
    for (range, coding) in codings {
        fields[range].iter_mut().for_each(|field| field.coding = coding.clone());
    }
    Schema::new(stride, fields).map_err(|e| Error::sidecar(path, e.message))
}

/// A schema in Vortex's own form.
pub fn to_yaml(schema: &Schema) -> String {
    let mut text = format!("stride: {}\nfields:\n", schema.stride());
    for field in schema.fields() {
        let name = quoted(&field.name);
        let dtype = field.dtype.numpy(field.big_endian);
        let offset = field.offset;
        // Writing to a string does not fail.
        let _ = write!(text, "  - {{name: {name}, dtype: \"{dtype}\", offset: {offset}");
        for (key, words) in field.coding.to_words(field.dtype, schema.fields()) {
            let _ = write!(text, ", {key}: {}", words::to_yaml(&words, quoted));
        }
        text.push_str("}\n");
    }
    text
}

/// A double-quoted YAML string, with everything that is not visible escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            // Writing to a string does not fail.
            c => _ = write!(quoted, "\\U{:08x}", u32::from(c)),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vortex_coder::schema::{DType, DecimalGrid, Law, LawForm, Order, Predicted, Term};

    fn read(text: &str) -> Result<Schema> {
        parse(Path::new("x.schema.yaml"), text)
    }

    #[test]
    fn the_documented_example() {
        let text = "
stride: 27
byte_order: little
fields:
  - {name: pt, dtype: float32}
  - {name: hits, dtype: '<i2', count: 3}
  - {name: energy, dtype: f8, offset: 12, byte_order: big, transform: ordered}
  - {name: label, dtype: i1, offset: 24}
";
        let schema = read(text).unwrap();
        let seen: Vec<_> = schema
            .fields()
            .iter()
            .map(|f| (f.name.as_str(), f.dtype, f.big_endian, f.offset, f.coding.clone()))
            .collect();
        const MSB_FIRST: FieldCoding = FieldCoding::MSB_FIRST;
        const ORDERED: FieldCoding = FieldCoding::ORDERED;
        const RAW: FieldCoding = FieldCoding::Raw;
        assert_eq!(
            seen,
            [
                ("pt", DType::F32, false, 0, MSB_FIRST),
                ("hits[0]", DType::I16, false, 4, ORDERED),
                ("hits[1]", DType::I16, false, 6, ORDERED),
                ("hits[2]", DType::I16, false, 8, ORDERED),
                ("_pad10", DType::U8, false, 10, RAW),
                ("_pad11", DType::U8, false, 11, RAW),
                ("energy", DType::F64, true, 12, ORDERED),
                ("_pad20", DType::U8, false, 20, RAW),
                ("_pad21", DType::U8, false, 21, RAW),
                ("_pad22", DType::U8, false, 22, RAW),
                ("_pad23", DType::U8, false, 23, RAW),
                ("label", DType::I8, false, 24, ORDERED),
                ("_pad25", DType::U8, false, 25, RAW),
                ("_pad26", DType::U8, false, 26, RAW),
            ]
        );
    }

    #[test]
    fn errors_name_line_value_and_what_is_allowed() {
        let cases: [(&str, &[&str]); 14] = [
            ("stride: 8\nfelds: []", &["felds", "line 2", "fields"]),
            ("stride: 8\nfields:\n  - {name: a, dtyp: f4}", &["dtyp", "line 3"]),
            ("stride: 8\nfields:\n  - {name: a, dtype: f3}", &["f3", "line 3", "float32"]),
            ("stride: 8\nfields:\n  - {name: a, dtype: 4}", &["line 3", "4"]),
            ("stride: 8\nfields:\n  - {dtype: f4}", &["name"]),
            ("stride: 8\nbyte_order: middle", &["middle", "line 2", "little"]),
            (
                "stride: 8\nfields:\n  - {name: a, dtype: f4, transform: delta}",
                &["delta", "line 3", "ordered"],
            ),
            ("stride: 0", &["line 1", "stride 0", "65535"]),
            ("stride: 65536", &["65536", "65535"]),
            (
                "stride: 8\nfields:\n  - {name: a, dtype: f4}\n  - {name: b, dtype: f8}",
                &["line 4", "\"b\"", "8"],
            ),
            (
                "stride: 8\nfields:\n  - {name: a, dtype: f4}\n  - {name: b, dtype: f4, offset: 3}",
                &["\"b\"", "overlaps", "\"a\""],
            ),
            (
                "stride: 8\nfields:\n  - {name: a, dtype: u1, count: 18446744073709551615}",
                &["line 3", "stride of 8"],
            ),
            (
                "stride: 8\nfields:\n  - {name: a, dtype: '<f4', byte_order: big}",
                &["line 3", "byte orders"],
            ),
            ("stride: 8\nfields:\n  - {name: a, dtype: u1, count: 0}", &["count 0", "1 or more"]),
        ];
        for (text, words) in cases {
            let message = read(text).unwrap_err().to_string();
            for word in words.iter().chain(&["x.schema.yaml"]) {
                assert!(message.contains(word), "{word:?} not in:\n{message}");
            }
            assert_eq!(message.lines().count(), 1, "{message}");
            assert_eq!(message.matches("line ").count(), usize::from(message.contains("line")));
        }
    }

    #[test]
    fn grids_and_laws_are_stated_and_written() {
        let text = "stride: 28
fields:
  - {name: e, dtype: f4, decimal: {digits: 6, places: 2}, law: {form: root_of_squares, constant: 0.25, plus: [px, py]}}
  - {name: px, dtype: f4}
  - {name: py, dtype: f4, decimal: {digits: 7, places: 0}}
  - {name: '-share', dtype: f4}
  - {name: rest, dtype: f8, law: {form: sum, constant: 1, plus: [], minus: ['-share']}}
  - {name: run, dtype: '>u4', delta: true}
";
        let schema = read(text).unwrap();
        assert_eq!(read(&to_yaml(&schema)).unwrap(), schema);
        let known = |index| schema.describe(index);
        assert_eq!(
            known(0),
            "decimals of 6 digits, at most 2 after the point; near sqrt(0.25 + px^2 + py^2)"
        );
        assert_eq!((known(1).as_str(), known(4).as_str()), ("", "near 1 - -share"));
        assert_eq!(known(5), "near the record before");
    }

    #[test]
    fn laws_that_cannot_be_name_line_and_field() {
        let field = |rest: &str| format!("stride: 4\nfields:\n  - {{name: a, dtype: f4, {rest}}}");
        let cases = [
            ("law: {form: sum, plus: [b]}", "line 3: field \"a\": its law names \"b\""),
            ("law: {form: sum, plus: [a]}", "circle"),
            ("law: {form: sum}", "1 to 16"),
            ("law: {form: product, plus: [a]}", "root_of_squares"),
            ("law: {form: sum, constant: .nan, plus: [a]}", "finite"),
            ("decimal: {digits: 9, places: 2}", "1 to 8 digits"),
            ("delta: true, law: {form: sum, plus: [a]}", "at most one of a law"),
            ("transform: msb_first, delta: true", "in order"),
            ("delta: 1", "line 3"),
            ("transform: identity, decimal: {digits: 3, places: 2}", "decimals are for"),
        ];
        for (rest, words) in cases {
            let message = read(&field(rest)).unwrap_err().to_string();
            assert!(message.contains(words), "{words:?} not in:\n{message}");
        }
        let array =
            "stride: 8\nfields:\n  - {name: a, dtype: f4, count: 2, law: {form: sum, plus: [b]}}";
        assert!(read(array).unwrap_err().to_string().contains("not for an array"));
    }

    #[test]
    fn byte_order_of_the_file_is_for_fields_without_one() {
        let text = "stride: 13\nbyte_order: big\nfields:\n  - {name: a, dtype: f4}\n  \
                    - {name: b, dtype: '<f4'}\n  - {name: c, dtype: f4, byte_order: little}\n  \
                    - {name: d, dtype: u1}";
        let big: Vec<_> = read(text).unwrap().fields().iter().map(|f| f.big_endian).collect();
        assert_eq!(big, [true, false, false, false]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z:{}\\[\\],0-9<\"'&*\n -]{0,80}") {
            let _ = read(&text);
        }

        #[test]
        fn written_schemas_come_back(
            fields in prop::collection::vec((0..13u8, any::<bool>(), 0..3u8, 0..3u32, ".{0,9}"), 0..9),
            grids in prop::collection::vec(prop::option::of((1..=8u8, 0..=30u8)), 9),
            predicted in prop::collection::vec((0..4u8, any::<f64>(), any::<u8>()), 9),
        ) {
            let mut offset = 0;
            let mut list = Vec::new();
            for (i, (dtype, big_endian, order, gap, name)) in fields.into_iter().enumerate() {
                let dtype = DType::from_code(dtype).unwrap();
                offset += gap;
                let grid = grids[i].filter(|_| dtype == DType::F32);
                let grid = grid.and_then(|(digits, places)| DecimalGrid::new(digits, places));
                let (kind, constant, signs) = predicted[i];
                let form = if kind == 2 { LawForm::Sum } else { LawForm::RootOfSquares };
                let minus = |field: u16| signs >> field & 1 == 1;
                let signed = |minus_wanted| {
                    (0..i as u16).filter(move |&f| minus(f) == minus_wanted).map(move |field| Term { field, minus: minus_wanted })
                };
                // A sidecar lists what is added before what is subtracted.
                let terms: Vec<Term> = signed(false).chain(signed(true)).collect();
                let lawful = matches!(dtype, DType::F32 | DType::F64) && i > 0 && constant.is_finite();
                let predicted = match kind {
                    1 => Predicted::RecordBefore,
                    2 | 3 if lawful => Predicted::Law(Law { form, constant: constant.to_bits(), terms }),
                    _ => Predicted::Nothing,
                };
                let coding = match order {
                    0 => FieldCoding::Raw,
                    1 => FieldCoding::Number { grid, order: Order::MsbFirst },
                    _ => FieldCoding::Number { grid, order: Order::Ordered(predicted) },
                };
                list.push(Field {
                    big_endian: big_endian && dtype.size() > 1,
                    coding,
                    ..Field::new(format!("{name}{i}"), dtype, offset)
                });
                offset += dtype.size() as u32;
            }
            let schema = Schema::new(offset as usize + 1, list).unwrap();
            prop_assert_eq!(read(&to_yaml(&schema)).unwrap(), schema);
        }
    }
}
