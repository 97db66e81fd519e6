//! Where results go: standard output, a device, or a file that appears under its name complete or
//! not at all.

use std::fs::{File, FileTimes, Metadata, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::{NamedTempFile, TempPath};

use crate::interrupt;
use crate::stdout::{Stdout, stdout};

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
    Stdout(Stdout),
    /// A device or a pipe, written in place.
    Device(File),
    /// A file on its way to its name.
    File(Box<Pending>),
}

impl Output {
    /// Opens `target`. An existing file is an error unless `force`; it stays as it is until
    /// [`Output::commit`]. `like` is the file that the content comes from: it lends a new file its
    /// modification time, and who may read it.
    pub fn open(
        target: &Target,
        content: Content,
        force: bool,
        like: Option<&Metadata>,
    ) -> Result<Self> {
        match target {
            Target::Stdout => {
                if content == Content::Compressed && io::stdout().is_terminal() && !force {
                    bail!("compressed bytes are not for a terminal; redirect them or use -o FILE");
                }
                Ok(Self::Stdout(stdout()))
            }
            Target::Path(path) => match std::fs::metadata(path) {
                Ok(found) if !found.is_file() && !found.is_dir() => OpenOptions::new()
                    .write(true)
                    .open(path)
                    .map(Self::Device)
                    .context("cannot be opened for writing"),
                _ => Ok(Self::File(Box::new(Pending::new(path, force, like.cloned())?))),
            },
        }
    }

    /// Makes the output final.
    pub fn commit(self) -> Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().map_err(Into::into),
            Self::Device(mut device) => device.flush().map_err(Into::into),
            Self::File(pending) => pending.commit(),
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
    name: FinalName,
    like: Option<Metadata>,
}

