//! Where results go: standard output, a device, or a file that appears under its name complete or
//! not at all.

use std::fs::{File, FileTimes, Metadata, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

use crate::interrupt;

/// What the bytes are: compressed ones are kept off terminals.
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
    Stdout(io::Stdout),
    /// A device or a pipe, written in place.
    Device(File),
    /// A file on its way to its name.
    File(Pending),
}

impl Output {
    /// Opens `target`. An existing file is an error unless `force`; it stays as it is until
    /// [`Output::commit`].
    pub fn open(target: &Target, content: Content, force: bool) -> Result<Self> {
        match target {
            Target::Stdout => {
                let stdout = io::stdout();
                if content == Content::Compressed && stdout.is_terminal() && !force {
                    bail!("compressed bytes are not for a terminal; redirect them or use -o FILE");
                }
                Ok(Self::Stdout(stdout))
            }
            Target::Path(path) => match std::fs::metadata(path) {
                Ok(found) if found.is_dir() => bail!("is a directory; name a file with -o"),
                Ok(found) if !found.is_file() => OpenOptions::new()
                    .write(true)
                    .open(path)
                    .map(Self::Device)
                    .context("cannot be opened for writing"),
                Ok(_) if !force => bail!("exists already; use -f to replace it"),
                _ => Ok(Self::File(Pending::new(path, force)?)),
            },
        }
    }

    /// Makes the output final. `like` lends a file its modification time and permissions.
    pub fn commit(self, like: Option<&Metadata>) -> Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().map_err(Into::into),
            Self::Device(mut device) => device.flush().map_err(Into::into),
            Self::File(pending) => pending.commit(like),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Device(device) => device.write(bytes),
            Self::File(pending) => pending.file_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Device(device) => device.flush(),
            Self::File(pending) => pending.file_mut().flush(),
        }
    }
}

/// A file that grows under a temporary name in the folder of its final one. Dropped, it is gone.
#[derive(Debug)]
pub struct Pending {
    /// `None` once committed.
    temporary: Option<NamedTempFile>,
    path: PathBuf,
    force: bool,
}

impl Pending {
    /// Starts the file.
    pub fn new(path: &Path, force: bool) -> Result<Self> {
        let name = path.file_name().context("has no file name; name a file with -o")?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        // A long name leaves no room for a prefix in the 255 bytes of a file name.
        if prefix.len() > 200 {
            prefix = ".vortex.".into();
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What a file made by name would get; the umask still applies.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let temporary = interrupt::create(|| {
            let file = builder.tempfile_in(folder(path))?;
            let path = file.path().to_owned();
            Ok((file, path))
        })
        .with_context(|| format!("cannot write in the folder {}", folder(path).display()))?;
        Ok(Self { temporary: Some(temporary), path: path.to_owned(), force })
    }

    fn file_mut(&mut self) -> &mut File {
        // Only `commit` takes the file, and it takes `self` too.
        #[allow(clippy::expect_used)]
        self.temporary.as_mut().expect("not committed").as_file_mut()
    }

    /// Everything to the disk, then the name, then the folder to the disk.
    pub fn commit(mut self, like: Option<&Metadata>) -> Result<()> {
        let Some(temporary) = self.temporary.take() else { return Ok(()) };
        let file = temporary.as_file();
        if let Some(like) = like {
            // As good as the file system allows: neither is worth failing for.
            let _ = file.set_permissions(plain_permissions(like));
            if let Ok(modified) = like.modified() {
                let _ = file.set_times(FileTimes::new().set_modified(modified));
            }
        }
        let from = temporary.path().to_owned();
        let synced = file.sync_all().context("cannot be written to the disk");
        interrupt::finish(&from, || {
            synced?;
            let renamed = if self.force {
                temporary.persist(&self.path)
            } else {
                temporary.persist_noclobber(&self.path)
            };
            match renamed {
                Ok(_) => Ok(()),
                Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
                    bail!("exists already; use -f to replace it")
                }
                Err(e) => Err(e.error).context("cannot be given its name"),
            }
        })?;
        sync_folder(folder(&self.path));
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let path = temporary.path().to_owned();
            interrupt::finish(&path, || drop(temporary));
        }
    }
}

/// Gives a finished file or folder its name. A file that is there is only replaced by force, a
/// folder never.
pub fn place(from: &Path, to: &Path, force: bool) -> Result<()> {
    let name = || to.display().to_string();
    if let Ok(found) = std::fs::metadata(to) {
        if found.is_dir() || from.is_dir() {
            bail!("{}: exists already; name another with -o", name());
        }
        if !force {
            bail!("{}: exists already; use -f to replace it", name());
        }
    }
    std::fs::rename(from, to).with_context(|| format!("{}: cannot be given its name", name()))
}

/// Who may read and write, without set-user-ID and its like: the new file has another owner.
fn plain_permissions(like: &Metadata) -> std::fs::Permissions {
    #[allow(unused_mut)]
    let mut permissions = like.permissions();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        permissions.set_mode(permissions.mode() & 0o777);
    }
    permissions
}

/// The folder a path lies in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The name survives a power cut only when the folder is on the disk too. Not every file system
/// can do that; the file itself is safe either way.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Writes a small file whole or not at all, replacing what was there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut pending = Pending::new(path, true)?;
    pending.file_mut().write_all(bytes).context("cannot be written")?;
    pending.commit(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appears_complete_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.vxc");
        let target = Target::new(&path);
        let mut output = Output::open(&target, Content::Compressed, false).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(output);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let mut output = Output::open(&target, Content::Compressed, false).unwrap();
        output.write_all(b"whole").unwrap();
        output.commit(None).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let refused = Output::open(&target, Content::Compressed, false).unwrap_err();
        assert!(refused.to_string().contains("-f"), "{refused}");
        drop(Output::open(&target, Content::Compressed, true).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_file_that_appears_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let output = Output::open(&Target::new(&path), Content::Original, false).unwrap();
        std::fs::write(&path, b"somebody else's").unwrap();
        assert!(output.commit(None).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody else's");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
