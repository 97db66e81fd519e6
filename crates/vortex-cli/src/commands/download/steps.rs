//! What comes after a download: prepare, train, evaluate.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};
use vortex_download::{Downloaded, Experiment};

use crate::arguments::{Arguments, Common};
use crate::commands;
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

    fn prepare(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["prepare".into()];
        words.extend(self.files.iter().map(Into::into));
        words.extend(["--out".into(), self.prepared.clone().into()]);
        words
    }

    fn train(&self, data: &[PathBuf]) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["train".into(), "--config".into()];
        words.extend([self.config.clone().into(), "--out".into(), self.run.clone().into()]);
        words.push("--data".into());
        words.extend(data.iter().map(Into::into));
        words
    }

    fn evaluate(&self, file: &Path) -> Vec<OsString> {
        let model = self.run.join("model.vxm").into();
        vec!["evaluate".into(), "-m".into(), model, "--data".into(), file.into()]
    }

    /// The experiment's configuration beside its files. One that is there already stays.
    pub fn write_config(&self, experiment: &Experiment) -> Result<()> {
        if self.config.exists() {
            return Ok(());
        }
        std::fs::write(&self.config, experiment.config)
            .with_context(|| self.config.display().to_string())
    }

    /// Prints the commands.
    pub fn show(&self) -> Result<()> {
        let data = self.prepared.join("NAME.bin");
        let mut text = String::from("next:\n");
        let train = self.train(std::slice::from_ref(&data));
        for words in [self.prepare(), train, self.evaluate(&data)] {
            text.push_str("    vortex");
            for word in words {
                text.push(' ');
                text.push_str(&word.to_string_lossy());
            }
            text.push('\n');
        }
        stdout().write_all(text.as_bytes()).context("standard output")
    }

    /// Runs the commands, as if they had been typed one after the other.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        if Arguments::command().find_subcommand("prepare").is_none() {
            self.show()?;
            let error = "the files are there, but this build has no `vortex prepare` to go on with";
            return Err(anyhow::anyhow!(error).into());
        }
        run(self.prepare(), common)?;
        let data = largest(groups(&self.prepared)?, common)
            .with_context(|| format!("{}: nothing was prepared", self.prepared.display()))?;
        run(self.train(&data), common)?;
        data.iter().try_for_each(|file| run(self.evaluate(file), common))
    }
}

/// Files of one schema, which one model can be trained on, and their bytes.
struct Group {
    bytes: u64,
    files: Vec<PathBuf>,
}

/// What `prepare` wrote, the largest group first.
fn groups(folder: &Path) -> Result<Vec<Group>> {
    let context = || folder.display().to_string();
    let mut groups: BTreeMap<Vec<u8>, Group> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        if path.extension().is_none_or(|e| e != "bin") {
            continue;
        }
        let schema = path.with_extension("schema.yaml");
        let schema = std::fs::read(&schema).with_context(|| schema.display().to_string())?;
        let len = path.metadata().with_context(|| path.display().to_string())?.len();
        let group = groups.entry(schema).or_insert(Group { bytes: 0, files: Vec::new() });
        group.bytes += len;
        group.files.push(path);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| group.files.sort());
    groups.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.files.cmp(&b.files)));
    Ok(groups)
}

/// The files of the first group; says which ones are left out.
fn largest(groups: Vec<Group>, common: &Common) -> Option<Vec<PathBuf>> {
    let mut groups = groups.into_iter();
    let first = groups.next()?;
    for file in groups.flat_map(|group| group.files).filter(|_| !common.quiet) {
        eprintln!("note: {}: has another schema, and is not trained on here", file.display());
    }
    Some(first.files)
}

fn run(words: Vec<OsString>, common: &Common) -> Result<(), Failure> {
    let words = std::iter::once(OsString::from("vortex")).chain(words);
    let mut arguments = Arguments::try_parse_from(words)?;
    arguments.common = common.clone();
    commands::run(arguments)
}

#[cfg(test)]
mod tests {
    use vortex_download::EXPERIMENTS;
    use vortex_train::TrainConfig;

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
    fn files_of_one_schema_go_together() {
        let folder = tempfile::tempdir().unwrap();
        for (name, len, schema) in
            [("b", 10, "stride: 1"), ("c", 25, "stride: 5"), ("a", 20, "stride: 1")]
        {
            std::fs::write(folder.path().join(format!("{name}.bin")), vec![0; len]).unwrap();
            std::fs::write(folder.path().join(format!("{name}.schema.yaml")), schema).unwrap();
        }
        let groups = groups(folder.path()).unwrap();
        let names: Vec<Vec<_>> =
            groups.iter().map(|g| g.files.iter().filter_map(|f| f.file_stem()).collect()).collect();
        assert_eq!(names, [&["a", "b"][..], &["c"]]);
        assert_eq!(groups[0].bytes, 30);
    }

    #[test]
    fn steps_are_commands() {
        let kept = Downloaded { path: "data/a/x.h5".into(), bytes: 1, kept: true };
        let steps = Steps::new("a", Path::new("data/a"), &[kept]);
        let words = |words: Vec<OsString>| {
            let words: Vec<String> = words.into_iter().map(|w| w.into_string().unwrap()).collect();
            words.join(" ")
        };
        assert_eq!(words(steps.prepare()), "prepare data/a/x.h5 --out data/a/prepared");
        let data = [PathBuf::from("data/a/prepared/x.bin")];
        for step in [steps.train(&data), steps.evaluate(&data[0])] {
            let words = std::iter::once(OsString::from("vortex")).chain(step);
            Arguments::try_parse_from(words).unwrap();
        }
    }
}
