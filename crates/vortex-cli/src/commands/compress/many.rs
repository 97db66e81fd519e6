//! `vortex compress --manifest`: the files of a list, or of a shard of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use vortex_codec::Compressor;
use vortex_codec::many::{Contents, FileReport, Job, Manifest, Report, Shard, State};

use super::Compress;
use crate::arguments::{Common, OutputArguments};
use crate::commands::wrong_usage;
use crate::failure::{Failure, describe_of};
use crate::output::Target;
use vortex_report::table::thousands;

/// Which files to compress, from a list.
#[derive(Clone, Debug, Default, Args)]
pub struct Many {
    /// Compress the files of a list, a line of JSON for each:
    /// {"input": "FILE", "output": "FILE.vxc"}. Paths are relative to the folder of the list, and
    /// "output" may be left out. Outputs that are whole are skipped, also with -f
    #[arg(long, value_name = "LIST", help_heading = "Many files")]
    pub manifest: Option<PathBuf>,
    /// Only shard I of N, from 1/N to N/N: every N-th file of the list, from the I-th on
    #[arg(long, value_name = "I/N", help_heading = "Many files")]
    shard: Option<Shard>,
    /// Where to write the report, as JSON; without it, LIST.report.json or
    /// LIST.I-of-N.report.json
    #[arg(long, value_name = "FILE", help_heading = "Many files")]
    json: Option<PathBuf>,
}

/// Ends the program with a message about wrong usage if the options do not fit together.
pub fn check_usage(many: &Many, output: &OutputArguments) {
    if many.manifest.is_none() {
        if many.shard.is_some() || many.json.is_some() {
            // `requires` says nothing here, because FILE conflicts with --manifest.
            wrong_usage("--shard and --json need a list of files: --manifest LIST");
        }
        return;
    }
    if let Some(folder) = output.output.as_deref().filter(|folder| !folder.is_dir()) {
        let name = folder.display();
        wrong_usage(format!(
            "-o {name} with --manifest: name an existing folder; mkdir -p {name} makes it"
        ));
    }
}

impl Many {
    fn report_path(&self, manifest: &Path) -> PathBuf {
        if let Some(path) = &self.json {
            return path.clone();
        }
        let mut name = OsString::from(manifest);
        if let Some(shard) = self.shard {
            name.push(format!(".{}", shard.file_name()));
        }
        name.push(".report.json");
        name.into()
    }
}

impl Compress {
    /// Compresses the files of a list. A failure does not stop the others.
    pub fn compress_many(
        &self,
        manifest: &Path,
        compressor: &Compressor,
        common: &Common,
    ) -> Result<(), Failure> {
        let jobs = Manifest::read(manifest)?;
        // The whole list is checked, so that all shards see the same mistakes.
        let jobs = jobs
            .jobs(self.output.output.as_deref())
            .map_err(|error| error.context(manifest.display()))?;
        let jobs = match self.many.shard {
            Some(shard) => shard.of(jobs),
            None => jobs,
        };
        let (path, force) = (self.many.report_path(manifest), self.output.force);
        let mut report = Report::new(self.many.shard);
        report.clear(&path, force)?;
        let mut whole = true;
        for job in &jobs {
            let file = self.compress_job(job, compressor, common, &mut whole);
            report.push(file);
        }
        for file in report.failures() {
            eprintln!("vortex: {}: {}", file.input, file.error.as_deref().unwrap_or_default());
        }
        let written = report.write(&path, force);
        let Report { done, skipped, failed, .. } = report;
        if failed > 0 || !common.quiet {
            eprintln!(
                "{}{}{}: {} done, {} skipped, {} failed => {}",
                if failed > 0 { "vortex: " } else { "" },
                manifest.display(),
                self.many.shard.map(|shard| format!(", shard {shard}")).unwrap_or_default(),
                thousands(done),
                thousands(skipped),
                thousands(failed),
                path.display()
            );
        }
        written?;
        if failed > 0 || !whole { Err(Failure::Reported) } else { Ok(()) }
    }

    /// Compresses one file of the list. `whole` becomes false if a dataset of it is left out.
    fn compress_job(
        &self,
        job: &Job,
        compressor: &Compressor,
        common: &Common,
        whole: &mut bool,
    ) -> FileReport {
        let (start, name) = (Instant::now(), job.input.display());
        let contents = if self.datasets { Contents::Datasets } else { Contents::Bytes };
        let result = job.run(contents, self.output.force, || {
            let target = Target::Path(job.output.clone());
            *whole &= self.compress_one(&job.input, &target, compressor, common)?;
            Ok(())
        });
        let result = result.map_err(|error: anyhow::Error| describe_of(&name.to_string(), &error));
        match &result {
            // All failures are listed at the end; this one is for those who watch.
            Err(message) if !common.quiet => eprintln!("{name}: failed: {message}"),
            Ok((State::Skipped, _)) if common.verbose => {
                eprintln!("{name}: skipped: {} is whole", job.output.display());
            }
            _ => {}
        }
        FileReport::new(job, start.elapsed().as_secs_f64(), result)
    }
}
