//! Floating point columns of a sample, and how well an expression gives one of them.

use vortex_coder::schema::{DType, Expression, Field, FieldCoding, Schema};

/// Records that a candidate is tried on.
pub(super) const RECORDS: usize = 2048;
/// Records on which most candidates fail.
pub(super) const FIRST: usize = 24;
/// Share of the records that must keep a law.
pub(super) const KEPT: f64 = 0.6;
/// Largest deviation from an expression, as a share of the value.
const NEAR: f64 = 1e-3;
/// Share of the values that are single precision numbers where others are computed from those.
const NEAR_SINGLES: f64 = 0.5;
/// Share of the records from which on a value comes often.
const USUAL: f64 = 0.2;
/// One in so many records is among the telling ones, or more.
const TELLING: usize = 8;
/// A prime number that scatters the records of a sample.
const SCATTER: usize = 7919;
/// Different values that a column must have: constants and flags obey too many laws.
const DISTINCT: usize = 32;

/// Floating point columns of a sample: float32 and float64 fields with many values that nothing predicts yet, or that laws may refer to.
pub(super) struct Columns {
    /// Index of each in the schema.
    pub field: Vec<usize>,
    pub values: Vec<Vec<f64>>,
    dtype: Vec<DType>,
    pub records: usize,
    /// The value that comes most often, of columns where it comes often: it obeys too many laws.
    usual: Vec<Option<u64>>,
    /// Whether most values of a float64 column are near to single precision numbers: they were computed from such.
    singles: Vec<bool>,
    /// Records with the fewest such values.
    telling: Vec<usize>,
    /// The values of each in [`FIRST`] telling records, or fewer.
    first: Vec<Vec<f64>>,
    /// Column of each field; of those that are none, [`usize::MAX`].
    column: Vec<usize>,
}

impl Columns {
    pub(super) fn new(schema: &Schema, sample: &[u8]) -> Self {
        let stride = schema.stride();
        let step = (sample.len() / stride / RECORDS).max(1);
        let values_of = |field: &Field| -> Vec<f64> {
            let records = sample.chunks_exact(stride).step_by(step).take(RECORDS);
            records.map(|record| field.value(record)).collect()
        };
        let usable = |field: &&(usize, &Field)| {
            matches!(field.1.dtype, DType::F32 | DType::F64)
                && field.1.coding != FieldCoding::Raw
                && !field.1.coding.needs_others()
        };
        let (mut field, mut values, mut dtype) = (Vec::new(), Vec::new(), Vec::new());
        let (mut usual, mut singles) = (Vec::new(), Vec::new());
        for (index, described) in schema.fields().iter().enumerate().filter(|f| usable(&f)) {
            let column = values_of(described);
            let mut sorted: Vec<u64> = column.iter().map(|v| v.to_bits()).collect();
            sorted.sort_unstable();
            let runs = sorted.chunk_by(|a, b| a == b);
            if runs.clone().count() >= DISTINCT.min(column.len()) {
                let longest = runs.max_by_key(|run| run.len());
                let often = longest.filter(|run| run.len() as f64 > USUAL * column.len() as f64);
                usual.push(often.map(|run| run[0]));
                singles.push(described.dtype == DType::F64 && are_near_singles(&column));
                field.push(index);
                dtype.push(described.dtype);
                values.push(column);
            }
        }
        let records = values.first().map_or(0, Vec::len);
        let mut column = vec![usize::MAX; schema.fields().len()];
        field.iter().enumerate().for_each(|(c, &f): (usize, &usize)| column[f] = c);
        let (telling, first) = (Vec::new(), Vec::new());
        let mut columns =
            Self { field, values, dtype, records, usual, singles, telling, first, column };
        columns.telling = columns.telling_records();
        let of = |values: &Vec<f64>| columns.some(FIRST).map(|r| values[r]).collect();
        columns.first = columns.values.iter().map(of).collect();
        columns
    }

    fn telling_records(&self) -> Vec<usize> {
        let usual = |r: usize| (0..self.len()).filter(|&c| self.is_usual(c, r)).count();
        let counts: Vec<usize> = (0..self.records).map(usual).collect();
        let mut sorted = counts.clone();
        sorted.sort_unstable();
        let Some(&few) = sorted.get(self.records / TELLING) else { return Vec::new() };
        (0..self.records).filter(|&r| counts[r] <= few).collect()
    }

    /// Whether a column has its usual value in a record.
    pub(super) fn is_usual(&self, column: usize, record: usize) -> bool {
        self.usual[column] == Some(self.values[column][record].to_bits())
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Telling records from everywhere in the sample, at most so many, in no regular distance: tables have periods.
    pub(super) fn some(&self, n: usize) -> impl Iterator<Item = usize> + Clone + use<'_> {
        let n = n.clamp(1, self.telling.len().max(1));
        (0..n).filter_map(move |place| self.place(place, n))
    }

    /// One of [`FIRST`] telling records.
    pub(super) fn first(&self, place: usize) -> Option<usize> {
        let n = FIRST.min(self.telling.len());
        if place < n { self.place(place, n) } else { None }
    }

