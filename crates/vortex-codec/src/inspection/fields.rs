//! What is known of each field: its place, its entropy, and what the search found about it.

use serde::Serialize;
use vortex_coder::Schema;

use super::symbols::entropies;
use super::values::{ValueEntropy, value_entropies};

/// One field of the records of some bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldRow {
    /// Its name.
    pub name: String,
    /// Its type as numpy writes it, such as `<f4`.
    pub dtype: String,
    /// Its first byte in a record.
    pub offset: u32,
    /// Bits that each of its symbols needs without any context, in coding order. Symbols are bytes
    /// of the coded value: after decimals, laws and distances.
    pub symbol_entropy: Vec<f64>,
    /// The entropy of its values as they stand in the file; `None` for too many distinct ones.
    pub values: Option<ValueEntropy>,
    /// Decimals, laws, closeness to the record before; empty if nothing was found.
    pub found: String,
}

/// The fields of a schema, measured over the whole records of `bytes`.
pub fn field_rows(bytes: &[u8], schema: &Schema) -> Vec<FieldRow> {
    let measured = entropies(bytes, schema).into_iter().zip(value_entropies(bytes, schema));
    let fields = schema.fields().iter().enumerate().zip(measured);
    fields
        .map(|((index, field), (symbol_entropy, values))| FieldRow {
            name: field.name.clone(),
            dtype: field.dtype.numpy(field.big_endian),
            offset: field.offset,
            symbol_entropy,
            values,
            found: vortex_data::discover::describe(schema, index),
        })
        .collect()
}
