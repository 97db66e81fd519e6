//! The schema of a record: its stride and its fields. It is stored in every `.vxc` and `.vxm`.

use std::collections::HashSet;

pub use super::coding::{
    Binary, DecimalGrid, Expression, Field, FieldCoding, Formula, Law, LawForm, MAX_FORMULAS,
    MAX_RANKED, MAX_TERMS, Op, Order, Predicted, Shape, Term, Unary, Words,
};
use super::needs;
use crate::error::{Error, Result};
pub use vortex_base::DType;

/// Largest stride in bytes.
pub const MAX_STRIDE: u32 = 65_535;
/// How long all formulas of a schema may take, in additions: so long, and so much longer for each byte of a record. This
/// bounds the time of hostile files.
const MAX_COST: usize = 512;
const MAX_COST_A_BYTE: usize = 64;
/// Longest field name in bytes.
pub const MAX_NAME_LEN: usize = 255;

/// The fields of a record, in order of offset, covering every byte of the stride exactly once.
/// (Gaps of a user's description become `u8` fields named `_pad<offset>`.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    stride: u32,
    fields: Vec<Field>,
}

impl Schema {
    /// Its approximate size in memory, in bytes.
    #[cfg(feature = "container")]
    pub(crate) fn memory_bytes(&self) -> u64 {
        let fields = self
            .fields
            .iter()
            .map(|field| size_of::<Field>() + field.name.len() + field.coding.heap_bytes());
        fields.sum::<usize>() as u64
    }

    /// A schema from its fields in any order; bytes that no field covers become padding fields.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] when the stride is 0 or beyond [`MAX_STRIDE`], a
    /// field overlaps another or leaves the record, or a name is too long or used twice.
    pub fn new(stride: usize, mut fields: Vec<Field>) -> Result<Self> {
        let stride = match u32::try_from(stride) {
            Ok(s @ 1..=MAX_STRIDE) => s,
            _ => {
                return Err(Error::invalid_argument(format!(
                    "a record of {stride} bytes: the stride must be 1 to {MAX_STRIDE}"
                )));
            }
        };
        fields.sort_by_key(|f| f.offset);
        let mut covering = Vec::with_capacity(fields.len());
        let mut end = 0;
        let mut previous = String::new();
        for field in fields {
            if field.offset < end {
                return Err(Error::invalid_argument(format!(
                    "field {:?} at offset {} overlaps {previous:?}, which ends at {end}",
                    field.name, field.offset
                )));
            }
            if field.end() > stride as usize {
                return Err(Error::invalid_argument(format!(
                    "field {:?} ends at byte {}, beyond the stride of {stride}",
                    field.name,
                    field.end()
                )));
            }
            covering.extend((end..field.offset).map(padding));
            end = field.offset + size_u32(field.dtype);
            previous.clone_from(&field.name);
            covering.push(field);
        }
        covering.extend((end..stride).map(padding));
        Self::checked(stride, covering).map_err(Error::invalid_argument)
    }

    /// A schema of contiguous fields, or a description of the error.
    pub(crate) fn checked(stride: u32, fields: Vec<Field>) -> std::result::Result<Self, String> {
        check_names(&fields)?;
        let schema = Self { stride, fields };
        schema.check_codings()?;
        Ok(schema)
    }

    /// The schema of data without records: stride 1, one `u8` field named `byte`.
    pub fn bytes() -> Self {
        Self { stride: 1, fields: vec![raw_byte("byte".into(), 0)] }
    }

    /// Bytes per record.
    pub fn stride(&self) -> usize {
        self.stride as usize
    }
    /// The fields in order of offset.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields, for making a changed schema.
    pub fn into_fields(self) -> Vec<Field> {
        self.fields
    }

    /// The same fields with predictions for some of them: (index of the field, its prediction).
    /// Predicted fields are coded in [order](Order::Ordered).
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a field that does not exist or already has a
    /// prediction, and for impossible predictions; see [`Law`].
    pub fn with_predictions(
        mut self,
        predictions: impl IntoIterator<Item = (usize, Predicted)>,
    ) -> Result<Self> {
        let n = self.fields.len();
        for (index, predicted) in predictions {
            let Some(Field { name, coding, .. }) = self.fields.get_mut(index) else {
                let message = format!("a prediction for field {index} of {n}");
                return Err(Error::invalid_argument(message));
            };
            if *coding.predicted() != Predicted::Nothing {
                let message = format!("field {name:?} has a prediction; one is possible");
                return Err(Error::invalid_argument(message));
            }
            *coding = coding.clone().predicted_from(predicted);
        }
        self.check_codings().map_err(Error::invalid_argument)?;
        Ok(self)
    }

