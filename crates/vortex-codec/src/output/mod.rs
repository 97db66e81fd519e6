//! Outputs that get their final name only when they are complete.
//!
//! The steps: a temporary file that only the owner can read; the time and permissions of the input;
//! sync to the disk; the final name; sync of the folder. A link is followed, not replaced.

mod name;
mod scratch;
mod sparse;
mod temporary;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};
use vortex_base::atomic::sync_folder;

use crate::error::{Error, ErrorKind, Result};
use name::FinalName;
use sparse::Sparse;

pub use scratch::Scratch;
pub use temporary::remove_temporary;
pub use vortex_base::atomic::folder_of as folder;

/// A file that is written under a temporary name in the folder of its final name. If it is dropped
/// before it is committed, it is removed. Long runs of zeros become holes.
#[derive(Debug)]
pub struct OutputFile {
    /// `None` once committed.
    temporary: Option<NamedTempFile>,
    name: FinalName,
    like: Option<Metadata>,
    sparse: Sparse,
}

impl OutputFile {
    /// Starts the file. An existing file is an error unless `replace`, and it is unchanged until
    /// [`OutputFile::commit`]. `like` is the source of the content: the new file gets its
    /// modification time and its permissions.
    ///
    /// # Errors
    /// [`ErrorKind::OutputExists`], [`ErrorKind::NotAFile`], and those of the system.
    pub fn create(path: &Path, replace: bool, like: Option<Metadata>) -> Result<Self> {
        let name = FinalName::new(path, replace)?;
        let no_name = || Error::new(ErrorKind::NotAFile, "has no file name");
        let base = name.path.file_name().ok_or_else(no_name)?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(base);
        prefix.push(".");
        // A long name leaves no room for a prefix in the 255 bytes of a file name.
        if prefix.len() > 200 {
            prefix = ".vortex.".into();
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".tmp");
        // Nobody else can read it while it is written. A file without a source gets the usual
        // permissions of a new file, and the umask still applies.
        #[cfg(unix)]
        if like.is_none() {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let place = folder(&name.path);
        let temporary = temporary::create(|| {
            let file = builder.tempfile_in(place)?;
            let path = file.path().to_owned();
            Ok((file, path))
        });
        let temporary = temporary.map_err(|error| {
            Error::from(error)
                .context(format_args!("cannot write in the folder {}", place.display()))
        })?;
        Ok(Self { temporary: Some(temporary), name, like, sparse: Sparse::default() })
    }

    /// Gives the file its final name.
    ///
    /// # Errors
    /// [`ErrorKind::OutputExists`] for a file that was created meanwhile, and those of the system.
    pub fn commit(mut self) -> Result<()> {
        let temporary =
            self.temporary.take().expect("only this takes the file, and `self` with it");
        let (file, path) = temporary.into_parts();
        self.sparse.finish(&file).map_err(name::unsynced)?;
        self.name.give(&file, path, self.like.as_ref())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self.temporary.as_mut();
        let file = file.expect("only `commit` takes the file, and `self` with it");
        self.sparse.write(file.as_file_mut(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        // Nothing is kept back but zeros at the end, which `commit` adds.
        Ok(())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let path = temporary.path().to_owned();
            temporary::finish(&path, || drop(temporary));
        }
    }
}

/// Makes a file from another one; each message begins with the path that it concerns.
pub(crate) fn output_from<T>(
    input: &Path,
    output: &Path,
    replace: bool,
    work: impl FnOnce(File, &mut OutputFile) -> Result<T>,
) -> Result<T> {
    let of_input = |error: Error| error.context(input.display());
    let of_output = |error: Error| error.context(output.display());
    let file = File::open(input).map_err(|error| of_input(error.into()))?;
    let like = file.metadata().ok().filter(Metadata::is_file);
    let mut made = OutputFile::create(output, replace, like).map_err(of_output)?;
    let done = work(file, &mut made).map_err(of_input)?;
    made.commit().map_err(of_output)?;
    Ok(done)
}

/// Writes a small file completely or not at all, and replaces an existing file.
///
/// # Errors
/// As [`OutputFile`]; the message begins with the path.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = OutputFile::create(path, true, None).and_then(|mut output| {
        output.write_all(bytes).map_err(|error| Error::from(error).context("cannot be written"))?;
        output.commit()
    });
    written.map_err(|error| error.context(path.display()))
}

/// Gives a finished file or folder its final name. An existing file is only replaced with
/// `replace`, an existing folder never. `like` as in [`OutputFile::create`], for a file.
///
/// # Errors
/// As [`OutputFile`], and [`ErrorKind::FolderExists`]; the message begins with the path.
pub fn place(from: &Path, to: &Path, replace: bool, like: Option<&Metadata>) -> Result<()> {
    place_here(from, to, replace, like).map_err(|error| error.context(to.display()))
}

fn place_here(from: &Path, to: &Path, replace: bool, like: Option<&Metadata>) -> Result<()> {
    let open = |path: &Path| {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        opened.map_err(|error| Error::from(error).context("cannot be opened"))
    };
    let unreadable = |error: io::Error| Error::from(error).context("cannot be read");
    if !from.is_dir() {
        let path = TempPath::try_from_path(from)
            .map_err(|error| Error::from(error).context("cannot be found"))?;
        return FinalName::new(to, replace)?.give(&open(from)?, path, like);
    }
    if to.symlink_metadata().is_ok() {
        return Err(Error::new(ErrorKind::FolderExists, "exists already"));
    }
    for entry in std::fs::read_dir(from).map_err(unreadable)? {
        let file = open(&entry.map_err(unreadable)?.path())?;
        file.sync_all().map_err(name::unsynced)?;
    }
    sync_folder(from);
    std::fs::rename(from, to).map_err(name::unnamed)?;
    sync_folder(folder(to));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appears_complete_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.vxc");
        let mut output = OutputFile::create(&path, false, None).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(output);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let mut output = OutputFile::create(&path, false, None).unwrap();
        output.write_all(b"whole").unwrap();
        output.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

        let refused = OutputFile::create(&path, false, None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::OutputExists);
        drop(OutputFile::create(&path, true, None).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_file_that_appears_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let output = OutputFile::create(&path, false, None).unwrap();
        std::fs::write(&path, b"somebody else's").unwrap();
        assert_eq!(output.commit().unwrap_err().kind(), ErrorKind::OutputExists);
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
                let output = OutputFile::create(&path, true, Some(like)).unwrap();
                assert_eq!(mode(output.temporary.as_ref().unwrap().path()), 0o600);
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
            let open = |name: &str, replace| OutputFile::create(&at(name), replace, None);
            let refused = open("link", false).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::OutputExists);
            let mut output = open("second", true).unwrap();
            output.write_all(b"new").unwrap();
            output.commit().unwrap();
            assert!(at("second").is_symlink() && at("link").is_symlink());
            assert_eq!(std::fs::read(elsewhere.join("real")).unwrap(), b"new");
            for force in [false, true] {
                let refused = open("dangling", force).unwrap_err().to_string();
                assert!(refused.contains("without a target"), "{refused}");
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
            let refused = place(&at("made"), &at("there"), true, None).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::FolderExists);
            place(&at("made"), &at("new"), false, None).unwrap();
            assert_eq!(std::fs::read(at("new/x")).unwrap(), b"x");
        }
    }
}
