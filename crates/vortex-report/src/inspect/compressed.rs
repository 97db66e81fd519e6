//! Compressed files: members, blocks, schema, model, and the cost of each symbol.

use std::io::{Read, Seek};

use vortex_codec::coder::Identity;
use vortex_codec::coder::container::{IndexedReader, MemberInfo};
use vortex_codec::data::discover::describe as describe_field;
use vortex_codec::inspection::{self, BlockCounts, MemberCosts};
use vortex_codec::{Error, Schema};

use super::fields::{field_table, known};
use crate::page::{Blocks, Inspected, PlainTable};
use crate::table::{Table, thousands};

/// A compressed file and its name.
pub struct Compressed {
    name: String,
    original_bytes: u64,
    file_bytes: u64,
    members: Vec<MemberInfo>,
    counts: Vec<BlockCounts>,
    /// The costs of the largest member under its predictor, or why they are not known.
    costs: Option<(usize, Result<MemberCosts, String>)>,
}

impl Compressed {
    /// `describe` says why a model cannot be used.
    pub fn new(
        name: impl Into<String>,
        file: inspection::Compressed,
        describe: impl FnOnce(Error) -> String,
    ) -> Self {
        let inspection::Compressed { original_bytes, file_bytes, members, counts, costs } = file;
        let costs = costs.map(|(number, costs)| (number, costs.map_err(describe)));
        Self { name: name.into(), original_bytes, file_bytes, members, counts, costs }
    }

    fn bits_per_byte(&self) -> f64 {
        self.file_bytes as f64 * 8.0 / self.original_bytes.max(1) as f64
    }

    /// Whether a member's columns are written as a whole, so that the bits of a symbol mean nothing.
    fn whole(&self, member: usize) -> bool {
        self.members[member].predictor == Some(Identity::Columns)
    }

