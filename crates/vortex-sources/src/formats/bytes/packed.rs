//! The contents of a `.gz`, or the members of a `.tar.gz`, as bytes.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::{Error, Result};
use crate::pieces::{file_name, open_file, stream_exact};
use crate::source::{DatasetInfo, Sink, Source, Unread};

/// Most members of an archive.
const MAX_MEMBERS: usize = 100_000;
/// Bytes of a tar header.
const TAR_HEADER: usize = 512;

/// A compressed file, or the files in it, as bytes.
#[derive(Debug)]
pub(super) struct PackedSource {
    path: PathBuf,
    datasets: Vec<DatasetInfo>,
    /// Offset of each dataset in the unpacked file.
    starts: Vec<u64>,
    unread: Vec<Unread>,
    /// Position after the last read, so that members that are read in order are unpacked once.
    unpacked: RefCell<Option<Unpacked>>,
}

impl PackedSource {
    /// Reads the file once to find its length, or those of its members.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut source = Self {
            path: path.to_owned(),
            datasets: Vec::new(),
            starts: Vec::new(),
            unread: Vec::new(),
            unpacked: RefCell::new(None),
        };
        if is_archive(path)? {
            source.list_archive()?;
        } else {
            let len = io::copy(&mut Unpacked::open(path)?, &mut io::sink());
            let len = len.map_err(|e| source.damaged(&e))?;
            let name = file_name(path);
            let name = name.strip_suffix(".gz").unwrap_or(&name).to_owned();
            source.add(name, len, 0);
        }
        Ok(source)
    }

    fn add(&mut self, name: String, len: u64, start: u64) {
        self.datasets.push(DatasetInfo::bytes(name, len));
        self.starts.push(start);
    }

    fn list_archive(&mut self) -> Result<()> {
        let mut archive = tar::Archive::new(Unpacked::open(&self.path)?);
        for (index, entry) in archive.entries().map_err(|e| self.damaged(&e))?.enumerate() {
            let entry = entry.map_err(|e| self.damaged(&e))?;
            if index >= MAX_MEMBERS {
                let what = format!("has more than {MAX_MEMBERS} members; unpack it first");
                return Err(Error::source(&self.path, "archive", what));
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_file() {
                self.add(name, entry.size(), entry.raw_file_position());
            } else if !kind.is_dir() {
                let reason = format!("an archive entry of kind {kind:?}, not a file");
                self.unread.push(Unread { name, reason });
            }
        }
        Ok(())
    }

    /// The unpacked file from `start` on.
    fn unpacked_from(&self, start: u64) -> Result<Unpacked> {
        let mut unpacked = match self.unpacked.take() {
            Some(unpacked) if unpacked.at <= start => unpacked,
            _ => Unpacked::open(&self.path)?,
        };
        let skipped = start - unpacked.at;
        io::copy(&mut unpacked.by_ref().take(skipped), &mut io::sink())
            .map_err(|e| self.damaged(&e))?;
        Ok(unpacked)
    }

    fn damaged(&self, error: &io::Error) -> Error {
        Error::source(&self.path, "archive", error.to_string())
    }
}

impl Source for PackedSource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        let start = self.starts[dataset];
        let mut unpacked = self.unpacked_from(start)?;
        stream_exact(&self.path, &info.name, &mut unpacked, info.n_records, sink)?;
        self.unpacked.replace(Some(unpacked));
        Ok(())
    }
}

/// The unpacked bytes of a gzip file, and the number of bytes read so far.
#[derive(Debug)]
struct Unpacked {
    from: MultiGzDecoder<BufReader<File>>,
    at: u64,
}

impl Unpacked {
    fn open(path: &Path) -> Result<Self> {
        let file = BufReader::with_capacity(1 << 18, open_file(path)?);
        Ok(Self { from: MultiGzDecoder::new(file), at: 0 })
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Whether a file unpacks to an archive.
fn is_archive(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    // A damaged start is reported later, when the data is read.
    let _ = Unpacked::open(path)?.take(TAR_HEADER as u64).read_to_end(&mut head);
    Ok(head.len() == TAR_HEADER && &head[257..262] == b"ustar")
}
