//! Candidates for laws: relations between the fields of a record that hold in most records of a sample.

mod choices;
mod columns;
mod constraints;
mod products;
mod quantities;
mod sums;
mod vector_sums;
mod vectors;

use vortex_coder::schema::{Expression, Formula, Predicted, Schema};

use columns::Columns;

/// Laws of a field that are worth a closer look.
const MOST_OF_A_FIELD: usize = 3;

/// A law that holds, and the bits that it leaves of a value.
struct Proposal {
    column: usize,
    predicted: Predicted,
    left: f64,
}

impl Proposal {
    /// The formulas of a column of these.
    fn formula(columns: &Columns, column: usize, expression: Expression, left: f64) -> Self {
        let formula = Formula::one(expression, columns.dtype(column));
        Self { column, predicted: Predicted::Formula(formula), left }
    }
}

/// Laws to try: (index of the field, law), those that leave least first. Each relation may be proposed for several of its fields.
pub(super) fn find(schema: &Schema, sample: &[u8]) -> Vec<(usize, Predicted)> {
    let columns = Columns::new(schema, sample);
    let mut found = sums::find(&columns);
    let vectors = vectors::find(&columns);
    found.extend(vector_sums::find(&columns, &vectors));
    found.extend(choices::find(&columns, &vectors));
    found.extend(constraints::find(&columns));
    found.extend(products::find(&columns));
    found.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut of_column = vec![0; columns.len()];
    found.retain(|proposal| {
        of_column[proposal.column] += 1;
        of_column[proposal.column] <= MOST_OF_A_FIELD
    });
    found.into_iter().map(|found| (columns.field[found.column], found.predicted)).collect()
}
