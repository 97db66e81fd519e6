//! The header of a numpy array of records.

use vortex_coder::{DType, Field, Schema};
use vortex_sources::formats::npy;

/// The header of an array of `n` records; their bytes follow it. Records of a single field are
/// plain numbers.
///
/// # Errors
/// A message if the array cannot be described.
pub fn header(schema: &Schema, n: u64) -> Result<Vec<u8>, String> {
    npy::to_bytes(&descr(schema), false, &[n])
}

/// The dtype of a record, as a Python literal.
fn descr(schema: &Schema) -> String {
    if let [only] = schema.fields() {
        return code(only);
    }
    let mut members: Vec<String> = Vec::new();
    let mut padding = 0;
    for field in schema.fields() {
        if field.is_padding() {
            padding += 1;
            continue;
        }
        gap(&mut members, &mut padding);
        members.push(format!("({}, {})", literal(&field.name), code(field)));
    }
    gap(&mut members, &mut padding);
    format!("[{}]", members.join(", "))
}

/// numpy reads a member without a name as bytes between the others.
fn gap(members: &mut Vec<String>, padding: &mut usize) {
    if *padding > 0 {
        members.push(format!("('', '|V{padding}')"));
        *padding = 0;
    }
}

fn code(field: &Field) -> String {
    match field.dtype {
        // numpy has no bfloat16. It writes those of the package ml_dtypes like this.
        DType::Bf16 => "'<V2'".into(),
        dtype => format!("'{}'", dtype.numpy(field.big_endian)),
    }
}

/// A text as a Python literal.
fn literal(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_sources::formats::npy::Header;

    #[test]
    fn headers_that_our_reader_reads() {
        let big = Field { big_endian: true, ..Field::new("b[0]", DType::I16, 4) };
        let odd = Field::new("it's \\ \u{e9}", DType::F32, 0);
        let schema = Schema::new(10, vec![odd, big, Field::new("h", DType::Bf16, 8)]).unwrap();
        let wanted = "[('it\\'s \\\\ \u{e9}', '<f4'), ('b[0]', '>i2'), ('', '|V2'), ('h', '<V2')]";
        assert_eq!(descr(&schema), wanted);
        let bytes = header(&schema, 7).unwrap();
        let info = Header::read("x", &mut bytes.as_slice()).unwrap().info;
        assert_eq!((info.n_records, info.schema.stride()), (7, 10));
        assert_eq!(info.schema.fields()[0].name, "it's \\ \u{e9}");
        let plain = Schema::new(4, vec![Field::new("x", DType::F32, 0)]).unwrap();
        assert_eq!(descr(&plain), "'<f4'");
        assert_eq!(descr(&Schema::bytes()), "'|u1'");
    }
}
