//! What an evaluation found, as a table and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::table::{Table, speed, thousands};
use crate::baselines::Measurement;

/// One evaluation: one model (or none), one piece of data, all codecs.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// The data file.
    pub data: String,
    /// Which part of it was coded, such as `test part of 80/10/10`.
    pub part: String,
    /// Bytes that every codec was given.
    pub bytes: u64,
    /// Bytes a record.
    pub stride: usize,
    /// Fields a record.
    pub fields: usize,
    /// The model file, if one was used.
    pub model: Option<String>,
    /// Size of the model file.
    pub model_bytes: u64,
    /// Vortex first, then the baselines.
    pub codecs: Vec<CodecRow>,
    /// The model's own cross-entropy over the bytes, in bits.
    pub cross_entropy_bits: f64,
    /// The same of the network in floating point, where it was measured.
    pub float_bits: Option<f64>,
    /// Cost of each role, in coding order.
    pub roles: Vec<RoleRow>,
}

/// One codec's result; decoded and compared.
#[derive(Clone, Debug, Serialize)]
pub struct CodecRow {
    /// The codec and its settings.
    pub name: String,
    /// Compressed bytes.
    pub bytes: u64,
    /// Seconds to encode.
    pub encode_s: f64,
    /// Seconds to decode.
    pub decode_s: f64,
}

impl From<Measurement> for CodecRow {
    fn from(m: Measurement) -> Self {
        Self {
            name: m.name,
            bytes: m.bytes,
            encode_s: m.encode.as_secs_f64(),
            decode_s: m.decode.as_secs_f64(),
        }
    }
}

/// What one role costs under the model.
#[derive(Clone, Debug, Serialize)]
pub struct RoleRow {
    /// Name of the field.
    pub field: String,
    /// Rank of the symbol inside the field, the first one coded being 0.
    pub significance: u8,
    /// Mean cost of one symbol in bits.
    pub bits: f64,
}

impl Results {
    /// The table for the terminal.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{}, {}: {} bytes, records of {} bytes with {} fields\n\n",
            self.data,
            self.part,
            thousands(self.bytes),
            self.stride,
            self.fields
        );
        let mut table =
            Table::new(["codec", "bytes", "ratio", "bits/byte", "enc MB/s", "dec MB/s"]);
        let row = |name: &str, bytes: u64, times: Option<(f64, f64)>| {
            let rate = |s: f64| {
                let rate = speed(self.bytes, std::time::Duration::from_secs_f64(s));
                if rate < 10.0 { format!("{rate:.2}") } else { format!("{rate:.0}") }
            };
            [
                name.to_owned(),
                thousands(bytes),
                format!("{:.3}", self.bytes as f64 / bytes.max(1) as f64),
                format!("{:.4}", bytes as f64 * 8.0 / self.bytes.max(1) as f64),
                times.map_or_else(String::new, |t| rate(t.0)),
                times.map_or_else(String::new, |t| rate(t.1)),
            ]
        };
        for codec in &self.codecs {
            let times = Some((codec.encode_s, codec.decode_s));
            table.row(row(&codec.name, codec.bytes, times));
        }
        if let Some(vortex) = self.codecs.first()
            && self.model_bytes > 0
        {
            table.row(row("vortex + model file", vortex.bytes + self.model_bytes, None));
        }
        let _ = writeln!(text, "{table}");
        let _ = writeln!(
            text,
            "every size is of a real file that was decoded and compared; the model file has {} bytes",
            thousands(self.model_bytes)
        );
        if let Some(overhead) = self.overhead() {
            let _ = writeln!(
                text,
                "cross-entropy of the model {:.4} bits/byte; container and coder add {:+.3} %",
                self.cross_entropy_bits / self.bytes as f64,
                overhead * 100.0
            );
        }
        if let Some(float) = self.float_bits {
            let _ = writeln!(
                text,
                "in floating point {:.4} bits/byte; integers add {:+.3} %",
                float / self.bytes as f64,
                (self.cross_entropy_bits / float - 1.0) * 100.0
            );
        }
        if let Some((best, saved)) = self.against_best() {
            let _ = writeln!(
                text,
                "against {best}, the best of the others: {:.1} % {}",
                saved.abs() * 100.0,
                if saved >= 0.0 { "smaller" } else { "larger" }
            );
        }
        text
    }

    /// Real size over cross-entropy, less one.
    pub fn overhead(&self) -> Option<f64> {
        let vortex = self.codecs.first()?;
        (self.cross_entropy_bits > 0.0)
            .then(|| vortex.bytes as f64 * 8.0 / self.cross_entropy_bits - 1.0)
    }

    /// The smallest of the other codecs and the fraction of its size that Vortex saves.
    pub fn against_best(&self) -> Option<(&str, f64)> {
        let (vortex, others) = self.codecs.split_first()?;
        let best = others.iter().min_by_key(|c| c.bytes)?;
        Some((&best.name, 1.0 - vortex.bytes as f64 / best.bytes.max(1) as f64))
    }

    /// Bits of each field and its symbols, one line a field.
    pub fn role_table(&self) -> String {
        let mut table = Table::new(["field", "bits", "by symbol, in coding order"]);
        let mut rest = &self.roles[..];
        while let Some(first) = rest.first() {
            // Field names are unique in a schema, and a field's roles lie together.
            let n = rest.iter().take_while(|r| r.field == first.field).count();
            let (field, others) = rest.split_at(n);
            let symbols: Vec<String> = field.iter().map(|r| format!("{:6.3}", r.bits)).collect();
            let total: f64 = field.iter().map(|r| r.bits).sum();
            table.row([first.field.clone(), format!("{total:.3}"), symbols.join(" ")]);
            rest = others;
        }
        table.to_string()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example() -> Results {
        let codec =
            |name: &str, bytes| CodecRow { name: name.into(), bytes, encode_s: 1.0, decode_s: 0.5 };
        let role =
            |field: &str, significance, bits| RoleRow { field: field.into(), significance, bits };
        Results {
            data: "jets <1>.bin".into(),
            part: "test part of 80/10/10".into(),
            bytes: 1_000_000,
            stride: 6,
            fields: 2,
            model: Some("model.vxm".into()),
            model_bytes: 50_000,
            codecs: vec![
                codec("vortex", 400_000),
                codec("gzip -9", 800_000),
                codec("xz -9e", 500_000),
            ],
            cross_entropy_bits: 3_199_000.0,
            float_bits: None,
            roles: vec![role("pt", 0, 1.5), role("pt", 1, 2.0), role("eta", 0, 7.25)],
        }
    }

    #[test]
    fn the_table_names_the_best_rival_and_the_model() {
        let text = example().table();
        assert!(text.contains("against xz -9e, the best of the others: 20.0 % smaller"), "{text}");
        assert!(text.contains("vortex + model file"), "{text}");
        assert!(text.contains("450,000"), "{text}");
        assert!(text.contains("add +0.031 %"), "{text}");
    }

    #[test]
    fn roles_are_summed_by_field() {
        let text = example().role_table();
        assert!(text.lines().any(|l| l.starts_with("pt") && l.contains("3.500")), "{text}");
    }
}
