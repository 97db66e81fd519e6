//! The symbols of fields with a grid, a law or a distance, and back.

use super::dtype::{DType, NumberKind};
use super::exact::Exact;
use crate::law::{Evaluation, Law};
use crate::schema::{Field, Schema, Transform};

/// A field whose bits are changed to another integer, which is coded instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DerivedField {
    /// Index in the schema.
    index: usize,
    first_role: usize,
}

impl DerivedField {
    /// All such fields of a schema, each after those that its law refers to.
    pub(crate) fn all(schema: &Schema, first_role: &[u32]) -> Vec<Self> {
        let order = schema.order_of_laws().expect("checked with the schema");
        let changed = |&index: &usize| schema.fields()[index].is_derived();
        let derived = |index| Self { index, first_role: first_role[index] as usize };
        order.into_iter().filter(changed).map(derived).collect()
    }

    /// Writes the field's symbols, most significant first. `fields` are those of the schema, `before` is the record before,
    /// if there is one.
    pub(crate) fn to_symbols(
        self,
        fields: &[Field],
        before: Option<&[u8]>,
        record: &[u8],
        symbols: &mut [u8],
    ) {
        let field = &fields[self.index];
        let mut code = code(field, record);
        if let Some(expected) = expected(field, fields, before, record) {
            code = code.wrapping_sub(expected).wrapping_add(sign(field));
        }
        let size = field.dtype.size();
        symbols[self.first_role..][..size].copy_from_slice(&code.to_be_bytes()[8 - size..]);
    }

    /// Writes the field's bytes; those that its law refers to are there already. `before` is as in [`Self::to_symbols`].
    pub(crate) fn to_record(
        self,
        fields: &[Field],
        before: Option<&[u8]>,
        symbols: &[u8],
        record: &mut [u8],
    ) {
        let field = &fields[self.index];
        let size = field.dtype.size();
        let mut bytes = [0; 8];
        bytes[8 - size..].copy_from_slice(&symbols[self.first_role..][..size]);
        let mut code = u64::from_be_bytes(bytes);
        if let Some(expected) = expected(field, fields, before, record) {
            let distance = code.wrapping_sub(sign(field));
            code = distance.wrapping_add(expected) & mask(field);
        }
        if field.transform == Transform::Ordered {
            code = out_of_order(field, code);
        }
        if let Some(grid) = field.grid {
            code = grid.swap(low_half(code)).into();
        }
        field.set_bits(record, code);
    }
}

/// The field of a record as an integer, before any difference is taken.
fn code(field: &Field, record: &[u8]) -> u64 {
    let mut code = field.bits(record);
    if let Some(grid) = field.grid {
        code = grid.swap(low_half(code)).into();
    }
    if field.transform == Transform::Ordered {
        code = in_order(field, code);
    }
    code
}

/// What is subtracted from the field's [`code`], if anything.
fn expected(field: &Field, fields: &[Field], before: Option<&[u8]>, record: &[u8]) -> Option<u64> {
    match &field.law {
        Some(law) => Some(lawful(field, law, fields, record)),
        // Of a lane's first record, values themselves are coded.
        None if field.delta => Some(before.map_or(sign(field), |before| code(field, before))),
        None => None,
    }
}

/// What the law says, as the field itself is written before the difference is taken.
fn lawful(field: &Field, law: &Law, fields: &[Field], record: &[u8]) -> u64 {
    let mut evaluation = Evaluation::new(law.form);
    evaluation.constant(Exact::from_bits(DType::F64, law.constant).unwrap_or(Exact::ZERO));
    for term in &law.terms {
        let other = &fields[usize::from(term.field)];
        // Nothing can be said of a record with an infinite term, and nothing is.
        let Some(value) = Exact::from_bits(other.dtype, other.bits(record)) else {
            return sign(field);
        };
        evaluation.term(value, term.minus);
    }
    let bits = evaluation.finish().to_bits(field.dtype);
    let bits = field.grid.map_or(bits, |grid| grid.nearest(low_half(bits)).into());
    in_order(field, bits)
}

fn sign(field: &Field) -> u64 {
    1 << (8 * field.dtype.size() - 1)
}

fn mask(field: &Field) -> u64 {
    u64::MAX >> (64 - 8 * field.dtype.size())
}

/// Bits to an integer in order.
fn in_order(field: &Field, bits: u64) -> u64 {
    match field.dtype.number_kind() {
        NumberKind::Unsigned => bits,
        NumberKind::Float if bits & sign(field) != 0 => !bits & mask(field),
        NumberKind::Float | NumberKind::Signed => bits ^ sign(field),
    }
}

fn out_of_order(field: &Field, code: u64) -> u64 {
    match field.dtype.number_kind() {
        NumberKind::Unsigned => code,
        NumberKind::Float if code & sign(field) == 0 => !code & mask(field),
        NumberKind::Float | NumberKind::Signed => code ^ sign(field),
    }
}

fn low_half(bits: u64) -> u32 {
    let [.., a, b, c, d] = bits.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}
