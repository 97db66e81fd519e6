//! What the values of a sample say about how they came to be: decimals that were printed, and
//! laws between the fields of a record.
//!
//! All this is found in floating point, which decides nothing but what is proposed. A law is kept
//! if the symbols of its field are cheaper with it; a grid, where most floats beside the values are
//! not on it.

mod cost;
mod decimals;
mod laws;
mod values;

use vortex_coder::Result;
use vortex_coder::schema::{Law, Schema, Transform};

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Decimal grids of single precision fields.
    pub decimals: bool,
    /// Sums and roots of sums of squares.
    pub laws: bool,
}

/// Bytes of the sample that are coded to judge a law.
const JUDGED_BYTES: usize = 1 << 20;
/// Bits a record that a law must save.
const LEAST_SAVING: f64 = 1.0;
/// The same as a share of the field's bits.
const LEAST_SHARE: f64 = 0.1;

/// The schema with the grids and laws that make the records of `sample` shorter; what the schema
/// has of its own is kept.
///
/// # Errors
/// [`vortex_coder::ErrorKind::InvalidArgument`] only where `schema` itself is at fault.
pub fn discover(schema: &Schema, sample: &[u8], search: Search) -> Result<Schema> {
    let mut schema = schema.clone();
    if search.decimals {
        schema = with_decimals(&schema, sample)?;
    }
    if search.laws {
        schema = with_laws(&schema, sample)?;
    }
    Ok(schema)
}

fn with_decimals(schema: &Schema, sample: &[u8]) -> Result<Schema> {
    let mut fields = schema.clone().into_fields();
    for field in &mut fields {
        let free = field.grid.is_none() && field.law.is_none();
        if free && field.transform != Transform::Identity {
            field.grid = decimals::find(field, schema.stride(), sample);
        }
    }
    Schema::new(schema.stride(), fields)
}

fn with_laws(schema: &Schema, sample: &[u8]) -> Result<Schema> {
    let judged = sample.len().min(JUDGED_BYTES) / schema.stride() * schema.stride();
    let mut gains = Vec::new();
    for (index, law) in laws::find(schema, sample) {
        let with = schema.clone().with_laws([(index, law.clone())])?;
        let [before, after] = [schema, &with].map(|s| cost::bits(s, index, &sample[..judged]));
        if before - after >= LEAST_SAVING.max(before * LEAST_SHARE) {
            gains.push((before - after, index, law));
        }
    }
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut chosen: Vec<(usize, Law)> = Vec::new();
    let mut best = schema.clone();
    for (_, index, law) in gains {
        // One relation says something about one of its fields only.
        let same =
            |(i, l): &(usize, Law)| *i == index || fields_of(*i, l) == fields_of(index, &law);
        if chosen.iter().any(same) {
            continue;
        }
        // Refused where it would close a circle.
        if let Ok(with) = best.clone().with_laws([(index, law.clone())]) {
            best = with;
            chosen.push((index, law));
        }
    }
    Ok(best)
}

/// All fields that a law connects, sorted.
fn fields_of(index: usize, law: &Law) -> Vec<usize> {
    let mut fields: Vec<usize> = law.terms.iter().map(|t| usize::from(t.field)).collect();
    fields.push(index);
    fields.sort_unstable();
    fields
}
