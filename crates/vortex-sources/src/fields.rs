//! Fields of a record from nested descriptions.

use vortex_coder::schema::{DType, Field, FieldCoding, MAX_NAME_LEN, MAX_STRIDE, Schema};

use crate::unique_names::UniqueNames;

/// Most columns of a two-dimensional array whose rows become records.
pub const MAX_ROW_COLUMNS: u64 = 256;

/// Numbers of one record, in order of offset.
#[derive(Debug, Default)]
pub struct Fields {
    fields: Vec<Field>,
    names: UniqueNames,
    overflow: bool,
}

impl Fields {
    /// Adds a number.
    pub fn push(&mut self, name: &str, dtype: DType, big_endian: bool, offset: u64) {
        let fits = u32::try_from(offset).ok().filter(|offset| *offset < MAX_STRIDE);
        let (Some(offset), true) = (fits, self.fields.len() < MAX_STRIDE as usize) else {
            self.overflow = true;
            return;
        };
        let name = self.unique(name);
        self.fields.push(Field {
            big_endian: big_endian && dtype.size() > 1,
            coding: FieldCoding::usual(dtype),
            ..Field::new(name, dtype, offset)
        });
    }

    /// Adds bytes that are not a number.
    pub fn push_bytes(&mut self, name: &str, size: u64, offset: u64) {
        if size == 1 {
            return self.push(name, DType::U8, false, offset);
        }
        for i in 0..size.min(u64::from(MAX_STRIDE) + 1) {
            self.push(&format!("{name}[{i}]"), DType::U8, false, offset + i);
        }
    }

    /// Whether the fields did not all fit in one record.
    pub fn overflowed(&self) -> bool {
        self.overflow
    }

    /// The name, shortened to the maximum length and made unique.
    fn unique(&mut self, name: &str) -> String {
        let mut end = name.len().min(MAX_NAME_LEN - 12);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let short = &name[..end];
        // `_pad` is for bytes that no field covers.
        let is_pad = short.starts_with("_pad");
        if is_pad {
            self.names.reserve(short);
        }
        let mark = if is_pad { "#" } else { "" };
        self.names.take(short, |n| format!("{mark}{short}#{n}"))
    }

    /// The schema of a record of `stride` bytes; single bytes if records are too long.
    pub fn schema(self, stride: u64) -> Schema {
        let whole = usize::try_from(stride).ok().filter(|_| !self.overflow);
        whole.and_then(|stride| Schema::new(stride, self.fields).ok()).unwrap_or_else(Schema::bytes)
    }
}

/// How an array of elements is cut into records.
#[derive(Debug, PartialEq, Eq)]
pub struct Records {
    /// Schema of a record.
    pub schema: Schema,
    /// Number of records.
    pub n_records: u64,
    /// Records per index of the first dimension.
    pub records_per_event: u64,
}

impl Records {
    /// An array of `shape`, whose elements of `element_bytes` are described by `describe`
    /// (name prefix, offset). An element is a record; in a two-dimensional array of single numbers
    /// (`number`) with at most [`MAX_ROW_COLUMNS`] columns, a row is a record. Elements that are
    /// longer than the longest record are cut into bytes.
    pub fn of_array(
        shape: &[u64],
        element_bytes: u64,
        number: bool,
        describe: impl Fn(&mut Fields, &str, u64),
    ) -> Self {
        let elements: u64 = shape.iter().fold(1u64, |n, d| n.saturating_mul(*d));
        let per_event = shape.get(1..).unwrap_or_default();
        let per_event: u64 = per_event.iter().fold(1u64, |n, d| n.saturating_mul(*d)).max(1);
        let mut fields = Fields::default();
        if let (&[rows, columns @ 2..=MAX_ROW_COLUMNS], true) = (shape, number) {
            for column in 0..columns {
                describe(&mut fields, &format!("value[{column}]"), column * element_bytes);
            }
            let schema = fields.schema(columns * element_bytes);
            return Self { schema, n_records: rows, records_per_event: 1 };
        }
        describe(&mut fields, "value", 0);
        let schema = fields.schema(element_bytes);
        // Below the length of the file, which the caller has checked.
        let times = element_bytes / schema.stride() as u64;
        Self {
            schema,
            n_records: elements.saturating_mul(times),
            records_per_event: per_event.saturating_mul(times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(schema: &Schema) -> Vec<&str> {
        schema.fields().iter().map(|f| f.name.as_str()).collect()
    }

    #[test]
    fn names_are_unique_and_never_padding() {
        let mut fields = Fields::default();
        for (i, name) in ["a", "a", "_pad1", "a#2", "_pad1"].iter().enumerate() {
            fields.push(name, DType::U8, false, i as u64);
        }
        fields.push(&"é".repeat(200), DType::U8, false, 5);
        let schema = fields.schema(7);
        let found = names(&schema);
        assert_eq!(found[..3], ["a", "a#2", "#_pad1#2"]);
        assert_eq!(found.len(), 7);
        assert_eq!(found[6], "_pad6");
    }

    #[test]
    fn arrays_become_records() {
        let float = |f: &mut Fields, name: &str, at: u64| f.push(name, DType::F32, true, at);
        let rows = Records::of_array(&[10, 3], 4, true, float);
        assert_eq!((rows.schema.stride(), rows.n_records, rows.records_per_event), (12, 10, 1));
        assert_eq!(names(&rows.schema), ["value[0]", "value[1]", "value[2]"]);
        let cube = Records::of_array(&[10, 3, 2], 4, true, float);
        assert_eq!((cube.schema.stride(), cube.n_records, cube.records_per_event), (4, 60, 6));
        let scalar = Records::of_array(&[], 4, true, float);
        assert_eq!((scalar.n_records, scalar.records_per_event), (1, 1));
        let long = Records::of_array(&[2], 70_000, false, |f, name, at| {
            f.push_bytes(name, 70_000, at);
        });
        assert_eq!((long.schema, long.n_records), (Schema::bytes(), 140_000));
        assert_eq!(Records::of_array(&[0, 3], 4, true, float).n_records, 0);
    }
}
