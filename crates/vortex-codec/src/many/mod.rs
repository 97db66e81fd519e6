//! Many files, on one machine or on the nodes of a batch farm.
//!
//! A [`Manifest`] lists the files, a [`Shard`] says which of them one run takes, and a [`Report`]
//! says what came of each. There is no file of states: [`Job::run`] looks at the output itself, so a
//! run that is started again makes what is missing. docs/many_files.md describes the two files.
//!
//! ```
//! use vortex_codec::Compressor;
//! use vortex_codec::many::{Contents, FileReport, Manifest, Report, Shard};
//!
//! # fn main() -> vortex_codec::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! # let at = |name: &str| folder.path().join(name);
//! # for name in ["a", "b", "c"] { std::fs::write(at(name), name.repeat(1000))?; }
//! std::fs::write(at("files.jsonl"), "{\"input\": \"a\"}\n{\"input\": \"b\"}\n{\"input\": \"c\"}\n")?;
//! let manifest = Manifest::read(&at("files.jsonl"))?;
//! let shard: Shard = "1/2".parse()?;
//! let mut report = Report::new(Some(shard));
//! for job in shard.of(manifest.jobs(None)?) {
//!     let result = job.run(Contents::Bytes, false, || -> vortex_codec::Result<()> {
//!         Compressor::new().compress_file(&job.input, &job.output)?;
//!         Ok(())
//!     });
//!     report.push(FileReport::new(&job, 0.0, result.map_err(|error| error.to_string())));
//! }
//! assert_eq!((report.done, report.skipped, report.failed), (2, 0, 0));
//! report.write(&at("report.json"), false)?;
//! # Ok(()) }
//! ```

mod found;
mod job;
mod manifest;
mod report;
mod shard;

pub use found::{Contents, Digests, Found, look};
pub use job::Job;
pub use manifest::{Entry, MAX_MANIFEST_BYTES, Manifest};
pub use report::{FileReport, REPORT_VERSION, Report, State};
pub use shard::Shard;
