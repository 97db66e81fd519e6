//! The stage that predicts a field by formulas of others of its record: `m = sqrt(e^2 - (pt * cosh(eta))^2)`.
//!
//! A field may have several formulas if each record follows one of them: the distance of some two of four jets. The
//! symbols then say which formula, and how far from it. Values that are near to no formula keep their own symbols.

mod batches;
mod expression;
#[cfg(feature = "container")]
mod in_columns;
mod near;
mod op;
mod parse;
mod shared;
mod text;
mod wire;

use super::Surroundings;
use super::field::Field;
use super::stage::{KnownStage, Stage, take};
use super::words::{Shape, Words};
use crate::error::{Error, Result};
use vortex_base::dtype::DType;

pub use expression::Expression;
#[cfg(feature = "container")]
pub(in crate::records) use in_columns::{FormulaRecords, Formulas};
pub use op::{Binary, MAX_RANKED, Op, Unary};

/// Most formulas of one field.
pub const MAX_FORMULAS: usize = 16;

/// What fields of the same record say about a field, by formulas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Formula {
    /// Of which one gives the value; 1 to [`MAX_FORMULAS`].
    pub any_of: Vec<Expression>,
    /// Values within `2^(reach - 1)` of what a formula gives, in steps of the field, are coded as a distance from it: 8 to
    /// 16 bits less than the field has, so that there is room to say which formula it is.
    pub reach: u8,
}

impl Formula {
    /// The one formula of a field of this type.
    pub fn one(expression: Expression, dtype: DType) -> Self {
        Self { any_of: vec![expression], reach: most_reach(dtype) }
    }

    /// About how long it takes, in additions.
    pub(in crate::records) fn cost(&self) -> usize {
        self.any_of.iter().flat_map(|expression| expression.ops()).map(|op| op.cost()).sum()
    }

    /// The field's integer as a distance from what a formula gives, where that is near.
    pub(super) fn enter(&self, code: u64, around: &Surroundings<'_>) -> u64 {
        let (expected, n) = self.expected(around);
        near::enter(code, &expected[..n], self.reach.into(), around.field.dtype.mask())
    }

    /// Undoes [`Self::enter`].
    pub(super) fn leave(&self, code: u64, around: &Surroundings<'_>) -> u64 {
        let (expected, n) = self.expected(around);
        near::leave(code, &expected[..n], self.reach.into(), around.field.dtype.mask())
    }

    /// What each formula gives, as the field itself is written before anything is taken from it.
    fn expected(&self, around: &Surroundings<'_>) -> ([Option<u64>; MAX_FORMULAS], usize) {
        let mut expected = [None; MAX_FORMULAS];
        let value = |index: u16| around.fields[usize::from(index)].value(around.record);
        for (expected, expression) in expected.iter_mut().zip(&self.any_of) {
            let bits = bits(around.field.dtype, expression.evaluate(value));
            *expected = bits.map(|bits| around.nearest(bits));
        }
        (expected, self.any_of.len())
    }
}

/// The bits of the nearest value of a type; `None` where there is none that is finite.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // rounds floats, limits integers
fn bits(dtype: DType, value: f64) -> Option<u64> {
    if !value.is_finite() {
        return None;
    }
    let whole = || value.round_ties_even();
    Some(match dtype {
        DType::F64 => value.to_bits(),
        DType::F32 => {
            let single = value as f32;
            return single.is_finite().then_some(single.to_bits().into());
        }
        DType::I32 => u64::from((whole() as i32).cast_unsigned()),
        DType::U32 => u64::from(whole() as u32),
        DType::I64 => (whole() as i64).cast_unsigned(),
        _ => whole() as u64,
    })
}

/// The largest reach on a type.
fn most_reach(dtype: DType) -> u8 {
    u8::try_from((8 * dtype.size()).saturating_sub(16)).expect("at most 48")
}

impl Stage for Formula {
    fn bit(&self) -> u8 {
        Self::BIT
    }

    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn check(&self, dtype: DType, n_fields: usize) -> std::result::Result<(), String> {
        if dtype.size() < 4 {
            return Err(format!("a formula is for types of 4 and 8 bytes, not {dtype}"));
        }
        let (n, reach, most) = (self.any_of.len(), self.reach, most_reach(dtype));
        if !(1..=MAX_FORMULAS).contains(&n) {
            return Err(format!("{n} formulas; 1 to {MAX_FORMULAS} are possible"));
        }
        if !(8..=most).contains(&reach) {
            return Err(format!("a formula's reach of {reach} bits; 8 to {most} on {dtype}"));
        }
        for expression in &self.any_of {
            expression.check()?;
            if let Some(field) = expression.fields().find(|&field| usize::from(field) >= n_fields) {
                return Err(format!("its formula refers to field {field} of {n_fields}"));
            }
        }
        Ok(())
    }

    fn needs(&self) -> Vec<u16> {
        let mut needs: Vec<u16> = self.any_of.iter().flat_map(Expression::fields).collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    #[cfg(feature = "container")]
    fn heap_bytes(&self) -> usize {
        self.any_of.iter().map(|expression| size_of_val(expression.ops())).sum()
    }

    fn write_to(&self, out: &mut Vec<u8>) {
        out.extend([self.reach, u8::try_from(self.any_of.len()).expect("checked")]);
        self.any_of.iter().for_each(|expression| wire::write(expression, out));
    }

    fn to_words(&self, fields: &[Field]) -> Words {
        let texts = self.any_of.iter().map(|expression| text::write(expression, fields));
        Words::Map(vec![
            ("any_of", Words::Names(texts.collect())),
            ("reach", Words::Count(self.reach.into())),
        ])
    }

    fn describe(&self, fields: &[Field]) -> String {
        let texts: Vec<String> =
            self.any_of.iter().map(|expression| text::write(expression, fields)).collect();
        match &texts[..] {
            [one] => format!("near {one}"),
            several => format!("near one of {}", several.join(", ")),
        }
    }
}

impl KnownStage for Formula {
    const BIT: u8 = 8;
    const KEY: &'static str = "formula";
    const SHAPE: Shape = Shape::Map(&[("any_of", Shape::Names), ("reach", Shape::Count)]);

    fn read_from(input: &mut &[u8]) -> Result<Self> {
        let [reach, n] = take(input, "formula")?;
        if usize::from(n) > MAX_FORMULAS {
            return Err(Error::corrupt(format!("{n} formulas; at most {MAX_FORMULAS}")));
        }
        let any_of = (0..n).map(|_| wire::read(input)).collect::<Result<_>>()?;
        Ok(Self { any_of, reach })
    }

    fn from_words(words: &Words, fields: &[Field]) -> Result<Option<Self>> {
        let texts = words.names("any_of")?.iter();
        let any_of = texts
            .map(|text| parse::parse(text, fields).map_err(Error::invalid_argument))
            .collect::<Result<_>>()?;
        let reach = words.count("reach")?;
        let reach = u8::try_from(reach)
            .map_err(|_| Error::invalid_argument(format!("a reach of {reach} bits")))?;
        Ok(Some(Self { any_of, reach }))
    }
}

#[cfg(test)]
mod tests;
