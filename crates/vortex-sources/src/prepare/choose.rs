//! The choice between row and column layout, depending on the use of the records.

use vortex_coder::adaptive::AdaptiveModel;
use vortex_coder::codec::measure_records;
use vortex_coder::schema::Schema;
use vortex_coder::{Model, lanes_for};

use super::manifest::Layout;
use super::order::groups;
use super::streams::stream_schema;
use crate::error::Result;

/// Number of bytes, from the start of a dataset, that are tried in both layouts.
pub const SAMPLE_BYTES: usize = 512 << 10;

/// Share of a sample that columns must save before the column layout is used for training.
///
/// The built-in predictor measures this, and it sees single fields. With rows, a network sees whole
/// records, is one model instead of one for each number type, and needs less training
/// (`docs/benchmarks.md`, "Rows or columns to train on").
pub const TRAINING_MARGIN: f64 = 0.3;

/// How the layout of each dataset is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LayoutRule {
    /// A fixed layout.
    Fixed(Layout),
    /// For training: rows, unless columns need [`TRAINING_MARGIN`] fewer bits.
    #[default]
    Training,
    /// For coding without a model: the layout that needs fewer bits.
    Coding,
    /// For coding with a model of these records: the layout in which they occur, otherwise as for
    /// [`Coding`](Self::Coding).
    Model(Schema),
}

impl LayoutRule {
    /// The layout of a dataset; `sample` reads its first records. For a single field there is only
    /// one layout.
    ///
    /// # Errors
    /// Those of `sample`.
    pub fn layout(
        &self,
        schema: &Schema,
        sample: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Layout> {
        if schema.fields().len() < 2 {
            return Ok(Layout::Row);
        }
        let margin = match self {
            Self::Fixed(layout) => return Ok(*layout),
            Self::Model(model) if model == schema => return Ok(Layout::Row),
            Self::Model(model) if has_stream(schema, model) => return Ok(Layout::Column),
            Self::Training => TRAINING_MARGIN,
            Self::Model(_) | Self::Coding => 0.0,
        };
        let Costs { row, column } = measure(schema, &sample()?);
        Ok(if column < row * (1.0 - margin) { Layout::Column } else { Layout::Row })
    }
}

/// Whether one of the columns' streams has this schema.
fn has_stream(schema: &Schema, stream: &Schema) -> bool {
    groups(schema).iter().any(|group| stream_schema(schema, Layout::Column, group) == *stream)
}

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

fn bits(schema: &Schema, bytes: &[u8]) -> f64 {
    let model = AdaptiveModel::new(schema.clone());
    let lanes = lanes_for(bytes.len());
    let cost = measure_records(&mut *model.predictor(), model.layout(), bytes, lanes)
        .expect("whole records, cut to the stride");
    cost.iter().map(|c| *c as f64).sum::<f64>() / f64::from(vortex_coder::cost::COST_ONE_BIT)
}

#[cfg(test)]
mod tests {
    use vortex_coder::schema::{DType, Field};

    use super::*;

    fn schema(dtypes: &[DType]) -> Schema {
        let mut offset = 0;
        let fields = dtypes.iter().enumerate().map(|(number, &dtype)| {
            let field = Field::new(format!("f{number}"), dtype, offset);
            offset += dtype.size() as u32;
            field
        });
        let fields: Vec<Field> = fields.collect();
        Schema::new(offset as usize, fields).unwrap()
    }

    #[test]
    fn each_rule_has_its_layout() {
        let pair = schema(&[DType::U8, DType::U32]);
        // A counter beside a constant: columns are smaller, by an amount that depends on the
        // counter.
        let sample: Vec<u8> = (0..20_000u32)
            .flat_map(|i| [[7].to_vec(), (i / 3).to_le_bytes().to_vec()].concat())
            .collect();
        let Costs { row, column } = measure(&pair, &sample);
        let smaller = if column < row { Layout::Column } else { Layout::Row };
        let layout = |rule: LayoutRule| rule.layout(&pair, || Ok(sample.clone())).unwrap();
        assert_eq!(layout(LayoutRule::Coding), smaller);
        let much = column < row * (1.0 - TRAINING_MARGIN);
        assert_eq!(layout(LayoutRule::Training) == Layout::Column, much);

        // A rule that needs no sample does not read one.
        let unread = || -> Result<Vec<u8>> { panic!("a sample was read") };
        for fixed in [Layout::Row, Layout::Column] {
            assert_eq!(LayoutRule::Fixed(fixed).layout(&pair, unread).unwrap(), fixed);
        }
        let one = schema(&[DType::F32]);
        assert_eq!(LayoutRule::Fixed(Layout::Column).layout(&one, unread).unwrap(), Layout::Row);
        let model = |schema: &Schema| LayoutRule::Model(schema.clone()).layout(&pair, unread);
        assert_eq!(model(&pair).unwrap(), Layout::Row);
        let columns = stream_schema(&pair, Layout::Column, &groups(&pair)[1]);
        assert_eq!(model(&columns).unwrap(), Layout::Column);
        // A model of other records changes nothing.
        assert_eq!(layout(LayoutRule::Model(schema(&[DType::F64]))), smaller);
    }
}
