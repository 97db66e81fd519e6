//! What a record looks like: its stride and its fields. Travels in every `.vxc` and `.vxm`.

use std::collections::HashSet;

pub use super::dtype::DType;
use super::exact::Exact;
pub use crate::decimal::DecimalGrid;
use crate::error::{Error, Result};
pub use crate::law::{Law, LawForm, MAX_TERMS, Term};

/// How the bits of a field become symbols. Reversible for every bit pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Transform {
    /// The bytes as they lie in the file.
    Identity = 0,
    /// Most significant byte first.
    MsbFirst = 1,
    /// The order-preserving integer (signed integers: sign bit flipped; floats: sign bit flipped
    /// when clear, all bits flipped when set), most significant byte first.
    Ordered = 2,
}

impl Transform {
    /// The transform with this number in a file.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Identity, Self::MsbFirst, Self::Ordered].get(usize::from(code)).copied()
    }
}

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Unique inside the record, UTF-8, at most [`MAX_NAME_LEN`] bytes.
    pub name: String,
    /// Number type.
    pub dtype: DType,
    /// True where the file stores the most significant byte first.
    pub big_endian: bool,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// How the value becomes symbols.
    pub transform: Transform,
    /// Decimals that the values were printed with; `F32` only, not together with
    /// [`Transform::Identity`].
    pub grid: Option<DecimalGrid>,
    /// What other fields say about this one; `F32` and `F64`, only with [`Transform::Ordered`].
    pub law: Option<Law>,
    /// Whether it is coded as its distance from the same field of the record before; only with
    /// [`Transform::Ordered`] and without a law.
    pub delta: bool,
}

impl Field {
    /// A little-endian field, most significant byte first as symbols.
    pub fn new(name: impl Into<String>, dtype: DType, offset: u32) -> Self {
        let name = name.into();
        let transform = Transform::MsbFirst;
        Self {
            name,
            dtype,
            big_endian: false,
            offset,
            transform,
            grid: None,
            law: None,
            delta: false,
        }
    }

    /// Whether its symbols are those of another integer than its bits.
    pub fn is_derived(&self) -> bool {
        self.grid.is_some() || self.law.is_some() || self.delta
    }

