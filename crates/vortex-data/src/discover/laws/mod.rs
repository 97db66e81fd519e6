//! Candidates for laws: relations between the fields of a record that hold in most records of a sample.

mod choices;
mod columns;
mod constraints;
mod flights;
mod median;
mod names;
mod products;
mod quantities;
mod sums;
#[cfg(test)]
mod tests;
mod vector_sums;
mod vectors;

use vortex_coder::schema::{DType, Expression, Formula, Predicted, Schema};

use columns::Columns;

pub use names::describe;

/// Laws of a field that are worth a closer look.
const MOST_OF_A_FIELD: usize = 4;

/// The same of all fields.
const MOST: usize = 512;

/// A law that holds, and the bits that it leaves of a value.
struct Proposal {
    column: usize,
    predicted: Predicted,
    left: f64,
}

/// Share of a value's bits that a formula may leave, at most.
const LEFT: f64 = 0.6;
/// Share of the records in which single precision numbers must give the very value, so that both ways of computing it are
/// kept.
const EXACT: f64 = 0.3;
/// Bits around each way: values of the other lie far outside.
const REACH: u8 = 24;

impl Proposal {
    /// Proposes an expression for every column that it gives in most records.
    fn wherever(columns: &Columns, expression: &Expression, found: &mut Vec<Self>) {
        for column in columns.explained(expression) {
            Self::unless_far(columns, column, expression, found);
        }
    }

    /// Proposes an expression for a column, unless it leaves too much of it.
    fn unless_far(
        columns: &Columns,
        column: usize,
        expression: &Expression,
        found: &mut Vec<Self>,
    ) {
        let expected = columns.values_of(expression);
        let left = columns.left(column, |record| expected[record]);
        if left <= LEFT * columns.full(column) {
            found.extend(Self::formulas(columns, column, expression, left));
        }
    }

    /// The formulas of a column that leave so much: the expression, and where its fields are nearly single precision numbers
    /// also the one of those.
    fn formulas(
        columns: &Columns,
        column: usize,
        expression: &Expression,
        left: f64,
    ) -> impl Iterator<Item = Self> + use<> {
        let dtype = columns.dtype(column);
        let propose = |formula, left| Self { column, predicted: Predicted::Formula(formula), left };
        let plain = propose(Formula::one(expression.clone(), dtype), left);
        let singles = columns.of_singles(expression).filter(|_| dtype == DType::F64);
        let both = singles.and_then(|of_singles| {
            let exact = columns.exact(column, &of_singles);
            let any_of = vec![of_singles, expression.clone()];
            let left = (1.0 - exact) * left + 1.0 - exact;
            (exact >= EXACT).then(|| propose(Formula { any_of, reach: REACH }, left))
        });
        [Some(plain), both].into_iter().flatten()
    }
}

/// Laws to try: (index of the field, law), the best of each field first, and of those the ones that leave least. Each relation may be proposed for several of its fields.
pub(super) fn find(schema: &Schema, sample: &[u8]) -> Vec<(usize, Predicted)> {
    let columns = Columns::new(schema, sample);
    if columns.records < columns::FIRST {
        return Vec::new();
    }
    let mut found = sums::find(&columns);
    let vectors = vectors::find(&columns);
    found.extend(vector_sums::find(&columns, &vectors));
    found.extend(choices::find(&columns, vectors::together(&vectors)));
    found.extend(constraints::find(&columns));
    found.extend(products::find(&columns));
    found.extend(flights::find(&columns));
    found.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut of_column = vec![0; columns.len()];
    let mut ranked: Vec<(usize, Proposal)> = Vec::new();
    for proposal in found {
        let rank = &mut of_column[proposal.column];
        if *rank < MOST_OF_A_FIELD {
            ranked.push((*rank, proposal));
            *rank += 1;
        }
    }
    // Of many columns each gets its best law before one gets its second.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(MOST);
    let law = |(_, found): (usize, Proposal)| (columns.field[found.column], found.predicted);
    ranked.into_iter().map(law).collect()
}
