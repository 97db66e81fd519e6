//! Codecs on the same bytes, as the charts and tables of a page take them.

use vortex_codec::bench::{Outcome, Times};
use vortex_codec::evaluation::Results;

use super::super::bench::Measured;

/// All codecs on the same bytes.
pub struct Contest {
    /// Bytes that each codec got.
    pub original: u64,
    /// Files that the figures are means of.
    pub files: usize,
    /// Those that gave back the same bytes, the smallest output first.
    pub entries: Vec<Entry>,
    /// Those that did not, with reasons.
    pub failed: Vec<(String, String)>,
}

/// The figures of one codec.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The codec and its settings.
    pub name: String,
    /// Its name in a chart.
    pub label: String,
    /// Whether it is Vortex.
    pub ours: bool,
    /// Compressed bytes.
    pub bytes: u64,
    /// Bytes of the model that decoding needs beside them.
    pub model: u64,
    /// Seconds to compress.
    pub encode: Times,
    /// Seconds to decompress.
    pub decode: Times,
    /// Most bytes of memory, if they were measured.
    pub memory: Option<u64>,
}

/// A direction of coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Compression.
    Encode,
    /// Decompression.
    Decode,
}

impl Contest {
    /// Of an evaluation.
    pub fn of_results(results: &Results) -> Self {
        let once = |seconds| Times { median: seconds, least: seconds, most: seconds, runs: 1 };
        let entries = results.codecs.iter().enumerate().map(|(i, codec)| Entry {
            name: codec.name.clone(),
            label: codec.name.clone(),
            ours: i == 0,
            bytes: codec.bytes,
            model: if i == 0 { results.model_bytes } else { 0 },
            encode: once(codec.encode_s),
            decode: once(codec.decode_s),
            memory: None,
        });
        let failed = results.failed.iter().map(|f| (f.name.clone(), f.reason.clone())).collect();
        Self::sorted(results.bytes, entries.collect(), failed)
    }

    /// Of one file of a bench.
    pub fn of_measured(file: &Measured) -> Self {
        let (mut entries, mut failed) = (Vec::new(), Vec::new());
        for row in &file.rows {
            match &row.outcome {
                Outcome::Failed(reason) => failed.push((row.codec.clone(), reason.clone())),
                Outcome::Figures(figures) => entries.push(Entry {
                    name: row.codec.clone(),
                    label: short_name(&row.codec),
                    ours: row.ours,
                    bytes: figures.bytes,
                    model: 0,
                    encode: figures.encode,
                    decode: figures.decode,
                    memory: figures.memory,
                }),
            }
        }
        Self::sorted(file.bytes, entries, failed)
    }

    /// Of sizes alone: ours with its model, and the others.
    pub fn of_sizes(
        original: u64,
        (name, bytes, model): (&str, u64, u64),
        others: &[(String, u64)],
        failed: Vec<(String, String)>,
    ) -> Self {
        let unknown = Times { median: f64::INFINITY, least: 0.0, most: f64::INFINITY, runs: 0 };
        let entry = |name: &str, ours, bytes, model| Entry {
            name: name.to_owned(),
            label: name.to_owned(),
            ours,
            bytes,
            model,
            encode: unknown,
            decode: unknown,
            memory: None,
        };
        let mut entries = vec![entry(name, true, bytes, model)];
        entries.extend(others.iter().map(|(name, bytes)| entry(name, false, *bytes, 0)));
        Self::sorted(original, entries, failed)
    }

    fn sorted(original: u64, mut entries: Vec<Entry>, failed: Vec<(String, String)>) -> Self {
        entries.sort_by_key(|entry| entry.bytes);
        Self { original, files: 1, entries, failed }
    }

    /// How many times smaller the output is.
    pub fn ratio(&self, entry: &Entry) -> f64 {
        self.original as f64 / entry.bytes.max(1) as f64
    }

    /// Bits of output for each byte.
    pub fn bits(&self, bytes: u64) -> f64 {
        bytes as f64 * 8.0 / self.original.max(1) as f64
    }

    /// Megabytes of original bytes per second.
    pub fn speed(&self, entry: &Entry, direction: Direction) -> f64 {
        self.original as f64 / 1e6 / entry.times(direction).median.max(1e-9)
    }

    /// The smallest of Vortex.
    pub fn best_own(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.ours)
    }

    /// The smallest of the others.
    pub fn best_other(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| !entry.ours)
    }

    /// Number of the others.
    pub fn others(&self) -> usize {
        self.entries.iter().filter(|entry| !entry.ours).count()
    }
}

impl Entry {
    /// Its times in a direction.
    pub fn times(&self, direction: Direction) -> &Times {
        match direction {
            Direction::Encode => &self.encode,
            Direction::Decode => &self.decode,
        }
    }
}

/// A level without the name of the program.
pub fn short_name(codec: &str) -> String {
    codec.strip_prefix("vortex ").unwrap_or(codec).to_owned()
}
