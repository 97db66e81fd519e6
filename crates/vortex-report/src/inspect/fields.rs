//! The fields of records as text.

use vortex_codec::Schema;
use vortex_codec::data::discover::describe as describe_field;

use crate::results::WHOLE_COLUMNS;
use crate::table::Table;

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
