//! Model files: records, shape, size.

use std::sync::Arc;

use vortex_codec::coder::Model;
use vortex_codec::data::discover::describe as describe_field;
use vortex_codec::infer::IntModel;
use vortex_codec::training::Curve;

use crate::page::{Inspected, PlainTable};
use crate::table::{Table, thousands};

/// A model that was loaded and passed its self-test.
pub struct Network {
    name: String,
    model: Arc<IntModel>,
}

impl Network {
    /// A view of a model.
    pub fn new(name: impl Into<String>, model: Arc<IntModel>) -> Self {
        Self { name: name.into(), model }
    }

    /// Names and values, in the order of the text.
    fn facts(&self) -> [(&'static str, String); 5] {
        let network = self.model.network();
        let layout = self.model.layout();
        let flat = network.flat.iter().filter(|&&flat| flat).count();
        let memory = match network.memory {
            Some(memory) => format!("one token in {} kept, {} slots", memory.rate, memory.slots),
            None => "none".into(),
        };
        [
            ("BLAKE3", blake3::Hash::from_bytes(self.model.digest()).to_hex().to_string()),
            ("parameters", thousands(network.parameters() as u64)),
            (
                "trunk",
                format!(
                    "{} layers of width {}, {} heads, window {} tokens, segment {}",
                    network.layers.len(),
                    network.d_model,
                    network.n_heads,
                    network.window,
                    network.segment,
                ),
            ),
            ("memory", memory),
            (
                "records",
                format!(
                    "{} bytes, {} fields, {} symbols, {flat} of them coded flat",
                    layout.schema().stride(),
                    layout.schema().fields().len(),
                    layout.roles().len(),
                ),
            ),
        ]
    }

    /// One row for each field.
    fn fields(&self) -> impl Iterator<Item = [String; 5]> {
        let schema = self.model.layout().schema();
        let fields = schema.fields().iter().zip(&self.model.network().lag).enumerate();
        fields.map(|(index, (field, lag))| {
            [
                field.name.clone(),
                field.dtype.numpy(field.big_endian),
                field.offset.to_string(),
                lag.to_string(),
                describe_field(schema, index),
            ]
        })
    }

    /// What the terminal shows.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: model, {} bytes; checks and self-test passed on {}\n",
            self.name,
            thousands(self.model.bytes().len() as u64),
            self.model.execution(),
        );
        for (name, value) in self.facts() {
            text.push_str(&format!("{name:<10} {value}\n"));
        }
        let mut table = Table::new(COLUMNS);
        self.fields().for_each(|row| table.row(row));
        text + &format!("\n{table}")
    }

    /// What the page shows, with the curve of its training if it is known.
    pub fn page(&self, curve: Option<Curve>) -> Inspected {
        let bytes = thousands(self.model.bytes().len() as u64);
        let facts = self.facts();
        let [_, (_, parameters), ..] = &facts;
        let fields = PlainTable {
            title: "Fields".into(),
            columns: COLUMNS.to_vec(),
            rows: self.fields().map(Vec::from).collect(),
        };
        Inspected {
            name: self.name.clone(),
            lead: format!(
                "A model of {bytes} bytes with {parameters} parameters; its checks and its self-test passed on {}.",
                self.model.execution()
            ),
            key: vec![
                (format!("{bytes} <small>bytes</small>"), "model file".into()),
                (parameters.clone(), "parameters".into()),
            ],
            facts: facts.into(),
            tables: vec![fields],
            curve,
            ..Inspected::default()
        }
    }
}

const COLUMNS: [&str; 5] = ["field", "dtype", "offset", "looks back (fields)", "known"];
