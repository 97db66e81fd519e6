//! Records to symbols and back: field transforms, roles and tokens.

use crate::schema::Schema;

/// One symbol of a record: which byte (most significant first) of which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Index of the field (= token) in the schema.
    pub field: u16,
    /// 0 for the field's first symbol (the most significant one, except under `Identity`).
    pub significance: u8,
    /// Number of different symbols, 2..=256. (256 for all transforms of today.)
    pub alphabet: u16,
}

/// The fixed map between the bytes of a record and its symbols.
#[derive(Clone, Debug)]
pub struct RecordLayout {
    schema: Schema,
    roles: Vec<Role>,
    /// `first_role[f]..first_role[f + 1]` are the roles of field `f`.
    first_role: Vec<u32>,
}

impl RecordLayout {
    /// The layout of a schema.
    pub fn new(_schema: Schema) -> Self {
        todo!()
    }
    /// The schema it was made from.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
    /// Bytes a record.
    pub fn stride(&self) -> usize {
        self.schema.stride()
    }
    /// All roles of a record, in coding order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }
    /// The roles of one field.
    pub fn roles_of(&self, field: usize) -> std::ops::Range<usize> {
        self.first_role[field] as usize..self.first_role[field + 1] as usize
    }
    /// Number of fields, which is the number of tokens a record.
    pub fn n_fields(&self) -> usize {
        self.schema.fields().len()
    }
    /// Symbols of one record (`record.len() == stride`, `symbols.len() == roles().len()`).
    pub fn to_symbols(&self, _record: &[u8], _symbols: &mut [u8]) {
        todo!()
    }
    /// The record of its symbols.
    pub fn to_record(&self, _symbols: &[u8], _record: &mut [u8]) {
        todo!()
    }
}
