//! `vortex demo`: the whole way, by running the other commands and showing how they were called.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser};
use vortex_data::{SyntheticJets, write_schema};

use crate::arguments::{Arguments, Common, seconds};
use crate::failure::Failure;
use crate::output::write_file;
use crate::report::table::thousands;
use crate::stdout::stdout;

/// The training configuration of the demo: the default small model.
const CONFIG: &str = include_str!("../../../../configs/cpu_small.yaml");

/// Of the synthetic jets: the demo makes the same bytes everywhere.
const SEED: u64 = 1;

/// The whole way on synthetic jets in a few minutes.
///
/// Makes records as a detector would, trains a small model on them, compresses later records that
/// it has not seen, decodes, compares, and prints the sizes beside gzip, zstd and xz. Each step is
/// a command that is shown, to be repeated by hand.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for data, model and report
    #[arg(short, long, value_name = "DIR", default_value = "runs/demo")]
    out: PathBuf,
    /// Use the folder even if an earlier demo filled it
    #[arg(short, long)]
    force: bool,
    /// Records to train on
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    records: usize,
    /// Records to compress
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    new_records: usize,
    /// Seconds of training; the default is the configuration's
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Draw the sizes as SVG
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

impl Demo {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        self.prepare().with_context(|| self.out.display().to_string())?;
        let path = |name: &str| self.out.join(name);
        let text = |name: &str| path(name).to_string_lossy().into_owned();
        let (config, jets, new) = (text("config.yaml"), text("jets.bin"), text("new-jets.bin"));
        let (run, model) = (text("run"), text("run/model.vxm"));
        let (packed, back) = (text("new-jets.bin.vxc"), text("new-jets.decoded"));
        let report = text("report.html");

        self.step("1. Synthetic jets, as an experiment would record them")?;
        self.make_jets()?;

        self.step("2. Train a small model on the first file (this takes most of the time)")?;
        let seconds = self.seconds.map(|s| s.to_string());
        let mut train =
            vec!["train", "--config", &config, "--data", &jets, "--out", &run, "--force"];
        if let Some(seconds) = &seconds {
            train.extend(["--seconds", seconds]);
        }
        run_command(&train, common)?;

        self.step("3. Compress the second file, which the model has not seen")?;
        run_command(&["compress", "--force", "-m", &model, &new], common)?;

        self.step("4. Decode, and compare")?;
        run_command(&["decompress", "--force", "-m", &model, "-o", &back, &packed], common)?;
        say(&format!("$ cmp {new} {back}"))?;
        compare(&path("new-jets.bin"), &path("new-jets.decoded"))?;
        say("the same bytes")?;

        self.step("5. Beside other codecs, on the same bytes")?;
        let evaluate =
            ["evaluate", "-m", &model, "--data", &new, "--part", "all", "--baselines", "few"];
        let mut evaluate = [&evaluate[..], &["--report", &report]].concat();
        let figure = self.figure.as_ref().map(|f| f.to_string_lossy().into_owned());
        if let Some(figure) = &figure {
            evaluate.extend(["--report", figure]);
        }
        run_command(&evaluate, common)?;
        say(&format!("\nThe same as a page with pictures: {report}"))?;
        say(&format!("Everything is in {}; remove it when you like.", self.out.display()))?;
        Ok(())
    }

    /// An empty folder with the configuration in it.
    fn prepare(&self) -> Result<()> {
        let filled = std::fs::read_dir(&self.out).is_ok_and(|mut entries| entries.next().is_some());
        if filled && !self.force {
            bail!("is not empty; choose another folder with --out, or use --force");
        }
        std::fs::create_dir_all(&self.out).context("cannot be made")?;
        ensure!(self.records >= 100 && self.new_records >= 1, "too few records; 100 to train on");
        Ok(())
    }

    /// Two files of one experiment: the second goes on where the first ends.
    fn make_jets(&self) -> Result<()> {
        write_file(&self.out.join("config.yaml"), CONFIG.as_bytes())?;
        let mut jets = SyntheticJets::new(SEED);
        let schema = SyntheticJets::schema();
        for (name, records) in [("jets", self.records), ("new-jets", self.new_records)] {
            let mut bytes = Vec::new();
            jets.write(records as u64, &mut bytes)?;
            let path = self.out.join(format!("{name}.bin"));
            write_file(&path, &bytes).with_context(|| path.display().to_string())?;
            write_schema(&self.out.join(format!("{name}.schema.yaml")), &schema)?;
            let (fields, size) = (schema.fields().len(), thousands(bytes.len() as u64));
            say(&format!(
                "{}: {size} bytes, {records} records of {fields} fields",
                path.display()
            ))?;
        }
        let bits = jets.entropy_bits_per_record().0 / schema.stride() as f64;
        Ok(say(&format!("no lossless code gets below {bits:.4} bits a byte on average"))?)
    }

    fn step(&self, title: &str) -> io::Result<()> {
        writeln!(stdout(), "\n== {title}")
    }
}

fn say(text: &str) -> io::Result<()> {
    writeln!(stdout(), "{text}")
}

/// Shows a command line, and runs it in this process.
fn run_command(arguments: &[&str], common: &Common) -> Result<(), Failure> {
    say(&format!("$ vortex {}", arguments.join(" ")))?;
    let parsed = Arguments::try_parse_from(["vortex"].iter().chain(arguments))
        .context("the demo's own command line")?;
    super::run(Arguments { common: common.clone(), command: parsed.command })
}

fn compare(a: &Path, b: &Path) -> Result<()> {
    let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
    ensure!(read(a)? == read(b)?, "{} and {} differ; please report this", a.display(), b.display());
    Ok(())
}
