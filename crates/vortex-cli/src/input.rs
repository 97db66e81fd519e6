//! Where bytes come from: files by name, standard input as `-`.

use std::fs::{File, Metadata};
use std::io::{self, Cursor, IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use vortex_codec::ErrorKind;
use vortex_codec::input::check_unchanged as check;

use crate::output::Target;

/// An open input.
pub struct Input {
    /// The file's path; `None` for standard input.
    pub path: Option<PathBuf>,
    /// Metadata of the file, for its times and permissions.
    pub metadata: Option<Metadata>,
    /// Its bytes.
    pub reader: Box<dyn Read + Send>,
}

impl Input {
    /// Opens `path`, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            if io::stdin().is_terminal() {
                bail!("standard input is a terminal; pipe data into vortex or name a file");
            }
            return Ok(Self { path: None, metadata: None, reader: Box::new(io::stdin()) });
        }
        let file = open_file(path)?;
        let metadata = file.metadata().context("cannot be read")?;
        Ok(Self {
            path: Some(path.to_owned()),
            metadata: metadata.is_file().then_some(metadata),
            reader: Box::new(file),
        })
    }

    /// The first `n` bytes, or fewer if the input ends earlier; they will be read again.
    pub fn head(&mut self, n: usize) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        self.reader.by_ref().take(n as u64).read_to_end(&mut head).context("cannot be read")?;
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(Cursor::new(head.clone()).chain(rest));
        Ok(head)
    }

    /// Where the bytes come from, for the check afterwards.
    pub fn origin(&self) -> Option<(PathBuf, Metadata)> {
        self.path.clone().zip(self.metadata.clone())
    }

    /// The name of the input in messages.
    pub fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "(stdin)".into(), |p| p.display().to_string())
    }

    /// Number of bytes of the file, if it is known in advance.
    pub fn len(&self) -> Option<u64> {
        self.metadata.as_ref().map(Metadata::len)
    }
}

/// Compares a file with the state before it was read. The output at `target` exists and holds the
/// `read` bytes that were read.
pub fn check_unchanged(
    origin: Option<(PathBuf, Metadata)>,
    read: u64,
    target: &Target,
) -> Result<()> {
    let Some((path, before)) = origin else { return Ok(()) };
    check(&path, &before, read).map_err(|error| match error.kind() {
        ErrorKind::InputChanged => {
            anyhow!("{}; until then, {target} holds the bytes that were read", error.message())
        }
        _ => error.into(),
    })
}

/// Opens a file for reading; a directory is an error here and not at the first read.
pub fn open_file(path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|e| anyhow::Error::new(e).context("cannot be opened"))?;
    if file.metadata().context("cannot be read")?.is_dir() {
        bail!("is a directory; name the files in it, or pack it with tar first");
    }
    Ok(file)
}

/// Reads a whole file of at most `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = open_file(path)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).context("cannot be read")?;
    if bytes.len() as u64 > limit {
        bail!("is larger than {limit} bytes, the limit here");
    }
    Ok(bytes)
}
