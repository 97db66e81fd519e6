//! Lists that a portal must be asked for.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use vortex_download::{DownloadError, Downloader, FileEntry, FileList, Options, Policy};

use crate::bench::Log;
use crate::server::{Reply, Server};

fn files(
    list: &FileList,
    n: Option<usize>,
) -> (Result<Vec<FileEntry>, DownloadError>, Vec<String>) {
    let (mut log, cancel) = (Log::default(), AtomicBool::new(false));
    let list_timeout = Duration::from_millis(500);
    let options = Options { max_list_bytes: 10_000, list_timeout, seed: 1, ..Options::default() };
    let mut downloader = Downloader::new(Policy::HttpsOrLoopback, options, &mut log, &cancel)
        .with_sleep(|_: Duration| {});
    let result = downloader.files(list, n);
    drop(downloader);
    (result, log.0)
}

const FILES: &str = r#"[
    {"uri": "root://eospublic.cern.ch//eos/opendata/x/2.root", "size": 2, "checksum": "adler32:2"},
    {"uri": "root://eospublic.cern.ch//eos/opendata/x/1.root", "size": 1, "checksum": "adler32:1",
     "availability": "on demand"},
    {"uri": "root://eospublic.cern.ch//eos/opendata/x/3.root", "size": 3, "checksum": "adler32:3"},
    {"uri": "root://eospublic.cern.ch//eos/opendata/x/3.txt", "size": 3, "checksum": "adler32:3"}]"#;

fn record() -> Reply {
    let json =
        format!(r#"{{"metadata": {{"files": [], "_file_indices": [{{"files": {FILES}}}]}}}}"#);
    Reply::new("200 OK", &["Content-Type: application/json"], json.into_bytes())
}

fn list(server: &Server, more: &str) -> FileList {
    let portal = server.url("");
    let yaml = format!(
        "title: t\npage: https://h/p\ndefault_files: 2\nlisting:\n  record: 7\n  portal: {portal}\n  \
         suffix: .root\n  strip: /eos/opendata/\n{more}"
    );
    FileList::parse("list", &yaml).unwrap()
}

#[test]
fn of_a_record_what_is_at_hand_first() {
    let server = Server::new(|_| record());
    let (found, log) = files(&list(&server, ""), None);
    let found = found.unwrap();
    let names: Vec<&str> = found.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["x_2.root", "x_3.root"]);
    assert_eq!(found[0].urls, [server.url("/eos/opendata/x/2.root")]);
    assert_eq!(found[0].checksum.unwrap().to_string(), "adler32:00000002");
    assert_eq!(server.requests()[0].path, "/api/records/7");
    assert!(log[0].contains("/api/records/7"));
    let error = files(&list(&server, ""), Some(3)).0.unwrap_err().to_string();
    assert!(error.contains("x_1.root") && error.contains("tape"), "{error}");
    assert!(error.contains("/record/7"), "{error}");
    let (one, log) = files(&list(&server, ""), Some(1));
    assert_eq!((one.unwrap().len(), log.len()), (1, 1));
}

#[test]
fn portals_that_are_busy_first() {
    let server = Server::new(|request| match request.n {
        0 => Reply::new("503 Service Unavailable", &[], Vec::new()),
        1 => record().cut(20),
        _ => record(),
    });
    let (found, log) = files(&list(&server, ""), None);
    assert_eq!(found.unwrap().len(), 2, "{log:#?}");
}

#[test]
fn indexes_in_place_of_the_portal() {
    let server = Server::new(|request| match request.path.as_str() {
        "/index" => Reply::new("200 OK", &[], FILES.into()),
        _ => Reply::new("200 OK", &[], b"<html>we have moved</html>".to_vec()),
    });
    let mut adler = simple_adler(FILES.as_bytes());
    let index = |adler: u32| {
        let url = server.url("/index");
        format!("  indexes: [{{name: i, checksum: 'adler32:{adler:x}', urls: ['{url}']}}]\n")
    };
    let (found, log) = files(&list(&server, &index(adler)), None);
    assert_eq!(found.unwrap().len(), 2);
    assert!(log.iter().any(|line| line.starts_with("Note")), "{log:#?}");
    adler ^= 1;
    let error = files(&list(&server, &index(adler)), None).0.unwrap_err().to_string();
    assert!(error.contains("expected"), "{error}");
}

#[test]
fn known_addresses_when_there_is_no_list() {
    let server = Server::new(|_| Reply::new("404 Not Found", &[], Vec::new()));
    let more = "files: [{name: a, urls: ['https://h/a']}]\n";
    let (found, log) = files(&list(&server, more), None);
    assert_eq!(found.unwrap()[0].name, "a");
    assert!(log.iter().any(|line| line.contains("without known sizes and checksums")), "{log:#?}");
    let error = files(&list(&server, ""), None).0.unwrap_err().to_string();
    assert!(error.contains("404"), "{error}");
}

#[test]
fn lists_too_long() {
    let server = Server::new(|_| Reply::new("200 OK", &[], vec![b' '; 20_000]));
    let error = files(&list(&server, ""), None).0.unwrap_err().to_string();
    assert!(error.contains("longer than 10000 bytes"), "{error}");
}

#[test]
fn lists_too_slow() {
    let server = Server::new(|request| {
        let creep = (request.n < 2).then_some(Duration::from_millis(70));
        let padded = [&record().body[..], &[b' '; 9000]].concat();
        Reply { creep, ..Reply::new("200 OK", &[], padded) }
    });
    let (found, log) = files(&list(&server, ""), None);
    assert_eq!(found.unwrap().len(), 2);
    assert!(log.iter().filter(|line| line.contains("too slowly")).count() >= 2, "{log:#?}");
}

/// RFC 1950, section 9, one byte at a time.
fn simple_adler(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}
