//! Model files: records, shape, size.

use std::path::Path;

use anyhow::Result;
use vortex_coder::Model;
use vortex_infer::{IntModel, Network, file::SIGNATURE};

use crate::arguments::Common;
use crate::input::read_file;
use crate::models::{MAX_MODEL_BYTES, detect};
use crate::report::table::{Table, thousands};

pub fn is_model(start: &[u8]) -> bool {
    start == SIGNATURE
}

pub fn describe(file: &Path, common: &Common) -> Result<String> {
    let bytes = read_file(file, MAX_MODEL_BYTES)?;
    let model = IntModel::from_bytes(&bytes, detect(common.level)?)?;
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
        thousands(bytes.len() as u64),
        model.execution(),
        blake3::hash(&bytes).to_hex(),
        thousands(parameters(network) as u64),
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
            schema.describe(index),
        ]);
    }
    text.push_str(&table.to_string());
    Ok(text)
}

/// Trained numbers: weights, tables, scales and biases.
fn parameters(network: &Network) -> usize {
    let head = &network.head;
    let embedding = &network.embedding;
    let linear = |l: &vortex_infer::spec::Linear| l.weight.len();
    let ffn = |f: &vortex_infer::spec::SwiGlu| linear(&f.gate) + linear(&f.up) + linear(&f.down);
    let layers = network.layers.iter().map(|layer| {
        let attention = [&layer.wq, &layer.wk, &layer.wv, &layer.wo].map(linear);
        let memory = layer.memory.as_ref().map_or(0, |memory| {
            memory.conv.len() + memory.point.len() + linear(&memory.proj) + memory.gate.len()
        });
        attention.iter().sum::<usize>() + memory + ffn(&layer.ffn)
    });
    layers.sum::<usize>()
        + embedding.tables.table.len()
        + embedding.prev_scale.len()
        + embedding.ref_scale.len()
        + embedding.field_bias.len()
        + linear(&head.input)
        + head.own.table.len()
        + head.own_scale.len()
        + head.reference.table.len()
        + head.ref_scale.len()
        + head.role_bias.len()
        + ffn(&head.ffn)
        + head.out.iter().map(linear).sum::<usize>()
        + head.out_bias.len()
        + head.copy.len()
        + head.copy_bias.len()
}
