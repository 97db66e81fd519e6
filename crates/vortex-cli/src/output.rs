//! Targets of results: standard output, a device, or a file that gets its final name only when it
//! is complete.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use vortex_codec::output::OutputFile;

use crate::stdout::{Stdout, stdout};

/// The kind of the bytes: compressed bytes are not written to terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes of a `.vxc`, `.vxw` or `.vxm` file.
    Compressed,
    /// The user's own bytes.
    Original,
}

/// Where to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `-`
    Stdout,
    /// A file.
    Path(PathBuf),
}

impl Target {
    /// `-` is standard output.
    pub fn new(path: &Path) -> Self {
        if path == Path::new("-") { Self::Stdout } else { Self::Path(path.to_owned()) }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => f.write_str("(stdout)"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// An open output.
#[derive(Debug)]
pub enum Output {
    /// Standard output.
    Stdout(Stdout),
    /// A device or a pipe, written in place.
    Device(File),
    /// A file that does not have its final name yet.
    File(Box<OutputFile>),
}

impl Output {
    /// Opens `target`. An existing file is an error unless `force`; it is unchanged until
    /// [`Output::commit`]. `like` is the source of the content: a new file gets its modification
    /// time and its read permissions.
    pub fn open(
        target: &Target,
        content: Content,
        force: bool,
        like: Option<&Metadata>,
    ) -> Result<Self> {
        match target {
            Target::Stdout => {
                if content == Content::Compressed && io::stdout().is_terminal() && !force {
                    bail!(
                        "compressed bytes are not written to a terminal; redirect them or use -o FILE"
                    );
                }
                Ok(Self::Stdout(stdout()))
            }
            Target::Path(path) => match std::fs::metadata(path) {
                Ok(found) if !found.is_file() && !found.is_dir() => OpenOptions::new()
                    .write(true)
                    .open(path)
                    .map(Self::Device)
                    .context("cannot be opened for writing"),
                _ => Ok(Self::File(Box::new(OutputFile::create(path, force, like.cloned())?))),
            },
        }
    }

    /// Makes the output final.
    pub fn commit(self) -> Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().map_err(Into::into),
            Self::Device(mut device) => device.flush().map_err(Into::into),
            Self::File(file) => Ok(file.commit()?),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Device(device) => device.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Device(device) => device.flush(),
            Self::File(file) => file.flush(),
        }
    }
}
