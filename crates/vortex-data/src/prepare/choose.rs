//! Row or column: whichever a sample compresses better in.

use vortex_coder::adaptive::AdaptiveModel;
use vortex_coder::codec::measure_records;
use vortex_coder::schema::Schema;
use vortex_coder::{Model, lanes_for};

use super::manifest::Layout;
use super::order::groups;
use super::streams::stream_schema;

/// Bytes of records from the start of a dataset that are tried in both layouts.
pub const SAMPLE_BYTES: usize = 512 << 10;

/// The cost of a sample in each layout, in bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// As records.
    pub row: f64,
    /// One field after the other.
    pub column: f64,
}

/// Measures whole records under the built-in predictor in both layouts.
pub fn measure(schema: &Schema, sample: &[u8]) -> Costs {
    let stride = schema.stride();
    let sample = &sample[..sample.len() - sample.len() % stride];
    let row = bits(schema, sample);
    let mut column = 0.0;
    for group in groups(schema) {
        let mut bytes = Vec::with_capacity(sample.len());
        for &field in &group {
            let field = &schema.fields()[field];
            for record in sample.chunks_exact(stride) {
                bytes.extend_from_slice(&record[field.offset as usize..field.end()]);
            }
        }
        column += bits(&stream_schema(schema, Layout::Column, &group), &bytes);
    }
    Costs { row, column }
}

/// The layout that costs less; rows where both cost the same.
pub fn choose(schema: &Schema, sample: &[u8]) -> Layout {
    if schema.fields().len() < 2 {
        return Layout::Row;
    }
    let Costs { row, column } = measure(schema, sample);
    if column < row { Layout::Column } else { Layout::Row }
}

fn bits(schema: &Schema, bytes: &[u8]) -> f64 {
    let model = AdaptiveModel::new(schema.clone());
    let lanes = lanes_for(bytes.len());
    let cost = measure_records(&mut *model.predictor(), model.layout(), bytes, lanes);
    // The sample is whole records, so there is nothing that could fail.
    let cost = cost.unwrap_or_default();
    cost.iter().map(|c| *c as f64).sum::<f64>() / f64::from(vortex_coder::cost::COST_ONE_BIT)
}
