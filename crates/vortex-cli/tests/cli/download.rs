//! Files of experiments and of lists, from a server on this machine.

#[path = "../../../vortex-download/tests/download/server.rs"]
mod server;

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::bench::{Bench, records};
use server::{Reply, Server};

fn server_of(file: &[u8]) -> Server {
    let file = file.to_vec();
    Server::new(move |request| match request.path.as_str() {
        "/gone" => Reply::new("404 Not Found", &[], Vec::new()),
        "/slow" if request.n == 0 => {
            Reply { creep: Some(Duration::from_millis(2)), ..Reply::honest(request, &file) }
        }
        "/breaks" if request.n < 2 => Reply::honest(request, &file).cut(100_000),
        _ => Reply::honest(request, &file),
    })
}

fn list(server: &Server, path: &str, file: &[u8]) -> String {
    format!(
        "title: Test data\npage: https://example.org\nfiles:\n  - name: events.bin\n    size: {}\n    \
         checksum: blake3:{}\n    urls: ['{}']\n",
        file.len(),
        blake3::hash(file),
        server.url(path)
    )
}

#[test]
fn a_list_of_ones_own_over_breaking_connections() {
    let (bench, file) = (Bench::new(), records(300_000));
    let server = server_of(&file);
    bench.write("mine.yaml", list(&server, "/breaks", &file).as_bytes());
    let output = bench.ok(&["download", "mine.yaml"]);
    assert!(bench.read("data/mine/events.bin") == file);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("300,000 bytes, downloaded, right"), "{text}");
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(notes.contains("events.bin: ") && notes.contains("again in"), "{notes}");
    // The second run sends no request, and with -q it prints nothing.
    let n = server.requests().len();
    let output = bench.ok(&["download", "-q", "mine.yaml"]);
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    assert_eq!(server.requests().len(), n);
}

#[test]
fn what_is_in_the_way_and_what_is_not_there() {
    let (bench, file) = (Bench::new(), records(1000));
    let server = server_of(&file);
    bench.write("mine.yaml", list(&server, "/file", &file).as_bytes());
    bench.write("gone.yaml", list(&server, "/gone", &file).as_bytes());
    bench.write("bad.yaml", b"title: x\nfiels: []\n");
    bench.write(
        "huge.yaml",
        list(&server, "/file", &file).replace("size: 1000", "size: 1152921504606846976").as_bytes(),
    );
    bench.write(
        "plain.yaml",
        list(&server, "/file", &file).replace("127.0.0.1", "localhost").as_bytes(),
    );
    bench.write("events.bin", b"something else");
    bench.fails(&["download", "mine.yaml", "-o", "."], &["events.bin", "14 bytes", "--force"]);
    bench.ok(&["download", "mine.yaml", "-o", ".", "--force"]);
    assert!(bench.read("events.bin") == file);
    std::fs::create_dir(bench.path("data")).unwrap();
    bench.fails(&["download", "gone.yaml"], &["404", "not there any more"]);
    bench.fails(&["download", "bad.yaml"], &["bad.yaml", "fiels"]);
    bench.fails(&["download", "missing.yaml"], &["missing.yaml"]);
    bench.fails(&["download", "huge.yaml"], &["bytes are needed", "free"]);
    bench.fails(&["download", "plain.yaml"], &["not encrypted", "https"]);
}

#[test]
fn wrong_usage() {
    let bench = Bench::new();
    for (arguments, words) in [
        (&["download"][..], &["NAME"][..]),
        (&["download", "lhcb"], &["lhcb", "atlas, cms, cms_large, alice, hepmc, camels"]),
        (&["download", "atlas", "-n", "0"], &["1 or more"]),
        (&["download", "atlas", "-n", "many"], &["1 or more"]),
        (&["download", "mine.yaml", "--all-steps"], &["--all-steps", "experiment"]),
    ] {
        let output = bench.vortex(arguments).assert().code(2).get_output().clone();
        let message = String::from_utf8(output.stderr).unwrap();
        for word in words {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
    }
    assert!(bench.names().is_empty());
}

#[test]
fn a_look_at_the_list() {
    let bench = Bench::new();
    let output = bench.ok(&["download", "atlas", "--dry-run", "-n", "2"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for word in ["3,055,139,850 bytes, adler32:8d7e9098", "medium.h5", "https://", "CC0-1.0"] {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    assert!(!text.contains("large.h5") && bench.names().is_empty());
}

#[test]
fn no_network() {
    let bench = Bench::new();
    // A proxy address without a proxy simulates a missing network.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut command = bench.vortex(&["download", "-q", "camels"]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"]
    {
        command.env(name, &proxy);
    }
    let output = command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("cannot be reached") && message.contains("network"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
#[cfg(unix)]
fn stopped_and_gone_on_with() {
    let (bench, file) = (Bench::new(), records(3_000_000));
    let server = server_of(&file);
    bench.write("mine.yaml", list(&server, "/slow", &file).as_bytes());
    let mut child = Command::new(assert_cmd::cargo_bin!("vortex"))
        .args(["download", "mine.yaml", "-o", "out"])
        .current_dir(bench.folder())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (part, start) = (bench.path("out/events.bin.part"), Instant::now());
    while std::fs::metadata(&part).map_or(0, |m| m.len()) < 100_000 {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(2));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let status = child.wait().unwrap();
    let mut message = String::new();
    child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert_eq!(status.code(), Some(130), "{message}");
    assert!(message.contains("run the same command again"), "{message}");
    assert!(part.exists());
    bench.ok(&["download", "mine.yaml", "-o", "out"]);
    assert!(bench.read("out/events.bin") == file);
    assert!(server.requests()[1].start.unwrap() >= 100_000);
}
