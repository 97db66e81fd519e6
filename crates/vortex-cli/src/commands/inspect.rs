//! `vortex inspect`

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use vortex_codec::coder::container::constants::MAGIC;
use vortex_codec::coder::container::damaged_as_text;
use vortex_codec::output::write_file;

use super::files;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::input::open_file;
use crate::stdout::stdout;
use vortex_report::page::{Inspected, Provenance, inspection};

mod container;
mod model;
mod raw;
mod weights;

use container::Compressed;
use raw::Raw;
use weights::Weights;

/// Show what a file is: compressed, model, weights or raw data.
///
/// Compressed files: members, blocks, schema, model, sizes. Models: schema, shape, size. Raw data:
/// the record length and number types, from a schema beside the data or detected. All with bits by
/// field: for raw data the entropy of each symbol alone, for compressed files the cost of each
/// symbol under their model, if the model is found. Compressed weights: types, sizes and the base
/// that they need.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Description of the records, for raw data
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Model file, for compressed files
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Write a page: what each file is, its fields with their entropy and what was found about them,
    /// blocks, the curve of a model's training
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Files to inspect
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// First bytes and extensions of the files that this program writes.
const OUR_FILES: [([u8; 8], &str); 3] = [
    (MAGIC, files::EXTENSION),
    (vortex_codec::weights::MAGIC, files::WEIGHTS_EXTENSION),
    (vortex_codec::infer::file::SIGNATURE, vortex_codec::models::EXTENSION),
];

impl Inspect {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let (mut pages, mut digests, mut more) = (Vec::new(), Vec::new(), 0);
        let done = files::for_each(&self.files, |file| {
            let mut look = self.look(file, common)?;
            stdout().write_all(look.text().as_bytes())?;
            if self.report.is_none() {
                return Ok(());
            }
            if pages.len() == MOST_PAGES {
                more += 1;
                return Ok(());
            }
            pages.push(look.page()?);
            digests.extend(digest(file)?.map(|digest| ("BLAKE3", digest)));
            Ok(())
        });
        if let Some(path) = &self.report {
            let provenance = Provenance::of(&common.line, digests);
            let failed = self.files.len() - pages.len() - more;
            write_file(path, inspection(&pages, failed, more, &provenance).as_bytes())?;
        }
        done
    }

    fn look(&self, file: &Path, common: &Common) -> Result<Look> {
        let mut start = Vec::new();
        open_file(file)?.take(8).read_to_end(&mut start).context("cannot be read")?;
        if start == MAGIC {
            let model = self.model.as_deref();
            return Ok(Look::Compressed(Compressed::open(file, model, common)?.into()));
        }
        if start == vortex_codec::weights::MAGIC {
            return Ok(Look::Weights(Weights::open(file)?));
        }
        if model::is_model(&start) {
            return Ok(Look::Model(model::Inspection::open(file, common)?));
        }
        for (magic, extension) in &OUR_FILES {
            ensure!(
                !damaged_as_text(&start, magic),
                "was a .{extension} file, but a transfer as text damaged it; get it again in \
                 binary mode"
            );
        }
        let found = file.extension().unwrap_or_default();
        let wrong = OUR_FILES.iter().find(|(_, ext)| found.eq_ignore_ascii_case(ext));
        let doubt = wrong.map(|(_, extension)| {
            format!(
                "not a .{extension} file, although its name says so; if it was one, its first bytes \
                 are damaged"
            )
        });
        Ok(Look::Raw(Raw::open(file, self.schema.as_deref())?, doubt))
    }
}

/// What a file is.
enum Look {
    Compressed(Box<Compressed>),
    Model(model::Inspection),
    Weights(Weights),
    /// With a doubt about it.
    Raw(Raw, Option<String>),
}

impl Look {
    fn text(&self) -> String {
        match self {
            Self::Compressed(file) => file.text(),
            Self::Model(file) => file.text(),
            Self::Weights(file) => file.text(),
            Self::Raw(file, None) => file.text(),
            Self::Raw(file, Some(doubt)) => format!("{}\n{doubt}\n", file.text()),
        }
    }

    fn page(&mut self) -> Result<Inspected> {
        match self {
            Self::Compressed(file) => file.page(),
            Self::Model(file) => file.page(),
            Self::Weights(file) => Ok(file.page()),
            Self::Raw(file, doubt) => Ok(Inspected { warning: doubt.clone(), ..file.page() }),
        }
    }
}

/// Most files on a page.
const MOST_PAGES: usize = 200;
/// Longest file whose digest is worth the time.
const MOST_DIGESTED: u64 = 4 << 30;

/// The digest of a file and its name, unless it is long.
fn digest(file: &Path) -> Result<Option<String>> {
    let open = open_file(file)?;
    if open.metadata().context("cannot be read")?.len() > MOST_DIGESTED {
        return Ok(None);
    }
    let mut digest = blake3::Hasher::new();
    digest.update_reader(open).context("cannot be read")?;
    Ok(Some(format!("{}  {}", digest.finalize().to_hex(), file.display())))
}
