//! Busy servers, waits, statuses, redirects.

use std::time::Duration;

use crate::bench::{Bench, bytes, known, unknown};
use crate::server::{Reply, Server};

#[test]
fn busy_servers_are_given_the_time_they_ask_for() {
    let file = bytes(1000);
    let copy = file.clone();
    let server = Server::new(move |request| match request.n {
        0 => Reply::new("429 Too Many Requests", &["Retry-After: 100"], b"slow down".to_vec()),
        1 => Reply::new("503 Service Unavailable", &["Retry-After: soon"], Vec::new()),
        2 => Reply::new("500 Internal Server Error", &[], Vec::new()),
        _ => Reply::honest(request, &copy),
    });
    let bench = Bench::new();
    let log = bench.right(&known(server.url("/file"), &file), &file);
    let slept = bench.slept.get();
    // 100 s asked for, then 1 to 2 and 2 to 4 of our own.
    assert!(slept >= Duration::from_secs(103) && slept <= Duration::from_secs(106), "{slept:?}");
    assert_eq!(log.iter().filter(|line| line.starts_with("Retry")).count(), 3, "{log:#?}");
}

#[test]
fn too_busy_for_us() {
    let server = Server::new(|_| {
        Reply::new("503 Service Unavailable", &["Retry-After: 99999999"], Vec::new())
    });
    let bench = Bench::new();
    bench.wrong(&unknown(server.url("/file")), &["503", "99999999 seconds"]);
    assert_eq!(bench.slept.get(), Duration::ZERO);

    let server = Server::new(|_| Reply::new("503 Service Unavailable", &[], Vec::new()));
    bench.wrong(&unknown(server.url("/file")), &["503", "attempt 8"]);
    assert_eq!(server.requests().len(), 8);
    // 1 + 2 + ... + 32 + 60 seconds, each shortened by at most half.
    let slept = bench.slept.get();
    assert!(slept >= Duration::from_secs(61) && slept <= Duration::from_secs(123), "{slept:?}");
}

#[test]
fn statuses_that_no_waiting_changes() {
    for (status, word) in [
        ("404 Not Found", "not there"),
        ("403 Forbidden", "permission"),
        ("400 Bad Request", "400"),
    ] {
        let server = Server::new(move |_| Reply::new(status, &[], b"no".to_vec()));
        let bench = Bench::new();
        bench.wrong(&unknown(server.url("/file")), &[word]);
        assert_eq!((server.requests().len(), bench.slept.get()), (1, Duration::ZERO));
        assert_eq!(bench.names(), [""; 0]);
    }
}

#[test]
fn redirects_are_followed_and_ranges_with_them() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| match request.path.as_str() {
        "/a/start" => Reply::new("302 Found", &["Location: ../b?c=d#e"], Vec::new()),
        "/a/../b?c=d" => Reply::new("307 Temporary Redirect", &["Location: /end"], Vec::new()),
        _ => Reply::honest(request, &copy).cut(if request.n == 2 { 500 } else { usize::MAX }),
    });
    Bench::new().right(&known(server.url("/a/start"), &file), &file);
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests[3..].iter().all(|r| r.start == Some(500)));
}

#[test]
fn redirects_that_are_not_followed() {
    for (location, word) in [
        ("http://example.org/file", "not encrypted"),
        ("http://localhost:1/file", "not encrypted"),
        ("ftp://example.org/file", "scheme"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("/loop", "too many redirects"),
        ("https://user:secret@example.org/", "password"),
    ] {
        let header = format!("Location: {location}");
        let server = Server::new(move |_| Reply::new("301 Moved", &[&header], Vec::new()));
        Bench::new().wrong(&unknown(server.url("/file")), &[word]);
        assert!(server.requests().len() <= 11);
    }
    let server = Server::new(|_| Reply::new("301 Moved", &[], Vec::new()));
    Bench::new().wrong(&unknown(server.url("/file")), &["301", "without the address"]);
}
