//! Raw data: records, fields, and the entropy of each symbol alone.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use vortex_codec::Schema;
use vortex_codec::coder::mixing::stretches;
use vortex_codec::data::discover::describe as describe_field;
use vortex_codec::data::sidecar::read_schema;
use vortex_codec::inspection::entropies;
use vortex_codec::plan::{Origin, Plan, Request, Subject};

use crate::input::open_file;
use crate::report::table::{Table, thousands};

/// Number of bytes that are analysed, from the start of the file.
const SAMPLE_BYTES: u64 = 64 << 20;
/// The same limit for data without records.
const LOOKED_AT: usize = 4 << 20;
const MOST_STRETCHES: usize = 20;

pub fn describe(file: &Path, given: Option<&Path>) -> Result<String> {
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
    let schema = plan.schema();
    let stride = schema.stride() as u64;
    let mut text = format!("{}: raw data, {} bytes\n", file.display(), thousands(total));
    text.push_str(&format!(
        "schema {origin}: records of {stride} bytes with {} fields; {} records",
        schema.fields().len(),
        thousands(total / stride)
    ));
    match total % stride {
        0 => text.push('\n'),
        rest => text.push_str(&format!(" and {rest} bytes of another\n")),
    }
    if total > SAMPLE_BYTES {
        text.push_str(&format!("entropies of the first {} bytes\n", thousands(SAMPLE_BYTES)));
    }
    if *schema == Schema::bytes() {
        let looked_at = &bytes[..bytes.len().min(LOOKED_AT)];
        text.push_str(&stretch_table(looked_at));
    }
    let entropies = entropies(&bytes, schema);
    text.push('\n');
    text.push_str(&field_table(schema, &entropies).to_string());
    text.push_str(&known(schema));
    let bits: f64 = entropies.iter().flatten().sum();
    if !bytes.is_empty() {
        text.push_str(&format!(
            "\n{:.3} bits/byte if every symbol were coded alone\n",
            bits / stride as f64
        ));
    }
    Ok(text)
}

/// A table of the probable contents of bytes without records.
fn stretch_table(bytes: &[u8]) -> String {
    let found = stretches(bytes);
    let mut table = Table::new(["first byte", "bytes", "seem to be"]);
    for stretch in found.iter().take(MOST_STRETCHES) {
        let n = thousands(stretch.bytes.len() as u64);
        table.row([thousands(stretch.bytes.start as u64), n, stretch.to_string()]);
    }
    let mut text = format!("\n{table}");
    if let Some(more @ 1..) = found.len().checked_sub(MOST_STRETCHES) {
        text.push_str(&format!("and {more} more stretches\n"));
    }
    text
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
pub fn field_table(schema: &Schema, bits: &[Vec<f64>]) -> Table {
    let mut table = Table::new(["field", "dtype", "offset", "bits", "by symbol, in coding order"]);
    for (field, bits) in schema.fields().iter().zip(bits) {
        let symbols: Vec<String> = bits.iter().map(|b| format!("{b:5.2}")).collect();
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
