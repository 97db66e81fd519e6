//! Raw data: records, fields, and the entropy of each symbol alone.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use vortex_codec::Schema;
use vortex_codec::coder::mixing::stretches;
use vortex_codec::data::discover::describe as describe_field;
use vortex_codec::data::sidecar::read_schema;
use vortex_codec::inspection::{FieldRow, entropies, field_rows};
use vortex_codec::plan::{Origin, Plan, Request, Subject};

use crate::input::open_file;
use vortex_report::page::{Inspected, PlainTable};
use vortex_report::results::WHOLE_COLUMNS;
use vortex_report::table::{Table, thousands};

/// Number of bytes that are analysed, from the start of the file.
const SAMPLE_BYTES: u64 = 64 << 20;
/// The same limit for data without records.
const LOOKED_AT: usize = 4 << 20;
const MOST_STRETCHES: usize = 20;

/// A file, and what its first bytes say.
pub struct Raw {
    name: String,
    total: u64,
    bytes: Vec<u8>,
    origin: String,
    schema: Schema,
}

impl Raw {
    pub fn open(file: &Path, given: Option<&Path>) -> Result<Self> {
        let handle = open_file(file)?;
        let total = handle.metadata().context("cannot be read")?.len();
        let mut bytes = Vec::new();
        handle.take(SAMPLE_BYTES).read_to_end(&mut bytes).context("cannot be read")?;
        let schema = given.map(read_schema).transpose()?;
        let request = Request { schema, one_part: true, ..Request::default() };
        let plan = Plan::of(Subject::File(file), &request)?;
        let origin = match (&plan.report.origin, given) {
            (Origin::Caller, Some(path)) => format!("from {}", path.display()),
            (origin, _) => origin.to_string(),
        };
        Ok(Self {
            name: file.display().to_string(),
            total,
            bytes,
            origin,
            schema: plan.schema().clone(),
        })
    }

    fn stride(&self) -> u64 {
        self.schema.stride() as u64
    }

    /// Such as `12 records and 3 bytes of another`.
    fn records(&self) -> String {
        let records = thousands(self.total / self.stride());
        match self.total % self.stride() {
            0 => format!("{records} records"),
            rest => format!("{records} records and {rest} bytes of another"),
        }
    }

    /// Rows of probable contents if the bytes have no records, and how many were left out.
    fn stretches(&self) -> (Vec<[String; 3]>, usize) {
        if self.schema != Schema::bytes() {
            return (Vec::new(), 0);
        }
        let found = stretches(&self.bytes[..self.bytes.len().min(LOOKED_AT)]);
        let rows = found.iter().take(MOST_STRETCHES).map(|stretch| {
            let n = thousands(stretch.bytes.len() as u64);
            [thousands(stretch.bytes.start as u64), n, stretch.to_string()]
        });
        (rows.collect(), found.len().saturating_sub(MOST_STRETCHES))
    }

    pub fn text(&self) -> String {
        let (schema, stride) = (&self.schema, self.stride());
        let mut text = format!(
            "{}: raw data, {} bytes\nschema {}: records of {stride} bytes with {} fields; {}\n",
            self.name,
            thousands(self.total),
            self.origin,
            schema.fields().len(),
            self.records(),
        );
        if self.total > SAMPLE_BYTES {
            text.push_str(&format!("entropies of the first {} bytes\n", thousands(SAMPLE_BYTES)));
        }
        if *schema == Schema::bytes() {
            let (rows, more) = self.stretches();
            let mut table = Table::new(["first byte", "bytes", "seem to be"]);
            rows.into_iter().for_each(|row| table.row(row));
            text.push_str(&format!("\n{table}"));
            if more > 0 {
                text.push_str(&format!("and {more} more stretches\n"));
            }
        }
        let entropies = entropies(&self.bytes, schema);
        text.push('\n');
        text.push_str(&field_table(schema, &entropies, false).to_string());
        text.push_str(&known(schema));
        let bits: f64 = entropies.iter().flatten().sum();
        if !self.bytes.is_empty() {
            text.push_str(&format!(
                "\n{:.3} bits/byte if every symbol were coded alone\n",
                bits / stride as f64
            ));
        }
        text
    }

    pub fn page(&self) -> Inspected {
        let fields = field_rows(&self.bytes, &self.schema);
        let bits: f64 = fields.iter().flat_map(|row| &row.symbol_entropy).sum();
        let found = fields.iter().filter(|row: &&FieldRow| !row.found.is_empty()).count();
        let (stretches, _) = self.stretches();
        let mut tables = Vec::new();
        if !stretches.is_empty() {
            let columns = vec!["first byte", "bytes", "seem to be"];
            let rows = stretches.into_iter().map(Vec::from).collect();
            tables.push(PlainTable { title: "What the bytes seem to be".into(), columns, rows });
        }
        Inspected {
            name: self.name.clone(),
            lead: format!(
                "Raw data of {} bytes: {} of {} bytes with {} fields.",
                thousands(self.total),
                self.records(),
                self.stride(),
                thousands(fields.len() as u64),
            ),
            key: vec![
                (
                    format!("{:.3}", bits / self.stride() as f64),
                    "bits per byte if every symbol were coded alone".to_owned(),
                ),
                (fields.len().to_string(), "fields".to_owned()),
                (found.to_string(), "fields with decimals, laws or closeness".to_owned()),
            ],
            facts: vec![
                ("Bytes", thousands(self.total)),
                ("Schema", self.origin.clone()),
                ("Records", format!("{}, {} bytes each", self.records(), self.stride())),
            ],
            fields: fields.into_iter().map(|row| (row, None)).collect(),
            field_bytes: self.bytes.len() as u64,
            tables,
            ..Inspected::default()
        }
    }
}

/// One line for each field of which something is known: decimals, laws, closeness to the previous record.
pub fn known(schema: &Schema) -> String {
    let fields = schema.fields().iter().enumerate();
    let described = fields.map(|(index, field)| (&field.name, describe_field(schema, index)));
    let lines: String = described
        .filter(|(_, what)| !what.is_empty())
        .map(|(name, what)| format!("{name}: {what}\n"))
        .collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// One line per field, with the bits of its symbols.
pub fn field_table(schema: &Schema, bits: &[Vec<f64>], whole: bool) -> Table {
    let by_symbol = if whole { WHOLE_COLUMNS } else { "by symbol, in coding order" };
    let mut table = Table::new(["field", "dtype", "offset", "bits", by_symbol]);
    for (field, bits) in schema.fields().iter().zip(bits) {
        let symbols: Vec<String> = match whole {
            true => vec!["-".into()],
            false => bits.iter().map(|b| format!("{b:5.2}")).collect(),
        };
        table.row([
            field.name.clone(),
            field.dtype.numpy(field.big_endian),
            field.offset.to_string(),
            format!("{:.2}", bits.iter().sum::<f64>()),
            symbols.join(" "),
        ]);
    }
    table
}
