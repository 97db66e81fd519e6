//! `vortex download`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use vortex_codec::download::{
    DownloadError, DownloadEvent, DownloadObserver, Downloaded, Downloader, Experiment, FileEntry,
    FileList, Options, Policy,
};

use crate::arguments::Common;
use crate::failure::Failure;
use crate::stdout::stdout;
use crate::{interrupt, progress};
use vortex_report::table::thousands;

mod steps;

/// Download the files of an experiment: atlas, cms, cms_large, alice, hepmc, camels.
///
/// Uses verified TLS and compares sizes and checksums. If a download breaks off, run the same
/// command again to continue it. Files that exist and are correct are kept.
#[derive(Debug, Args)]
pub struct Download {
    /// Experiment, or a list of files as in experiments/atlas/files.yaml
    #[arg(value_name = "NAME", value_parser = Source::parse)]
    source: Source,
    /// Folder for the files [default: data/NAME]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Number of files to download; --dry-run shows the default
    #[arg(short, long, value_name = "N", value_parser = positive)]
    num_files: Option<usize>,
    /// Continue with prepare, train and evaluate
    #[arg(long)]
    all_steps: bool,
    /// Replace existing files that are not correct
    #[arg(short, long)]
    force: bool,
    /// Show what would be downloaded. Asks the portal if it has the list of files
    #[arg(long, conflicts_with = "all_steps")]
    dry_run: bool,
}

/// Where the list of files is.
#[derive(Clone, Debug)]
enum Source {
    Experiment(&'static Experiment),
    File(PathBuf),
}

impl Source {
    fn parse(name: &str) -> Result<Self, String> {
        let path = Path::new(name);
        let list = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if list || name.contains(['/', '\\']) {
            return Ok(Self::File(path.to_owned()));
        }
        Experiment::find(name).map(Self::Experiment).map_err(|e| e.to_string())
    }

    fn name(&self) -> String {
        match self {
            Self::Experiment(experiment) => experiment.name.to_owned(),
            Self::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    fn list(&self) -> Result<FileList, DownloadError> {
        match self {
            Self::Experiment(experiment) => experiment.files(),
            Self::File(path) => FileList::read(path),
        }
    }

    /// Only a list of the user may name a server without TLS, and only on this machine.
    fn policy(&self) -> Policy {
        match self {
            Self::Experiment(_) => Policy::Https,
            Self::File(_) => Policy::HttpsOrLoopback,
        }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "not a number of files; 1 or more".into())
}

impl Download {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        if self.all_steps && matches!(self.source, Source::File(_)) {
            super::wrong_usage(
                "--all-steps needs an experiment; a list of files has no training configuration",
            );
        }
        let list = self.source.list()?;
        let out = self.out.clone().unwrap_or_else(|| Path::new("data").join(self.source.name()));
        let cancel = interrupt::stop_gently();
        let mut watcher = Watcher::new(!common.quiet);
        let policy = self.source.policy();
        let mut downloader = Downloader::new(policy, Options::default(), &mut watcher, &cancel);
        let outcome = downloader.files(&list, self.num_files).and_then(|files| {
            if self.dry_run {
                return Ok((files, Vec::new()));
            }
            let downloaded = downloader.download(&files, &out, self.force)?;
            Ok((files, downloaded))
        });
        drop(downloader);
        watcher.end();
        interrupt::stop_at_once();
        let (files, downloaded) = match outcome {
            Ok(outcome) => outcome,
            Err(error @ DownloadError::Cancelled) => {
                eprintln!("vortex: {}: {error}", self.source.name());
                return Err(Failure::Interrupted);
            }
            Err(error) => return Err(error.into()),
        };
        if self.dry_run {
            return Ok(show(&list, &files, &out)?);
        }
        if !common.quiet {
            report(&downloaded)?;
        }
        let steps = steps::Steps::new(&self.source.name(), &out, &downloaded);
        let Source::Experiment(experiment) = &self.source else { return Ok(()) };
        steps.write_config(experiment)?;
        if self.all_steps {
            steps.run(common)
        } else if common.quiet {
            Ok(())
        } else {
            Ok(steps.show()?)
        }
    }
}

fn show(list: &FileList, files: &[FileEntry], out: &Path) -> Result<()> {
    let mut text = format!("{}\n{}\n", list.title, list.page);
    if !list.licence.is_empty() {
        text.push_str(&format!("licence {}\n", list.licence));
    }
    for file in files {
        let size = file.size.map_or("size unknown".into(), |n| format!("{} bytes", thousands(n)));
        let checksum = file.checksum.map_or("checksum unknown".into(), |c| c.to_string());
        let path = out.join(&file.name);
        text.push_str(&format!("{}: {size}, {checksum}\n", path.display()));
        for url in &file.urls {
            text.push_str(&format!("    {url}\n"));
        }
    }
    stdout().write_all(text.as_bytes()).context("standard output")
}

fn report(downloaded: &[Downloaded]) -> Result<()> {
    let mut text = String::new();
    for file in downloaded {
        let how = if file.kept { "there already, right" } else { "downloaded, right" };
        text.push_str(&format!(
            "{}: {} bytes, {how}\n",
            file.path.display(),
            thousands(file.bytes)
        ));
    }
    stdout().write_all(text.as_bytes()).context("standard output")
}

/// A bar for the current file, and a line for each message to the user.
struct Watcher {
    wanted: bool,
    bar: ProgressBar,
}

impl Watcher {
    fn new(wanted: bool) -> Self {
        Self { wanted, bar: ProgressBar::hidden() }
    }

    fn say(&self, text: &str) {
        if self.wanted {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl DownloadObserver for Watcher {
    fn event(&mut self, event: &DownloadEvent<'_>) {
        match event {
            DownloadEvent::Asking { url } => self.say(&format!("asking {url}")),
            DownloadEvent::Note { text } => self.say(&format!("note: {text}")),
            DownloadEvent::Checking { name } => {
                self.end();
                self.bar = progress::steps(name, self.wanted);
                self.bar.set_message("reading existing bytes");
            }
            DownloadEvent::Started { name, bytes, total } => {
                self.end();
                self.bar = progress::bytes(*total, name, self.wanted);
                self.bar.set_position(*bytes);
                self.bar.reset_eta();
            }
            DownloadEvent::Progress(progress) => {
                if let (None, Some(total)) = (self.bar.length(), progress.total) {
                    self.end();
                    self.bar = progress::bytes(Some(total), progress.name, self.wanted);
                }
                self.bar.set_position(progress.bytes);
            }
            DownloadEvent::Retry { name, reason, wait } => {
                self.say(&format!("{name}: {reason}; again in {:.0} s", wait.as_secs_f64()));
            }
            DownloadEvent::Kept { .. } | DownloadEvent::Finished { .. } => self.end(),
            _ => {}
        }
    }
}
