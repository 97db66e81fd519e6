//! Connections that break, stall and creep.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::bench::{Bench, bytes, known, unknown};
use crate::server::{Reply, Server};

/// `len` bytes over a server that breaks `breaks` connections, one after another.
fn broken(len: usize, breaks: usize) {
    let file = bytes(len);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let reply = Reply::honest(request, &copy);
        // Ever other lengths, and once within the first bytes.
        let cut = copy.len() / (breaks + 1) - request.n;
        if request.n < breaks { reply.cut(if request.n == 3 { 1 } else { cut }) } else { reply }
    });
    let bench = Bench::new();
    let start = Instant::now();
    let log = bench.right(&known(server.url("/file"), &file), &file);
    let seconds = start.elapsed().as_secs_f64();
    let requests = server.requests();
    assert_eq!(requests.len(), breaks + 1, "{log:#?}");
    assert!(requests[1..].iter().all(|r| r.start.is_some_and(|s| s > 0)));
    eprintln!("{len} bytes with {breaks} broken connections: right after {seconds:.2} s");
}

#[test]
fn twenty_broken_connections() {
    broken(10_000_000, 20);
}

#[test]
#[ignore = "200 MB; `just big-download`"]
fn twenty_broken_connections_in_200_megabytes() {
    broken(200_000_000, 20);
}

#[test]
fn without_checksum_and_size() {
    let file = bytes(300_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        Reply::honest(request, &copy).cut(if request.n < 4 { 70_000 } else { usize::MAX })
    });
    let bench = Bench::new();
    bench.right(&unknown(server.url("/file")), &file);
    let requests = server.requests();
    assert_eq!(requests[1].if_range.as_deref(), Some("\"v1\""));
    assert!(requests.len() == 5 && requests[4].start == Some(280_000));
}

#[test]
fn a_server_that_knows_no_parts() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        Reply::new("200 OK", &[], copy.clone()).cut(if request.n < 2 { 60_000 } else { usize::MAX })
    });
    Bench::new().right(&known(server.url("/file"), &file), &file);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn no_version_and_no_checksum_starts_again() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let mut reply = Reply::honest(request, &copy);
        reply.head = reply.head.replace("ETag: \"v1\"\r\n", "");
        reply.cut(if request.n == 0 { 60_000 } else { usize::MAX })
    });
    // In one run the same address may go on; the next run knows nothing any more.
    let mut bench = Bench::new();
    bench.options.max_idle_attempts = 1;
    bench.options.max_attempts = 1;
    bench.wrong(&unknown(server.url("/file")), &["broke", "again"]);
    bench.right(&unknown(server.url("/file")), &file);
    assert_eq!(server.requests()[1].start, None);
}

#[test]
fn goes_on_in_another_run() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        Reply::honest(request, &copy).cut(if request.n == 0 { 60_000 } else { usize::MAX })
    });
    for entry in [known(server.url("/file"), &file), unknown(server.url("/file"))] {
        let mut bench = Bench::new();
        bench.options.max_attempts = 1;
        if server.requests().is_empty() {
            bench.wrong(&entry, &["again"]);
            assert!(bench.names().contains(&"file.bin.part".to_owned()));
            bench.right(&entry, &file);
            assert_eq!(server.requests()[1].start, Some(60_000));
        }
    }
}

#[test]
fn the_file_changes_meanwhile() {
    let (old, new) = (bytes(100_000), bytes(90_000).into_iter().rev().collect::<Vec<u8>>());
    let copy = new.clone();
    let server = Server::new(move |request| match request.n {
        0 => Reply::versioned(request, &old, "\"old\"").cut(60_000),
        _ => Reply::versioned(request, &copy, "\"new\""),
    });
    let bench = Bench::new();
    bench.right(&unknown(server.url("/file")), &new);
    assert_eq!(server.requests()[1].if_range.as_deref(), Some("\"old\""));
}

#[test]
fn the_file_changes_and_the_server_ignores_if_range() {
    let (old, new) = (bytes(100_000), bytes(90_000).into_iter().rev().collect::<Vec<u8>>());
    let copy = new.clone();
    let server = Server::new(move |request| {
        let mut request = request.clone();
        request.if_range = None;
        match request.n {
            0 => Reply::versioned(&request, &old, "\"old\"").cut(60_000),
            _ => Reply::versioned(&request, &copy, "\"new\""),
        }
    });
    Bench::new().right(&unknown(server.url("/file")), &new);
}

#[test]
fn the_last_byte_arrived_and_the_file_has_no_size() {
    // 416 with the length that is there already: complete.
    let file = bytes(50_000);
    let copy = file.clone();
    let server = Server::new(move |request| Reply::honest(request, &copy));
    let bench = Bench::new();
    let url = server.url("/file");
    std::fs::write(bench.path("file.bin.part"), &file).unwrap();
    let note = format!(r#"{{"url": "{url}", "version": "\"v1\"", "size": null}}"#);
    std::fs::write(bench.path("file.bin.part.json"), note).unwrap();
    bench.right(&unknown(url), &file);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn stalled_connections_are_given_up() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let stall = request.n == 0;
        Reply {
            stall,
            ..Reply::honest(request, &copy).cut(if stall { 60_000 } else { usize::MAX })
        }
    });
    let mut bench = Bench::new();
    bench.options.stall_timeout = Duration::from_millis(300);
    let log = bench.right(&known(server.url("/file"), &file), &file);
    assert!(log.iter().any(|line| line.contains("stalled")), "{log:#?}");
    assert_eq!(server.requests()[1].start, Some(60_000));
}

#[test]
fn creeping_connections_are_given_up() {
    let file = bytes(100_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let creep = (request.n == 0).then_some(Duration::from_millis(30));
        Reply { creep, ..Reply::honest(request, &copy) }
    });
    let mut bench = Bench::new();
    bench.options.stall_timeout = Duration::from_millis(300);
    bench.options.min_rate = 1_000_000;
    let log = bench.right(&known(server.url("/file"), &file), &file);
    assert!(log.iter().any(|line| line.contains("creeps")), "{log:#?}");
}

#[test]
fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    drop(listener);
    let bench = Bench::new();
    bench.wrong(&known(url, b"abc"), &["cannot be reached", "attempt 3", "network"]);
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn stopped_by_the_user() {
    let file = bytes(4_000_000);
    let copy = file.clone();
    let server = Server::new(move |request| {
        let creep = (request.n == 0).then_some(Duration::from_millis(2));
        Reply { creep, ..Reply::honest(request, &copy) }
    });
    let bench = Bench::new();
    let entry = known(server.url("/file"), &file);
    let (part, cancel) = (bench.path("file.bin.part"), &bench.cancel);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while std::fs::metadata(&part).map_or(0, |m| m.len()) < 50_000 {
                std::thread::sleep(Duration::from_millis(1));
            }
            cancel.store(true, Ordering::SeqCst);
        });
        bench.wrong(&entry, &["stopped", "to continue"]);
    });
    bench.cancel.store(false, Ordering::SeqCst);
    bench.right(&entry, &file);
    assert!(server.requests()[1].start.unwrap() >= 50_000);
}