    /// A readable description of what the coding of a field says about its values:
    /// `decimals of 6 digits, at most 2 after the point`, `near sqrt(0.0112 + px^2 + py^2)`; empty
    /// if nothing is known.
    pub fn describe(&self, index: usize) -> String {
        self.fields[index].coding.describe(&self.fields)
    }

    /// Checks the codings of the fields.
    fn check_codings(&self) -> std::result::Result<(), String> {
        let n = self.fields.len();
        for Field { name, dtype, coding, .. } in &self.fields {
            coding.check(*dtype, n).map_err(|what| format!("field {name:?}: {what}"))?;
        }
        check_cost(self.fields.iter().map(|field| field.coding.cost()).sum(), self.stride)?;
        match self.order_of_needs() {
            Some(_) => Ok(()),
            None => Err("laws and formulas of fields refer to each other in a circle".into()),
        }
    }

    /// Whether records have the same layout in memory: stride, names, types and byte orders.
    /// Codings may differ.
    pub fn same_records(&self, other: &Self) -> bool {
        let key = |f: &Field| (f.dtype, f.big_endian, f.offset);
        self.stride == other.stride
            && self.fields.len() == other.fields.len()
            && self
                .fields
                .iter()
                .zip(&other.fields)
                .all(|(a, b)| a.name == b.name && key(a) == key(b))
    }

    /// Indices of the fields, each after the fields that it depends on; `None` if there is no such
    /// order.
    pub(super) fn order_of_needs(&self) -> Option<Vec<usize>> {
        needs::in_order(self.fields.len(), |index| self.fields[index].coding.needs())
    }
}

/// What is wrong with formulas that take so long, in records of this stride, if anything.
fn check_cost(cost: usize, stride: u32) -> std::result::Result<(), String> {
    let most = most_cost(stride);
    if cost > most {
        return Err(format!(
            "formulas that cost {cost} additions in records of {stride} bytes; at most {most} are allowed"
        ));
    }
    Ok(())
}

/// How long all formulas may take in records of this stride.
pub(super) const fn most_cost(stride: u32) -> usize {
    MAX_COST + MAX_COST_A_BYTE * stride as usize
}

fn size_u32(dtype: DType) -> u32 {
    u32::try_from(dtype.size()).expect("at most 8")
}

fn padding(offset: u32) -> Field {
    raw_byte(format!("_pad{offset}"), offset)
}

fn raw_byte(name: String, offset: u32) -> Field {
    Field { coding: FieldCoding::Raw, ..Field::new(name, DType::U8, offset) }
}

