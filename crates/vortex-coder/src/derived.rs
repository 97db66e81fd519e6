//! The symbols of fields with a grid or a law, and back.

use crate::decimal::DecimalGrid;
use crate::dtype::DType;
use crate::exact::Exact;
use crate::law::{Evaluation, Law};
use crate::schema::{Field, Schema, Transform};

/// A value in the bytes of a record.
#[derive(Clone, Copy, Debug)]
struct Place {
    dtype: DType,
    big_endian: bool,
    offset: usize,
}

impl Place {
    fn of(field: &Field) -> Self {
        let Field { dtype, big_endian, offset, .. } = *field;
        Self { dtype, big_endian, offset: offset as usize }
    }
    fn bits(self, record: &[u8]) -> u64 {
        let bytes = &record[self.offset..][..self.dtype.size()];
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }
    fn set(self, record: &mut [u8], bits: u64) {
        let bytes = bits.to_le_bytes();
        let size = self.dtype.size();
        let out = &mut record[self.offset..][..size];
        out.copy_from_slice(&bytes[..size]);
        if self.big_endian {
            out.reverse();
        }
    }
    fn value(self, record: &[u8]) -> Option<Exact> {
        Exact::from_bits(self.dtype, self.bits(record))
    }
}

/// The map between the bits of a field and the integer that is coded instead.
#[derive(Clone, Debug)]
pub(crate) struct DerivedField {
    place: Place,
    first_role: usize,
    /// Ordered, as [`crate::Transform::Ordered`] says; always so with a law.
    ordered: bool,
    grid: Option<DecimalGrid>,
    law: Option<(Law, Vec<Place>)>,
}

impl DerivedField {
    /// All such fields of a schema, each after those that its law refers to.
    pub(crate) fn all(schema: &Schema, first_role: &[u32]) -> Vec<Self> {
        let fields = schema.fields();
        let order = schema.order_of_laws().expect("checked with the schema");
        order
            .into_iter()
            .filter(|&index| fields[index].law.is_some() || fields[index].grid.is_some())
            .map(|index| {
                let field = &fields[index];
                let places = |law: &Law| {
                    law.terms
                        .iter()
                        .map(|term| Place::of(&fields[usize::from(term.field)]))
                        .collect()
                };
                Self {
                    place: Place::of(field),
                    first_role: first_role[index] as usize,
                    ordered: field.law.is_some() || field.transform == Transform::Ordered,
                    grid: field.grid,
                    law: field.law.as_ref().map(|law| (law.clone(), places(law))),
                }
            })
            .collect()
    }

    /// Writes the field's symbols, most significant first.
    pub(crate) fn to_symbols(&self, record: &[u8], symbols: &mut [u8]) {
        let mut code = self.place.bits(record);
        if let Some(grid) = self.grid {
            code = grid.swap(low_half(code)).into();
        }
        if self.ordered {
            code = self.in_order(code);
        }
        if let Some(law) = &self.law {
            code = code.wrapping_sub(self.expected(law, record)).wrapping_add(self.sign());
        }
        let size = self.place.dtype.size();
        symbols[self.first_role..][..size].copy_from_slice(&code.to_be_bytes()[8 - size..]);
    }

    /// Writes the field's bytes; those that its law refers to are there already.
    pub(crate) fn to_record(&self, symbols: &[u8], record: &mut [u8]) {
        let size = self.place.dtype.size();
        let mut bytes = [0; 8];
        bytes[8 - size..].copy_from_slice(&symbols[self.first_role..][..size]);
        let mut code = u64::from_be_bytes(bytes);
        if let Some(law) = &self.law {
            code = code.wrapping_sub(self.sign()).wrapping_add(self.expected(law, record))
                & self.mask();
        }
        if self.ordered {
            code = self.out_of_order(code);
        }
        if let Some(grid) = self.grid {
            code = grid.swap(low_half(code)).into();
        }
        self.place.set(record, code);
    }

    /// What the law says, as the field itself is written before the difference is taken.
    fn expected(&self, (law, places): &(Law, Vec<Place>), record: &[u8]) -> u64 {
        let mut evaluation = Evaluation::new(law.form);
        evaluation.constant(Exact::from_bits(DType::F64, law.constant).unwrap_or(Exact::ZERO));
        for (term, place) in law.terms.iter().zip(places) {
            // Nothing can be said of a record with an infinite term, and nothing is.
            let Some(value) = place.value(record) else { return self.sign() };
            evaluation.term(value, term.minus);
        }
        let bits = evaluation.finish().to_bits(self.place.dtype);
        self.in_order(match self.grid {
            Some(grid) => grid.nearest(low_half(bits)).into(),
            None => bits,
        })
    }

    fn sign(&self) -> u64 {
        1 << (8 * self.place.dtype.size() - 1)
    }
    fn mask(&self) -> u64 {
        u64::MAX >> (64 - 8 * self.place.dtype.size())
    }
    /// Sign and magnitude to an integer in order.
    fn in_order(&self, bits: u64) -> u64 {
        if bits & self.sign() == 0 { bits | self.sign() } else { !bits & self.mask() }
    }
    fn out_of_order(&self, code: u64) -> u64 {
        if code & self.sign() == 0 { !code & self.mask() } else { code ^ self.sign() }
    }
}

fn low_half(bits: u64) -> u32 {
    let [.., a, b, c, d] = bits.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}
