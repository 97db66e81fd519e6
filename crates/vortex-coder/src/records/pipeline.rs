//! All stages of a field one after the other, in both directions.

use super::coding::{Field, FieldCoding, Order, Surroundings, exchanged, in_order, out_of_order};
use super::schema::Schema;

/// A field that passes through the stages as an integer, because its symbols are
/// [derived](FieldCoding::is_derived). All other fields are converted on their bytes, which is
/// faster.
#[derive(Clone, Debug)]
pub(crate) struct PipelineField {
    /// Index in the schema.
    index: usize,
    first_role: usize,
}

impl PipelineField {
    /// All such fields of a schema, each after the fields that it depends on.
    pub(crate) fn all(schema: &Schema, first_role: &[u32]) -> Vec<Self> {
        let order = schema.order_of_needs().expect("checked with the schema");
        let derived = |&index: &usize| schema.fields()[index].coding.is_derived();
        let field = |index| Self { index, first_role: first_role[index] as usize };
        order.into_iter().filter(derived).map(field).collect()
    }

    /// Writes the field's symbols, most significant first. `fields` are those of the schema,
    /// `before` is the previous record, if there is one.
    pub(crate) fn to_symbols(
        &self,
        fields: &[Field],
        before: Option<&[u8]>,
        record: &[u8],
        symbols: &mut [u8],
    ) {
        let size = fields[self.index].dtype.size();
        let number = self.number(fields, before, record);
        symbols[self.first_role..][..size].copy_from_slice(&number.to_be_bytes()[8 - size..]);
    }

    /// Index in the schema.
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// The field's symbols as one number, in the low bits of what is returned.
    pub(crate) fn number(&self, fields: &[Field], before: Option<&[u8]>, record: &[u8]) -> u64 {
        let field = &fields[self.index];
        let FieldCoding::Number { grid, order } = &field.coding else { return field.bits(record) };
        let mut code = exchanged(*grid, field.bits(record));
        if let Order::Ordered(predicted) = order {
            code = in_order(field.dtype, code);
            code =
                predicted.enter(code, &Surroundings { field, grid: *grid, fields, before, record });
        }
        code
    }

    /// Writes the field's bytes; the fields that it depends on are already written. `before` is as
    /// in [`Self::to_symbols`].
    pub(crate) fn to_record(
        &self,
        fields: &[Field],
        before: Option<&[u8]>,
        symbols: &[u8],
        record: &mut [u8],
    ) {
        let size = fields[self.index].dtype.size();
        let mut bytes = [0; 8];
        bytes[8 - size..].copy_from_slice(&symbols[self.first_role..][..size]);
        self.set_number(fields, before, u64::from_be_bytes(bytes), record);
    }

    /// Writes the field's bytes, undoing [`Self::number`]; those that it needs are there already.
    pub(crate) fn set_number(
        &self,
        fields: &[Field],
        before: Option<&[u8]>,
        number: u64,
        record: &mut [u8],
    ) {
        let field = &fields[self.index];
        let FieldCoding::Number { grid, order } = &field.coding else { return };
        let mut code = number;
        if let Order::Ordered(predicted) = order {
            code =
                predicted.leave(code, &Surroundings { field, grid: *grid, fields, before, record });
            code = out_of_order(field.dtype, code);
        }
        field.set_bits(record, exchanged(*grid, code));
    }
}