    /// A column in `N` of [`FIRST`] telling records, which show that most candidates for laws are none; not a number where
    /// there are fewer.
    pub(super) fn few<const N: usize>(&self, column: usize) -> [f64; N] {
        std::array::from_fn(|place| self.first[column].get(place).copied().unwrap_or(f64::NAN))
    }

    fn place(&self, place: usize, of: usize) -> Option<usize> {
        let step = self.telling.len() / of;
        self.telling.get(place * step + place * SCATTER % step.max(1)).copied()
    }

    /// Share of [`FIRST`] telling records that are like this.
    pub(super) fn share_of_first(&self, like: impl Fn(&usize) -> bool) -> f64 {
        self.some(FIRST).filter(like).count() as f64 / self.some(FIRST).count() as f64
    }

    /// A column as part of an expression.
    pub(super) fn x(&self, column: usize) -> Expression {
        Expression::field(self.field[column] as u16)
    }

    /// The values of an expression.
    pub(super) fn values_of(&self, expression: &Expression) -> Vec<f64> {
        let column = |field| &self.values[self.column[usize::from(field)]][..];
        expression.evaluate_all(self.records, column)
    }

    /// The same in [`FIRST`] telling records.
    pub(super) fn first_of(&self, expression: &Expression) -> Vec<f64> {
        let column = |field| &self.first[self.column[usize::from(field)]][..];
        expression.evaluate_all(self.some(FIRST).count(), column)
    }

    /// The expression with single precision numbers in place of values that are near to them, if there are such.
    pub(super) fn of_singles(&self, expression: &Expression) -> Option<Expression> {
        let is_single = |field: u16| self.singles[self.column[usize::from(field)]];
        expression.fields().any(is_single).then(|| expression.rounded(is_single))
    }

    /// Share of the records in which an expression gives a column to the last bit, where it is not its usual value.
    pub(super) fn exact(&self, column: usize, expression: &Expression) -> f64 {
        let expected = self.values_of(expression);
        let records = (0..self.records).filter(|&r| !self.is_usual(column, r));
        let n = records.clone().count().max(1);
        let same = records.filter(|&r| expected[r] == self.values[column][r]);
        same.count() as f64 / n as f64
    }

    /// The columns that an expression nearly gives in most of the first records.
    pub(super) fn explained(&self, expression: &Expression) -> Vec<usize> {
        let expected = self.first_of(expression);
        let near = |column: usize| {
            let pairs = self.first[column].iter().zip(&expected);
            let near = pairs.map(|(v, e)| usize::from((v - e).abs() <= NEAR * v.abs()));
            near.sum::<usize>() as f64 >= KEPT * expected.len() as f64
        };
        let uses: Vec<usize> =
            expression.fields().map(|field| self.column[usize::from(field)]).collect();
        (0..self.len()).filter(|c| !uses.contains(c) && near(*c)).collect()
    }

    pub(super) fn dtype(&self, column: usize) -> DType {
        self.dtype[column]
    }

    /// Unit in the last place of a value of 1.
    pub(super) fn last_place(&self, column: usize) -> f64 {
        if self.dtype[column] == DType::F32 { f32::EPSILON.into() } else { f64::EPSILON }
    }

    /// Bits of a value.
    pub(super) fn full(&self, column: usize) -> f64 {
        1.0 - self.last_place(column).log2()
    }

    /// Bits of the distance between a column and what is expected of it, in units of the last place, where it is not its usual value.
    pub(super) fn left(&self, column: usize, expected: impl Fn(usize) -> f64) -> f64 {
        let full = self.full(column);
        let mut n = 0;
        let left = (0..self.records).filter(|&r| !self.is_usual(column, r)).map(|record| {
            n += 1;
            let value = self.values[column][record];
            let distance = (value - expected(record)).abs();
            let unit = value.abs().max(f64::MIN_POSITIVE) * self.last_place(column);
            let bits = (1.0 + distance / unit).log2();
            if bits.is_finite() { bits.min(full) } else { full }
        });
        let sum: f64 = left.sum();
        sum / f64::from(n.max(1))
    }

    /// Columns at most so far away from one, itself excluded.
    pub(super) fn around(
        &self,
        column: usize,
        reach: usize,
    ) -> impl Iterator<Item = usize> + use<> {
        let end = self.len().min(column + reach + 1);
        (column.saturating_sub(reach)..end).filter(move |&c| c != column)
    }

    /// Share of the values of a column that are like this.
    pub(super) fn share(&self, column: usize, like: impl Fn(f64) -> bool) -> f64 {
        let n = self.values[column].iter().filter(|&&value| like(value)).count();
        n as f64 / self.records.max(1) as f64
    }
}

/// Whether most values are single precision numbers but for rounding, and not all of them whole.
fn are_near_singles(values: &[f64]) -> bool {
    let near = values.iter().filter(|&&x| {
        let single = f64::from(x as f32);
        (x - single).abs() <= 8.0 * f64::EPSILON * x.abs() && x.fract() != 0.0
    });
    near.count() as f64 >= NEAR_SINGLES * values.len() as f64
}
