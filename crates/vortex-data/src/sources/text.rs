//! Files as bytes: text such as HEPMC, plain, in `.gz`, or the members of a `.tar.gz`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use vortex_coder::schema::Schema;

use super::{DatasetInfo, Format, Origin, PIECE_BYTES, Sink, Source, Unread};
use crate::error::{Error, Result};

/// Most members of an archive.
const MAX_MEMBERS: usize = 100_000;
/// Bytes of a tar header.
const TAR_HEADER: usize = 512;

/// A file, or the files in it, as bytes.
#[derive(Debug)]
pub struct BytesSource {
    path: PathBuf,
    packing: Packing,
    datasets: Vec<DatasetInfo>,
    /// For each dataset its place among the entries of a tar archive.
    entries: Vec<usize>,
    unread: Vec<Unread>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    TarGzip,
}

impl BytesSource {
    /// Opens a file. A compressed one is read once to learn its length.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for damaged archives.
    pub fn open(path: &Path) -> Result<Self> {
        let packing = packing(path)?;
        let mut source = Self {
            path: path.to_owned(),
            packing,
            datasets: Vec::new(),
            entries: Vec::new(),
            unread: Vec::new(),
        };
        match packing {
            Packing::Plain => {
                let len = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.len();
                source.add(file_name(path), len, 0);
            }
            Packing::Gzip => {
                let mut len = 0;
                source.read_pieces(source.gzip()?, u64::MAX, &mut |piece| {
                    len += piece.len() as u64;
                    Ok(ControlFlow::Continue(()))
                })?;
                let name = file_name(path);
                let name = name.strip_suffix(".gz").unwrap_or(&name).to_owned();
                source.add(name, len, 0);
            }
            Packing::TarGzip => source.list_archive()?,
        }
        Ok(source)
    }

    fn add(&mut self, name: String, len: u64, entry: usize) {
        self.entries.push(entry);
        self.datasets.push(DatasetInfo {
            name,
            schema: Schema::bytes(),
            n_records: len,
            records_per_event: 1,
            shape: vec![len],
            origin: Origin::Bytes,
        });
    }

    fn list_archive(&mut self) -> Result<()> {
        let mut archive = tar::Archive::new(self.gzip()?);
        let mut found = Vec::new();
        for (index, entry) in archive.entries().map_err(|e| self.damaged(&e))?.enumerate() {
            let entry = entry.map_err(|e| self.damaged(&e))?;
            if index >= MAX_MEMBERS {
                let what = format!("has more than {MAX_MEMBERS} members; unpack it first");
                return Err(Error::source(&self.path, "archive", what));
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            found.push((name, entry.size(), index, kind));
        }
        for (name, len, index, kind) in found {
            if kind.is_file() {
                self.add(name, len, index);
            } else if !kind.is_dir() {
                let reason = format!("an archive entry of kind {kind:?}, not a file");
                self.unread.push(Unread { name, reason });
            }
        }
        Ok(())
    }

    fn gzip(&self) -> Result<MultiGzDecoder<BufReader<File>>> {
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, e))?;
        Ok(MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file)))
    }

    fn damaged(&self, error: &std::io::Error) -> Error {
        Error::source(&self.path, "archive", error.to_string())
    }

    /// Reads `len` bytes or, for [`u64::MAX`], all of them.
    fn read_pieces(&self, mut from: impl Read, len: u64, sink: &mut Sink<'_>) -> Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        let mut left = len;
        while left > 0 {
            let want = left.min(PIECE_BYTES as u64) as usize;
            let n = from.read(&mut piece[..want]).map_err(|e| self.damaged(&e))?;
            if n == 0 {
                if len == u64::MAX {
                    break;
                }
                let what = format!("ends {left} bytes before its length");
                return Err(Error::source(&self.path, "file", what));
            }
            left -= n as u64;
            if sink(&piece[..n])?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Source for BytesSource {
    fn format(&self) -> Format {
        Format::Bytes
    }

    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        match self.packing {
            Packing::Plain => {
                let file = File::open(&self.path).map_err(|e| Error::io(&self.path, e))?;
                self.read_pieces(file, info.n_records, sink)
            }
            Packing::Gzip => self.read_pieces(self.gzip()?, info.n_records, sink),
            Packing::TarGzip => {
                let mut archive = tar::Archive::new(self.gzip()?);
                let mut entries = archive.entries().map_err(|e| self.damaged(&e))?;
                let entry = entries.nth(self.entries[dataset]).transpose();
                let Some(entry) = entry.map_err(|e| self.damaged(&e))? else {
                    return Err(Error::source(&self.path, &info.name, "is gone from the archive"));
                };
                self.read_pieces(entry, info.n_records, sink)
            }
        }
    }
}

/// What the first bytes say.
fn packing(path: &Path) -> Result<Packing> {
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start).map_err(|e| Error::io(path, e))?;
    if start != [0x1f, 0x8b] {
        return Ok(Packing::Plain);
    }
    let again = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut head = Vec::new();
    // A damaged start is found when it is read in earnest.
    let _ =
        MultiGzDecoder::new(BufReader::new(again)).take(TAR_HEADER as u64).read_to_end(&mut head);
    let tar = head.len() == TAR_HEADER && &head[257..262] == b"ustar";
    Ok(if tar { Packing::TarGzip } else { Packing::Gzip })
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
