//! Servers that lie about ranges.

use crate::bench::{Bench, bytes, known, unknown};
use crate::server::{Reply, Request, Server};

/// A server that breaks the first connection, answers the question for the rest with `lie`, and is
/// honest when it is asked for the whole.
fn liar(file: &[u8], lie: impl Fn(&Request, &[u8]) -> Reply + Send + Sync + 'static) -> Server {
    let copy = file.to_vec();
    Server::new(move |request| match request.start {
        None if request.n == 0 => Reply::honest(request, &copy).cut(30_000),
        None => Reply::honest(request, &copy),
        Some(_) => lie(request, &copy),
    })
}

fn part(range: &str, body: &[u8]) -> Reply {
    let header = format!("Content-Range: {range}");
    Reply::new("206 Partial Content", &[&header], body.to_vec())
}

#[test]
fn parts_that_are_not_those_asked_for() {
    let file = bytes(100_000);
    type Lie = fn(&Request, &[u8]) -> Reply;
    let lies: [(&str, Lie); 9] = [
        ("starts elsewhere", |_, f| part("bytes 29999-99999/100000", &f[29_999..])),
        ("starts at zero", |_, f| part("bytes 0-99999/100000", f)),
        ("of another file", |_, f| part("bytes 30000-99999/100001", &f[30_000..])),
        ("ends beyond it", |_, f| part("bytes 30000-100000/100000", &f[30_000..])),
        ("no range", |_, f| Reply::new("206 Partial Content", &[], f[30_000..].to_vec())),
        ("no number", |_, f| part("bytes x-y/z", &f[30_000..])),
        ("other units", |_, f| part("lines 30000-99999/100000", &f[30_000..])),
        ("two lengths", |_, f| part("bytes 30000-99999/100000", &f[30_001..])),
        ("huge numbers", |_, f| part("bytes 30000-18446744073709551614/*", &f[30_000..])),
    ];
    for (what, lie) in lies {
        let server = liar(&file, lie);
        for entry in [known(server.url("/file"), &file), unknown(server.url("/file"))] {
            if entry.checksum.is_none() && !server.requests().is_empty() {
                continue;
            }
            let log = Bench::new().right(&entry, &file);
            let starts: Vec<_> = server.requests().iter().map(|r| r.start).collect();
            assert_eq!(starts, [None, Some(30_000), None], "{what}: {log:#?}");
        }
    }
}

#[test]
fn the_right_header_and_other_bytes() {
    let file = bytes(100_000);
    let server = liar(&file, |_, f| part("bytes 30000-99999/100000", &f[..70_000]));
    let log = Bench::new().right(&known(server.url("/file"), &file), &file);
    assert!(log.iter().any(|line| line.contains("expected")), "{log:#?}");
}

#[test]
fn a_part_nobody_asked_for() {
    let file = bytes(1000);
    let copy = file.clone();
    let server = Server::new(move |_| part("bytes 0-999/1000", &copy));
    let bench = Bench::new();
    bench.wrong(&known(server.url("/file"), &file), &["206", "cannot be trusted"]);
    assert_eq!(server.requests().len(), 2);
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn no_such_range_from_the_start() {
    let server = Server::new(|_| {
        Reply::new("416 Range Not Satisfiable", &["Content-Range: bytes */7"], Vec::new())
    });
    Bench::new().wrong(&unknown(server.url("/file")), &["416", "cannot be trusted"]);
}

#[test]
fn parts_of_one_byte_come_to_an_end() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| match request.start {
        None => Reply::honest(request, &copy).cut(1),
        Some(s) => part(&format!("bytes {s}-{s}/100000"), &copy[s as usize..=s as usize]),
    });
    let mut bench = Bench::new();
    bench.options.max_attempts = 50;
    bench.wrong(&known(server.url("/file"), &file), &["ended after 50 of", "attempt 50"]);
}