impl Pending {
    /// Starts the file.
    fn new(path: &Path, force: bool, like: Option<Metadata>) -> Result<Self> {
        let name = FinalName::new(path, force)?;
        let base = name.path.file_name().context("has no file name; name a file with -o")?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(base);
        prefix.push(".");
        // A long name leaves no room for a prefix in the 255 bytes of a file name.
        if prefix.len() > 200 {
            prefix = ".vortex.".into();
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".tmp");
        // Nobody else reads it while it grows; what was nobody's file gets what a file made by name
        // would get, and the umask still applies.
        #[cfg(unix)]
        if like.is_none() {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let place = folder(&name.path);
        let temporary = interrupt::create(|| {
            let file = builder.tempfile_in(place)?;
            let path = file.path().to_owned();
            Ok((file, path))
        })
        .with_context(|| format!("cannot write in the folder {}", place.display()))?;
        Ok(Self { temporary: Some(temporary), name, like })
    }

    fn file_mut(&mut self) -> &mut File {
        // Only `commit` takes the file, and it takes `self` too.
        #[allow(clippy::expect_used)]
        self.temporary.as_mut().expect("not committed").as_file_mut()
    }

    /// Gives the file its name.
    fn commit(mut self) -> Result<()> {
        let Some(temporary) = self.temporary.take() else { return Ok(()) };
        let (file, path) = temporary.into_parts();
        self.name.give(&file, path, self.like.as_ref())
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
/// folder never. `like` as in [`Output::open`], for a file.
pub fn place(from: &Path, to: &Path, force: bool, like: Option<&Metadata>) -> Result<()> {
    place_here(from, to, force, like).with_context(|| to.display().to_string())
}

fn place_here(from: &Path, to: &Path, force: bool, like: Option<&Metadata>) -> Result<()> {
    let open = |path: &Path| OpenOptions::new().read(true).write(true).open(path);
    if !from.is_dir() {
        let path = TempPath::try_from_path(from).context("cannot be found")?;
        let file = open(from).context("cannot be opened")?;
        return FinalName::new(to, force)?.give(&file, path, like);
    }
    if to.symlink_metadata().is_ok() {
        bail!("exists already; name another with -o");
    }
    for entry in std::fs::read_dir(from).context("cannot be read")? {
        let file = open(&entry.context("cannot be read")?.path()).context("cannot be opened")?;
        file.sync_all().context("cannot be written to the disk")?;
    }
    sync_folder(from);
    std::fs::rename(from, to).context("cannot be given its name")?;
    sync_folder(folder(to));
    Ok(())
}

/// The name that a file is going to get, found free, or free to replace, before the work begins.
#[derive(Debug)]
struct FinalName {
    /// Where a link leads, or the name itself.
    path: PathBuf,
    force: bool,
}

impl FinalName {
    fn new(path: &Path, force: bool) -> Result<Self> {
        let name = Self { path: path.to_owned(), force };
        let Ok(found) = path.symlink_metadata() else { return Ok(name) };
        if found.is_symlink() {
            // The link stays, and what it leads to is replaced.
            let path = std::fs::canonicalize(path)
                .context("is a link that leads nowhere; remove it or name another file")?;
            return Self::new(&path, force);
        }
        if found.is_dir() {
            bail!("is a directory; name a file with -o");
        }
        if !force {
            bail!("exists already; use -f to replace it");
        }
        Ok(name)
    }

    /// The one way to a final name: who may read it, everything to the disk, the name, the folder to
    /// the disk.
    fn give(&self, file: &File, from: TempPath, like: Option<&Metadata>) -> Result<()> {
        if let Some(like) = like {
            lend(file, like);
        }
        let temporary = from.to_path_buf();
        let synced = file.sync_all().context("cannot be written to the disk");
        interrupt::finish(&temporary, || {
            synced?;
            let renamed = match self.force {
                true => from.persist(&self.path),
                false => from.persist_noclobber(&self.path),
            };
            match renamed {
                Ok(()) => Ok(()),
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

/// Modification time and who may read and write, as good as the file system allows: neither is worth
/// failing for. Without set-user-ID and its like: the new file may have another owner.
fn lend(file: &File, like: &Metadata) {
    #[allow(unused_mut)]
    let mut permissions = like.permissions();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let mut mode = permissions.mode() & 0o777;
        if file.metadata().is_ok_and(|own| own.gid() != like.gid())
            && fchown(file, None, Some(like.gid())).is_err()
        {
            // Another group may do no more than everybody may.
            mode &= 0o707 | (mode & 0o007) << 3;
        }
        permissions.set_mode(mode);
    }
    let _ = file.set_permissions(permissions);
    if let Ok(modified) = like.modified() {
        let _ = file.set_times(FileTimes::new().set_modified(modified));
    }
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
    let mut pending = Pending::new(path, true, None)?;
    pending.file_mut().write_all(bytes).context("cannot be written")?;
    pending.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appears_complete_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.vxc");
        let target = Target::new(&path);
        let mut output = Output::open(&target, Content::Compressed, false, None).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(output);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let mut output = Output::open(&target, Content::Compressed, false, None).unwrap();
        output.write_all(b"whole").unwrap();
        output.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let refused = Output::open(&target, Content::Compressed, false, None).unwrap_err();
        assert!(refused.to_string().contains("-f"), "{refused}");
        drop(Output::open(&target, Content::Compressed, true, None).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_file_that_appears_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let output = Output::open(&Target::new(&path), Content::Original, false, None).unwrap();
        std::fs::write(&path, b"somebody else's").unwrap();
        assert!(output.commit().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody else's");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    mod of_unix {
        use super::*;
        use std::os::unix::fs::{PermissionsExt, symlink};

        fn mode(path: &Path) -> u32 {
            std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
        }

        fn file(path: &Path, mode: u32) -> Metadata {
            std::fs::write(path, b"somebody's").unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            std::fs::metadata(path).unwrap()
        }

        #[test]
        fn nobody_else_reads_it_while_it_grows_or_after() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            for (given, expected) in [(0o600, 0o600), (0o644, 0o644), (0o4755, 0o755)] {
                let like = file(&folder.path().join("in"), given);
                let target = Target::new(&path);
                let output = Output::open(&target, Content::Original, true, Some(&like)).unwrap();
                let Output::File(pending) = &output else { panic!("no file") };
                assert_eq!(mode(pending.temporary.as_ref().unwrap().path()), 0o600);
                output.commit().unwrap();
                assert_eq!(mode(&path), expected);
            }
            let like = file(&folder.path().join("in"), 0o600);
            let made = folder.path().join("made");
            file(&made, 0o644);
            place(&made, &path, true, Some(&like)).unwrap();
            assert_eq!(mode(&path), 0o600);
            let metadata = std::fs::metadata(&path).unwrap();
            assert_eq!(metadata.modified().unwrap(), like.modified().unwrap());
            assert!(!made.exists());
        }

        #[test]
        fn a_link_stays_and_what_it_leads_to_is_replaced() {
            let folder = tempfile::tempdir().unwrap();
            let (at, elsewhere) = (|name: &str| folder.path().join(name), folder.path().join("b"));
            std::fs::create_dir(&elsewhere).unwrap();
            std::fs::write(elsewhere.join("real"), b"old").unwrap();
            symlink("b/real", at("link")).unwrap();
            symlink("link", at("second")).unwrap();
            symlink("nowhere", at("dangling")).unwrap();
            let open = |name: &str, force| {
                Output::open(&Target::new(&at(name)), Content::Original, force, None)
            };
            let refused = open("link", false).unwrap_err().to_string();
            assert!(refused.contains("-f"), "{refused}");
            let mut output = open("second", true).unwrap();
            output.write_all(b"new").unwrap();
            output.commit().unwrap();
            assert!(at("second").is_symlink() && at("link").is_symlink());
            assert_eq!(std::fs::read(elsewhere.join("real")).unwrap(), b"new");
            for force in [false, true] {
                let refused = open("dangling", force).unwrap_err().to_string();
                assert!(refused.contains("leads nowhere"), "{refused}");
            }
            std::fs::write(at("made"), b"newer").unwrap();
            place(&at("made"), &at("link"), true, None).unwrap();
            assert!(at("link").is_symlink());
            assert_eq!(std::fs::read(elsewhere.join("real")).unwrap(), b"newer");
        }

        #[test]
        fn a_folder_replaces_nothing() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            std::fs::create_dir(at("made")).unwrap();
            std::fs::write(at("made/x"), b"x").unwrap();
            std::fs::create_dir(at("there")).unwrap();
            assert!(place(&at("made"), &at("there"), true, None).is_err());
            place(&at("made"), &at("new"), false, None).unwrap();
            assert_eq!(std::fs::read(at("new/x")).unwrap(), b"x");
        }
    }
}
