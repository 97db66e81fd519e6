//! Other bytes than those of the file: too many, too few, changed, packed, a web page.

use crate::bench::{Bench, blake3_of, bytes, known, unknown};
use crate::server::{Reply, Server};
use vortex_download::{Checksum, FileEntry};

#[test]
fn thrown_away_and_asked_for_again() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let mut file = copy.clone();
        file[77_777] ^= u8::from(request.n < 2);
        Reply::honest(request, &file)
    });
    let log = Bench::new().right(&known(server.url("/file"), &file), &file);
    assert_eq!(server.requests().len(), 3, "{log:#?}");
}

#[test]
fn wrong_again_and_again() {
    let file = bytes(100_000);
    let sha = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for expected in [sha, "adler32:00000001"].map(|c| c.parse::<Checksum>().unwrap()) {
        let copy = file.clone();
        let server = Server::new(move |request| Reply::honest(request, &copy));
        let entry = FileEntry { checksum: Some(expected), ..known(server.url("/file"), &file) };
        let bench = Bench::new();
        bench.wrong(&entry, &["wrong bytes 3 times", &expected.to_string(), "found"]);
        assert_eq!(server.requests().len(), 3);
        assert_eq!(bench.names(), [""; 0], "nothing of it stays");
    }
}

#[test]
fn too_many_and_too_few() {
    let file = bytes(100_000);
    for len in [99_999, 100_001, 0, 200_000] {
        for chunked in [false, true] {
            let body = bytes(len);
            let server = Server::new(move |_| {
                let mut reply = Reply::new("200 OK", &[], body.clone());
                if chunked {
                    reply.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n".into();
                    let size = format!("{len:x}\r\n");
                    let end = if len == 0 { "\r\n".to_owned() } else { "\r\n0\r\n\r\n".to_owned() };
                    reply.body = [size.as_bytes(), &body, end.as_bytes()].concat();
                }
                reply
            });
            let mut bench = Bench::new();
            bench.options.max_idle_attempts = 4;
            bench.wrong(&known(server.url("/file"), &file), &[]);
            assert!(server.requests().len() >= 3);
            let part = std::fs::metadata(bench.path("file.bin.part")).map_or(0, |m| m.len());
            assert!(part < 100_000, "{part}");
        }
    }
}

#[test]
fn more_than_allowed_without_a_list() {
    let body = bytes(100_000);
    let server = Server::new(move |request| {
        let mut reply = Reply::new("200 OK", &[], body.clone());
        if request.path == "/chunked" {
            reply.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n".into();
            reply.body = [b"186a0\r\n", &body[..], b"\r\n0\r\n\r\n"].concat();
        }
        reply
    });
    let mut bench = Bench::new();
    bench.options.max_file_bytes = 99_999;
    bench.wrong(&unknown(server.url("/stated")), &["100000 bytes", "99999"]);
    bench.wrong(&unknown(server.url("/chunked")), &["99999 bytes promised"]);
}

#[test]
fn chunks_without_length() {
    let body = bytes(100_000);
    let copy = body.clone();
    let server = Server::new(move |request| {
        let mut reply = Reply::new("200 OK", &[], Vec::new());
        reply.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n".into();
        reply.body = [b"186a0\r\n", &copy[..], b"\r\n0\r\n\r\n"].concat();
        reply.cut(if request.n == 0 { 50_000 } else { usize::MAX })
    });
    Bench::new().right(&unknown(server.url("/file")), &body);
}

#[test]
fn neither_length_nor_end() {
    let server = Server::new(|_| Reply {
        head: "HTTP/1.1 200 OK\r\n".into(),
        body: b"some bytes".to_vec(),
        ..Reply::default()
    });
    Bench::new().wrong(&unknown(server.url("/file")), &["the length of the file"]);
}

#[test]
fn packed_and_pages() {
    let server = Server::new(|request| match request.path.as_str() {
        "/packed" => Reply::new("200 OK", &["Content-Encoding: gzip"], vec![31, 139]),
        _ => Reply::new("200 OK", &["Content-Type: text/HTML; charset=utf-8"], b"<html>".to_vec()),
    });
    let bench = Bench::new();
    bench.wrong(&unknown(server.url("/packed")), &["packed", "gzip"]);
    bench.wrong(&unknown(server.url("/page")), &["web page", "browser"]);
}

#[test]
fn what_is_not_http() {
    for head in
        ["SSH-2.0-x\r\n", "HTTP/1.1 two hundred\r\n", "\r\n", "HTTP/1.1 200\r\nA: \u{0}\r\n"]
    {
        let server = Server::new(move |_| Reply { head: head.into(), ..Reply::default() });
        let error = Bench::new().wrong(&known(server.url("/file"), b"abc"), &[]);
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }
    // Headers without end.
    let server = Server::new(|_| Reply {
        head: format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(100_000)),
        ..Reply::default()
    });
    Bench::new().wrong(&known(server.url("/file"), b"abc"), &[]);
}

#[test]
fn another_address_may_be_right() {
    let file = bytes(10_000);
    let copy = file.clone();
    let server = Server::new(move |request| match request.path.as_str() {
        "/gone" => Reply::new("404 Not Found", &[], b"no".to_vec()),
        "/wrong" => Reply::honest(request, &bytes(10_000).into_iter().rev().collect::<Vec<_>>()),
        _ => Reply::honest(request, &copy),
    });
    let mut entry = known(server.url("/gone"), &file);
    entry.urls.extend([server.url("/wrong"), server.url("/right")]);
    let log = Bench::new().right(&entry, &file);
    assert!(log.iter().any(|line| line.contains("404") && line.contains("next")), "{log:#?}");
    // Nothing right anywhere: the last one's error.
    entry.urls = vec![server.url("/wrong"), server.url("/gone")];
    Bench::new().wrong(&entry, &["404", "not there any more"]);
}

#[test]
fn the_first_download_is_remembered() {
    let file = bytes(10_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let mut file = copy.clone();
        file[5] ^= u8::from(request.n > 0);
        Reply::honest(request, &file)
    });
    let mut bench = Bench::new();
    let entry = unknown(server.url("/file"));
    bench.right(&entry, &file);
    let lock = std::fs::read_to_string(bench.path("vortex-download.json")).unwrap();
    let identity = blake3_of(&file).to_string();
    assert!(lock.contains(&identity) && lock.contains("10000"), "{lock}");
    // There, and still the same: nothing is asked for.
    bench.right(&entry, &file);
    assert_eq!(server.requests().len(), 1);
    std::fs::remove_file(bench.path("file.bin")).unwrap();
    bench.wrong(&entry, &["first downloaded", &identity, "replaced"]);
    bench.replace = true;
    let mut changed = file.clone();
    changed[5] ^= 1;
    bench.right(&entry, &changed);
    let lock = std::fs::read_to_string(bench.path("vortex-download.json")).unwrap();
    assert!(lock.contains(&blake3_of(&changed).to_string()), "{lock}");
}
