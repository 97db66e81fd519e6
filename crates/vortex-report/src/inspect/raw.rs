//! Raw data: records, fields, and the entropy of each symbol alone.

use vortex_codec::Schema;
use vortex_codec::inspection::{FieldRow, RawData};

use super::fields::{field_table, known};
use crate::page::{Inspected, PlainTable};
use crate::table::{Table, thousands};

/// Most rows of probable contents.
const MOST_STRETCHES: usize = 20;

/// A file without a format that Vortex writes, and its name.
pub struct Raw {
    name: String,
    data: RawData,
}

impl Raw {
    /// A view of a file.
    pub fn new(name: impl Into<String>, data: RawData) -> Self {
        Self { name: name.into(), data }
    }

    /// Such as `12 records and 3 bytes of another`.
    fn records(&self) -> String {
        let records = thousands(self.data.total / self.data.stride());
        match self.data.total % self.data.stride() {
            0 => format!("{records} records"),
            rest => format!("{records} records and {rest} bytes of another"),
        }
    }

    /// Rows of probable contents if the bytes have no records, and how many were left out.
    fn stretches(&self) -> (Vec<[String; 3]>, usize) {
        let found = self.data.stretches();
        let rows = found.iter().take(MOST_STRETCHES).map(|stretch| {
            let n = thousands(stretch.bytes.len() as u64);
            [thousands(stretch.bytes.start as u64), n, stretch.to_string()]
        });
        (rows.collect(), found.len().saturating_sub(MOST_STRETCHES))
    }

    /// What the terminal shows.
    pub fn text(&self) -> String {
        let (schema, stride) = (&self.data.schema, self.data.stride());
        let mut text = format!(
            "{}: raw data, {} bytes\nschema {}: records of {stride} bytes with {} fields; {}\n",
            self.name,
            thousands(self.data.total),
            self.data.origin,
            schema.fields().len(),
            self.records(),
        );
        if self.data.total > self.data.sample_bytes() {
            let first = thousands(self.data.sample_bytes());
            text.push_str(&format!("entropies of the first {first} bytes\n"));
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
        let entropies = self.data.entropies();
        text.push('\n');
        text.push_str(&field_table(schema, &entropies, false).to_string());
        text.push_str(&known(schema));
        if self.data.total > 0 {
            let bits = self.data.bits_per_byte(entropies.iter().flatten());
            text.push_str(&format!("\n{bits:.3} bits/byte if every symbol were coded alone\n"));
        }
        text
    }

    /// What the page shows.
    pub fn page(&self) -> Inspected {
        let fields = self.data.fields();
        let bits = self.data.bits_per_byte(fields.iter().flat_map(|row| &row.symbol_entropy));
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
                thousands(self.data.total),
                self.records(),
                self.data.stride(),
                thousands(fields.len() as u64),
            ),
            key: vec![
                (format!("{bits:.3}"), "bits per byte if every symbol were coded alone".to_owned()),
                (fields.len().to_string(), "fields".to_owned()),
                (found.to_string(), "fields with decimals, laws or closeness".to_owned()),
            ],
            facts: vec![
                ("Bytes", thousands(self.data.total)),
                ("Schema", self.data.origin.clone()),
                ("Records", format!("{}, {} bytes each", self.records(), self.data.stride())),
            ],
            fields: fields.into_iter().map(|row| (row, None)).collect(),
            field_bytes: self.data.sample_bytes(),
            tables,
            ..Inspected::default()
        }
    }
}
