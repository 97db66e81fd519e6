//! Records to symbols and back: the codings of all fields, roles and tokens.

use super::coding::{FieldCoding, SignedField};
use super::pipeline::PipelineField;
use super::schema::Schema;

/// One symbol of a record: which byte (most significant first) of which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Index of the field (= token) in the schema.
    pub field: u16,
    /// 0 for the field's first symbol (the most significant one, except of [raw](FieldCoding::Raw) fields).
    pub rank: u8,
    /// Number of different symbols, 2..=256. (256 for all current codings.)
    pub alphabet: u16,
}

/// The fixed map between the bytes of a record and its symbols.
#[derive(Clone, Debug)]
pub struct RecordLayout {
    schema: Schema,
    roles: Vec<Role>,
    /// `first_role[f]..first_role[f + 1]` are the roles of field `f`.
    first_role: Vec<u32>,
    /// For each role, its byte in the record.
    source: Vec<u16>,
    /// Fields whose sign must be changed in addition to the order of bytes.
    signed: Vec<SignedField>,
    /// Fields that need more stages, each after the fields that it depends on.
    derived: Vec<PipelineField>,
}

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
            let in_file_order = field.coding == FieldCoding::Raw || field.big_endian;
            let offset = u16::try_from(field.offset).expect("offset below the largest stride");
            for rank in 0..size {
                let byte = if in_file_order { rank } else { size - 1 - rank };
                source.push(offset + u16::from(byte));
                roles.push(Role { field: index, rank, alphabet: 256 });
            }
            if field.coding == FieldCoding::ORDERED {
                signed.extend(SignedField::new(field.dtype, first));
            }
            first_role.push(first + u32::from(size));
        }
        let derived = PipelineField::all(&schema, &first_role);
        Self { schema, roles, first_role, source, signed, derived }
    }
    /// The schema of the layout.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
    /// Bytes per record.
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
    /// Fields whose symbols count something, each after those that it needs.
    #[cfg(feature = "container")]
    pub(super) fn derived(&self) -> &[PipelineField] {
        &self.derived
    }
    /// Number of fields, which is the number of tokens per record.
    pub fn n_fields(&self) -> usize {
        self.schema.fields().len()
    }

    /// Symbols of one record (`record.len() == stride`, `symbols.len() == roles().len()`); `before`
    /// is the previous record of the same lane, `None` for the first one.
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
            field.to_symbols(symbols);
        }
        for field in &self.derived {
            field.to_symbols(self.schema.fields(), before, record, symbols);
        }
    }

    /// The record of these symbols; the inverse of [`Self::to_symbols`].
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
            field.to_record(&self.source, record);
        }
        for field in &self.derived {
            field.to_record(self.schema.fields(), before, symbols, record);
        }
    }

    /// Appends the symbols of whole records to `symbols`; the first one has no previous record.
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

    /// Appends the symbols of one field of whole records to `symbols`; the first record has no
    /// previous one. The same symbols as of [`Self::records_to_symbols`], without those of other
    /// fields.
    ///
    /// # Panics
    /// When `bytes` is not a whole number of records, or there is no such field.
    pub fn field_to_symbols(&self, field: usize, bytes: &[u8], symbols: &mut Vec<u8>) {
        assert_eq!(bytes.len() % self.stride(), 0, "whole records");
        let roles = self.roles_of(field);
        let records = bytes.chunks_exact(self.stride());
        symbols.reserve(records.len() * roles.len());
        #[cfg(feature = "container")]
        if self.schema.fields()[field].coding.is_derived() {
            let column = self.to_column(field, bytes);
            super::columns::with_column!(&column, numbers => {
                for number in numbers {
                    symbols.extend(number.to_be_bytes());
                }
            });
            return;
        }
        #[cfg(not(feature = "container"))]
        if let Some(derived) = self.derived.iter().find(|derived| derived.index() == field) {
            let fields = self.schema.fields();
            let mut before = None;
            for record in records {
                let number = derived.number(fields, before, record);
                symbols.extend(&number.to_be_bytes()[8 - roles.len()..]);
                before = Some(record);
            }
            return;
        }
        let signed = self.signed.iter().find(|signed| signed.first_role() == roles.start);
        for record in records {
            let at = symbols.len();
            symbols.extend(self.source[roles.clone()].iter().map(|&b| record[usize::from(b)]));
            if let Some(signed) = signed {
                signed.value_to_symbols(&mut symbols[at..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DType, DecimalGrid, Field, Law, LawForm, Order, Predicted, Term};
    use proptest::prelude::*;

    fn one(dtype: DType, big_endian: bool, coding: FieldCoding) -> RecordLayout {
        let field = Field { big_endian, coding, ..Field::new("x", dtype, 0) };
        RecordLayout::new(Schema::new(dtype.size(), vec![field]).unwrap())
    }

    fn symbols(layout: &RecordLayout, record: &[u8]) -> Vec<u8> {
        let mut symbols = Vec::new();
        layout.records_to_symbols(record, &mut symbols);
        symbols
    }

    #[test]
    fn byte_orders() {
        const MSB_FIRST: FieldCoding = FieldCoding::MSB_FIRST;
        let value = [1, 2, 3, 4];
        let reversed = [4, 3, 2, 1];
        assert_eq!(symbols(&one(DType::I32, false, FieldCoding::Raw), &value), value);
        assert_eq!(symbols(&one(DType::I32, true, FieldCoding::Raw), &value), value);
        assert_eq!(symbols(&one(DType::I32, true, MSB_FIRST), &value), value);
        assert_eq!(symbols(&one(DType::I32, false, MSB_FIRST), &value), reversed);
    }

    #[test]
    fn ordered_symbols_sort_as_the_values_do() {
        let f = one(DType::F32, false, FieldCoding::ORDERED);
        let values = [f32::NEG_INFINITY, -1e9, -1.5, -0.0, 0.0, 1e-40, 2.0, f32::INFINITY];
        let keys: Vec<_> = values.iter().map(|v| symbols(&f, &v.to_le_bytes())).collect();
        assert!(keys.is_sorted() && keys[3] != keys[4], "{keys:?}");
        let i = one(DType::I16, true, FieldCoding::ORDERED);
        let keys: Vec<_> =
            [i16::MIN, -300, -1, 0, 1, 300].iter().map(|v| symbols(&i, &v.to_be_bytes())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        let u = one(DType::U16, false, FieldCoding::ORDERED);
        assert_eq!(symbols(&u, &[0xcd, 0xab]), [0xab, 0xcd]);
    }

    #[test]
    fn roles_follow_the_schema() {
        let fields = vec![Field::new("a", DType::U16, 0), Field::new("b", DType::F64, 3)];
        let layout = RecordLayout::new(Schema::new(11, fields).unwrap());
        assert_eq!((layout.n_fields(), layout.roles().len(), layout.stride()), (3, 11, 11));
        assert_eq!(layout.roles_of(1), 2..3);
        assert_eq!(layout.roles_of(2), 3..11);
        assert_eq!(layout.roles()[10], Role { field: 2, rank: 7, alphabet: 256 });
    }

    fn dimuon() -> RecordLayout {
        let float = |name, offset| Field::new(name, DType::F32, offset);
        let fields = vec![float("e", 0), float("x", 4), float("y", 8), float("z", 12)];
        let terms = (1..4).map(|field| Term { field, minus: false }).collect();
        let law = Law { form: LawForm::RootOfSquares, constant: 0.01f64.to_bits(), terms };
        RecordLayout::new(
            Schema::new(16, fields).unwrap().with_predictions([(0, Predicted::Law(law))]).unwrap(),
        )
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
        let coding = FieldCoding::Number { grid: DecimalGrid::new(6, 30), order: Order::MsbFirst };
        let on_grid =
            |name, offset| Field { coding: coding.clone(), ..Field::new(name, DType::F32, offset) };
        let schema = Schema::new(8, vec![on_grid("a", 0), on_grid("b", 4)]).unwrap();
        let terms = vec![Term { field: 0, minus: true }];
        let law = Law { form: LawForm::Sum, constant: 1f64.to_bits(), terms };
        let layout =
            RecordLayout::new(schema.with_predictions([(1, Predicted::Law(law))]).unwrap());
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
        let near = [0, 1, 2].map(|index| (index, Predicted::RecordBefore));
        let schema = Schema::new(7, fields).unwrap().with_predictions(near).unwrap();
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

    fn any_field() -> impl Strategy<Value = (DType, bool, u8)> {
        (prop::sample::select(DType::ALL.to_vec()), any::<bool>(), 0u8..3)
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
            for (dtype, big_endian, kind) in fields {
                let index = described.len();
                // Each refers to some of the fields before it, so that they form chains.
                let law = laws[index].filter(|_| index > 0 && matches!(dtype, DType::F32 | DType::F64));
                let law = law.map(|(sum, constant, n)| {
                    let constant = if f64::from_bits(constant).is_finite() { constant } else { 0 };
                    let terms = (index.saturating_sub(n)..index)
                        .map(|field| Term { field: field as u16, minus: constant >> field & 1 == 1 })
                        .collect();
                    let form = if sum { LawForm::Sum } else { LawForm::RootOfSquares };
                    Law { form, constant, terms }
                });
                let predicted = match law {
                    Some(law) => Predicted::Law(law),
                    None if deltas[index] => Predicted::RecordBefore,
                    None => Predicted::Nothing,
                };
                let grid = grids[index].filter(|_| dtype == DType::F32);
                let grid = grid.and_then(|(digits, places)| DecimalGrid::new(digits, places));
                let coding = match kind {
                    0 => FieldCoding::Raw,
                    1 => FieldCoding::Number { grid, order: Order::MsbFirst },
                    _ => FieldCoding::Number { grid, order: Order::Ordered(predicted) },
                };
                described.push(Field { big_endian, coding, ..Field::new(format!("f{offset}"), dtype, offset) });
                offset += dtype.size() as u32;
            }
            let stride = offset as usize;
            let layout = RecordLayout::new(Schema::new(stride, described).unwrap());
            let bytes = &noise[..noise.len() / stride * stride];
            let all = symbols(&layout, bytes);
            for field in 0..layout.n_fields() {
                let mut alone = Vec::new();
                layout.field_to_symbols(field, bytes, &mut alone);
                let roles = layout.roles_of(field);
                let among: Vec<u8> =
                    all.chunks_exact(stride).flat_map(|record| &record[roles.clone()]).copied().collect();
                prop_assert_eq!(alone, among);
            }
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
