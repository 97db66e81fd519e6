//! Names of fields that cost little: HDF5 holds the real ones, and each chunk would have to pay for its copy
//! of them.
#![forbid(unsafe_code)]

use vortex_codec::Schema;

/// The schema with the shortest names.
pub(crate) fn short_names(schema: Schema) -> Schema {
    if schema == Schema::bytes() {
        return schema;
    }
    let stride = schema.stride();
    let mut fields = schema.clone().into_fields();
    for (number, field) in fields.iter_mut().enumerate() {
        field.name = short_name(number);
    }
    Schema::new(stride, fields).unwrap_or(schema)
}

/// `a` to `z`, `aa`, `ab`, and so on.
fn short_name(mut number: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'a' + (number % 26) as u8));
        match (number / 26).checked_sub(1) {
            Some(rest) => number = rest,
            None => return name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_codec::{DType, Field};

    #[test]
    fn names_are_short_and_different() {
        let names: Vec<_> = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(short_name).into();
        assert_eq!(names, ["a", "b", "z", "aa", "ab", "az", "ba", "zz", "aaa"]);
        let fields = vec![Field::new("b", DType::F32, 0), Field::new("a", DType::I16, 4)];
        let short = short_names(Schema::new(6, fields).unwrap());
        let names: Vec<_> = short.fields().iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(short_names(Schema::bytes()), Schema::bytes());
    }
}
