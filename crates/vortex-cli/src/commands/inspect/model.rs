//! Model files: records, shape, size.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use vortex_codec::TrainedModel;
use vortex_codec::coder::Model;
use vortex_codec::infer::IntModel;
use vortex_codec::infer::file::SIGNATURE;
use vortex_codec::training::Curve;

use crate::arguments::Common;
use crate::commands::files::folder_of;
use crate::models;
use vortex_report::page::{Inspected, PlainTable};
use vortex_report::table::{Table, thousands};

pub fn is_model(start: &[u8]) -> bool {
    start == SIGNATURE
}

/// A model file that was loaded and passed its self-test.
pub struct Inspection {
    name: String,
    model: TrainedModel,
    network: Arc<IntModel>,
}

impl Inspection {
    pub fn open(file: &Path, common: &Common) -> Result<Self> {
        let models = models::open(Some(file), common)?;
        let model = models.given().context("the model was just opened")?.clone();
        let network = Arc::clone(model.network().context("a model without a network")?);
        Ok(Self { name: file.display().to_string(), model, network })
    }

    /// Names and values, in the order of the text.
    fn facts(&self) -> [(&'static str, String); 5] {
        let network = self.network.network();
        let layout = self.network.layout();
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
        let schema = self.network.layout().schema();
        let fields = schema.fields().iter().zip(&self.network.network().lag).enumerate();
        fields.map(|(index, (field, lag))| {
            [
                field.name.clone(),
                field.dtype.numpy(field.big_endian),
                field.offset.to_string(),
                lag.to_string(),
                vortex_codec::data::discover::describe(schema, index),
            ]
        })
    }

    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: model, {} bytes; checks and self-test passed on {}\n",
            self.name,
            thousands(self.network.bytes().len() as u64),
            self.network.execution(),
        );
        for (name, value) in self.facts() {
            text.push_str(&format!("{name:<10} {value}\n"));
        }
        let mut table = Table::new(COLUMNS);
        self.fields().for_each(|row| table.row(row));
        text + &format!("\n{table}")
    }

    /// The page, with the curve of its training if the figures are beside the model.
    pub fn page(&self) -> Result<Inspected> {
        let bytes = thousands(self.network.bytes().len() as u64);
        let path = self.model.path();
        let curve = path.map(|path| Curve::of_run(folder_of(path))).transpose()?.flatten();
        let facts = self.facts();
        let [_, (_, parameters), ..] = &facts;
        let fields = PlainTable {
            title: "Fields".into(),
            columns: COLUMNS.to_vec(),
            rows: self.fields().map(Vec::from).collect(),
        };
        Ok(Inspected {
            name: self.name.clone(),
            lead: format!(
                "A model of {bytes} bytes with {parameters} parameters; its checks and its self-test passed on {}.",
                self.network.execution()
            ),
            key: vec![
                (format!("{bytes} <small>bytes</small>"), "model file".into()),
                (parameters.clone(), "parameters".into()),
            ],
            facts: facts.into(),
            tables: vec![fields],
            curve,
            ..Inspected::default()
        })
    }
}

const COLUMNS: [&str; 5] = ["field", "dtype", "offset", "looks back (fields)", "known"];
