//! What was found, and what it is worth.

use super::laws::describe;
use vortex_coder::schema::Schema;

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// The schema with everything that was found.
    pub schema: Schema,
    /// What was found, in the order in which it was added; what the schema had of its own is not among it.
    pub found: Vec<Finding>,
}

/// Something that a field of the sample obeys.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Index of the field.
    pub field: usize,
    /// What it is.
    pub kind: FindingKind,
    /// Bits a record that the field costs without it, under simple counts.
    pub bits_before: f64,
    /// The same with it.
    pub bits_after: f64,
}

/// Sorts of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// Its values were printed as decimals.
    Decimals,
    /// Other fields of the record say what it is.
    Law,
    /// It is near to what it was in the record before.
    Distance,
}

impl Discovery {
    /// A line for each field of which something was found: what is known of it, and its bits before and after.
    pub fn describe(&self) -> Vec<String> {
        let mut found: Vec<&Finding> = self.found.iter().collect();
        found.sort_by_key(|finding| finding.field);
        let of_fields = found.chunk_by(|a, b| a.field == b.field);
        let lines = of_fields.map(|of_field| {
            let (first, last) = (of_field[0], of_field[of_field.len() - 1]);
            let name = &self.schema.fields()[first.field].name;
            let what = describe(&self.schema, first.field);
            let (before, after) = (first.bits_before, last.bits_after);
            format!("{name}: {what} ({before:.1} -> {after:.1} bits a record)")
        });
        lines.collect()
    }
}