    /// What the bits by field of a member are.
    fn meaning(&self, member: usize) -> &'static str {
        match self.members[member].predictor {
            None => "no predictor; entropy of each symbol alone",
            // The level is not in the file, and each has its own way to write a column.
            Some(Identity::Columns) => {
                "bits of its columns as the highest of their levels writes them"
            }
            // Regions do not know the field.
            Some(Identity::MixingArray) => {
                "bits under the predictor; in arrays by byte of a number, most significant first"
            }
            Some(_) => "bits under the predictor",
        }
    }

    /// What the terminal shows.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: compressed, {} -> {} bytes, {:.3} bits/byte, {}\n",
            self.name,
            thousands(self.original_bytes),
            thousands(self.file_bytes),
            self.bits_per_byte(),
            count(self.members.len(), "member"),
        );
        for (number, (member, blocks)) in self.members.iter().zip(&self.counts).enumerate() {
            text.push_str(&format!(
                "member {number}{}: {} -> {} bytes, version {}, {} of {} bytes ({}), {}\n",
                member.label.as_ref().map(|label| format!(" {label:?}")).unwrap_or_default(),
                thousands(member.original_bytes),
                thousands(member.member_bytes),
                member.version,
                count(blocks.modelled + blocks.zstd + blocks.raw, "block"),
                thousands(member.block_bytes.into()),
                methods(blocks),
                predictor(member),
            ));
        }
        match &self.costs {
            None => {}
            Some((number, Err(reason))) => {
                text.push_str(&format!("{reason}\n"));
                if let Some(schema) = &self.members[*number].schema {
                    text.push_str(&format!("\nrecords of {} bytes\n", schema.stride()));
                    text.push_str(&fields(schema).to_string());
                    text.push_str(&known(schema));
                }
            }
            Some((number, Ok(costs))) => {
                text.push_str(&format!(
                    "\nmember {number}: records of {} bytes; {} over the first {} bytes\n",
                    costs.schema.stride(),
                    self.meaning(*number),
                    thousands(costs.sample_bytes)
                ));
                let table = match &costs.bits {
                    Some(bits) => field_table(&costs.schema, bits, self.whole(*number)),
                    None => {
                        let entropy = costs.fields.iter().map(|row| row.symbol_entropy.clone());
                        field_table(&costs.schema, &entropy.collect::<Vec<_>>(), false)
                    }
                };
                text.push_str(&table.to_string());
                text.push_str(&known(&costs.schema));
            }
        }
        text
    }

    /// What the page shows; `reader` is that of the file.
    ///
    /// # Errors
    /// Those of reading the headers of the blocks.
    pub fn page<R: Read + Seek>(
        &self,
        reader: &mut IndexedReader<R>,
    ) -> vortex_codec::Result<Inspected> {
        let total = self.members.iter().map(|member| member.n_blocks).sum();
        let mut blocks = Blocks::new(total);
        for number in 0..self.members.len() {
            reader.blocks(number)?.iter().for_each(|block| blocks.push(block));
        }
        let row = |(number, (member, blocks)): (usize, (&MemberInfo, &BlockCounts))| {
            vec![
                number.to_string(),
                member.label.clone().unwrap_or_default(),
                thousands(member.original_bytes),
                thousands(member.member_bytes),
                methods(blocks),
                predictor(member),
                blake3::Hash::from_bytes(member.original_digest).to_hex()[..16].to_owned(),
            ]
        };
        let rows = self.members.iter().zip(&self.counts).enumerate().map(row).collect();
        let columns =
            vec!["member", "label", "bytes", "stored", "blocks", "predictor", "BLAKE3 begins"];
        let mut tables = vec![PlainTable { title: "Members".into(), columns, rows }];
        let payload: u64 = self.counts.iter().map(|counts| counts.payload_bytes).sum();
        let models: u64 = self.members.iter().map(|member| u64::from(member.model_bytes)).sum();
        let (original, file) = (self.original_bytes, self.file_bytes);
        let mut page = Inspected {
            name: self.name.clone(),
            lead: format!(
                "A compressed file: {} bytes in {}, {} with {}.",
                thousands(original),
                thousands(file),
                count(self.members.len(), "member"),
                count(total as usize, "block"),
            ),
            key: vec![
                (format!("{:.2}", original as f64 / file.max(1) as f64), "times smaller".into()),
                (format!("{:.4}", self.bits_per_byte()), "bits per byte".into()),
            ],
            facts: vec![
                ("Bytes", thousands(original)),
                ("Compressed", thousands(file)),
                ("Payloads", thousands(payload)),
                ("Models in it", thousands(models)),
                ("Container", thousands(file.saturating_sub(payload + models))),
            ],
            blocks: Some(blocks),
            ..Inspected::default()
        };
        match &self.costs {
            None => {}
            Some((number, Err(reason))) => {
                page.warning = Some(reason.clone());
                if let Some(schema) = &self.members[*number].schema {
                    tables.push(schema_table(schema));
                }
            }
            Some((number, Ok(costs))) => {
                let what = format!(
                    "member {number}, records of {} bytes; {}",
                    costs.schema.stride(),
                    self.meaning(*number)
                );
                page.facts.push(("Fields of", what));
                let bits = |field: usize| costs.bits.as_ref().map(|bits| bits[field].clone());
                let rows = costs.fields.iter().cloned().enumerate();
                page.fields = rows.map(|(field, row)| (row, bits(field))).collect();
                page.whole = self.whole(*number);
                page.field_bytes = costs.sample_bytes;
            }
        }
        page.tables = tables;
        Ok(page)
    }
}

/// The fields of a schema, for files whose model is missing.
fn schema_table(schema: &Schema) -> PlainTable {
    let fields = schema.fields().iter().enumerate();
    let rows = fields.map(|(index, field)| {
        let dtype = field.dtype.numpy(field.big_endian);
        vec![field.name.clone(), dtype, field.offset.to_string(), describe_field(schema, index)]
    });
    PlainTable {
        title: format!("Records of {} bytes", schema.stride()),
        columns: vec!["field", "type", "offset", "known"],
        rows: rows.collect(),
    }
}

fn methods(blocks: &BlockCounts) -> String {
    format!("{} modelled, {} zstd, {} raw", blocks.modelled, blocks.zstd, blocks.raw)
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
        Some(Identity::MixingArray) => "built-in mixing predictor for arrays".into(),
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
