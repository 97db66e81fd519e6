//! Raw data: records, fields, and the entropy of each symbol on its own.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use vortex_coder::{RecordLayout, Schema};
use vortex_data::sidecar::{SchemaSource, schema_of};

use crate::input::open_file;
use crate::report::table::{Table, thousands};

/// Bytes from the start of the file that are looked at.
const SAMPLE_BYTES: u64 = 64 << 20;

pub fn describe(file: &Path, given: Option<&Path>) -> Result<String> {
    let handle = open_file(file)?;
    let total = handle.metadata().context("cannot be read")?.len();
    let mut bytes = Vec::new();
    handle.take(SAMPLE_BYTES).read_to_end(&mut bytes).context("cannot be read")?;
    let (schema, source) = schema_of(file, given)?;
    let origin = match source {
        SchemaSource::Detected => "found in the data".into(),
        named => format!("from {named}"),
    };
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
    let entropies = entropies(&bytes, &RecordLayout::new(schema.clone()));
    text.push('\n');
    text.push_str(&field_table(&schema, &entropies).to_string());
    let bits: f64 = entropies.iter().flatten().sum();
    if !bytes.is_empty() {
        text.push_str(&format!(
            "\n{:.3} bits/byte if every symbol were coded on its own\n",
            bits / stride as f64
        ));
    }
    Ok(text)
}

/// One line a field, with the bits of its symbols.
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

/// Entropy in bits of each symbol of each field over the whole records of `bytes`.
fn entropies(bytes: &[u8], layout: &RecordLayout) -> Vec<Vec<f64>> {
    let n_roles = layout.roles().len();
    let mut counts = vec![[0u64; 256]; n_roles];
    let mut symbols = vec![0; n_roles];
    let mut before = None;
    for record in bytes.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        for (counts, &symbol) in counts.iter_mut().zip(&symbols) {
            counts[usize::from(symbol)] += 1;
        }
    }
    (0..layout.n_fields())
        .map(|field| layout.roles_of(field).map(|role| entropy(&counts[role])).collect())
        .collect()
}

fn entropy(counts: &[u64; 256]) -> f64 {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| n as f64 / total * (total / n as f64).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::{DType, Field};

    #[test]
    fn entropies_of_known_columns() {
        let schema = Schema::new(
            3,
            vec![Field::new("constant", DType::U8, 0), Field::new("counter", DType::U16, 1)],
        )
        .unwrap();
        let bytes: Vec<u8> =
            (0..512u16).flat_map(|i| [7, i.to_le_bytes()[0], i.to_le_bytes()[1]]).collect();
        let bits = entropies(&bytes, &RecordLayout::new(schema));
        assert_eq!(bits[0], [0.0]);
        // Most significant first: two values of the high byte, 256 of the low one.
        assert!((bits[1][0] - 1.0).abs() < 1e-12 && (bits[1][1] - 8.0).abs() < 1e-12, "{bits:?}");
        assert!(entropies(b"", &RecordLayout::new(Schema::bytes()))[0][0] == 0.0);
    }
}