/// Checks the names.
fn check_names(fields: &[Field]) -> std::result::Result<(), String> {
    let mut seen = HashSet::with_capacity(fields.len());
    for field in fields {
        if field.name.len() > MAX_NAME_LEN {
            let len = field.name.len();
            return Err(format!("a field name of {len} bytes; at most {MAX_NAME_LEN} are allowed"));
        }
        if !seen.insert(field.name.as_str()) {
            return Err(format!("two fields are named {:?}; names must be unique", field.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    fn example() -> Schema {
        let mut big = Field::new("e", DType::F64, 7);
        big.big_endian = true;
        big.coding = FieldCoding::ORDERED;
        Schema::new(17, vec![big, Field::new("pt", DType::F32, 0), Field::new("é", DType::Bool, 4)])
            .unwrap()
    }

    #[test]
    fn sorts_and_fills_gaps() {
        let schema = example();
        let names: Vec<_> = schema.fields().iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["pt", "é", "_pad5", "_pad6", "e", "_pad15", "_pad16"]);
        assert_eq!(schema.stride(), 17);
        let padding = schema.fields().iter().filter(|field| field.is_padding());
        assert_eq!(padding.map(|field| field.offset).collect::<Vec<_>>(), [5, 6, 15, 16]);
        let mut end = 0;
        for field in schema.fields() {
            assert_eq!(field.offset as usize, end);
            end = field.end();
        }
        assert_eq!(Schema::new(1, vec![]).unwrap().fields()[0].name, "_pad0");
    }

    #[test]
    fn refuses_impossible_descriptions() {
        let f = |name: &str, offset| Field::new(name, DType::F32, offset);
        let cases = [
            (0, vec![], "stride"),
            (65_536, vec![], "stride"),
            (8, vec![f("a", 0), f("b", 3)], "overlaps"),
            (7, vec![f("a", 0), f("b", 4)], "beyond"),
            (4, vec![f("a", u32::MAX)], "beyond"),
            (8, vec![f("a", 0), f("a", 4)], "unique"),
            (8, vec![f("_pad4", 0)], "unique"),
            (4, vec![f(&"x".repeat(256), 0)], "255"),
        ];
        for (stride, fields, word) in cases {
            let error = Schema::new(stride, fields).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(word), "{}", error.message);
        }
    }

    fn law(fields: &[u16]) -> Law {
        let terms = fields.iter().map(|&field| Term { field, minus: field & 1 == 1 }).collect();
        Law { form: LawForm::Sum, constant: 1f64.to_bits(), terms }
    }

    fn with_laws() -> Schema {
        let coding = FieldCoding::Number { grid: DecimalGrid::new(6, 30), order: Order::MsbFirst };
        let float =
            |name, offset| Field { coding: coding.clone(), ..Field::new(name, DType::F32, offset) };
        let fields = vec![float("a", 0), float("b", 4), Field::new("c", DType::F64, 8)];
        let laws = [(0, law(&[1, 2])), (2, law(&[1]))].map(|(i, law)| (i, Predicted::Law(law)));
        Schema::new(16, fields).unwrap().with_predictions(laws).unwrap()
    }

    #[test]
    fn laws_that_cannot_be() {
        let refused = |index, law: Law, word: &str| {
            let error = with_laws().with_predictions([(index, Predicted::Law(law))]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(word), "{}", error.message);
        };
        refused(1, law(&[0]), "circle");
        refused(1, law(&[1]), "circle");
        refused(1, law(&[3]), "refers to field 3 of 3");
        refused(3, law(&[0]), "field 3 of 3");
        refused(1, law(&[]), "1 to 16");
        refused(1, law(&[2; 17]), "1 to 16");
        refused(1, Law { constant: f64::NAN.to_bits(), ..law(&[2]) }, "finite");
        let error = example().with_predictions([(1, Predicted::Law(law(&[0])))]).unwrap_err();
        assert!(error.message.contains("float32 and float64"), "{}", error.message);
        let coding = FieldCoding::Number { grid: DecimalGrid::new(6, 2), order: Order::MsbFirst };
        let on_bytes = Field { coding, ..Field::new("b", DType::U8, 0) };
        assert!(Schema::new(1, vec![on_bytes]).is_err());
    }

    #[test]
    fn formulas_take_bounded_time() {
        let long = |n: usize| (1..n).fold(Expression::field(1), |x, _| x.apply(Unary::Abs));
        let with = |n: usize| {
            let formula = Formula { any_of: vec![long(n); 4], reach: 16 };
            let fields = vec![Field::new("a", DType::F32, 0), Field::new("b", DType::F32, 4)];
            let predicted = [(0, Predicted::Formula(formula))];
            Schema::new(8, fields).unwrap().with_predictions(predicted)
        };
        assert!(with(256).is_ok());
        let error = with(257).unwrap_err();
        assert!(
            error.message.contains("1028 additions in records of 8 bytes; at most 1024"),
            "{}",
            error.message
        );
    }

    #[test]
    fn a_field_has_one_prediction() {
        let before = |index| [(index, Predicted::RecordBefore)];
        let schema = with_laws().with_predictions(before(1)).unwrap();
        let near = |f: &&Field| *f.coding.predicted() == Predicted::RecordBefore;
        assert_eq!(schema.fields().iter().filter(near).count(), 1);
        assert!(schema.fields()[1].coding.grid().is_some(), "its grid stays");
        let refused = |schema: Result<Schema>, word: &str| {
            let error = schema.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(word), "{}", error.message);
        };
        refused(schema.clone().with_predictions(before(0)), "\"a\" has a prediction");
        refused(schema.clone().with_predictions(before(3)), "field 3 of 3");
        let law = [(1, Predicted::Law(law(&[2])))];
        refused(schema.with_predictions(law), "\"b\" has a prediction");
    }

    #[test]
    fn what_is_coded_does_not_change_what_records_are() {
        let lawful = with_laws();
        let plain =
            lawful.fields().iter().map(|field| Field::new(&field.name, field.dtype, field.offset));
        let plain = Schema::new(16, plain.collect()).unwrap();
        assert!(lawful != plain && lawful.same_records(&plain));
        assert!(!plain.same_records(&example()));
        let order = lawful.order_of_needs().unwrap();
        let at = |index| order.iter().position(|&i| i == index).unwrap();
        assert!(at(1) < at(2) && at(2) < at(0));
    }

    #[test]
    fn binary_form_comes_back_and_prefixes_are_refused() {
        for schema in [
            example(),
            with_laws(),
            with_laws().with_predictions([(1, Predicted::RecordBefore)]).unwrap(),
            Schema::bytes(),
            Schema::new(65_535, vec![]).unwrap(),
        ] {
            let mut bytes = Vec::new();
            schema.write_to(&mut bytes);
            let len = bytes.len();
            bytes.extend_from_slice(b"rest");
            let mut input = bytes.as_slice();
            assert_eq!(Schema::read_from(&mut input).unwrap(), schema);
            assert_eq!(input, b"rest");
            for cut in (0..len.min(200)).chain([len - 1]) {
                let error = Schema::read_from(&mut &bytes[..cut]).unwrap_err();
                assert_eq!(error.kind, ErrorKind::Truncated, "cut at {cut}");
            }
        }
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let cases: [&[u8]; 16] = [
            &[0, 0],                                                                         // no fields
            &[1, 0, 0x0d, 1, b'a'],                          // unknown dtype
            &[1, 0, 0x30, 1, b'a'],                          // unknown transform
            &[1, 0, 0x80, 1, b'a', 16],                      // unknown extension
            &[1, 0, 0xa9, 1, b'a', 8, 16, 1, 1, 0, 0, 0, 0], // formula about itself
            &[1, 0, 0xa9, 1, b'a', 8, 17, 1, 1, 0, 0, 0, 0], // formula that reaches too far
            &[1, 0, 0xa9, 1, b'a', 8, 16, 1, 1, 0, 15],      // unknown step
            &[1, 0, 0x99, 1, b'a', 4],                       // distance out of order
            &[2, 0, 0xa9, 1, b'a', 6, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 1, b'b'], // with a law
            &[1, 0, 0x99, 1, b'a', 0],       // empty extension
            &[1, 0, 0x99, 1, b'a', 1, 9, 0], // grid of nine digits
            &[1, 0, 0x90, 1, b'a', 1, 6, 2], // grid of bytes
            &[1, 0, 0xa9, 1, b'a', 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // unknown form
            &[1, 0, 0xa9, 1, b'a', 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // law about itself
            &[1, 0, 0, 1, 0xff],             // name not UTF-8
            &[2, 0, 0, 1, b'a', 0, 1, b'a'], // same name twice
        ];
        for bytes in cases {
            let error = Schema::read_from(&mut &*bytes).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{bytes:?}");
        }
        // 65,535 doubles with empty names: refused at the field that passes the largest stride.
        let mut long = vec![0xff, 0xff];
        for i in 0..u16::MAX {
            long.extend_from_slice(&[12, 2]);
            long.extend_from_slice(&[b'A' + (i % 26) as u8, b'a' + (i / 26 % 26) as u8]);
        }
        let error = Schema::read_from(&mut long.as_slice()).unwrap_err();
        assert!(error.message.contains("65535"), "{}", error.message);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(schema) = Schema::read_from(&mut bytes.as_slice()) {
                let mut again = Vec::new();
                schema.write_to(&mut again);
                prop_assert!(bytes.starts_with(&again));
            }
        }
    }
}
