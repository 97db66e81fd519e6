//! Fields that others say something about, as columns: those with laws record by record, in double precision where that is proved
//! to be the same; those with formulas for many records at a time.

use super::grid::FastGrid;
use super::law::FastLaw;
use super::stages::Stages;
use super::{Code, Column, by_column, gather, scatter, with_column};
use crate::records::coding::{
    BATCH, Formula, FormulaRecords, Formulas, at_distance, distance, in_order, low_half,
    out_of_order,
};
use crate::records::layout::RecordLayout;
use crate::records::pipeline::PipelineField;
use crate::records::schema::{Field, Predicted};

/// Such fields of a schema, each after those that it needs.
pub(super) struct Derived<'a> {
    fields: &'a [Field],
    stride: usize,
    each: Vec<One<'a>>,
    formulas: Formulas,
}

/// One field.
struct One<'a> {
    lawful: &'a PipelineField,
    field: &'a Field,
    grid: Option<FastGrid>,
    stages: Stages,
    by: By<'a>,
}

enum By<'a> {
    Law(Option<FastLaw<'a>>),
    /// And its place among those.
    Formula(&'a Formula, usize),
}

impl<'a> Derived<'a> {
    /// All of a layout.
    pub(super) fn all(layout: &'a RecordLayout) -> Self {
        Self::those(layout, |index| !by_column(&layout.schema().fields()[index]))
    }

    /// One of them alone, in records that are complete.
    pub(super) fn one(layout: &'a RecordLayout, index: usize) -> Self {
        Self::those(layout, |other| other == index)
    }

    fn those(layout: &'a RecordLayout, chosen: impl Fn(usize) -> bool) -> Self {
        let fields = layout.schema().fields();
        let (mut each, mut formulas) = (Vec::new(), Vec::new());
        for lawful in layout.derived().iter().filter(|lawful| chosen(lawful.index())) {
            let field = &fields[lawful.index()];
            let by = match field.coding.predicted() {
                Predicted::Formula(formula) => {
                    formulas.push(formula);
                    By::Formula(formula, formulas.len() - 1)
                }
                _ => By::Law(FastLaw::of(field, fields)),
            };
            let grid = field.coding.grid().map(FastGrid::new);
            let stages = Stages {
                dtype: field.dtype,
                grid: field.coding.grid(),
                in_order: true,
                near: false,
            };
            each.push(One { lawful, field, grid, stages, by });
        }
        let formulas = Formulas::new(formulas.into_iter());
        Self { fields, stride: layout.stride(), each, formulas }
    }

    /// Appends the numbers of such fields of whole records; `place` says where among the columns a field is.
    pub(super) fn to_columns(
        &self,
        bytes: &[u8],
        columns: &mut [Column],
        place: impl Fn(usize) -> usize,
    ) {
        let mut formulas = self.formulas.of_records();
        let mut codes = [0; BATCH];
        for records in bytes.chunks(BATCH * self.stride) {
            let codes = &mut codes[..records.len() / self.stride];
            for one in &self.each {
                self.numbers(one, records, &mut formulas, codes);
                with_column!(&mut columns[place(one.lawful.index())], numbers => {
                    codes.iter().for_each(|&code| numbers.push(Code::low_bits(code)));
                });
            }
        }
    }

    /// The numbers of a field of up to [`BATCH`] records.
    fn numbers(
        &self,
        one: &One<'_>,
        records: &[u8],
        formulas: &mut FormulaRecords<'_>,
        codes: &mut [u64],
    ) {
        let field = one.field;
        let records_and_codes = records.chunks_exact(self.stride).zip(&mut *codes);
        match &one.by {
            By::Law(fast) => records_and_codes.for_each(|(record, code)| {
                let expected = fast.as_ref().and_then(|law| law.expected(record).ok());
                // Laws need no record before.
                *code = match expected {
                    Some(expected) => {
                        let number = in_order(field.dtype, one.exchanged(field.bits(record)));
                        distance(field.dtype, number, expected)
                    }
                    None => one.lawful.number(self.fields, None, record),
                };
            }),
            By::Formula(formula, place) => {
                self.values(one, records, codes);
                formulas.compute(*place, self.fields, self.stride, records);
                formulas.enter(*place, (formula, field), |bits| one.on_grid(bits), codes);
            }
        }
    }

    /// Writes such fields into records whose other fields are there.
    pub(super) fn to_records(&self, columns: &[Column], bytes: &mut [u8]) {
        let mut formulas = self.formulas.of_records();
        let mut codes = [0; BATCH];
        for (tile, records) in bytes.chunks_mut(BATCH * self.stride).enumerate() {
            let codes = &mut codes[..records.len() / self.stride];
            for one in &self.each {
                with_column!(&columns[one.lawful.index()], numbers => {
                    let numbers = &numbers[tile * BATCH..];
                    codes.iter_mut().zip(numbers).for_each(|(code, &number)| *code = number.wide());
                });
                self.set_numbers(one, records, &mut formulas, codes);
            }
        }
    }

    /// Undoes [`Self::numbers`].
    fn set_numbers(
        &self,
        one: &One<'_>,
        records: &mut [u8],
        formulas: &mut FormulaRecords<'_>,
        codes: &mut [u64],
    ) {
        let field = one.field;
        let bits = |code| one.exchanged(out_of_order(field.dtype, code));
        match &one.by {
            By::Law(fast) => {
                let records_and_codes = records.chunks_exact_mut(self.stride).zip(codes);
                records_and_codes.for_each(|(record, &mut code)| {
                    match fast.as_ref().and_then(|law| law.expected(record).ok()) {
                        Some(expected) => {
                            let code = at_distance(field.dtype, code, expected);
                            field.set_bits(record, bits(code));
                        }
                        None => one.lawful.set_number(self.fields, None, code, record),
                    }
                });
            }
            By::Formula(formula, place) => {
                formulas.compute(*place, self.fields, self.stride, records);
                formulas.leave(*place, (formula, field), |bits| one.on_grid(bits), codes);
                self.set_values(one, records, codes);
            }
        }
    }
}

impl Derived<'_> {
    /// The numbers in order of a field of up to [`BATCH`] records.
    fn values(&self, one: &One<'_>, records: &[u8], codes: &mut [u64]) {
        fn of<T: Code>(
            field: &Field,
            stages: &Stages,
            records: &[u8],
            stride: usize,
            codes: &mut [u64],
        ) {
            let mut numbers = [T::default(); BATCH];
            let numbers = &mut numbers[..codes.len()];
            gather(field, records, stride, numbers);
            stages.to_numbers(numbers);
            codes.iter_mut().zip(numbers).for_each(|(code, number)| *code = number.wide());
        }
        match one.field.dtype.size() {
            4 => of::<u32>(one.field, &one.stages, records, self.stride, codes),
            _ => of::<u64>(one.field, &one.stages, records, self.stride, codes),
        }
    }

    /// Undoes [`Self::values`].
    fn set_values(&self, one: &One<'_>, records: &mut [u8], codes: &[u64]) {
        fn of<T: Code>(
            field: &Field,
            stages: &Stages,
            records: &mut [u8],
            stride: usize,
            codes: &[u64],
        ) {
            let mut numbers = [T::default(); BATCH];
            let numbers = &mut numbers[..codes.len()];
            numbers.iter_mut().zip(codes).for_each(|(number, &code)| *number = T::low_bits(code));
            stages.to_bits(numbers);
            scatter(field, numbers, stride, records);
        }
        match one.field.dtype.size() {
            4 => of::<u32>(one.field, &one.stages, records, self.stride, codes),
            _ => of::<u64>(one.field, &one.stages, records, self.stride, codes),
        }
    }
}

impl One<'_> {
    /// Bits with decimals of the field's grid and their places exchanged.
    fn exchanged(&self, bits: u64) -> u64 {
        self.grid.as_ref().map_or(bits, |grid| grid.swap(low_half(bits)).into())
    }

    /// The place next to some bits on the field's grid; the bits themselves where there is none.
    #[inline(always)]
    fn on_grid(&self, bits: u64) -> u64 {
        let on_grid = |grid: &FastGrid| grid.nearest_or_definition(low_half(bits)).into();
        self.grid.as_ref().map_or(bits, on_grid)
    }
}
