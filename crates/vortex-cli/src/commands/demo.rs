//! `vortex demo`: runs the other commands one after the other and shows how they are called.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use vortex_codec::data::SyntheticJets;
use vortex_codec::data::sidecar::to_yaml;
use vortex_codec::output::write_file;

use super::compress::Compress;
use super::decompress::Decompress;
use super::evaluate::{Baselines, Evaluate, Part};
use super::step::Step;
use super::train::Train;
use crate::arguments::{Common, seconds};
use crate::commands::Command;
use crate::failure::Failure;
use crate::stdout::stdout;
use vortex_report::table::thousands;

/// The training configuration of the demo: the default small model.
const CONFIG: &str = include_str!("../../../../configs/cpu_small.yaml");

/// Seed of the synthetic jets: the demo makes the same bytes on every machine.
const SEED: u64 = 1;

/// Run all steps on synthetic jets in a few minutes.
///
/// Makes synthetic detector records, trains a small model on them, compresses later records that
/// the model has not seen, decodes them, compares the bytes, and prints the sizes beside those of
/// gzip, zstd and xz. Each step prints its command, so that you can repeat it by hand.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for data, model and report
    #[arg(short, long, value_name = "DIR", default_value = "runs/demo")]
    out: PathBuf,
    /// Use the folder even if it holds an earlier demo
    #[arg(short, long)]
    force: bool,
    /// Records to train on
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    records: usize,
    /// Records to compress
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    new_records: usize,
    /// Seconds of training; the default is in the configuration
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Draw the sizes as SVG
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

impl Demo {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        self.prepare().with_context(|| self.out.display().to_string())?;
        say("\n== 1. Synthetic jets, as an experiment would record them")?;
        self.make_jets()?;

        say("\n== 2. Train a small model on the first file (this takes most of the time)")?;
        run_shown(self.train(), common)?;

        say("\n== 3. Compress the second file, which the model has not seen")?;
        run_shown(self.compress(), common)?;

        say("\n== 4. Decode and compare")?;
        run_shown(self.decompress(), common)?;
        let (new, back) = (self.path("new-jets.bin"), self.path("new-jets.decoded"));
        say(&format!("$ cmp {} {}", new.display(), back.display()))?;
        compare(&new, &back)?;
        say("the same bytes")?;

        say("\n== 5. Compare with other codecs on the same bytes")?;
        run_shown(self.evaluate(), common)?;
        let report = self.path("report.html");
        say(&format!("\nThe same results as a page with pictures: {}", report.display()))?;
        say(&format!("All files are in {}; you can remove this folder.", self.out.display()))?;
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.out.join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn train(&self) -> Step {
        let [config, jets, run] = ["config.yaml", "jets.bin", "run"];
        let (paths, text) = (|name| self.path(name), |name| self.text(name));
        let mut words = vec!["train".into(), "--config".into(), text(config), "--data".into()];
        words.extend([text(jets), "--out".into(), text(run), "--force".into()]);
        if let Some(seconds) = self.seconds {
            words.extend(["--seconds".into(), seconds.to_string()]);
        }
        let mut train = Train::new(paths(config), vec![paths(jets)], paths(run));
        (train.seconds, train.force) = (self.seconds, true);
        Step::new(words, Command::Train(train))
    }

    fn compress(&self) -> Step {
        let [model, new] = ["run/model.vxm", "new-jets.bin"];
        let words = ["compress", "--force", "-m", &self.text(model), &self.text(new)];
        let mut compress = Compress::new(self.path(model), self.path(new));
        compress.output.force = true;
        Step::new(words, Command::Compress(compress))
    }

    fn decompress(&self) -> Step {
        let [model, back, packed] = ["run/model.vxm", "new-jets.decoded", "new-jets.bin.vxc"];
        let [m, b, p] = [model, back, packed].map(|name| self.text(name));
        let words = ["decompress", "--force", "-m", &m, "-o", &b, &p];
        let mut decompress = Decompress::new(self.path(model), self.path(packed));
        (decompress.output.output, decompress.output.force) = (Some(self.path(back)), true);
        Step::new(words, Command::Decompress(decompress))
    }

