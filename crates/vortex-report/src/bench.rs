//! The figures of a bench as tables and as CSV.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use vortex_codec::bench::{Figures, Outcome, Row, Times};
use vortex_codec::machine::Machine;

use super::table::{Table, speed, thousands};

/// All codecs on one file, the smallest first.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of the file, in hexadecimal.
    pub blake3: String,
    /// Bytes per record.
    pub stride: usize,
    /// Fields per record.
    pub fields: usize,
    /// One row for each codec.
    pub rows: Vec<Row>,
}

impl Measured {
    fn bits(&self, figures: &Figures) -> f64 {
        figures.bytes as f64 * 8.0 / self.bytes.max(1) as f64
    }

    fn speed(&self, times: &Times) -> f64 {
        speed(self.bytes, Duration::from_secs_f64(times.median))
    }

    fn figures(&self) -> impl Iterator<Item = (&Row, &Figures)> {
        self.rows.iter().filter_map(|row| match &row.outcome {
            Outcome::Figures(figures) => Some((row, figures)),
            Outcome::Failed(_) => None,
        })
    }
}

/// The table of one file.
pub fn table(file: &Measured, machine: &Machine, threads: usize) -> String {
    let records = match file.stride {
        1 => "no records".to_owned(),
        stride => format!("records of {stride} bytes with {} fields", file.fields),
    };
    let mut text = format!("{}: {} bytes, {records}\n\n", file.file, thousands(file.bytes));
    let headings = ["codec", "bytes", "ratio", "bits/byte", "enc MB/s", "dec MB/s", "memory MB"];
    let mut table = Table::new(headings);
    for (row, figures) in file.figures() {
        let memory = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        table.row([
            row.codec.clone(),
            thousands(figures.bytes),
            format!("{:.3}", file.bytes as f64 / figures.bytes.max(1) as f64),
            format!("{:.4}", file.bits(figures)),
            rate(file.speed(&figures.encode), &figures.encode),
            rate(file.speed(&figures.decode), &figures.decode),
            figures.memory.map_or("-".into(), memory),
        ]);
    }
    let _ = writeln!(text, "{table}");
    for row in &file.rows {
        if let Outcome::Failed(reason) = &row.outcome {
            let _ = writeln!(text, "{} failed: {reason}", row.codec);
        }
    }
    let plural = if threads == 1 { "" } else { "s" };
    let _ = writeln!(
        text,
        "all outputs were decoded and compared; medians, with half of the spread behind ± where there \
         were several runs; memory beyond the data\n{machine}; {threads} thread{plural} for Vortex, 1 for \
         the others"
    );
    let least = |ours: bool| file.figures().find(|(row, _)| row.ours == ours);
    if let (Some((own, a)), Some((other, b))) = (least(true), least(false)) {
        let saved = 1.0 - a.bytes as f64 / b.bytes.max(1) as f64;
        let word = if saved >= 0.0 { "smaller" } else { "larger" };
        let (own, other) = (&own.codec, &other.codec);
        let _ = writeln!(
            text,
            "{own} is {:.1} % {word} than {other}, the smallest of the others",
            saved.abs() * 100.0
        );
    }
    text
}

/// `12.3` or `12.3 ±4%`.
fn rate(speed: f64, times: &Times) -> String {
    let speed = match speed {
        s if s < 1.0 => format!("{s:.3}"),
        s if s < 100.0 => format!("{s:.1}"),
        s => format!("{s:.0}"),
    };
    match times.runs {
        1 => format!("{speed}     "),
        _ => format!("{speed} ±{:<2.0}%", (times.spread() * 100.0).min(99.0)),
    }
}

