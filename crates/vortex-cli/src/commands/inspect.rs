//! `vortex inspect`

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Args;
use vortex_codec::coder::container::constants::MAGIC;
use vortex_codec::coder::container::{IndexedReader, damaged_as_text};
use vortex_codec::infer::IntModel;
use vortex_codec::infer::file::SIGNATURE;
use vortex_codec::inspection::{self, RawData};
use vortex_codec::output::write_file;
use vortex_codec::training::Curve;
use vortex_codec::weights::{self, list, tensors};

use super::files::{self, folder_of};
use crate::arguments::Common;
use crate::failure::{Failure, describe};
use crate::input::open_file;
use crate::models;
use crate::stdout::stdout;
use vortex_report::inspect::{Compressed, Network, Raw, Weights};
use vortex_report::page::{Inspected, Provenance, inspection};

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
    (weights::MAGIC, files::WEIGHTS_EXTENSION),
    (SIGNATURE, vortex_codec::models::EXTENSION),
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
            pages.push(look.page(file)?);
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
        let name = file.display().to_string();
        if start == MAGIC {
            let (file, reader) = self.compressed(name, file, common)?;
            return Ok(Look::Compressed(file.into(), reader.into()));
        }
        if start == weights::MAGIC {
            let listing = list(BufReader::new(open_file(file)?))?;
            let tensors = tensors(BufReader::new(open_file(file)?), &listing)?;
            return Ok(Look::Weights(Weights::new(name, listing, tensors.unwrap_or_default())));
        }
        if start == SIGNATURE {
            return Ok(Look::Model(Network::new(name, network(file, common)?)));
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
        let data = RawData::read(file, self.schema.as_deref())?;
        Ok(Look::Raw(Raw::new(name, data), doubt))
    }

    fn compressed(
        &self,
        name: String,
        file: &Path,
        common: &Common,
    ) -> Result<(Compressed, IndexedReader<BufReader<File>>)> {
        let models = models::open(self.model.as_deref(), common)?;
        let decompressor = models::decompressor(&models, Some(file), common);
        let source = BufReader::new(open_file(file)?);
        let mut reader = IndexedReader::open(source, decompressor.reader_options())?;
        let facts = inspection::Compressed::of(&mut reader, common.threads())?;
        Ok((Compressed::new(name, facts, |error| describe(&error.into())), reader))
    }
}

/// Loads a model, which runs its self-test.
fn network(file: &Path, common: &Common) -> Result<Arc<IntModel>> {
    let models = models::open(Some(file), common)?;
    let model = models.given().context("the model was just opened")?;
    Ok(Arc::clone(model.network().context("a model without a network")?))
}

/// What a file is.
enum Look {
    /// With its reader, for the blocks.
    Compressed(Box<Compressed>, Box<IndexedReader<BufReader<File>>>),
    Model(Network),
    Weights(Weights),
    /// With a doubt about it.
    Raw(Raw, Option<String>),
}

impl Look {
    fn text(&self) -> String {
        match self {
            Self::Compressed(file, _) => file.text(),
            Self::Model(file) => file.text(),
            Self::Weights(file) => file.text(),
            Self::Raw(file, None) => file.text(),
            Self::Raw(file, Some(doubt)) => format!("{}\n{doubt}\n", file.text()),
        }
    }

    /// The page of this `file`; of a model with the curve of its training, if the figures are beside it.
    fn page(&mut self, file: &Path) -> Result<Inspected> {
        match self {
            Self::Compressed(compressed, reader) => Ok(compressed.page(reader)?),
            Self::Model(model) => Ok(model.page(Curve::of_run(folder_of(file))?)),
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
