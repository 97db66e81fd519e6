//! Ctrl-C and readers that close their end.
#![cfg(unix)]

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::bench::{Bench, STRIDE, records};

fn start(bench: &Bench, arguments: &[&str]) -> Child {
    Command::new(assert_cmd::cargo_bin!("vortex"))
        .args(arguments)
        .current_dir(bench.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn wait(child: &mut Child) -> std::process::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("still running");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn interrupted_in_the_middle_nothing_is_left() {
    for name in ["-INT", "-TERM"] {
        let bench = Bench::new();
        let mut child = start(&bench, &["compress", "-q", "-o", "out.vxc", "-"]);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&records(3 << 20)).unwrap();
        // The rest of the input never arrives; the output already has its temporary name.
        until(|| bench.names().iter().any(|n| n.ends_with(".tmp")));
        signal(&child, name);
        let status = wait(&mut child);
        assert_eq!(status.code(), Some(130), "{status}");
        assert!(bench.names().is_empty(), "{:?}", bench.names());
        drop(stdin);
    }
}

#[test]
fn interrupted_while_decompressing() {
    let bench = Bench::new();
    bench.write("data", &records(4 << 20));
    bench.ok(&["compress", "-q", "--no-verify", "data"]);
    let packed = bench.read("data.vxc");
    std::fs::remove_file(bench.path("data.vxc")).unwrap();
    let mut child = start(&bench, &["decompress", "-f", "-q", "-o", "data", "-"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&packed[..packed.len() * 3 / 4]).unwrap();
    until(|| bench.names().iter().any(|n| n.ends_with(".tmp")));
    signal(&child, "-INT");
    assert_eq!(wait(&mut child).code(), Some(130));
    assert_eq!(bench.names(), ["data"]);
    assert!(bench.read("data") == records(4 << 20), "the old file is whole");
}

#[test]
fn a_reader_that_goes_away() {
    let bench = Bench::new();
    bench.write("data", &records(STRIDE * 100_000));
    bench.ok(&["compress", "-q", "--no-verify", "data"]);
    for arguments in [&["decompress", "-o", "-", "data.vxc"][..], &["compress", "-o", "-", "data"]]
    {
        let mut child = start(&bench, arguments);
        let mut stdout = child.stdout.take().unwrap();
        let mut some = [0; 100];
        stdout.read_exact(&mut some).unwrap();
        drop(stdout);
        let status = wait(&mut child);
        assert!(status.code() == Some(141) || status.signal() == Some(13), "{status}");
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        assert_eq!(message, "");
    }
}

#[test]
fn a_reader_of_a_bench_that_goes_away() {
    let bench = Bench::new();
    bench.write("data", &records(STRIDE * 100));
    let few = ["bench", "-q", "--levels", "1", "--baselines", "none", "--runs", "1"];
    // One file, and several with a table of means after theirs.
    for files in [&["data"][..], &["data", "data"]] {
        let mut child = start(&bench, &[&few[..], files].concat());
        drop(child.stdout.take());
        let status = wait(&mut child);
        assert!(status.code() == Some(141) || status.signal() == Some(13), "{status}");
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        assert_eq!(message, "");
    }
}

#[test]
fn a_pipe_other_than_standard_output_that_breaks_is_a_failure() {
    let bench = Bench::new();
    bench.write("data", &records(STRIDE * 100_000));
    bench.ok(&["compress", "-q", "--no-verify", "data"]);
    let pipe = bench.path("pipe");
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo here");
        return;
    }
    let mut child = start(&bench, &["decompress", "-q", "-o", "pipe", "data.vxc"]);
    let mut reader = std::fs::File::open(&pipe).unwrap();
    reader.read_exact(&mut [0; 100]).unwrap();
    drop(reader);
    assert_eq!(wait(&mut child).code(), Some(1));
    let mut message = String::new();
    child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert!(message.contains("roken pipe") && message.contains("stopped reading"), "{message}");
}

#[test]
fn an_input_that_changes_while_it_is_read_is_told() {
    for grow in [true, false] {
        let bench = Bench::new();
        let path = bench.write("data", &records(1 << 20));
        // Slow enough that the change comes in time: many small blocks on one thread.
        let slow = ["compress", "-4", "-T", "1", "--block-size", "64KiB", "--no-verify", "data"];
        let mut child = start(&bench, &slow);
        let half_written = |name: &String| {
            let written = std::fs::metadata(bench.path(name)).map_or(0, |m| m.len());
            name.ends_with(".tmp") && written > 0
        };
        until(|| bench.names().iter().any(half_written));
        let file = std::fs::File::options().append(true).open(&path).unwrap();
        match grow {
            true => (&file).write_all(&[7; 1000]).unwrap(),
            false => file.set_len(100).unwrap(),
        }
        assert_eq!(wait(&mut child).code(), Some(1));
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        let words = ["vortex: data: changed while it was read", "at first", "data.vxc holds"];
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
        bench.ok(&["test", "-q", "data.vxc"]);
    }
}

#[test]
fn a_limit_of_the_file_size_is_an_error_like_a_full_disk() {
    let bench = Bench::new();
    bench.write("data", &records(3 << 20));
    let vortex = assert_cmd::cargo_bin!("vortex").display().to_string();
    let line = format!("ulimit -f 16; exec '{vortex}' compress -q --no-verify data");
    let output =
        Command::new("sh").args(["-c", &line]).current_dir(bench.folder()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("large") && message.contains("ulimit"), "{message}");
    assert_eq!(bench.names(), ["data"]);
}

#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        println!("skipped: no /dev/full here");
        return;
    };
    for arguments in [&["help"][..], &["--version"], &["compress", "--help"]] {
        let output = Command::new(assert_cmd::cargo_bin!("vortex"))
            .args(arguments)
            .stdout(full.try_clone().unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("cannot be written"));
    }
}
