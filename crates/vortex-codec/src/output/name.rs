//! The final name of an output.

use std::fs::{File, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempPath;
use vortex_base::atomic::{folder_of, sync_folder};

use super::temporary;
use crate::error::{Error, ErrorKind, Result};

/// A name that was checked before the work begins: it is free or may be replaced.
#[derive(Debug)]
pub(super) struct FinalName {
    /// The target of a link, or the name itself.
    pub(super) path: PathBuf,
    replace: bool,
}

impl FinalName {
    pub(super) fn new(path: &Path, replace: bool) -> Result<Self> {
        let name = Self { path: path.to_owned(), replace };
        let Ok(found) = path.symlink_metadata() else { return Ok(name) };
        if found.is_symlink() {
            // The link stays, and its target is replaced.
            let path = std::fs::canonicalize(path).map_err(|error| {
                Error::from(error)
                    .context("is a link without a target; remove it or name another file")
            })?;
            return Self::new(&path, replace);
        }
        if found.is_dir() {
            return Err(Error::new(ErrorKind::NotAFile, "is a directory"));
        }
        if !replace {
            return Err(exists());
        }
        Ok(name)
    }

    /// The only function that gives a final name: it sets the permissions, syncs the file, renames
    /// it, and syncs the folder.
    pub(super) fn give(&self, file: &File, from: TempPath, like: Option<&Metadata>) -> Result<()> {
        if let Some(like) = like {
            lend(file, like);
        }
        let path = from.to_path_buf();
        let synced = file.sync_all().map_err(unsynced);
        temporary::finish(&path, || {
            synced?;
            let renamed = match self.replace {
                true => from.persist(&self.path),
                false => from.persist_noclobber(&self.path),
            };
            renamed.map_err(|e| match e.error.kind() {
                io::ErrorKind::AlreadyExists => exists(),
                _ => unnamed(e.error),
            })
        })?;
        sync_folder(folder_of(&self.path));
        Ok(())
    }
}

fn exists() -> Error {
    Error::new(ErrorKind::OutputExists, "exists already")
}

pub(super) fn unsynced(error: io::Error) -> Error {
    Error::from(error).context("cannot be written to the disk")
}

pub(super) fn unnamed(error: io::Error) -> Error {
    Error::from(error).context("cannot be given its name")
}

/// Copies the modification time and the permissions as far as the file system allows; an error here
/// is ignored. It does not copy set-user-ID and similar bits, because the new file may have another
/// owner.
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
            // Another group gets only the permissions of everybody.
            mode &= 0o707 | (mode & 0o007) << 3;
        }
        permissions.set_mode(mode);
    }
    let _ = file.set_permissions(permissions);
    if let Ok(modified) = like.modified() {
        let _ = file.set_times(FileTimes::new().set_modified(modified));
    }
}
