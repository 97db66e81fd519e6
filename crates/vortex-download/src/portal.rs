//! Records of CERN Open Data as lists of files.
//!
//! `GET {portal}/api/records/{record}` answers with `metadata.files[]` and
//! `metadata._file_indices[].files[]`; each file has a `uri` below `root://eospublic.cern.ch/`,
//! which the portal also serves over HTTPS under the same path, a `size`, a `checksum`
//! (`adler32:8d7e9098`) and an `availability`. A file index of a record (`*_file_index.json`) is a
//! plain array of such files.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{DownloadError, Result};
use crate::list::{FileEntry, Listing, check_entries};

/// Prefix of the portal's files for programs of the experiments.
const EOS: &str = "root://eospublic.cern.ch/";

#[derive(Deserialize)]
struct Record {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    files: Option<Vec<PortalFile>>,
    #[serde(rename = "_file_indices")]
    indices: Option<Vec<Index>>,
}

#[derive(Deserialize)]
struct Index {
    files: Option<Vec<PortalFile>>,
}

#[derive(Deserialize)]
struct PortalFile {
    uri: String,
    size: Option<u64>,
    checksum: Option<String>,
    availability: Option<Value>,
}

/// API address of the record of a listing.
pub(crate) fn record_url(listing: &Listing) -> String {
    format!("{}/api/records/{}", listing.portal, listing.record)
}

/// Web page of the record of a listing.
pub(crate) fn record_page(listing: &Listing) -> String {
    format!("{}/record/{}", listing.portal, listing.record)
}

/// The files of a record from the answer of the portal's API, sorted by name.
///
/// # Errors
/// [`DownloadError::List`] if the answer has another form, or no file matches the listing.
pub fn record_files(what: &str, json: &[u8], listing: &Listing) -> Result<Vec<FileEntry>> {
    let record: Record = parse(what, json)?;
    let indices = record.metadata.indices.unwrap_or_default();
    let indexed = indices.into_iter().flat_map(|index| index.files.unwrap_or_default());
    let files = record.metadata.files.unwrap_or_default().into_iter().chain(indexed);
    entries(what, files, listing)
}

/// The files of a file index; sorted by name.
///
/// # Errors
/// As [`record_files`].
pub fn index_files(what: &str, json: &[u8], listing: &Listing) -> Result<Vec<FileEntry>> {
    let files: Vec<PortalFile> = parse(what, json)?;
    entries(what, files.into_iter(), listing)
}

fn parse<'a, T: Deserialize<'a>>(what: &str, json: &'a [u8]) -> Result<T> {
    serde_json::from_slice(json).map_err(|e| {
        let message = format!("is not a list of files as CERN Open Data writes them ({e})");
        DownloadError::List { what: what.to_owned(), message }
    })
}

fn entries(
    what: &str,
    files: impl Iterator<Item = PortalFile>,
    listing: &Listing,
) -> Result<Vec<FileEntry>> {
    let refuse = |message: String| DownloadError::List { what: what.to_owned(), message };
    let mut entries = Vec::new();
    for file in files {
        let (path, url) = match file.uri.strip_prefix(EOS) {
            Some(path) => {
                let path = path.trim_start_matches('/');
                (path, format!("{}/{path}", listing.portal))
            }
            None => {
                let path = file.uri.split_once("://").map_or("", |(_, rest)| rest);
                (path.split_once('/').map_or("", |(_, path)| path), file.uri.clone())
            }
        };
        if !path.contains(&listing.contains) || !path.ends_with(&listing.suffix) {
            continue;
        }
        let strip = listing.strip.trim_start_matches('/');
        let name = path
            .strip_prefix(strip)
            .filter(|_| !strip.is_empty())
            .unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default());
        let checksum = file.checksum.map(|text| text.parse()).transpose().map_err(refuse)?;
        entries.push(FileEntry {
            name: name.trim_matches('/').replace('/', "_"),
            size: file.size,
            checksum,
            urls: vec![url],
            on_tape: file.availability.is_some_and(|a| a == "on demand"),
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.dedup();
    if entries.is_empty() {
        return Err(refuse(format!(
            "lists no file that contains {:?} and ends in {:?}",
            listing.contains, listing.suffix
        )));
    }
    check_entries(&entries).map_err(refuse)?;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        Listing {
            record: 30525,
            portal: "https://opendata.cern.ch".into(),
            contains: String::new(),
            suffix: ".root".into(),
            strip: "/eos/opendata/cms/".into(),
            indexes: Vec::new(),
        }
    }

    const RECORD: &str = r#"{"id": 30525, "metadata": {
        "files": [{"key": "x", "uri": "root://eospublic.cern.ch//eos/opendata/cms/i_file_index.json",
                   "size": 290, "checksum": "adler32:49364cc7", "type": "index.json"}],
        "_file_indices": [
            {"key": "i_file_index.json", "availability": {"online": 1},
             "files": [
                {"key": "i_file_index.json_0", "uri": "root://eospublic.cern.ch//eos/opendata/cms/b/2.root",
                 "size": 10, "checksum": "adler32:1564c6a", "availability": "on demand"},
                {"uri": "root://eospublic.cern.ch//eos/opendata/cms/a/1.root", "size": 20,
                 "checksum": "adler32:00000001", "availability": "online"}]},
            {"files": [{"uri": "https://elsewhere.org/x/3.root", "size": null}]},
            {"files": null}]}}"#;

    #[test]
    fn a_record() {
        let files = record_files("r", RECORD.as_bytes(), &listing()).unwrap();
        let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["3.root", "a_1.root", "b_2.root"]);
        assert_eq!(files[1].urls, ["https://opendata.cern.ch/eos/opendata/cms/a/1.root"]);
        assert_eq!((files[1].size, files[1].on_tape), (Some(20), false));
        assert_eq!(files[2].checksum.unwrap().to_string(), "adler32:01564c6a");
        assert!(files[2].on_tape);
        assert_eq!(files[0].urls, ["https://elsewhere.org/x/3.root"]);
    }

    #[test]
    fn an_index() {
        let json = r#"[{"checksum": "adler32:00000001", "size": 2,
            "uri": "root://eospublic.cern.ch//eos/opendata/cms/a/1.root"}]"#;
        let files = index_files("i", json.as_bytes(), &listing()).unwrap();
        assert_eq!((files.len(), files[0].size), (1, Some(2)));
    }

    #[test]
    fn answers_that_are_none() {
        let none = Listing { suffix: ".h5".into(), ..listing() };
        let error = record_files("r", RECORD.as_bytes(), &none).unwrap_err().to_string();
        assert!(error.contains(".h5"), "{error}");
        for (from, to, word) in [
            ("adler32:1564c6a", "crc:1", "crc:1"),
            ("cms/b/2.root", "cms/../../2.root", "file name"),
            ("cms/b/2.root", "cms/a\\u0000/2.root", "file name"),
            ("cms/b/2.root", "cms/A/1.root", "called"),
            ("\"size\": 10", "\"size\": -10", "CERN Open Data"),
            ("metadata", "metadatum", "CERN Open Data"),
            ("{\"id\"", "<html>", "CERN Open Data"),
        ] {
            let json = RECORD.replace(from, to);
            let error = record_files("the record", json.as_bytes(), &listing()).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("the record") && error.contains(word), "{error}");
        }
        for cut in 0..RECORD.len() {
            assert!(record_files("r", &RECORD.as_bytes()[..cut], &listing()).is_err());
        }
    }
}
