//! Compressed files: members, blocks, schema, model, and the cost of each symbol.

use std::io::BufReader;
use std::path::Path;

use anyhow::Result;
use vortex_codec::coder::Identity;
use vortex_codec::coder::container::{IndexedReader, MemberInfo};
use vortex_codec::inspection::{count_blocks, largest_member, member_costs, predictor_of};
use vortex_codec::{ErrorKind, Schema};

use super::raw::{field_table, known};
use crate::arguments::Common;
use crate::failure::describe as describe_error;
use crate::input::open_file;
use crate::models;
use crate::report::table::{Table, thousands};

pub fn describe(file: &Path, model: Option<&Path>, common: &Common) -> Result<String> {
    let models = models::open(model, common.instructions)?;
    let decompressor = models::decompressor(&models, Some(file), common);
    let source = BufReader::new(open_file(file)?);
    let mut reader = IndexedReader::open(source, decompressor.reader_options())?;
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
        let blocks = count_blocks(&mut reader, number)?;
        text.push_str(&format!(
            "member {number}{}: {} -> {} bytes, version {}, {} of {} bytes ({} modelled, {} zstd, {} raw), {}\n",
            member.label.as_ref().map(|label| format!(" {label:?}")).unwrap_or_default(),
            thousands(member.original_bytes),
            thousands(member.member_bytes),
            member.version,
            count(blocks.modelled + blocks.zstd + blocks.raw, "block"),
            thousands(member.block_bytes.into()),
            blocks.modelled,
            blocks.zstd,
            blocks.raw,
            predictor(member),
        ));
    }
    let Some(number) = largest_member(&reader) else { return Ok(text) };
    let largest = &members[number];
    let model = match predictor_of(&mut reader, number) {
        Ok(model) => model,
        Err(error) if is_of_a_model(error.kind()) => {
            text.push_str(&format!("{}\n", describe_error(&error.into())));
            if let Some(schema) = &largest.schema {
                text.push_str(&format!("\nrecords of {} bytes\n", schema.stride()));
                text.push_str(&fields(schema).to_string());
                text.push_str(&known(schema));
            }
            return Ok(text);
        }
        Err(error) => return Err(error.into()),
    };
    let costs = member_costs(&mut reader, number, &*model, common.threads())?;
    text.push_str(&format!(
        "\nmember {number}: records of {} bytes; bits under the predictor over the first {} \
         bytes\n",
        costs.schema.stride(),
        thousands(costs.sample_bytes)
    ));
    text.push_str(&field_table(&costs.schema, &costs.bits).to_string());
    text.push_str(&known(&costs.schema));
    Ok(text)
}

/// Whether the error comes from the model or from running it, so that the rest of the file can
/// still be described.
fn is_of_a_model(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::MissingModel
            | ErrorKind::WrongModel
            | ErrorKind::UnusableModel
            | ErrorKind::UnsupportedVersion
            | ErrorKind::SelfTest
    )
}

/// Only the fields, if no model predicts them.
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
        Some(Identity::Mixing) => "built-in mixing predictor".into(),
        Some(Identity::Columns) => "columns, by pcodec and zstd".into(),
        Some(Identity::Network(digest)) => model(digest, member, ""),
        Some(Identity::NetworkMixed(digest)) => model(digest, member, ", mixed with contexts"),
    }
}

fn model(digest: [u8; 32], member: &MemberInfo, how: &str) -> String {
    let embedded = match member.model_bytes {
        0 => String::new(),
        bytes => format!(", embedded ({} bytes)", thousands(bytes.into())),
    };
    format!("model {}{how}{embedded}", blake3::Hash::from_bytes(digest).to_hex())
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
