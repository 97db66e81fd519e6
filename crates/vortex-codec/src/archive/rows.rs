//! Rows and columns, decoded.

use std::sync::Arc;

use vortex_coder::{DType, Schema};

use super::fields;
use crate::error::Result;

/// Rows of a dataset: records of its schema, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Schema of a row.
    pub schema: Arc<Schema>,
    /// The original bytes of the rows.
    pub bytes: Vec<u8>,
}

/// The values of one field, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Type of the values.
    pub dtype: DType,
    /// Whether they are stored most significant byte first.
    pub big_endian: bool,
    /// The original bytes of the values.
    pub bytes: Vec<u8>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.schema.stride()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The values of a field.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] for a field that the rows do not have.
    pub fn field(&self, name: &str) -> Result<Column> {
        let field = &self.schema.fields()[fields::index(&self.schema, name)?];
        let value = field.offset as usize..field.end();
        let records = self.bytes.chunks_exact(self.schema.stride());
        let bytes = records.flat_map(|record| &record[value.clone()]).copied().collect();
        Ok(Column { dtype: field.dtype, big_endian: field.big_endian, bytes })
    }
}

impl Column {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