    /// The bits of its value in a record, as an integer.
    ///
    /// # Panics
    /// When the record ends before the field.
    pub fn bits(&self, record: &[u8]) -> u64 {
        let bytes = &record[self.offset as usize..self.end()];
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// Writes [`Self::bits`].
    pub(crate) fn set_bits(&self, record: &mut [u8], bits: u64) {
        let out = &mut record[self.offset as usize..self.end()];
        let bytes = bits.to_le_bytes();
        out.copy_from_slice(&bytes[..self.dtype.size()]);
        if self.big_endian {
            out.reverse();
        }
    }

    /// Offset of the first byte after the field.
    pub fn end(&self) -> usize {
        self.offset as usize + self.dtype.size()
    }
}

/// Largest stride in bytes.
pub const MAX_STRIDE: u32 = 65_535;
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
    /// About how much memory it takes.
    #[cfg(feature = "container")]
    pub(crate) fn memory_bytes(&self) -> u64 {
        let fields = self.fields.iter().map(|field| {
            let terms = field.law.as_ref().map_or(0, |law| size_of_val(law.terms.as_slice()));
            size_of::<Field>() + field.name.len() + terms
        });
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

    /// Fields that lie one after the other, or what is wrong with them.
    pub(crate) fn checked(stride: u32, fields: Vec<Field>) -> std::result::Result<Self, String> {
        check_names(&fields)?;
        let schema = Self { stride, fields };
        check_derived(&schema)?;
        Ok(schema)
    }

    /// The schema of data without records: stride 1, one `u8` field named `byte`.
    pub fn bytes() -> Self {
        let byte = Field { transform: Transform::Identity, ..Field::new("byte", DType::U8, 0) };
        Self { stride: 1, fields: vec![byte] }
    }

    /// Bytes a record.
    pub fn stride(&self) -> usize {
        self.stride as usize
    }
    /// The fields in order of offset.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields, to be changed and made a schema again.
    pub fn into_fields(self) -> Vec<Field> {
        self.fields
    }

    /// The same fields with the laws of some of them: (index of the field, law).
    /// A field with a law is coded in [`Transform::Ordered`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for what no law may be; see [`Law`] and [`Field::law`].
    pub fn with_laws(mut self, laws: impl IntoIterator<Item = (usize, Law)>) -> Result<Self> {
        for (index, law) in laws {
            self.in_order(index, "law")?.law = Some(law);
        }
        check_derived(&self).map_err(Error::invalid_argument)?;
        Ok(self)
    }

    /// The same fields, those of these indices as distances from the record before, in [`Transform::Ordered`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a field that is not there and one with a law.
    pub fn with_deltas(mut self, indices: impl IntoIterator<Item = usize>) -> Result<Self> {
        for index in indices {
            self.in_order(index, "distance")?.delta = true;
        }
        check_derived(&self).map_err(Error::invalid_argument)?;
        Ok(self)
    }

    /// The field of this index, in [`Transform::Ordered`] from now on; `what` is for it, and is named if there is none.
    fn in_order(&mut self, index: usize, what: &str) -> Result<&mut Field> {
        let n = self.fields.len();
        let Some(field) = self.fields.get_mut(index) else {
            return Err(Error::invalid_argument(format!("a {what} for field {index} of {n}")));
        };
        field.transform = Transform::Ordered;
        Ok(field)
    }

    /// Whether records lie in memory alike: stride, names, types and byte orders, whatever becomes of
    /// the values when they are coded.
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

    /// Indices of the fields, each after those that its law refers to; `None` when laws go round.
    pub(crate) fn order_of_laws(&self) -> Option<Vec<usize>> {
        let mut order = Vec::with_capacity(self.fields.len());
        // What refers to whom, so that each term is looked at once.
        let mut waits = vec![0usize; self.fields.len()];
        let mut users = vec![Vec::new(); self.fields.len()];
        for (index, field) in self.fields.iter().enumerate() {
            for term in field.law.iter().flat_map(|law| &law.terms) {
                users.get_mut(usize::from(term.field))?.push(index);
                waits[index] += 1;
            }
        }
        let mut ready: Vec<usize> =
            (0..self.fields.len()).rev().filter(|&i| waits[i] == 0).collect();
        while let Some(index) = ready.pop() {
            order.push(index);
            for &user in &users[index] {
                waits[user] -= 1;
                if waits[user] == 0 {
                    ready.push(user);
                }
            }
        }
        (order.len() == self.fields.len()).then_some(order)
    }
}

fn size_u32(dtype: DType) -> u32 {
    u32::try_from(dtype.size()).expect("at most 8")
}

fn padding(offset: u32) -> Field {
    Field {
        transform: Transform::Identity,
        ..Field::new(format!("_pad{offset}"), DType::U8, offset)
    }
}

/// What is wrong with the names, if anything.
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

/// What is wrong with grids, laws and distances, if anything.
fn check_derived(schema: &Schema) -> std::result::Result<(), String> {
    let n = schema.fields.len();
    for field in &schema.fields {
        let name = &field.name;
        if field.grid.is_some()
            && (field.dtype != DType::F32 || field.transform == Transform::Identity)
        {
            return Err(format!(
                "field {name:?}: decimals are for float32, most significant byte first, not {}",
                field.dtype.numpy(field.big_endian)
            ));
        }
        if field.delta && (field.law.is_some() || field.transform != Transform::Ordered) {
            return Err(format!(
                "field {name:?}: distances from the record before are for fields in order without a law"
            ));
        }
        let Some(law) = &field.law else { continue };
        if !matches!(field.dtype, DType::F32 | DType::F64) || field.transform != Transform::Ordered
        {
            return Err(format!(
                "field {name:?}: a law is for float32 and float64 in order, not {}",
                field.dtype.numpy(field.big_endian)
            ));
        }
        if !(1..=MAX_TERMS).contains(&law.terms.len()) {
            let terms = law.terms.len();
            return Err(format!(
                "field {name:?}: a law of {terms} terms; 1 to {MAX_TERMS} are possible"
            ));
        }
        if let Some(term) = law.terms.iter().find(|term| usize::from(term.field) >= n) {
            return Err(format!("field {name:?}: its law refers to field {} of {n}", term.field));
        }
        if Exact::from_bits(DType::F64, law.constant).is_none() {
            return Err(format!("field {name:?}: the constant of its law is not a finite number"));
        }
    }
    if schema.order_of_laws().is_none() {
        return Err("laws of fields refer to each other in a circle".into());
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
        big.transform = Transform::Ordered;
        Schema::new(17, vec![big, Field::new("pt", DType::F32, 0), Field::new("é", DType::Bool, 4)])
            .unwrap()
    }

    #[test]
    fn sorts_and_fills_gaps() {
        let schema = example();
        let names: Vec<_> = schema.fields().iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["pt", "é", "_pad5", "_pad6", "e", "_pad15", "_pad16"]);
        assert_eq!(schema.stride(), 17);
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
        let grid = DecimalGrid::new(6, 30);
        let float = |name, offset| Field { grid, ..Field::new(name, DType::F32, offset) };
        let fields = vec![float("a", 0), float("b", 4), Field::new("c", DType::F64, 8)];
        Schema::new(16, fields).unwrap().with_laws([(0, law(&[1, 2])), (2, law(&[1]))]).unwrap()
    }

