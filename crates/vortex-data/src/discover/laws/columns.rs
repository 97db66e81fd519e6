//! Floating point columns of a sample, and how well an expression gives one of them.

use std::collections::HashMap;

use vortex_coder::schema::{DType, Expression, Field, Schema};

use super::super::values::value;

/// Records that a candidate is tried on.
pub(super) const RECORDS: usize = 2048;
/// Records on which most candidates fail.
pub(super) const FIRST: usize = 24;
/// Share of the records that must keep a law.
pub(super) const KEPT: f64 = 0.6;
/// Largest deviation from an expression, as a share of the value.
const NEAR: f64 = 1e-3;
/// Share of a value's bits that a law may leave, at most.
const LEFT: f64 = 0.6;
/// Different values that a column must have: constants and flags obey too many laws.
const DISTINCT: usize = 32;

/// Floating point columns of a sample: float32 and float64 fields with many values that nothing predicts yet, or that laws may refer to.
pub(super) struct Columns {
    /// Index of each in the schema.
    pub field: Vec<usize>,
    pub values: Vec<Vec<f64>>,
    /// Unit in the last place of a value of 1.
    pub last_place: Vec<f64>,
    pub records: usize,
    /// Column of a field.
    column: HashMap<u16, usize>,
}

impl Columns {
    pub(super) fn new(schema: &Schema, sample: &[u8]) -> Self {
        let stride = schema.stride();
        let step = (sample.len() / stride / RECORDS).max(1);
        let values_of = |field: &Field| -> Vec<f64> {
            let records = sample.chunks_exact(stride).step_by(step).take(RECORDS);
            records.map(|record| value(field, record)).collect()
        };
        let usable = |field: &&(usize, &Field)| {
            matches!(field.1.dtype, DType::F32 | DType::F64) && field.1.coding.law().is_none()
        };
        let (mut field, mut values, mut last_place) = (Vec::new(), Vec::new(), Vec::new());
        for (index, described) in schema.fields().iter().enumerate().filter(|f| usable(&f)) {
            let column = values_of(described);
            let mut distinct: Vec<u64> = column.iter().map(|v| v.to_bits()).collect();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() >= DISTINCT.min(column.len()) {
                field.push(index);
                values.push(column);
                let single = described.dtype == DType::F32;
                last_place.push(if single { f32::EPSILON.into() } else { f64::EPSILON });
            }
        }
        let records = values.first().map_or(0, Vec::len);
        let column = field.iter().enumerate().map(|(c, &f)| (f as u16, c)).collect();
        Self { field, values, last_place, records, column }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// A column as part of an expression.
    pub(super) fn x(&self, column: usize) -> Expression {
        Expression::field(self.field[column] as u16)
    }

    /// Records from everywhere in the sample, at most so many.
    pub(super) fn some(&self, n: usize) -> impl Iterator<Item = usize> + Clone + use<> {
        let step = (self.records / n.max(1)).max(1);
        (0..self.records).step_by(step).take(n)
    }

    /// The value of an expression in a record.
    pub(super) fn evaluate(&self, expression: &Expression, record: usize) -> f64 {
        expression.evaluate(|field| self.values[self.column[&field]][record])
    }

    /// The columns that an expression gives in most records, with the bits that it leaves of a value.
    pub(super) fn explained(&self, expression: &Expression) -> Vec<(usize, f64)> {
        let records: Vec<usize> = self.some(FIRST).collect();
        let expected: Vec<f64> = records.iter().map(|&r| self.evaluate(expression, r)).collect();
        let least = (KEPT * records.len() as f64).ceil() as usize;
        let near = |column: usize| {
            let (mut near, mut far) = (0, 0);
            for (&record, &expected) in records.iter().zip(&expected) {
                let value = self.values[column][record];
                if (value - expected).abs() <= NEAR * value.abs() {
                    near += 1;
                } else {
                    far += 1;
                    if far > records.len() - least {
                        return false;
                    }
                }
            }
            near >= least
        };
        let uses: Vec<usize> = expression.fields().map(|field| self.column[&field]).collect();
        let candidates = (0..self.len()).filter(|c| !uses.contains(c) && near(*c));
        let judged = candidates.map(|column| {
            let left = self.left(column, |record| self.evaluate(expression, record));
            (column, left)
        });
        judged.filter(|&(column, left)| left <= LEFT * self.full(column)).collect()
    }

    pub(super) fn dtype(&self, column: usize) -> DType {
        if self.full(column) > 24.0 { DType::F64 } else { DType::F32 }
    }

    /// Bits of a value.
    pub(super) fn full(&self, column: usize) -> f64 {
        1.0 - self.last_place[column].log2()
    }

    /// Bits of the distance between a column and what is expected of it, in units of the last place.
    pub(super) fn left(&self, column: usize, expected: impl Fn(usize) -> f64) -> f64 {
        let full = self.full(column);
        let left = (0..self.records).map(|record| {
            let value = self.values[column][record];
            let distance = (value - expected(record)).abs();
            let unit = value.abs().max(f64::MIN_POSITIVE) * self.last_place[column];
            let bits = (1.0 + distance / unit).log2();
            if bits.is_finite() { bits.min(full) } else { full }
        });
        left.sum::<f64>() / self.records.max(1) as f64
    }

    /// Columns at most so far away from one, itself excluded.
    pub(super) fn around(&self, column: usize, reach: usize) -> impl Iterator<Item = usize> + use<> {
        let end = self.len().min(column + reach + 1);
        (column.saturating_sub(reach)..end).filter(move |&c| c != column)
    }

    /// Share of the values of a column that are like this.
    pub(super) fn share(&self, column: usize, like: impl Fn(f64) -> bool) -> f64 {
        let n = self.values[column].iter().filter(|&&value| like(value)).count();
        n as f64 / self.records.max(1) as f64
    }
}
