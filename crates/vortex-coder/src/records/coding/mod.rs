//! How a field becomes symbols: stages one after the other, each of which gives every bit pattern back.
//!
//! bits of the field → [grid](DecimalGrid) → [order](Order) → minus what is [predicted](Predicted) → symbols
//!
//! A [`FieldCoding`] can only say what is possible; what depends on the field's type or on other fields is
//! checked with the schema. Each stage is one file here, with its inverse, its bytes in a file, its words in a sidecar,
//! and a test over all bit patterns.

#[cfg(test)]
mod bit_patterns;
mod elementary;
mod exact;
mod field;
mod formula;
mod grid;
mod law;
mod order;
mod previous;
mod stage;
mod words;

use crate::error::{Error, Result};
use order::Transform;
use previous::RecordBefore;
use stage::{KnownStage, Stage, in_file, in_sidecar};
use vortex_base::dtype::DType;

#[cfg(feature = "container")]
pub(super) use elementary::batch::BATCH;
pub use field::Field;
pub use formula::{Binary, Expression, Formula, MAX_FORMULAS, MAX_RANKED, Op, Unary};
#[cfg(feature = "container")]
pub(super) use formula::{FormulaRecords, Formulas};
pub use grid::DecimalGrid;
pub(super) use grid::{exchanged, low_half};
pub use law::{Law, LawForm, MAX_TERMS, Term};
pub(super) use order::{SignedField, in_order, out_of_order};
pub(super) use stage::take;
pub use words::{Shape, Words};

/// How the bits of a field become symbols. Reversible for every bit pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldCoding {
    /// The bytes as they lie in the file.
    Raw,
    /// A number, most significant byte first.
    Number {
        /// Decimals that the values were printed with; `F32` only.
        grid: Option<DecimalGrid>,
        /// Which integer stands for it.
        order: Order,
    },
}

/// Which integer stands for a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Its bits.
    MsbFirst,
    /// One that is larger where the number is larger (signed integers: sign bit flipped; floats: sign bit flipped
    /// when clear, all bits flipped when set), or its distance from the integer that is predicted.
    Ordered(Predicted),
}

/// What a number is predicted from, when it is coded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Predicted {
    /// Nothing: values themselves are coded.
    Nothing,
    /// The same field of the record before.
    RecordBefore,
    /// Other fields of the same record, added up; `F32` and `F64` only.
    Law(Law),
    /// Other fields of the same record, by formulas; types of 4 and 8 bytes only.
    Formula(Formula),
}

impl FieldCoding {
    /// The bits of a number, most significant byte first.
    pub const MSB_FIRST: Self = Self::Number { grid: None, order: Order::MsbFirst };
    /// Numbers in order.
    pub const ORDERED: Self =
        Self::Number { grid: None, order: Order::Ordered(Predicted::Nothing) };

    /// The coding of a type where nobody asks for another: floats [`Self::MSB_FIRST`], integers
    /// [`Self::ORDERED`], plain bytes and booleans [`Self::Raw`].
    pub const fn usual(dtype: DType) -> Self {
        match dtype {
            DType::F16 | DType::Bf16 | DType::F32 | DType::F64 => Self::MSB_FIRST,
            DType::U8 | DType::Bool => Self::Raw,
            DType::I8
            | DType::U16
            | DType::I16
            | DType::U32
            | DType::I32
            | DType::U64
            | DType::I64 => Self::ORDERED,
        }
    }

    /// The same numbers, in order and predicted; their grid stays.
    #[must_use]
    pub fn predicted_from(self, predicted: Predicted) -> Self {
        Self::Number { grid: self.grid(), order: Order::Ordered(predicted) }
    }

    /// The grid of the values, if they have one.
    pub const fn grid(&self) -> Option<DecimalGrid> {
        match self {
            Self::Raw => None,
            Self::Number { grid, .. } => *grid,
        }
    }

    /// What the values are predicted from.
    pub const fn predicted(&self) -> &Predicted {
        match self {
            Self::Number { order: Order::Ordered(predicted), .. } => predicted,
            Self::Raw | Self::Number { order: Order::MsbFirst, .. } => &Predicted::Nothing,
        }
    }

    /// The law that predicts the values, if one does.
    pub const fn law(&self) -> Option<&Law> {
        match self.predicted() {
            Predicted::Law(law) => Some(law),
            _ => None,
        }
    }

    /// Whether other fields of the record say something about the values.
    pub const fn needs_others(&self) -> bool {
        matches!(self.predicted(), Predicted::Law(_) | Predicted::Formula(_))
    }

    /// Whether the symbols count something, places on a grid or distances, rather than being the bits of a number
    /// in some order.
    pub const fn is_derived(&self) -> bool {
        self.grid().is_some() || !matches!(self.predicted(), Predicted::Nothing)
    }

