//! Vortex's own form, `NAME.schema.yaml`.

use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;
use vortex_coder::schema::{Field, MAX_STRIDE, Schema, Transform};

use super::law::{GridEntry, LawEntry, keys};
use super::names::{ByteOrder, TransformName, TypeName, transform_name};
use crate::error::{Error, Result};
use crate::transform::default_transform;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    stride: Spanned<u64>,
    byte_order: Option<ByteOrder>,
    #[serde(default)]
    fields: Vec<Spanned<FieldEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldEntry {
    name: String,
    dtype: TypeName,
    offset: Option<u64>,
    count: Option<u64>,
    byte_order: Option<ByteOrder>,
    transform: Option<TransformName>,
    decimal: Option<GridEntry>,
    law: Option<LawEntry>,
    #[serde(default)]
    delta: bool,
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Schema> {
    // One line, without the lines around the place: they would repeat the message.
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
    let mut laws = Vec::new();
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
        let grid = entry.decimal.map(GridEntry::grid).transpose().map_err(refuse)?;
        if let Some(law) = &entry.law {
            if entry.count.is_some() {
                return Err(refuse("a law is for one field, not for an array of them".into()));
            }
            laws.push((entry, at, law));
        }
        for index in 0..count {
            let name = match entry.count {
                Some(_) => format!("{}[{index}]", entry.name),
                None => entry.name.clone(),
            };
            fields.push(Field {
                name,
                dtype,
                big_endian: big_endian && size > 1,
                // Below the stride, checked above.
                offset: (offset + index * size) as u32,
                transform: match entry.transform {
                    Some(stated) => stated.0,
                    None if entry.delta => Transform::Ordered,
                    None => default_transform(dtype),
                },
                grid,
                law: None,
                delta: entry.delta,
            });
        }
    }
    // Below MAX_STRIDE, checked above.
    let schema =
        Schema::new(stride as usize, fields).map_err(|e| Error::sidecar(path, e.message))?;
    let mut resolved = Vec::new();
    for (entry, at, law) in laws {
        let index = schema.fields().iter().position(|field| field.name == entry.name);
        let index = index.expect("made of this entry");
        let law = law.law(&schema).map_err(|message| {
            let (line, name) = (at.line(), &entry.name);
            Error::sidecar(path, format!("line {line}: field {name:?}: {message}"))
        })?;
        resolved.push((index, law));
    }
    schema.with_laws(resolved).map_err(|e| Error::sidecar(path, e.message))
}

/// A schema in Vortex's own form.
pub fn to_yaml(schema: &Schema) -> String {
    let mut text = format!("stride: {}\nfields:\n", schema.stride());
    for field in schema.fields() {
        let name = quoted(&field.name);
        let dtype = field.dtype.numpy(field.big_endian);
        // A law comes with its own, and so does a distance.
        let transform = if field.law.is_some()
            || field.delta
            || field.transform == default_transform(field.dtype)
        {
            String::new()
        } else {
            format!(", transform: {}", transform_name(field.transform))
        };
        let offset = field.offset;
        let known = keys(schema, field, quoted);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  - {{name: {name}, dtype: \"{dtype}\", offset: {offset}{transform}{known}}}"
        );
    }
    text
}

/// A double-quoted YAML string, with everything that is not plain to see escaped.
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
    use super::super::law::describe_field;
    use super::*;
    use proptest::prelude::*;
    use vortex_coder::schema::{DType, Transform};

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
            .map(|f| (f.name.as_str(), f.dtype, f.big_endian, f.offset, f.transform))
            .collect();
        use Transform::{Identity, MsbFirst, Ordered};
        assert_eq!(
            seen,
            [
                ("pt", DType::F32, false, 0, MsbFirst),
                ("hits[0]", DType::I16, false, 4, Ordered),
                ("hits[1]", DType::I16, false, 6, Ordered),
                ("hits[2]", DType::I16, false, 8, Ordered),
                ("_pad10", DType::U8, false, 10, Identity),
                ("_pad11", DType::U8, false, 11, Identity),
                ("energy", DType::F64, true, 12, Ordered),
                ("_pad20", DType::U8, false, 20, Identity),
                ("_pad21", DType::U8, false, 21, Identity),
                ("_pad22", DType::U8, false, 22, Identity),
                ("_pad23", DType::U8, false, 23, Identity),
                ("label", DType::I8, false, 24, Ordered),
                ("_pad25", DType::U8, false, 25, Identity),
                ("_pad26", DType::U8, false, 26, Identity),
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
        let known = |index| describe_field(&schema, index);
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
            ("delta: true, law: {form: sum, plus: [a]}", "without a law"),
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
        ) {
            let mut offset = 0;
            let mut list = Vec::new();
            for (i, (dtype, big_endian, transform, gap, name)) in fields.into_iter().enumerate() {
                let dtype = DType::from_code(dtype).unwrap();
                offset += gap;
                list.push(Field {
                    big_endian: big_endian && dtype.size() > 1,
                    transform: Transform::from_code(transform).unwrap(),
                    ..Field::new(format!("{name}{i}"), dtype, offset)
                });
                offset += dtype.size() as u32;
            }
            let schema = Schema::new(offset as usize + 1, list).unwrap();
            prop_assert_eq!(read(&to_yaml(&schema)).unwrap(), schema);
        }
    }
}
