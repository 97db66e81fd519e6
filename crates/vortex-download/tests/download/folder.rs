//! What is in the folder already, and what does not fit into it.

use crate::bench::{Bench, bytes, known, unknown};
use crate::server::{Reply, Server};

fn server(file: &[u8]) -> Server {
    let file = file.to_vec();
    Server::new(move |request| Reply::honest(request, &file))
}

#[test]
fn complete_files_are_kept_after_a_look_at_them() {
    let file = bytes(10_000);
    let server = server(&file);
    let entry = known(server.url("/file"), &file);
    let bench = Bench::new();
    std::fs::write(bench.path("file.bin"), &file).unwrap();
    let log = bench.right(&entry, &file);
    assert!(log.iter().any(|line| line.starts_with("Kept")), "{log:#?}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn other_files_are_replaced_only_on_demand() {
    let file = bytes(10_000);
    let server = server(&file);
    let entry = known(server.url("/file"), &file);
    let mut bench = Bench::new();
    let mut other = file.clone();
    other[9] ^= 1;
    for (there, word) in [(&other[..], "other bytes"), (&b"abc"[..], "3 bytes")] {
        std::fs::write(bench.path("file.bin"), there).unwrap();
        let (result, _) = bench.get(std::slice::from_ref(&entry));
        let error = result.unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("replaced"), "{error}");
        assert_eq!(std::fs::read(bench.path("file.bin")).unwrap(), there);
    }
    // Of which nothing is known.
    let (result, _) = bench.get(&[unknown(server.url("/file"))]);
    let error = result.unwrap_err().to_string();
    assert!(error.contains("no size or checksum is known"), "{error}");
    assert_eq!(server.requests().len(), 0);
    bench.replace = true;
    bench.right(&entry, &file);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn folders_in_the_way() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("file.bin")).unwrap();
    let (result, _) = bench.get(&[known("https://example.org/".into(), b"abc")]);
    assert!(result.unwrap_err().to_string().contains("is not a file"));
}

#[test]
fn a_file_larger_than_any_disk() {
    let file = bytes(1000);
    let server = server(&file);
    let mut entry = known(server.url("/file"), &file);
    entry.size = Some(1 << 60);
    Bench::new().wrong(&entry, &["1152921504606846976 bytes are needed", "free", "fewer files"]);
    assert_eq!(server.requests().len(), 0, "space is looked at first");
    // The same when only the server says how long it is.
    let server = Server::new(|_| Reply {
        head: format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", 1u64 << 60),
        ..Reply::default()
    });
    let mut bench = Bench::new();
    bench.options.max_file_bytes = u64::MAX;
    bench.wrong(&unknown(server.url("/file")), &["1152921504606846976 bytes are needed"]);
}

#[test]
fn a_disk_that_fills_up_keeps_what_arrived() {
    let bench = Bench::new();
    let disk = bench.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(&disk)
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: a small file system cannot be mounted here");
        return;
    }
    // Chunks: nobody knows beforehand that it is too long.
    let file = bytes(500_000);
    let server = Server::new(move |_| Reply {
        head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n".into(),
        body: [b"7a120\r\n", &file[..], b"\r\n0\r\n\r\n"].concat(),
        ..Reply::default()
    });
    let mut log = ();
    let cancel = std::sync::atomic::AtomicBool::new(false);
    let mut downloader = vortex_download::Downloader::new(
        vortex_download::Policy::HttpsOrLoopback,
        bench.options.clone(),
        &mut log,
        &cancel,
    );
    let result = downloader.download(&[unknown(server.url("/file"))], &disk, false);
    let there = disk.join("file.bin").exists();
    std::process::Command::new("umount").arg(&disk).status().unwrap();
    let error = result.unwrap_err().to_string();
    assert!(error.contains("file.bin.part") && error.contains("space"), "{error}");
    assert!(!there);
}

#[test]
fn several_files_stop_at_the_first_failure() {
    let file = bytes(1000);
    let copy = file.clone();
    let server = Server::new(move |request| match request.path.as_str() {
        "/2" => Reply::new("404 Not Found", &[], Vec::new()),
        _ => Reply::honest(request, &copy),
    });
    let entries: Vec<_> = (1..4)
        .map(|i| {
            let mut entry = known(server.url(&format!("/{i}")), &file);
            entry.name = format!("{i}.bin");
            entry
        })
        .collect();
    let bench = Bench::new();
    let (result, _) = bench.get(&entries);
    assert!(result.unwrap_err().to_string().contains("404"));
    assert_eq!(bench.names(), ["1.bin", "vortex-download.json"]);
}