    /// Indices of the fields of the same record that must be known before this one.
    pub(super) fn needs(&self) -> impl Iterator<Item = usize> {
        self.stages().flat_map(|stage| stage.needs()).map(usize::from)
    }

    /// What is wrong with it on a field of this type among so many fields, if anything.
    pub(super) fn check(&self, dtype: DType, n_fields: usize) -> std::result::Result<(), String> {
        self.stages().try_for_each(|stage| stage.check(dtype, n_fields))
    }

    /// About how long its formulas take, in additions.
    pub(super) fn cost(&self) -> usize {
        match self.predicted() {
            Predicted::Formula(formula) => formula.cost(),
            _ => 0,
        }
    }

    /// Bytes that it takes besides its own size.
    #[cfg(feature = "container")]
    pub(super) fn heap_bytes(&self) -> usize {
        self.stages().map(|stage| stage.heap_bytes()).sum()
    }

    /// Its number in a file, of two bits; with what [`Self::write_extension`] writes it is the whole coding.
    pub(super) fn code_in_file(&self) -> u8 {
        self.transform() as u8
    }

    /// Appends what a file says of it besides its number, in case it [is derived](Self::is_derived).
    pub(super) fn write_extension(&self, out: &mut Vec<u8>) {
        out.push(self.stages().fold(0, |bits, stage| bits | stage.bit()));
        self.stages().for_each(|stage| stage.write_to(out));
    }

    /// The coding with this number and, if there is one, the extension at the front of `input`, which moves past it.
    pub(super) fn read(code: u8, extended: bool, input: &mut &[u8]) -> Result<Self> {
        let Some(transform) = Transform::from_code(code) else {
            return Err(Error::corrupt(format!("{code} is no known transform")));
        };
        let [bits] = if extended { take(input, "extension")? } else { [0] };
        let known = DecimalGrid::BIT | Law::BIT | RecordBefore::BIT | Formula::BIT;
        if extended && (bits == 0 || bits & !known != 0) {
            return Err(Error::corrupt(format!("{bits:#04x} is no known extension")));
        }
        let grid = in_file(bits, input)?;
        let predicted = [
            in_file(bits, input)?.map(Predicted::Law),
            in_file(bits, input)?.map(|RecordBefore| Predicted::RecordBefore),
            in_file(bits, input)?.map(Predicted::Formula),
        ];
        Self::assemble(transform, grid, predicted).map_err(Error::corrupt)
    }

    /// All keys of a field in a sidecar that say something about its coding, and what may stand behind each.
    pub const KEYS: [(&str, Shape); 5] = [
        (Transform::KEY, Transform::SHAPE),
        (DecimalGrid::KEY, DecimalGrid::SHAPE),
        (Law::KEY, Law::SHAPE),
        (RecordBefore::KEY, RecordBefore::SHAPE),
        (Formula::KEY, Formula::SHAPE),
    ];