    #[test]
    fn laws_that_cannot_be() {
        let refused = |index, law: Law, word: &str| {
            let error = with_laws().with_laws([(index, law)]).unwrap_err();
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
        let error = example().with_laws([(1, law(&[0]))]).unwrap_err();
        assert!(error.message.contains("float32 and float64"), "{}", error.message);
        let on_bytes = Field { grid: DecimalGrid::new(6, 2), ..Field::new("b", DType::U8, 0) };
        assert!(Schema::new(1, vec![on_bytes]).is_err());
    }

    #[test]
    fn distances_that_cannot_be() {
        let schema = with_laws().with_deltas([1]).unwrap();
        assert_eq!(schema.fields().iter().filter(|f| f.delta).count(), 1);
        let refused = |schema: Result<Schema>, word: &str| {
            let error = schema.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(word), "{}", error.message);
        };
        refused(schema.clone().with_deltas([0]), "without a law");
        refused(schema.clone().with_deltas([3]), "field 3 of 3");
        refused(schema.with_laws([(1, law(&[0]))]), "without a law");
        let delta = Field { delta: true, ..Field::new("a", DType::U8, 0) };
        refused(Schema::new(1, vec![delta]), "in order");
    }

    #[test]
    fn what_is_coded_does_not_change_what_records_are() {
        let lawful = with_laws();
        let plain =
            lawful.fields().iter().map(|field| Field::new(&field.name, field.dtype, field.offset));
        let plain = Schema::new(16, plain.collect()).unwrap();
        assert!(lawful != plain && lawful.same_records(&plain));
        assert!(!plain.same_records(&example()));
        let order = lawful.order_of_laws().unwrap();
        let at = |index| order.iter().position(|&i| i == index).unwrap();
        assert!(at(1) < at(2) && at(2) < at(0));
    }

    #[test]
    fn binary_form_comes_back_and_prefixes_are_refused() {
        for schema in [
            example(),
            with_laws(),
            with_laws().with_deltas([1]).unwrap(),
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
        let cases: [&[u8]; 13] = [
            &[0, 0],                                                                         // no fields
            &[1, 0, 0x0d, 1, b'a'],    // unknown dtype
            &[1, 0, 0x30, 1, b'a'],    // unknown transform
            &[1, 0, 0x80, 1, b'a', 8], // unknown extension
            &[1, 0, 0x99, 1, b'a', 4], // distance out of order
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