    fn evaluate(&self) -> Step {
        let [model, new, report] = ["run/model.vxm", "new-jets.bin", "report.html"];
        let [m, n, r] = [model, new, report].map(|name| self.text(name));
        let words = [
            "evaluate",
            "-m",
            &m,
            "--data",
            &n,
            "--part",
            "all",
            "--baselines",
            "few",
            "--report",
            &r,
        ];
        let mut words: Vec<String> = words.map(str::to_owned).into();
        let mut reports = vec![self.path(report)];
        if let Some(figure) = &self.figure {
            words.extend(["--report".into(), figure.to_string_lossy().into_owned()]);
            reports.push(figure.clone());
        }
        let mut evaluate = Evaluate::new(self.path(model), self.path(new));
        (evaluate.part, evaluate.baselines) = (Part::All, Baselines::Few);
        evaluate.report = reports;
        Step::new(words, Command::Evaluate(evaluate))
    }

    /// An empty folder with the configuration in it.
    fn prepare(&self) -> Result<()> {
        let filled = std::fs::read_dir(&self.out).is_ok_and(|mut entries| entries.next().is_some());
        if filled && !self.force {
            bail!("is not empty; choose another folder with --out, or use --force");
        }
        std::fs::create_dir_all(&self.out).context("cannot be made")?;
        ensure!(
            self.records >= 100 && self.new_records >= 1,
            "too few records; at least 100 to train on and 1 to compress"
        );
        Ok(())
    }

    /// Two files of one experiment: the second file continues where the first one ends.
    fn make_jets(&self) -> Result<()> {
        write_file(&self.out.join("config.yaml"), CONFIG.as_bytes())?;
        let mut jets = SyntheticJets::new(SEED);
        let schema = SyntheticJets::schema();
        for (name, records) in [("jets", self.records), ("new-jets", self.new_records)] {
            let mut bytes = Vec::new();
            jets.write(records as u64, &mut bytes)?;
            let path = self.out.join(format!("{name}.bin"));
            write_file(&path, &bytes)?;
            let sidecar = self.out.join(format!("{name}.schema.yaml"));
            write_file(&sidecar, to_yaml(&schema).as_bytes())?;
            let (fields, size) = (schema.fields().len(), thousands(bytes.len() as u64));
            say(&format!(
                "{}: {size} bytes, {records} records of {fields} fields",
                path.display()
            ))?;
        }
        let bits = jets.entropy_bits_per_record().0 / schema.stride() as f64;
        Ok(say(&format!("no lossless code needs fewer than {bits:.4} bits per byte on average"))?)
    }
}

fn say(text: &str) -> io::Result<()> {
    writeln!(stdout(), "{text}")
}

/// Prints the command of a step and runs it.
fn run_shown(step: Step, common: &Common) -> Result<(), Failure> {
    say(&format!("$ {}", step.line()))?;
    step.run(common)
}

fn compare(a: &Path, b: &Path) -> Result<()> {
    let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
    ensure!(read(a)? == read(b)?, "{} and {} differ; please report this", a.display(), b.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_runs() {
        let demo = Demo {
            out: "runs/demo".into(),
            force: false,
            records: 100,
            new_records: 1,
            seconds: Some(2.5),
            figure: Some("demo.svg".into()),
        };
        let shorter = Demo { seconds: None, figure: None, out: "x".into(), ..demo };
        for step in [demo.train(), demo.compress(), demo.decompress(), demo.evaluate()] {
            step.check();
        }
        shorter.train().check();
        shorter.evaluate().check();
        assert!(demo.train().line().starts_with("vortex train --config runs/demo/config.yaml"));
    }
}
