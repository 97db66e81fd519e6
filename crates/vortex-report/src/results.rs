//! The results of an evaluation as tables.

use std::fmt::Write as _;

use vortex_codec::evaluation::{Coding, Results};

use super::table::{Table, speed, thousands};

/// The table for the terminal.
pub fn table(results: &Results) -> String {
    let mut text = format!(
        "{}, {}: {} bytes, records of {} bytes with {} fields\n\n",
        results.data,
        results.part,
        thousands(results.bytes),
        results.stride,
        results.fields
    );
    let mut table = Table::new(["codec", "bytes", "ratio", "bits/byte", "enc MB/s", "dec MB/s"]);
    let row = |name: &str, bytes: u64, times: Option<(f64, f64)>| {
        let rate = |s: f64| {
            let rate = speed(results.bytes, std::time::Duration::from_secs_f64(s));
            if rate < 10.0 { format!("{rate:.2}") } else { format!("{rate:.0}") }
        };
        [
            name.to_owned(),
            thousands(bytes),
            format!("{:.3}", results.bytes as f64 / bytes.max(1) as f64),
            format!("{:.4}", bytes as f64 * 8.0 / results.bytes.max(1) as f64),
            times.map_or_else(String::new, |t| rate(t.0)),
            times.map_or_else(String::new, |t| rate(t.1)),
        ]
    };
    for codec in &results.codecs {
        let times = Some((codec.encode_s, codec.decode_s));
        table.row(row(&codec.name, codec.bytes, times));
    }
    if let Some(vortex) = results.codecs.first()
        && results.model_bytes > 0
    {
        table.row(row("vortex + model file", vortex.bytes + results.model_bytes, None));
    }
    let _ = writeln!(text, "{table}");
    let _ = writeln!(
        text,
        "every size is of a real file that was decoded and compared; the model file has {} bytes",
        thousands(results.model_bytes)
    );
    if let Some(overhead) = results.overhead() {
        let _ = writeln!(
            text,
            "cross-entropy of the model {:.4} bits/byte; container and coder add {:+.3} %",
            results.cross_entropy_bits / results.bytes as f64,
            overhead * 100.0
        );
    }
    if let Some(float) = results.float_bits {
        let _ = writeln!(
            text,
            "in floating point {:.4} bits/byte; integers add {:+.3} %",
            float / results.bytes as f64,
            (results.cross_entropy_bits / float - 1.0) * 100.0
        );
    }
    for codec in &results.failed {
        let _ = writeln!(text, "{} failed and is not compared: {}", codec.name, codec.reason);
    }
    if let Some((best, saved)) = results.against_best() {
        let _ = writeln!(
            text,
            "compared with {best}, the best of the others: {:.1} % {}",
            saved.abs() * 100.0,
            if saved >= 0.0 { "smaller" } else { "larger" }
        );
    }
    text
}

/// Bits of each field and its symbols, one line per field. A column is written as a whole, so the bits of
/// its symbols are not known.
pub fn role_table(results: &Results) -> String {
    let whole = results.stored.coding == Coding::Columns;
    let by_symbol = if whole { WHOLE_COLUMNS } else { "by symbol, in coding order" };
    let mut table = Table::new(["field", "bits", by_symbol]);
    for field in results.roles_by_field() {
        let total: f64 = field.iter().map(|r| r.bits).sum();
        let symbols: Vec<String> = match whole {
            true => vec!["-".into()],
            false => field.iter().map(|r| format!("{:6.3}", r.bits)).collect(),
        };
        table.row([field[0].field.clone(), format!("{total:.3}"), symbols.join(" ")]);
    }
    table.to_string()
}

/// The heading in place of bits by symbol where columns are written as a whole.
pub const WHOLE_COLUMNS: &str = "by symbol: not known, columns are written whole";

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use vortex_codec::evaluation::{CodecRow, FailedCodec, RoleRow, Stored};
    use vortex_codec::inspection::{FieldRow, ValueEntropy};

    pub(crate) fn example() -> Results {
        let codec =
            |name: &str, bytes| CodecRow { name: name.into(), bytes, encode_s: 1.0, decode_s: 0.5 };
        let role =
            |field: &str, significance, bits| RoleRow { field: field.into(), significance, bits };
        let field = |name: &str, offset, symbol_entropy, values| FieldRow {
            name: name.into(),
            dtype: "<i2".into(),
            offset,
            symbol_entropy,
            values,
            found: String::new(),
        };
        let twelve = ValueEntropy { distinct: 12, bits: 3.25 };
        Results {
            data: "jets <1>.bin".into(),
            part: "test part of 80/10/10".into(),
            bytes: 1_000_000,
            blake3: blake3::hash(b"").to_hex().to_string(),
            stride: 6,
            fields: 2,
            model: Some("model.vxm".into()),
            model_bytes: 50_000,
            codecs: vec![
                codec("vortex", 400_000),
                codec("gzip -9", 800_000),
                codec("xz -9e", 500_000),
            ],
            failed: Vec::new(),
            stored: Stored {
                payload: 399_900,
                container: 100,
                modelled_blocks: 1,
                ..Stored::default()
            },
            cross_entropy_bits: 3_199_000.0,
            float_bits: None,
            roles: vec![role("pt", 0, 1.5), role("pt", 1, 2.0), role("eta", 0, 7.25)],
            by_field: vec![
                field("pt", 0, vec![2.0, 3.0], Some(twelve)),
                field("eta", 2, vec![7.5], None),
            ],
            field_bytes: 1_000_000,
        }
    }

    #[test]
    fn the_table_names_the_best_rival_and_the_model() {
        let text = table(&example());
        assert!(
            text.contains("compared with xz -9e, the best of the others: 20.0 % smaller"),
            "{text}"
        );
        assert!(text.contains("vortex + model file"), "{text}");
        assert!(text.contains("450,000"), "{text}");
        assert!(text.contains("add +0.031 %"), "{text}");
    }

    #[test]
    fn what_failed_is_named_and_not_compared() {
        let mut results = example();
        results.codecs.truncate(1);
        results.failed = vec![FailedCodec { name: "xz -9e".into(), reason: "no memory".into() }];
        let text = table(&results);
        assert!(text.contains("xz -9e failed and is not compared: no memory"), "{text}");
        assert!(!text.contains("compared with"), "{text}");
    }

    #[test]
    fn roles_are_summed_by_field() {
        let text = role_table(&example());
        assert!(text.lines().any(|l| l.starts_with("pt") && l.contains("3.500")), "{text}");
        assert!(text.contains("2.000"), "{text}");
    }

    #[test]
    fn symbols_of_whole_columns_have_no_bits() {
        let mut results = example();
        results.stored.coding = Coding::Columns;
        let text = role_table(&results);
        assert!(text.lines().any(|l| l.starts_with("pt") && l.contains("3.500")), "{text}");
        assert!(!text.contains("2.000") && text.contains("not known"), "{text}");
    }
}
