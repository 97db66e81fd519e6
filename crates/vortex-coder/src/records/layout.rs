//! Records to symbols and back: field transforms, roles and tokens.

use super::derived::DerivedField;
use super::dtype::NumberKind;
use crate::schema::{Schema, Transform};

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
    /// Byte of the record that each role is made of.
    source: Vec<u16>,
    /// Fields whose sign needs work besides the order of bytes.
    signed: Vec<SignedField>,
    /// Fields with a grid, a law or a distance, each after those that its law refers to.
    derived: Vec<DerivedField>,
}

/// A field under [`Transform::Ordered`] with a sign.
#[derive(Clone, Copy, Debug)]
struct SignedField {
    first_role: u32,
    size: u8,
    float: bool,
}

const SIGN: u8 = 0x80;

impl RecordLayout {
    /// The layout of a schema.
    pub fn new(schema: Schema) -> Self {
        let mut roles = Vec::with_capacity(schema.stride());
        let mut first_role = vec![0];
        let mut source = Vec::with_capacity(schema.stride());
        let mut signed = Vec::new();
        for (field, index) in schema.fields().iter().zip(0u16..) {
            let first = *first_role.last().expect("starts with one");
            let size = u8::try_from(field.dtype.size()).expect("at most 8");
            let in_file_order = field.transform == Transform::Identity || field.big_endian;
            let offset = u16::try_from(field.offset).expect("offset below the largest stride");
            for significance in 0..size {
                let byte = if in_file_order { significance } else { size - 1 - significance };
                source.push(offset + u16::from(byte));
                roles.push(Role { field: index, significance, alphabet: 256 });
            }
            let kind = field.dtype.number_kind();
            if !field.is_derived()
                && field.transform == Transform::Ordered
                && kind != NumberKind::Unsigned
            {
                let float = kind == NumberKind::Float;
                signed.push(SignedField { first_role: first, size, float });
            }
            first_role.push(first + u32::from(size));
        }
        let derived = DerivedField::all(&schema, &first_role);
        Self { schema, roles, first_role, source, signed, derived }
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

    /// Symbols of one record (`record.len() == stride`, `symbols.len() == roles().len()`); `before` is the record before it in
    /// the same lane, `None` for the first one.
    ///
    /// # Panics
    /// When a length differs.
    pub fn to_symbols(&self, before: Option<&[u8]>, record: &[u8], symbols: &mut [u8]) {
        assert!(before.is_none_or(|before| before.len() == record.len()), "one record before");
        assert_eq!(record.len(), self.source.len(), "one record");
        assert_eq!(symbols.len(), self.roles.len(), "the symbols of one record");
        for (symbol, &byte) in symbols.iter_mut().zip(&self.source) {
            *symbol = record[usize::from(byte)];
        }
        for field in &self.signed {
            let value = &mut symbols[field.first_role as usize..][..usize::from(field.size)];
            if field.float && value[0] & SIGN != 0 {
                value.iter_mut().for_each(|b| *b = !*b);
            } else {
                value[0] ^= SIGN;
            }
        }
        for field in &self.derived {
            field.to_symbols(self.schema.fields(), before, record, symbols);
        }
    }

    /// The record of its symbols; undoes [`Self::to_symbols`].
    ///
    /// # Panics
    /// When a length differs.
    pub fn to_record(&self, before: Option<&[u8]>, symbols: &[u8], record: &mut [u8]) {
        assert!(before.is_none_or(|before| before.len() == record.len()), "one record before");
        assert_eq!(record.len(), self.source.len(), "one record");
        assert_eq!(symbols.len(), self.roles.len(), "the symbols of one record");
        for (symbol, &byte) in symbols.iter().zip(&self.source) {
            record[usize::from(byte)] = *symbol;
        }
        for field in &self.signed {
            let first = field.first_role as usize;
            let sources = &self.source[first..first + usize::from(field.size)];
            let sign = usize::from(sources[0]);
            if field.float && record[sign] & SIGN == 0 {
                sources.iter().for_each(|&b| record[usize::from(b)] ^= 0xff);
            } else {
                record[sign] ^= SIGN;
            }
        }
        for field in &self.derived {
            field.to_record(self.schema.fields(), before, symbols, record);
        }
    }

    /// Appends the symbols of whole records, with none before them, to `symbols`.
    ///
    /// # Panics
    /// When `bytes` is not a whole number of records.
    pub fn records_to_symbols(&self, bytes: &[u8], symbols: &mut Vec<u8>) {
        assert_eq!(bytes.len() % self.stride(), 0, "whole records");
        let old = symbols.len();
        symbols.resize(old + bytes.len() / self.stride() * self.roles.len(), 0);
        let mut before = None;
        let records = bytes.chunks_exact(self.stride());
        for (record, out) in records.zip(symbols[old..].chunks_exact_mut(self.roles.len())) {
            self.to_symbols(before, record, out);
            before = Some(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DType, DecimalGrid, Field, Law, LawForm, Term};
    use proptest::prelude::*;

    fn one(dtype: DType, big_endian: bool, transform: Transform) -> RecordLayout {
        let field = Field { big_endian, transform, ..Field::new("x", dtype, 0) };
        RecordLayout::new(Schema::new(dtype.size(), vec![field]).unwrap())
    }

    fn symbols(layout: &RecordLayout, record: &[u8]) -> Vec<u8> {
        let mut symbols = Vec::new();
        layout.records_to_symbols(record, &mut symbols);
        symbols
    }

    #[test]
    fn byte_orders() {
        use Transform::{Identity, MsbFirst};
        let value = [1, 2, 3, 4];
        let reversed = [4, 3, 2, 1];
        assert_eq!(symbols(&one(DType::I32, false, Identity), &value), value);
        assert_eq!(symbols(&one(DType::I32, true, Identity), &value), value);
        assert_eq!(symbols(&one(DType::I32, true, MsbFirst), &value), value);
        assert_eq!(symbols(&one(DType::I32, false, MsbFirst), &value), reversed);
    }

    #[test]
    fn ordered_symbols_sort_as_the_values_do() {
        let f = one(DType::F32, false, Transform::Ordered);
        let values = [f32::NEG_INFINITY, -1e9, -1.5, -0.0, 0.0, 1e-40, 2.0, f32::INFINITY];
        let keys: Vec<_> = values.iter().map(|v| symbols(&f, &v.to_le_bytes())).collect();
        assert!(keys.is_sorted() && keys[3] != keys[4], "{keys:?}");
        let i = one(DType::I16, true, Transform::Ordered);
        let keys: Vec<_> =
            [i16::MIN, -300, -1, 0, 1, 300].iter().map(|v| symbols(&i, &v.to_be_bytes())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        let u = one(DType::U16, false, Transform::Ordered);
        assert_eq!(symbols(&u, &[0xcd, 0xab]), [0xab, 0xcd]);
    }

    #[test]
    fn roles_follow_the_schema() {
        let fields = vec![Field::new("a", DType::U16, 0), Field::new("b", DType::F64, 3)];
        let layout = RecordLayout::new(Schema::new(11, fields).unwrap());
        assert_eq!((layout.n_fields(), layout.roles().len(), layout.stride()), (3, 11, 11));
        assert_eq!(layout.roles_of(1), 2..3);
        assert_eq!(layout.roles_of(2), 3..11);
        assert_eq!(layout.roles()[10], Role { field: 2, significance: 7, alphabet: 256 });
    }

    fn dimuon() -> RecordLayout {
        let float = |name, offset| Field::new(name, DType::F32, offset);
        let fields = vec![float("e", 0), float("x", 4), float("y", 8), float("z", 12)];
        let terms = (1..4).map(|field| Term { field, minus: false }).collect();
        let law = Law { form: LawForm::RootOfSquares, constant: 0.01f64.to_bits(), terms };
        RecordLayout::new(Schema::new(16, fields).unwrap().with_laws([(0, law)]).unwrap())
    }

    #[test]
    fn a_field_that_obeys_its_law_is_coded_as_nothing() {
        let (x, y, z) = (3.25f64, -11.5, 0.75);
        let e = (0.01 + x * x + y * y + z * z).sqrt();
        let record = |e: f32| [e, x as f32, y as f32, z as f32].map(f32::to_le_bytes).concat();
        let layout = dimuon();
        assert_eq!(symbols(&layout, &record(e as f32))[..4], [0x80, 0, 0, 0]);
        let next = f32::from_bits((e as f32).to_bits() + 2);
        assert_eq!(symbols(&layout, &record(next))[..4], [0x80, 0, 0, 2]);
        let infinite = [1.0f32, f32::NAN, 0.0, 0.0].map(f32::to_le_bytes).concat();
        let expected = 1.0f32.to_bits().to_be_bytes();
        assert_eq!(symbols(&layout, &infinite)[..4], [expected[0] ^ 0x80, expected[1], 0, 0]);
    }

    #[test]
    fn a_law_on_a_grid_counts_in_steps_of_the_grid() {
        let grid = DecimalGrid::new(6, 30);
        let on_grid = |name, offset| Field { grid, ..Field::new(name, DType::F32, offset) };
        let schema = Schema::new(8, vec![on_grid("a", 0), on_grid("b", 4)]).unwrap();
        let terms = vec![Term { field: 0, minus: true }];
        let law = Law { form: LawForm::Sum, constant: 1f64.to_bits(), terms };
        let layout = RecordLayout::new(schema.with_laws([(1, law)]).unwrap());
        let record = [0.25f32, 0.750_003].map(f32::to_le_bytes).concat();
        assert_eq!(symbols(&layout, &record)[4..], [0x80, 0, 0, 3]);
    }

    #[test]
    fn distances_from_the_record_before() {
        let fields = vec![
            Field::new("n", DType::U16, 0),
            Field::new("x", DType::F32, 2),
            Field::new("i", DType::I8, 6),
        ];
        let schema = Schema::new(7, fields).unwrap().with_deltas([0, 1, 2]).unwrap();
        let layout = RecordLayout::new(schema);
        let record = |n: u16, x: f32, i: i8| {
            [&n.to_le_bytes()[..], &x.to_le_bytes(), &i.to_le_bytes()].concat()
        };
        let next = f32::from_bits(1f32.to_bits() - 3);
        let bytes = [record(7, 1.0, -1), record(5, next, 2), record(5, next, 2)].concat();
        let symbols = symbols(&layout, &bytes);
        // Of the first record the values themselves, in order.
        assert_eq!(symbols[..7], [0, 7, 0xbf, 0x80, 0, 0, 0x7f]);
        assert_eq!(symbols[7..14], [0x7f, 0xfe, 0x7f, 0xff, 0xff, 0xfd, 0x83]);
        assert_eq!(symbols[14..], [0x80, 0, 0x80, 0, 0, 0, 0x80]);
    }

    fn any_field() -> impl Strategy<Value = (DType, bool, Transform)> {
        let dtype = prop::sample::select(DType::ALL.to_vec());
        let transform = (0u8..3).prop_map(|c| Transform::from_code(c).unwrap());
        (dtype, any::<bool>(), transform)
    }

    proptest! {
        #[test]
        fn every_record_comes_back(
            fields in prop::collection::vec(any_field(), 1..8),
            noise in prop::collection::vec(any::<u8>(), 64 * 3),
            grids in prop::collection::vec(prop::option::of((1u8..=7, 0u8..=30)), 8),
            laws in prop::collection::vec(prop::option::of((any::<bool>(), any::<u64>(), 1usize..8)), 8),
            deltas in prop::collection::vec(any::<bool>(), 8),
        ) {
            let mut offset = 0;
            let mut described = Vec::new();
            for (dtype, big_endian, transform) in fields {
                let name = format!("f{offset}");
                let allowed = dtype == DType::F32 && transform != Transform::Identity;
                let grid = grids[described.len()].filter(|_| allowed);
                let grid = grid.and_then(|(digits, places)| DecimalGrid::new(digits, places));
                described.push(Field { big_endian, transform, grid, ..Field::new(name, dtype, offset) });
                offset += dtype.size() as u32;
            }
            let stride = offset as usize;
            let schema = Schema::new(stride, described).unwrap();
            // Each refers to some of the fields before it, so that they form chains.
            let floats = schema.fields().iter().enumerate().skip(1).filter(|(_, f)| {
                f.dtype == DType::F64 || f.dtype == DType::F32 && (f.grid.is_none() || f.transform != Transform::Identity)
            });
            let laws: Vec<_> = floats.filter_map(|(index, _)| {
                let (sum, constant, n) = laws[index]?;
                let constant = if f64::from_bits(constant).is_finite() { constant } else { 0 };
                let terms = (index.saturating_sub(n)..index)
                    .map(|field| Term { field: field as u16, minus: constant >> field & 1 == 1 })
                    .collect();
                let form = if sum { LawForm::Sum } else { LawForm::RootOfSquares };
                Some((index, Law { form, constant, terms }))
            }).collect();
            let lawless = (0..schema.fields().len()).filter(|i| laws.iter().all(|(index, _)| i != index));
            let deltas: Vec<_> = lawless.filter(|&i| deltas[i]).collect();
            let schema = schema.with_laws(laws).unwrap().with_deltas(deltas).unwrap();
            let layout = RecordLayout::new(schema);
            let bytes = &noise[..noise.len() / stride * stride];
            let all = symbols(&layout, bytes);
            let mut record = vec![0; stride];
            let mut before = None;
            for (chunk, original) in all.chunks_exact(stride).zip(bytes.chunks_exact(stride)) {
                layout.to_record(before, chunk, &mut record);
                prop_assert_eq!(&record, original);
                before = Some(original);
            }
        }
    }
}
