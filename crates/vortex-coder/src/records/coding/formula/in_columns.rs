//! Fields with formulas in columns: many records of one field at a time.

use super::super::elementary::batch::BATCH;
use super::super::field::Field;
use super::super::order::in_order;
use super::batches::Batches;
use super::shared::Shared;
use super::{Formula, bits, near};
use vortex_base::dtype::DType;

/// The formulas of fields that are computed one after the other; what they have in common is computed once.
#[derive(Clone, Debug)]
pub(in crate::records) struct Formulas(Shared);

impl Formulas {
    /// Each after those of the fields that it needs.
    pub(in crate::records) fn new<'a>(formulas: impl Iterator<Item = &'a Formula>) -> Self {
        Self(Shared::new(formulas.map(|formula| &formula.any_of[..])))
    }

    /// For records that follow each other.
    pub(in crate::records) fn of_records(&self) -> FormulaRecords<'_> {
        FormulaRecords(Batches::new(&self.0))
    }
}

/// Some records, and what the formulas give for them.
pub(in crate::records) struct FormulaRecords<'a>(Batches<'a>);

impl FormulaRecords<'_> {
    /// Computes the formulas of a field, by its place among those with formulas, for at most [`BATCH`] records. Those at earlier
    /// places have been computed for the same records.
    pub(in crate::records) fn compute(
        &mut self,
        place: usize,
        fields: &[Field],
        stride: usize,
        records: &[u8],
    ) {
        assert!(records.len() <= BATCH * stride, "at most a batch");
        let field = |index: u16| &fields[usize::from(index)];
        self.0.compute(place, |index, values| field(index).values(records, stride, values));
    }

    /// [`Formula::enter`] for the records that were computed; `on_grid` gives the place next to some bits on the field's grid, or the
    /// bits themselves.
    pub(in crate::records) fn enter(
        &self,
        place: usize,
        (formula, field): (&Formula, &Field),
        on_grid: impl Fn(u64) -> u64,
        codes: &mut [u64],
    ) {
        for index in 0..formula.any_of.len() {
            self.exchange(place, index, (formula, field), &on_grid, codes);
        }
    }

    /// Undoes [`Self::enter`].
    pub(in crate::records) fn leave(
        &self,
        place: usize,
        (formula, field): (&Formula, &Field),
        on_grid: impl Fn(u64) -> u64,
        codes: &mut [u64],
    ) {
        for index in (0..formula.any_of.len()).rev() {
            self.exchange(place, index, (formula, field), &on_grid, codes);
        }
    }

    /// Exchanges what is near to one of the formulas, which undoes itself.
    fn exchange(
        &self,
        place: usize,
        index: usize,
        (formula, field): (&Formula, &Field),
        on_grid: impl Fn(u64) -> u64,
        codes: &mut [u64],
    ) {
        let values = &self.0.values(place, index)[..codes.len()];
        let exchange = near::Exchange::new(index, formula.reach.into(), field.dtype.mask());
        // Each usual type for itself, so that it is no question at each value.
        match field.dtype {
            DType::F64 => exchange_all(DType::F64, values, exchange, on_grid, codes),
            DType::F32 => exchange_all(DType::F32, values, exchange, on_grid, codes),
            dtype => exchange_all(dtype, values, exchange, on_grid, codes),
        }
    }
}

#[inline(always)]
fn exchange_all(
    dtype: DType,
    values: &[f64],
    exchange: near::Exchange,
    on_grid: impl Fn(u64) -> u64,
    codes: &mut [u64],
) {
    for (code, &value) in codes.iter_mut().zip(values) {
        if let Some(bits) = bits(dtype, value) {
            *code = exchange.of(*code, in_order(dtype, on_grid(bits)));
        }
    }
}