/// Each codec over all files: the geometric mean of its bits a byte.
pub fn means(files: &[Measured]) -> String {
    let mut logs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for file in files {
        for (row, figures) in file.figures() {
            logs.entry(&row.codec).or_default().push(file.bits(figures).max(1e-9).ln());
        }
    }
    let mean = |logs: &Vec<f64>| (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    let mut codecs: Vec<(&str, f64)> = logs
        .iter()
        .filter(|(_, logs)| logs.len() == files.len())
        .map(|(codec, logs)| (*codec, mean(logs)))
        .collect();
    codecs.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut table = Table::new(["codec", "bits/byte"]);
    for (codec, bits) in codecs {
        table.row([codec.to_owned(), format!("{bits:.4}")]);
    }
    let failed = |row: &Row| matches!(row.outcome, Outcome::Failed(_));
    let skipped = if files.iter().flat_map(|file| &file.rows).any(failed) {
        "; codecs that failed on a file are left out"
    } else {
        ""
    };
    format!("geometric mean of {} files{skipped}\n\n{table}\n", files.len())
}

/// One line for each file and codec.
pub fn csv(files: &[Measured], machine: &Machine) -> String {
    let mut text = String::from(
        "file,codec,original_bytes,bytes,bits_per_byte,encode_s,encode_least_s,encode_most_s,encode_runs,\
         decode_s,decode_least_s,decode_most_s,decode_runs,memory_bytes,failed,cpu,cores,system,version\n",
    );
    for file in files {
        for row in &file.rows {
            let times = |t: &Times| format!("{},{},{},{}", t.median, t.least, t.most, t.runs);
            let figures = match &row.outcome {
                Outcome::Figures(f) => format!(
                    "{},{:.6},{},{},{},",
                    f.bytes,
                    file.bits(f),
                    times(&f.encode),
                    times(&f.decode),
                    f.memory.map_or(String::new(), |bytes| bytes.to_string())
                ),
                Outcome::Failed(reason) => format!(",,,,,,,,,,,{}", quoted(reason)),
            };
            let _ = writeln!(
                text,
                "{},{},{},{figures},{},{},{},{}",
                quoted(&file.file),
                quoted(&row.codec),
                file.bytes,
                quoted(machine.cpu.as_deref().unwrap_or_default()),
                machine.cores,
                machine.system,
                machine.version
            );
        }
    }
    text
}

/// A cell of CSV (RFC 4180).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn example(file: &str, bytes: &[(&str, u64)]) -> Measured {
        let times = Times { median: 0.5, least: 0.4, most: 0.6, runs: 3 };
        let row = |&(codec, bytes): &(&str, u64)| Row {
            codec: codec.into(),
            ours: codec.starts_with("vortex"),
            outcome: match bytes {
                0 => Outcome::Failed("a, \"b\"".into()),
                _ => Outcome::Figures(Figures {
                    bytes,
                    encode: times,
                    decode: times,
                    memory: Some(5_000_000),
                }),
            },
        };
        let rows = bytes.iter().map(row).collect();
        let blake3 = blake3::hash(b"").to_hex().to_string();
        Measured { file: file.into(), bytes: 1_000_000, blake3, stride: 4, fields: 1, rows }
    }

    #[test]
    fn tables_say_who_is_smallest_and_what_failed() {
        let file = example("a", &[("vortex -5", 200_000), ("xz -9e", 250_000), ("lz4", 0)]);
        let text = table(&file, &Machine::here(), 1);
        assert!(text.contains("vortex -5 is 20.0 % smaller than xz -9e"), "{text}");
        assert!(text.contains("lz4 failed: a, \"b\"") && text.contains("2.0 ±20%"), "{text}");
    }

    #[test]
    fn means_are_of_codecs_that_never_failed() {
        let files = [
            example("a", &[("vortex -5", 100_000), ("xz -9e", 400_000), ("lz4", 0)]),
            example("b", &[("vortex -5", 400_000), ("xz -9e", 400_000), ("lz4", 500_000)]),
        ];
        let text = means(&files);
        assert!(text.contains("1.6000") && text.contains("3.2000"), "{text}");
        assert!(!text.contains("lz4") && text.contains("left out"), "{text}");
    }

    #[test]
    fn every_line_of_csv_has_all_cells() {
        let file = example("a", &[("vortex -5", 200_000), ("xz -9e", 250_000)]);
        let text = csv(&[file], &Machine { cpu: None, ..Machine::here() });
        let cells: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(cells, [19, 19, 19]);
        let failed = csv(&[example("b", &[("lz4", 0)])], &Machine::here());
        assert!(failed.contains(",,,,,,,,,,,\"a, \"\"b\"\"\","), "{failed}");
    }
}
