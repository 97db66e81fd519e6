//! Model files: records, shape, size.

use std::path::Path;

use anyhow::{Context, Result};
use vortex_codec::coder::Model;
use vortex_codec::infer::file::SIGNATURE;

use crate::arguments::Common;
use crate::models;
use crate::report::table::{Table, thousands};

pub fn is_model(start: &[u8]) -> bool {
    start == SIGNATURE
}

pub fn describe(file: &Path, common: &Common) -> Result<String> {
    let models = models::open(Some(file), common.instructions)?;
    let model = models.given().context("the model was just opened")?;
    let digest = model.digest();
    let model = model.network().context("a model without a network")?;
    let network = model.network();
    let schema = model.layout().schema();
    let flat = network.flat.iter().filter(|&&flat| flat).count();
    let memory = match network.memory {
        Some(memory) => format!("one token in {} kept, {} slots", memory.rate, memory.slots),
        None => "none".into(),
    };
    let mut text = format!(
        "{}: model, {} bytes; checks and self-test passed on {}\n\
         BLAKE3     {}\n\
         parameters {}\n\
         trunk      {} layers of width {}, {} heads, window {} tokens, segment {}\n\
         memory     {memory}\n\
         records    {} bytes, {} fields, {} symbols, {flat} of them coded flat\n\n",
        file.display(),
        thousands(model.bytes().len() as u64),
        model.execution(),
        blake3::Hash::from_bytes(digest).to_hex(),
        thousands(network.parameters() as u64),
        network.layers.len(),
        network.d_model,
        network.n_heads,
        network.window,
        network.segment,
        schema.stride(),
        schema.fields().len(),
        model.layout().roles().len(),
    );
    let mut table = Table::new(["field", "dtype", "offset", "looks back (fields)", "known"]);
    for (index, (field, lag)) in schema.fields().iter().zip(&network.lag).enumerate() {
        table.row([
            field.name.clone(),
            field.dtype.numpy(field.big_endian),
            field.offset.to_string(),
            lag.to_string(),
            vortex_codec::data::discover::describe(schema, index),
        ]);
    }
    text.push_str(&table.to_string());
    Ok(text)
}
