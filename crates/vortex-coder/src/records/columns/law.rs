//! Laws in double precision, where that is proved to say the same as the integers of the definition.
//!
//! A law of `n` addends is computed with an error of at most `(n + 4) 2^-52` of the sum of their magnitudes. Where both ends
//! of that interval are rounded to the same number of single precision, so is what the definition says; its own cuts, 2^-60 of the
//! result at most, are far inside. Everything else goes through the definition.

use super::grid::{FastGrid, Unsure};
use crate::records::coding::{Field, Law, LawForm, in_order};
use vortex_base::dtype::DType;

/// A law of a single precision field.
pub(super) struct FastLaw<'a> {
    law: &'a Law,
    field: &'a Field,
    terms: Vec<(&'a Field, f64)>,
    grid: Option<FastGrid>,
}

impl<'a> FastLaw<'a> {
    /// `None` for a law that only the definition computes.
    pub(super) fn of(field: &'a Field, fields: &'a [Field]) -> Option<Self> {
        let law = field.coding.law()?;
        if field.dtype != DType::F32 {
            return None;
        }
        let term = |term: &crate::schema::Term| {
            let field = &fields[usize::from(term.field)];
            let known = !matches!(field.dtype, DType::F16 | DType::Bf16);
            known.then_some((field, if term.minus { -1.0 } else { 1.0 }))
        };
        let terms = law.terms.iter().map(term).collect::<Option<_>>()?;
        Some(Self { law, field, terms, grid: field.coding.grid().map(FastGrid::new) })
    }

    /// What the law says, as [`Law`] has it: an integer in order, after the grid.
    pub(super) fn expected(&self, record: &[u8]) -> Result<u64, Unsure> {
        let constant = f64::from_bits(self.law.constant);
        let (mut sum, mut magnitude) = (constant, constant.abs());
        for (field, sign) in &self.terms {
            // With a relative error of at most 2^-53.
            let value = field.value(record);
            let addend = match self.law.form {
                LawForm::Sum => value,
                LawForm::RootOfSquares => value * value,
            };
            sum += sign * addend;
            magnitude += addend.abs();
        }
        // Infinite and undefined numbers too.
        if !(magnitude < 1e300 && magnitude > 1e-250) {
            return Err(Unsure);
        }
        let error = (self.terms.len() as f64 + 4.0) * f64::EPSILON * magnitude;
        let (low, high) = (sum - error, sum + error);
        let (low, high) = match self.law.form {
            LawForm::Sum => (low, high),
            LawForm::RootOfSquares if low > 0.0 => {
                // The roots are rounded themselves.
                (low.sqrt() * (1.0 - f64::EPSILON), high.sqrt() * (1.0 + f64::EPSILON))
            }
            LawForm::RootOfSquares => return Err(Unsure),
        };
        let (low, high) = (rounded(low).to_bits(), rounded(high).to_bits());
        if low != high || low << 1 == 0 {
            return Err(Unsure);
        }
        let bits = match &self.grid {
            Some(grid) => grid.nearest(low)?,
            None => low,
        };
        Ok(in_order(self.field.dtype, bits.into()))
    }
}

/// The nearest number of single precision.
#[allow(clippy::cast_possible_truncation)] // that is what is asked for
fn rounded(x: f64) -> f32 {
    x as f32
}
