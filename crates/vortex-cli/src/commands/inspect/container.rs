//! Compressed files: members, blocks, schema, model, and what each symbol costs.

use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use vortex_coder::adaptive::AdaptiveModel;
use vortex_coder::container::{IndexedReader, MemberInfo, Method};
use vortex_coder::cost::COST_ONE_BIT;
use vortex_coder::{ErrorKind, Identity, Model, Schema};

use super::raw::field_table;
use crate::arguments::Common;
use crate::codec::{Encoding, reader_options};
use crate::evaluation::costs_by_role;
use crate::input::open_file;
use crate::models::Models;
use crate::report::table::{Table, thousands};

/// Original bytes from the start of a file whose costs are measured.
const SAMPLE_BYTES: u64 = 4 << 20;

pub fn describe(file: &Path, model: Option<&Path>, common: &Common) -> Result<String> {
    let models = Arc::new(Models::open(model, common.level)?);
    let search = models.search(Some(file));
    let options = reader_options(search, common.threads());
    let mut reader = IndexedReader::open(BufReader::new(open_file(file)?), options)?;
    let members: Vec<MemberInfo> = reader.members().cloned().collect();
    let mut text = format!(
        "{}: compressed, {} -> {} bytes, {:.3} bits/byte, {}\n",
        file.display(),
        thousands(reader.len()),
        thousands(reader.file_bytes()),
        reader.file_bytes() as f64 * 8.0 / reader.len().max(1) as f64,
        count(members.len(), "member"),
    );
    for (number, member) in members.iter().enumerate() {
        let blocks = reader.blocks(number)?;
        let of = |method| blocks.iter().filter(|b| b.header.method == method).count();
        text.push_str(&format!(
            "member {number}{}: {} -> {} bytes, version {}, {} of {} bytes ({} modelled, {} zstd, {} raw), {}\n",
            member.label.as_ref().map(|label| format!(" {label:?}")).unwrap_or_default(),
            thousands(member.original_bytes),
            thousands(member.member_bytes),
            member.version,
            count(blocks.len(), "block"),
            thousands(member.block_bytes.into()),
            of(Method::Modelled),
            of(Method::Zstd),
            of(Method::Raw),
            predictor(member),
        ));
    }

    // Of an archive of datasets the largest says more than the manifest.
    let Some((number, largest)) =
        members.iter().enumerate().rev().max_by_key(|(_, member)| member.original_bytes)
    else {
        return Ok(text);
    };
    let model: Arc<dyn Model> = match reader.model(number) {
        Ok(Some(model)) => model,
        Ok(None) => {
            let schema = largest.schema.as_deref();
            Arc::new(AdaptiveModel::new(schema.cloned().unwrap_or_else(Schema::bytes)))
        }
        Err(error) if error.kind == ErrorKind::WrongModel => {
            text.push_str(&format!("{error}\n"));
            if let Some(schema) = &largest.schema {
                text.push_str(&format!("\nrecords of {} bytes\n", schema.stride()));
                text.push_str(&fields(schema).to_string());
            }
            return Ok(text);
        }
        Err(error) => return Err(error.into()),
    };
    let stride = model.layout().stride() as u64;
    let sample = reader.len().min(largest.original_bytes).min(SAMPLE_BYTES);
    let sample = if sample < stride { sample } else { sample - sample % stride };
    let bytes =
        reader.read_range(largest.original_offset, usize::try_from(sample).context("sample")?)?;
    let encoding = Encoding {
        model: Arc::clone(&model),
        embedded: None,
        block_bytes: largest.block_bytes as usize,
        threads: common.threads(),
    };
    let records = (sample / stride).max(1) as f64;
    let costs = costs_by_role(&bytes, &encoding)?;
    let layout = model.layout();
    let bits: Vec<Vec<f64>> = (0..layout.n_fields())
        .map(|field| {
            let roles = layout.roles_of(field);
            roles.map(|r| costs[r] as f64 / f64::from(COST_ONE_BIT) / records).collect()
        })
        .collect();
    text.push_str(&format!(
        "\nmember {number}: records of {stride} bytes; bits under the predictor over the first {} \
         bytes\n",
        thousands(sample)
    ));
    text.push_str(&field_table(layout.schema(), &bits).to_string());
    Ok(text)
}

/// The fields alone, where nothing predicts them.
fn fields(schema: &Schema) -> Table {
    let mut table = Table::new(["field", "dtype", "offset"]);
    for field in schema.fields() {
        let dtype = field.dtype.numpy(field.big_endian);
        table.row([field.name.clone(), dtype, field.offset.to_string()]);
    }
    table
}

fn predictor(member: &MemberInfo) -> String {
    match member.predictor {
        None => "no predictor".into(),
        Some(Identity::Adaptive) => "built-in predictor".into(),
        Some(Identity::Network(digest)) => format!(
            "model {}{}",
            blake3::Hash::from_bytes(digest).to_hex(),
            if member.model_bytes > 0 {
                format!(", embedded ({} bytes)", thousands(member.model_bytes.into()))
            } else {
                String::new()
            }
        ),
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
