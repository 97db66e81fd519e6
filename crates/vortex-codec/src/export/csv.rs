//! Records as comma-separated values: names in the first line, then a line for each record. Bytes of
//! padding are left out.

use std::io::{self, Write};

use vortex_coder::{Field, Schema};

use super::number;

/// The fields that become columns.
fn columns(schema: &Schema) -> impl Iterator<Item = &Field> {
    // Records of nothing but padding keep it: a line needs a column.
    let all = schema.fields().iter().all(Field::is_padding);
    schema.fields().iter().filter(move |field| all || !field.is_padding())
}

/// The line of names.
pub fn header(schema: &Schema) -> Vec<u8> {
    let names: Vec<String> = columns(schema).map(|field| quoted(&field.name)).collect();
    (names.join(",") + "\n").into_bytes()
}

/// Writes a line for each record.
pub fn rows(schema: &Schema, records: &[u8], out: &mut impl Write) -> io::Result<()> {
    let columns: Vec<&Field> = columns(schema).collect();
    for record in records.chunks_exact(schema.stride()) {
        for (i, field) in columns.iter().enumerate() {
            if i > 0 {
                out.write_all(b",")?;
            }
            number::write(field, record, out)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A name, in quotes where a reader would take it apart.
fn quoted(name: &str) -> String {
    match name.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::DType;

    #[test]
    fn names_and_lines() {
        let fields = vec![Field::new("pt, \"raw\"", DType::F32, 0), Field::new("n", DType::U8, 6)];
        let schema = Schema::new(8, fields).unwrap();
        assert_eq!(header(&schema), b"\"pt, \"\"raw\"\"\",n\n");
        let records = [1.5f32.to_le_bytes(), [9, 9, 3, 9], f32::NAN.to_le_bytes(), [0; 4]].concat();
        let mut out = Vec::new();
        rows(&schema, &records, &mut out).unwrap();
        assert_eq!(out, b"1.5,3\nnan,0\n");
        let bare = Schema::new(2, vec![]).unwrap();
        assert_eq!(header(&bare), b"_pad0,_pad1\n");
    }
}
