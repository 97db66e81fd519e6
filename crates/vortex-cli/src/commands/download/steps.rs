//! The steps after a download: prepare, train, evaluate.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use vortex_codec::download::{Downloaded, Experiment};
use vortex_codec::output::write_file;
use vortex_codec::training::{Group, groups};

use crate::arguments::Common;
use crate::commands::Command;
use crate::commands::evaluate::Evaluate;
use crate::commands::prepare::Prepare;
use crate::commands::step::Step;
use crate::commands::train::Train;
use crate::failure::Failure;
use crate::stdout::stdout;

/// Commands for the files of a download.
pub struct Steps {
    files: Vec<PathBuf>,
    prepared: PathBuf,
    config: PathBuf,
    run: PathBuf,
}

impl Steps {
    pub fn new(name: &str, out: &Path, downloaded: &[Downloaded]) -> Self {
        Self {
            files: downloaded.iter().map(|file| file.path.clone()).collect(),
            prepared: out.join("prepared"),
            config: out.join("config.yaml"),
            run: Path::new("runs").join(name),
        }
    }

    fn prepare(&self) -> Step {
        let mut words: Vec<OsString> = vec!["prepare".into()];
        words.extend(self.files.iter().map(Into::into));
        words.extend(["--out".into(), self.prepared.clone().into()]);
        let prepare = Prepare::new(self.files.clone(), self.prepared.clone());
        Step::new(words, Command::Prepare(prepare))
    }

    fn train(&self, data: &[PathBuf]) -> Step {
        let mut words: Vec<OsString> = vec!["train".into(), "--config".into()];
        words.extend([self.config.clone().into(), "--out".into(), self.run.clone().into()]);
        words.push("--data".into());
        words.extend(data.iter().map(Into::into));
        let train = Train::new(self.config.clone(), data.to_vec(), self.run.clone());
        Step::new(words, Command::Train(train))
    }

    fn evaluate(&self, file: &Path) -> Step {
        let model = self.run.join("model.vxm");
        let words: [OsString; 5] =
            ["evaluate".into(), "-m".into(), model.clone().into(), "--data".into(), file.into()];
        Step::new(words, Command::Evaluate(Evaluate::new(model, file.to_owned())))
    }

    /// Writes the configuration of the experiment beside its files. An existing configuration is
    /// kept.
    pub fn write_config(&self, experiment: &Experiment) -> Result<()> {
        if self.config.exists() {
            return Ok(());
        }
        Ok(write_file(&self.config, experiment.config.as_bytes())?)
    }

    /// Prints the commands.
    pub fn show(&self) -> Result<()> {
        let data = self.prepared.join("NAME.bin");
        let train = self.train(std::slice::from_ref(&data));
        let mut text = String::from("next:\n");
        for step in [self.prepare(), train, self.evaluate(&data)] {
            text.push_str(&format!("    {}\n", step.line()));
        }
        stdout().write_all(text.as_bytes()).context("standard output")
    }

    /// Runs the commands, one after the other.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        self.prepare().run(common)?;
        let data = largest(groups(&self.prepared)?, common)
            .with_context(|| format!("{}: nothing was prepared", self.prepared.display()))?;
        self.train(&data).run(common)?;
        data.iter().try_for_each(|file| self.evaluate(file).run(common))
    }
}

/// The files of the first group; says which ones are left out.
fn largest(groups: Vec<Group>, common: &Common) -> Option<Vec<PathBuf>> {
    let mut groups = groups.into_iter();
    let first = groups.next()?;
    for file in groups.flat_map(|group| group.files).filter(|_| !common.quiet) {
        eprintln!("note: {}: has another schema and is not used for this training", file.display());
    }
    Some(first.files)
}

#[cfg(test)]
mod tests {
    use vortex_codec::download::EXPERIMENTS;
    use vortex_codec::train::TrainConfig;

    use super::*;

    #[test]
    fn configurations_of_all_experiments_are_configurations() {
        for experiment in &EXPERIMENTS {
            let config = TrainConfig::from_yaml(experiment.config, experiment.name).unwrap();
            config.validate().unwrap();
            assert!(config.budget.max_seconds.is_some());
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let yaml = |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml");
        let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        let files: Vec<PathBuf> = files.filter(yaml).collect();
        assert!(files.len() >= 2);
        files.iter().for_each(|file| {
            TrainConfig::read(file).unwrap();
        });
    }

    #[test]
    fn what_is_shown_is_what_runs() {
        let kept = Downloaded { path: "data/a/x.h5".into(), bytes: 1, kept: true };
        let steps = Steps::new("a", Path::new("data/a"), &[kept]);
        assert_eq!(steps.prepare().line(), "vortex prepare data/a/x.h5 --out data/a/prepared");
        let data = [PathBuf::from("data/a/prepared/x.bin")];
        for step in [steps.prepare(), steps.train(&data), steps.evaluate(&data[0])] {
            step.check();
        }
    }
}
