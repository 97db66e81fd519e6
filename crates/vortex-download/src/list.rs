//! Lists of files: their names, addresses, lengths and checksums.

use std::path::Path;

use serde::Deserialize;

use crate::checksum::Checksum;
use crate::error::{DownloadError, Result};
use crate::lockfile::LOCK_NAME;

/// Address of CERN Open Data.
pub const CERN_OPEN_DATA: &str = "https://opendata.cern.ch";

/// The files of an experiment, as in `experiments/NAME/files.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileList {
    /// One line of description.
    pub title: String,
    /// Page with description, licence and citation.
    pub page: String,
    /// Licence as stated on the page; empty if none is stated.
    #[serde(default)]
    pub licence: String,
    /// Default number of files.
    #[serde(default = "one")]
    pub default_files: usize,
    /// Files that are known in advance.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// Where to request the list; `files` is then only used if the list is not available.
    pub listing: Option<Listing>,
}

/// A file to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Name in the folder of the downloads.
    pub name: String,
    /// Length in bytes, if known.
    pub size: Option<u64>,
    /// Checksum, if known.
    #[serde(default, deserialize_with = "checksum")]
    pub checksum: Option<Checksum>,
    /// Addresses, best first.
    pub urls: Vec<String>,
    /// The portal must fetch it from tape first.
    #[serde(skip)]
    pub on_tape: bool,
}

/// Files of a record of a CERN Open Data portal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Number of the record.
    pub record: u64,
    /// The portal.
    #[serde(default = "cern")]
    pub portal: String,
    /// Only files whose path contains this.
    #[serde(default)]
    pub contains: String,
    /// Only files whose name ends in this.
    #[serde(default)]
    pub suffix: String,
    /// Beginning of the paths, left out of the names.
    #[serde(default)]
    pub strip: String,
    /// Lists in files of the record, which are used if the portal's own answer is not usable.
    #[serde(default)]
    pub indexes: Vec<FileEntry>,
}

fn one() -> usize {
    1
}

fn cern() -> String {
    CERN_OPEN_DATA.into()
}

fn checksum<'de, D: serde::Deserializer<'de>>(
    d: D,
) -> std::result::Result<Option<Checksum>, D::Error> {
    let text = Option::<String>::deserialize(d)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

impl FileList {
    /// Reads a list; errors use the name `what`.
    ///
    /// # Errors
    /// [`DownloadError::List`] with line and column, or with the file and its fault.
    pub fn parse(what: &str, yaml: &str) -> Result<Self> {
        let refuse = |message: String| DownloadError::List { what: what.to_owned(), message };
        let list: Self = serde_saphyr::from_str(yaml)
            .map_err(|e| refuse(e.to_string().trim_end().to_owned()))?;
        if list.files.is_empty() && list.listing.is_none() {
            return Err(refuse("has neither files nor a listing".into()));
        }
        if list.default_files == 0 {
            return Err(refuse("default_files 0; allowed: 1 or more".into()));
        }
        check_entries(&list.files).map_err(refuse)?;
        if let Some(listing) = &list.listing {
            check_entries(&listing.indexes).map_err(refuse)?;
        }
        Ok(list)
    }

    /// Reads a list from disk.
    ///
    /// # Errors
    /// As [`FileList::parse`], and [`DownloadError::Io`].
    pub fn read(path: &Path) -> Result<Self> {
        let yaml = std::fs::read_to_string(path).map_err(|e| DownloadError::io(path, e))?;
        Self::parse(&path.display().to_string(), &yaml)
    }
}

/// Checks that names are safe and unique, and that each file has an address.
pub(crate) fn check_entries(entries: &[FileEntry]) -> std::result::Result<(), String> {
    let mut names: Vec<&str> = Vec::with_capacity(entries.len());
    for entry in entries {
        check_name(&entry.name)?;
        if entry.urls.is_empty() {
            return Err(format!("file {:?} has no address", entry.name));
        }
        names.push(&entry.name);
    }
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0].eq_ignore_ascii_case(pair[1])) {
        Some(pair) => Err(format!("two files are called {:?}", pair[0])),
        None => Ok(()),
    }
}

/// Checks that a name stays in its folder and does not collide with files of this program.
fn check_name(name: &str) -> std::result::Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-+=~".contains(&b);
    let reason = if name.is_empty() || name.len() > 200 {
        "1 to 200 characters are allowed"
    } else if !name.bytes().all(plain) {
        "letters, digits and ._-+=~ are allowed"
    } else if name.starts_with(['.', '-', '~']) || name.ends_with('.') {
        "it must not begin with . - ~ nor end with ."
    } else if name.ends_with(".part") || name.ends_with(".part.json") || name == LOCK_NAME {
        "it is kept for unfinished downloads"
    } else {
        return Ok(());
    };
    Err(format!("file name {name:?}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
title: T
page: https://h/p
files:
  - {name: a.h5, size: 3, checksum: 'adler32:8d7e9098', urls: ['https://h/a']}
  - {name: b.h5, urls: ['https://h/b', 'https://i/b']}
";

    #[test]
    fn a_list() {
        let list = FileList::parse("l", LIST).unwrap();
        assert_eq!((list.default_files, list.files.len()), (1, 2));
        assert_eq!(list.files[0].checksum.unwrap().to_string(), "adler32:8d7e9098");
        assert_eq!((list.files[1].size, list.files[1].checksum), (None, None));
    }

    #[test]
    fn lists_that_are_none() {
        for (from, to, word) in [
            ("a.h5", "../a.h5", "../a.h5"),
            ("a.h5", "/etc/passwd", "allowed"),
            ("a.h5", "'a\\b'", "allowed"),
            ("a.h5", "''", "characters"),
            ("a.h5", ".a", "begin"),
            ("a.h5", "a.part", "unfinished"),
            ("a.h5", "vortex-download.json", "unfinished"),
            ("a.h5", "B.h5", "called"),
            ("['https://h/a']", "[]", "no address"),
            ("adler32:8d7e9098", "md5:8d7e9098", "adler32:HEX"),
            ("size: 3", "size: -3", ""),
            ("size: 3", "sise: 3", "sise"),
            ("title: T", "title: T\ndefault_files: 0", "default_files"),
        ] {
            let error = FileList::parse("bad.yaml", &LIST.replace(from, to)).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("bad.yaml: ") && error.contains(word), "{error}");
        }
        let error = FileList::parse("l", "title: T\npage: p\n").unwrap_err().to_string();
        assert!(error.contains("neither"), "{error}");
    }
}
