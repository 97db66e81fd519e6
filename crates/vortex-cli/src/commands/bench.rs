//! `vortex bench`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::ProgressBar;
use vortex_codec::Level;
use vortex_codec::bench::{Bench as Measurement, Machine, Outcome, Row};
use vortex_codec::data::read_schema;
use vortex_codec::output::write_file;

use super::evaluate::Baselines;
use super::files;
use crate::arguments::{Common, seconds};
use crate::failure::Failure;
use crate::progress;
use crate::stdout::stdout;
use vortex_report::bench::{Measured, csv, means, table};
use vortex_report::page::{self, Provenance};

/// Measure every level and other codecs on your files: sizes, speeds, memory.
///
/// Each codec compresses and decompresses the whole file, in a process of its own where that is
/// possible, and the bytes are compared. Times are medians of several runs. Vortex runs without a
/// model on one thread, unless -T says otherwise; the other codecs have one thread.
#[derive(Debug, Args)]
pub struct Bench {
    /// Levels of Vortex: 5, 1-9 or 1,3,5; level 9 trains a network on each file
    #[arg(long, value_name = "LEVELS", value_parser = levels, default_value = "1-8")]
    levels: Levels,
    /// With level 9: seconds of training
    #[arg(long, value_name = "S", value_parser = seconds, default_value_t = 60.0)]
    train_seconds: f64,
    /// Other codecs to run
    #[arg(long, value_enum, default_value_t = Baselines::Wide)]
    baselines: Baselines,
    /// Runs of each direction; a direction that took ten seconds altogether is not run again
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), default_value_t = 3)]
    runs: u32,
    /// Description of the records; without it, FILE.schema.yaml is used, or the records are detected
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Write all figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write all figures as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a page: ratio against speed with the frontier, sizes, all figures
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Measure one codec on one file and print JSON
    #[arg(long, value_name = "CODEC", hide = true)]
    one: Option<String>,
    /// Files to measure on
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Most digests on a page.
const MOST_DIGESTS: usize = 200;

/// Levels of Vortex.
#[derive(Clone, Debug)]
struct Levels(Vec<Level>);