    /// The coding of a field of this type whose sidecar has `words` behind [`Self::KEYS`]; `fields` are those that it may name.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for words that say nothing, or what cannot be.
    pub fn from_words(
        dtype: DType,
        words: &[(&'static str, Words)],
        fields: &[Field],
    ) -> Result<Self> {
        let grid = in_sidecar(words, fields)?;
        let predicted = [
            in_sidecar(words, fields)?.map(Predicted::Law),
            in_sidecar(words, fields)?.map(|RecordBefore| Predicted::RecordBefore),
            in_sidecar(words, fields)?.map(Predicted::Formula),
        ];
        let transform = match words.iter().find(|(key, _)| *key == Transform::KEY) {
            Some((_, stated)) => Transform::from_words(stated)?,
            None if predicted.iter().any(Option::is_some) => Transform::Ordered,
            None => Self::usual(dtype).transform(),
        };
        Self::assemble(transform, grid, predicted).map_err(Error::invalid_argument)
    }

    /// What [`Self::from_words`] makes the same coding of; says nothing that goes without saying.
    pub fn to_words(&self, dtype: DType, fields: &[Field]) -> Vec<(&'static str, Words)> {
        let implied = match self.predicted() {
            Predicted::Nothing => Self::usual(dtype).transform(),
            _ => Transform::Ordered,
        };
        let transform = self.transform();
        let stated = (transform != implied).then(|| (Transform::KEY, transform.to_words()));
        let stages = self.stages().map(|stage| (stage.key(), stage.to_words(fields)));
        stated.into_iter().chain(stages).collect()
    }

    /// What it says about the values: `decimals of 6 digits, at most 2 after the point; near sqrt(0.0112 + px^2 + py^2)`;
    /// empty where nothing is known of them.
    pub(super) fn describe(&self, fields: &[Field]) -> String {
        let parts: Vec<String> = self.stages().map(|stage| stage.describe(fields)).collect();
        parts.join("; ")
    }

    const fn transform(&self) -> Transform {
        match self {
            Self::Raw => Transform::Raw,
            Self::Number { order: Order::MsbFirst, .. } => Transform::MsbFirst,
            Self::Number { order: Order::Ordered(_), .. } => Transform::Ordered,
        }
    }

    /// The stages that it has of those with parameters, in the order in which files list them.
    fn stages(&self) -> impl Iterator<Item = &dyn Stage> {
        let grid = match self {
            Self::Raw => None,
            Self::Number { grid, .. } => grid.as_ref(),
        };
        let predicted: Option<&dyn Stage> = match self.predicted() {
            Predicted::Nothing => None,
            Predicted::RecordBefore => Some(&RecordBefore),
            Predicted::Law(law) => Some(law),
            Predicted::Formula(formula) => Some(formula),
        };
        grid.map(|grid| grid as &dyn Stage).into_iter().chain(predicted)
    }

    /// The coding of these stages, or why there is none.
    fn assemble(
        transform: Transform,
        grid: Option<DecimalGrid>,
        predicted: impl IntoIterator<Item = Option<Predicted>>,
    ) -> std::result::Result<Self, String> {
        let mut predicted = predicted.into_iter().flatten();
        let (first, second) = (predicted.next(), predicted.next());
        if second.is_some() {
            return Err("two predictions; a field has at most one of a law, a formula and a \
                        distance from the record before"
                .into());
        }
        let order = match (transform, first) {
            (Transform::Ordered, predicted) => {
                Order::Ordered(predicted.unwrap_or(Predicted::Nothing))
            }
            (_, Some(_)) => {
                let word = transform.word();
                return Err(format!("predictions are for numbers in order, not for {word}"));
            }
            (Transform::MsbFirst, None) => Order::MsbFirst,
            (Transform::Raw, None) if grid.is_none() => return Ok(Self::Raw),
            (Transform::Raw, None) => {
                return Err("decimals are for numbers, most significant byte first".into());
            }
        };
        Ok(Self::Number { grid, order })
    }
}

/// A number and the records around it.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The number.
    pub(super) field: &'a Field,
    /// Its grid.
    pub(super) grid: Option<DecimalGrid>,
    /// The fields of the schema.
    pub(super) fields: &'a [Field],
    /// The record before, if there is one.
    pub(super) before: Option<&'a [u8]>,
    /// The record, with at least the fields that the prediction needs.
    pub(super) record: &'a [u8],
}

impl Surroundings<'_> {
    /// The integer that stands for a number with these bits, before anything is taken from it.
    fn in_order(&self, bits: u64) -> u64 {
        in_order(self.field.dtype, bits)
    }

    /// The integer that stands for the number next to these bits on its grid, if it has one.
    fn nearest(&self, bits: u64) -> u64 {
        let bits = self.grid.map_or(bits, |grid| grid.nearest(low_half(bits)).into());
        self.in_order(bits)
    }
}

impl Predicted {
    /// What is coded of a number in order: its distance from what is expected, if anything is. Undone by [`Self::leave`].
    pub(super) fn enter(&self, code: u64, around: &Surroundings<'_>) -> u64 {
        if let Self::Formula(formula) = self {
            return formula.enter(code, around);
        }
        let Some(expected) = self.expected(around) else { return code };
        distance(around.field.dtype, code, expected)
    }

    /// The number in order of which this was coded.
    pub(super) fn leave(&self, code: u64, around: &Surroundings<'_>) -> u64 {
        if let Self::Formula(formula) = self {
            return formula.leave(code, around);
        }
        let Some(expected) = self.expected(around) else { return code };
        at_distance(around.field.dtype, code, expected)
    }

    /// The one integer that is expected, if there is one.
    fn expected(&self, around: &Surroundings<'_>) -> Option<u64> {
        match self {
            Self::Nothing | Self::Formula(_) => None,
            Self::RecordBefore => Some(RecordBefore.expected(around)),
            Self::Law(law) => Some(law.expected(around)),
        }
    }
}

/// How far a number in order is from another, so that none is the middle; in the low bits of what is returned.
pub(super) fn distance(dtype: DType, number: u64, from: u64) -> u64 {
    number.wrapping_sub(from).wrapping_add(dtype.sign())
}

/// The number at a [`distance`] from another.
pub(super) fn at_distance(dtype: DType, distance: u64, from: u64) -> u64 {
    distance.wrapping_sub(dtype.sign()).wrapping_add(from) & dtype.mask()
}