impl Bench {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let schema = self.schema.as_deref().map(read_schema).transpose()?;
        let bench = Measurement {
            levels: self.levels.0.clone(),
            train_seconds: self.train_seconds,
            others: self.baselines.choice(),
            runs: self.runs,
            threads: if common.threads == 0 { 1 } else { common.threads() },
            schema,
            ..Measurement::default()
        };
        if let (Some(codec), [file]) = (&self.one, self.files.as_slice()) {
            let text = serde_json::to_string(&bench.measure(codec, file)?)?;
            writeln!(stdout(), "{text}")?;
            return Ok(());
        }
        let machine = Machine::here();
        let mut all: Vec<Measured> = Vec::new();
        let done = files::for_each(&self.files, |file| {
            let measured = self.measure(&bench, file, common)?;
            let text = table(&measured, &machine, bench.threads);
            stdout().write_all(text.as_bytes())?;
            all.push(measured);
            Ok(())
        });
        if all.len() > 1 {
            write!(stdout(), "\n{}", means(&all))?;
        }
        if let Some(path) = &self.json {
            let results = serde_json::json!({ "machine": machine, "files": all });
            write_file(path, &serde_json::to_vec_pretty(&results)?)?;
        }
        if let Some(path) = &self.csv {
            write_file(path, csv(&all, &machine).as_bytes())?;
        }
        if let Some(path) = &self.report {
            let digests = all
                .iter()
                .take(MOST_DIGESTS)
                .map(|file| ("BLAKE3", format!("{}  {}", file.blake3, file.file)));
            let provenance = Provenance::of(&common.line, digests.collect());
            let failed = self.files.len() - all.len();
            write_file(path, page::bench(&all, failed, bench.threads, &provenance).as_bytes())?;
        }
        done?;
        let failed = all
            .iter()
            .flat_map(|file| &file.rows)
            .any(|row| matches!(row.outcome, Outcome::Failed(_)) && row.ours);
        // The table says what failed. Another codec that fails is not our failure.
        if failed { Err(Failure::Reported) } else { Ok(()) }
    }

    fn measure(&self, bench: &Measurement, file: &Path, common: &Common) -> Result<Measured> {
        if file == Path::new("-") {
            bail!("every codec reads the file anew; name a file instead of standard input");
        }
        let bytes = crate::input::open_file(file)?.metadata().context("cannot be read")?.len();
        let schema = bench.records(file)?;
        let bar: ProgressBar = progress::steps(&file.display().to_string(), !common.quiet);
        let names = bench.names();
        let mut rows = Vec::new();
        for (number, name) in names.iter().enumerate() {
            bar.set_message(format!("{name} ({} of {})", number + 1, names.len()));
            rows.push(match own_program() {
                Some(program) => self.in_a_process(&program, name, file, bench)?,
                None => bench.measure(name, file)?,
            });
        }
        bar.finish_and_clear();
        rows.sort_by_key(|row| match &row.outcome {
            Outcome::Figures(figures) => figures.bytes,
            Outcome::Failed(_) => u64::MAX,
        });
        let (stride, fields) = (schema.stride(), schema.fields().len());
        let mut digest = blake3::Hasher::new();
        digest.update_reader(crate::input::open_file(file)?).context("cannot be read")?;
        let blake3 = digest.finalize().to_hex().to_string();
        Ok(Measured { file: file.display().to_string(), bytes, blake3, stride, fields, rows })
    }

    /// Measures one codec in a new process, whose memory is that of the codec, and whose end is not
    /// ours.
    fn in_a_process(
        &self,
        program: &Path,
        name: &str,
        file: &Path,
        bench: &Measurement,
    ) -> Result<Row> {
        let mut command = Command::new(program);
        command.args(["bench", "-q", "--one", name]);
        command.args(["--runs", &bench.runs.to_string(), "-T", &bench.threads.to_string()]);
        command.args(["--train-seconds", &bench.train_seconds.to_string()]);
        if let Some(schema) = &self.schema {
            command.arg("--schema").arg(schema);
        }
        let output = command.arg("--").arg(file).stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("{} cannot be started", program.display()))?;
        if output.status.success() {
            return serde_json::from_slice(&output.stdout).context("the figures of a codec");
        }
        let message = String::from_utf8_lossy(&output.stderr);
        let reason = match message.lines().last() {
            Some(line) => line.trim_start_matches("vortex: ").to_owned(),
            None => format!("its process ended with {}; was there enough memory?", output.status),
        };
        let ours = name.starts_with("vortex ");
        Ok(Row { codec: name.to_owned(), ours, outcome: Outcome::Failed(reason) })
    }
}

/// This program, if it is the command itself and not a program that carries it.
fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok().filter(|path| path.file_stem().is_some_and(|s| s == "vortex"))
}

/// Reads `5`, `1-8` or `1,3,5`.
fn levels(text: &str) -> Result<Levels, String> {
    let number = |text: &str| {
        let number = text.trim().parse().ok().and_then(|n| Level::new(n).ok());
        number.ok_or_else(|| format!("{text:?} is not a level; levels are 1 to 9"))
    };
    let mut levels = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => levels.push(number(part)?),
            Some((from, to)) => {
                let (from, to) = (number(from)?.number(), number(to)?.number());
                if from > to {
                    return Err(format!("{part:?} goes down; write {to}-{from}"));
                }
                levels.extend((from..=to).filter_map(|n| Level::new(n).ok()));
            }
        }
    }
    levels.sort_unstable();
    levels.dedup();
    Ok(Levels(levels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_numbers_lists_and_ranges() {
        let numbers =
            |text: &str| levels(text).map(|l| l.0.iter().map(|l| l.number()).collect::<Vec<_>>());
        assert_eq!(numbers("5").unwrap(), [5]);
        assert_eq!(numbers("7,1-3,2").unwrap(), [1, 2, 3, 7]);
        for (wrong, word) in [("0", "1 to 9"), ("10", "1 to 9"), ("", "1 to 9"), ("3-1", "1-3")] {
            assert!(numbers(wrong).unwrap_err().contains(word), "{wrong}");
        }
    }
}
