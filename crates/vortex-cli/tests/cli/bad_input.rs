use super::bench::{Bench, STRIDE, records};

#[test]
fn what_is_not_a_readable_file() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("folder")).unwrap();
    for command in ["compress", "decompress", "test", "inspect"] {
        bench.fails(&[command, "folder"], &["vortex: folder: ", "directory", ";"]);
        bench.fails(&[command, "nothing"], &["vortex: nothing: ", "check the name"]);
    }
}

#[test]
fn no_permission() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let path = bench.write("secret", &records(240));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    bench.fails(&["compress", "secret"], &["vortex: secret: ", "ermission"]);
    std::fs::create_dir(bench.path("closed")).unwrap();
    std::fs::write(bench.path("closed/data"), records(240)).unwrap();
    std::fs::set_permissions(bench.path("closed"), std::fs::Permissions::from_mode(0o555)).unwrap();
    bench.fails(&["compress", "closed/data"], &["vortex: closed/data: ", "ermission"]);
    std::fs::set_permissions(bench.path("closed"), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn existing_outputs_stay() {
    let bench = Bench::new();
    bench.write("data", &records(240));
    bench.write("data.vxc", b"precious");
    bench.fails(&["compress", "data"], &["data.vxc", "exists", "-f"]);
    assert_eq!(bench.read("data.vxc"), b"precious");
    bench.ok(&["compress", "-qf", "data"]);
    bench.fails(&["decompress", "data.vxc"], &["exists", "-f"]);
    bench.fails(&["compress", "-f", "-o", "data", "data"], &["input and output"]);
    assert_eq!(bench.read("data"), records(240));
    // A failure with -f does not change the old output either.
    let mut damaged = bench.read("data.vxc");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    bench.write("damaged.vxc", &damaged);
    bench.fails(&["decompress", "-f", "-o", "data", "damaged.vxc"], &["damaged.vxc"]);
    assert_eq!(bench.read("data"), records(240));
}

#[test]
fn wrong_usage_is_status_2() {
    let bench = Bench::new();
    bench.write("a", b"a");
    bench.write("b", b"b");
    for arguments in [
        &["compress"][..],
        &["compress", "-o", "c", "a", "b"],
        &["compress", "--block-size", "1XB", "a"],
        &["compress", "--instructions", "sse", "a"],
        &["compress", "--embed-model", "a"],
        &["explode", "a"],
        &["compress", "-o", "new/", "a"],
        &["compress", "--block-size", "1000", "a"],
        &["compress-weights", "--chunk-size", "8G", "a"],
        &["evaluate", "--block-size", "65MiB", "--data", "a"],
        &["train", "--config", "a", "--data", "a", "--out", "x", "--seconds", "0"],
        &["train", "--config", "a", "--data", "a", "--out", "x", "--seconds", "nan"],
        &["train", "--data", "a"],
    ] {
        bench.vortex(arguments).assert().code(2);
    }
    assert_eq!(bench.names(), ["a", "b"]);
}

fn usage(bench: &Bench, arguments: &[&str], words: &[&str]) {
    let output = bench.vortex(arguments).assert().code(2).get_output().clone();
    let message = String::from_utf8(output.stderr).unwrap();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

#[test]
fn wrong_usage_says_what_is_possible() {
    let bench = Bench::new();
    bench.write("a", b"a");
    usage(&bench, &["compress", "-o", "new/", "a"], &["new/", "mkdir"]);
    usage(&bench, &["compress", "--block-size", "8G", "a"], &["8589934592", "1KiB", "64MiB"]);
    let train = ["train", "--config", "a", "--data", "a", "--out", "x", "--seconds", "-0.5"];
    bench.vortex(&train).assert().code(2);
    assert_eq!(bench.names(), ["a"]);
}

#[test]
fn two_inputs_of_one_name_do_not_replace_each_other() {
    let bench = Bench::new();
    for folder in ["first", "second", "out"] {
        std::fs::create_dir(bench.path(folder)).unwrap();
    }
    bench.write("first/x", &records(240));
    bench.write("second/x", &records(480));
    let inputs = ["first/x", "second/x"];
    for force in [&["-f"][..], &[]] {
        for command in ["compress", "compress-weights"] {
            let arguments = [&[command, "-o", "out"], force, &inputs].concat();
            usage(&bench, &arguments, &["first/x", "second/x", "out/x.vx"]);
        }
    }
    bench.ok(&["compress", "-q", "first/x", "second/x"]);
    let packed = ["first/x.vxc", "second/../second/x.vxc"];
    let decompress = [&["decompress", "-f", "-o", "out"][..], &packed].concat();
    usage(&bench, &decompress, &[packed[0], packed[1], "out/x"]);
    usage(&bench, &["compress", "-f", "first/x", "first/../first/x"], &["first/x.vxc"]);
    assert_eq!(std::fs::read_dir(bench.path("out")).unwrap().count(), 0);
    // Several inputs may go to one stream, one after the other.
    bench.ok(&["decompress", "-o", "-", packed[0], packed[1]]);
}

#[cfg(unix)]
#[test]
fn outputs_through_links_keep_the_link() {
    let bench = Bench::new();
    bench.write("data", &records(240));
    bench.write("real", b"old");
    std::os::unix::fs::symlink("real", bench.path("data.vxc")).unwrap();
    bench.fails(&["compress", "data"], &["data.vxc", "exists", "-f"]);
    bench.ok(&["compress", "-q", "-f", "data"]);
    assert!(bench.path("data.vxc").is_symlink());
    bench.ok(&["decompress", "-q", "-o", "back", "data.vxc"]);
    assert_eq!(bench.read("back"), records(240));
    assert!(bench.read("real").len() > 100);
}

#[test]
fn damage_by_a_transfer_as_text_is_recognised() {
    let bench = Bench::new();
    bench.write("data", &records(2400));
    bench.ok(&["compress", "-q", "data"]);
    let whole = bench.read("data.vxc");
    let without_cr: Vec<u8> = whole.iter().copied().filter(|&b| b != b'\r').collect();
    let with_cr: Vec<u8> =
        whole.iter().flat_map(|&b| if b == b'\n' { vec![b'\r', b] } else { vec![b] }).collect();
    let seven_bits: Vec<u8> = whole.iter().map(|b| b & 0x7f).collect();
    for damaged in [without_cr, with_cr, seven_bits] {
        bench.write("text.vxc", &damaged);
        for command in ["inspect", "test", "decompress"] {
            bench.fails(&[command, "text.vxc"], &["text.vxc", "as text", "binary"]);
        }
    }
    let mut damaged = whole;
    damaged[2] ^= 1;
    bench.write("bad.vxc", &damaged);
    bench.fails(&["test", "bad.vxc"], &["not a .vxc file", "damaged"]);
    let text = String::from_utf8(bench.ok(&["inspect", "bad.vxc"]).stdout).unwrap();
    assert!(text.contains("raw data") && text.contains("first bytes are damaged"), "{text}");
}

#[test]
fn damage_is_called_that_and_what_to_do_is_said() {
    let bench = Bench::new();
    bench.write("data", &records(24_000));
    bench.ok(&["compress", "-q", "data"]);
    let whole = bench.read("data.vxc");
    for at in [20, whole.len() / 2, whole.len() - 40] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        bench.write("bad.vxc", &damaged);
        bench.fails(&["test", "bad.vxc"], &["checksum", "damaged", "get it again"]);
    }
}

#[test]
fn the_others_get_their_turn() {
    let bench = Bench::new();
    bench.write("a", &records(240));
    bench.write("b", &records(480));
    let output = bench.vortex(&["compress", "-q", "a", "missing", "b"]).assert().code(1);
    let message = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(message.contains("missing") && message.lines().count() == 1, "{message}");
    assert_eq!(bench.names(), ["a", "a.vxc", "b", "b.vxc"]);
}

#[test]
fn not_a_vxc_file() {
    let bench = Bench::new();
    for (name, bytes) in [
        ("empty.vxc", &[][..]),
        ("short.vxc", b"\x9E"),
        ("text.vxc", b"hello, world, this is no such thing"),
    ] {
        bench.write(name, bytes);
        bench.fails(&["decompress", name], &[name]);
        bench.fails(&["test", name], &[name]);
    }
    bench.write("data", &records(240));
    bench.fails(&["decompress", "data"], &["-o"]);
    bench.fails(&["decompress", "-o", "back", "data"], &["not a .vxc file"]);
    bench.fails(&["compress", "empty.vxc"], &["-o"]);
}

#[test]
fn every_cut_and_every_flipped_byte_is_an_error() {
    let bench = Bench::new();
    bench.write("data", &records(STRIDE * 60 + 1));
    bench.ok(&["compress", "-q", "--block-size", "1KiB", "data"]);
    let whole = bench.read("data.vxc");
    // Testing every byte would take minutes of process starts; the tests of the coder do it in one
    // process.
    let step = (whole.len() / 60).max(1);
    for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        bench.write("bad.vxc", &whole[..at]);
        bench.fails(&["decompress", "-o", "back", "bad.vxc"], &["bad.vxc"]);
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        bench.write("bad.vxc", &damaged);
        bench.fails(&["decompress", "-o", "back", "bad.vxc"], &["bad.vxc"]);
        bench.fails(&["test", "bad.vxc"], &["bad.vxc"]);
    }
    bench.write("bad.vxc", &[&whole[..], b"and more"].concat());
    bench.fails(&["test", "bad.vxc"], &["bad.vxc"]);
}

#[test]
fn a_full_disk() {
    let bench = Bench::new();
    let noise: Vec<u8> =
        records(STRIDE * 100_000).chunks(STRIDE).flat_map(|r| r[20..].to_vec()).collect();
    bench.write("noise", &noise);
    if std::path::Path::new("/dev/full").exists() {
        bench.fails(&["compress", "-o", "/dev/full", "noise"], &["space"]);
    }
    let disk = bench.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"])
        .arg(&disk)
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|s| s.success()) {
        println!("skipped: a small file system cannot be mounted here");
        return;
    }
    let output = bench.vortex(&["compress", "-o", "disk/out.vxc", "noise"]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    let left = std::fs::read_dir(&disk).unwrap().count();
    std::process::Command::new("umount").arg(&disk).status().unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("space") && message.contains("-o"), "{message}");
    assert_eq!(left, 0, "nothing stays on the full disk");
}

#[test]
fn schemas_that_are_none() {
    let bench = Bench::new();
    bench.write("data", &records(240));
    bench.write("bad.schema.yaml", b"stride: 4\nfields: [{name: a, dtype: '<f4', offset: 2}]\n");
    bench.fails(&["compress", "--schema", "bad.schema.yaml", "data"], &["bad.schema.yaml"]);
    bench.write("bad.json", b"{\"stride\": ");
    bench.fails(&["compress", "--schema", "bad.json", "data"], &["bad.json"]);
    bench.fails(&["compress", "--schema", "missing.json", "data"], &["missing.json"]);
    bench.write("key.schema.yaml", b"stride: 8\nfelds: []\n");
    let words = ["key.schema.yaml", "line 2", "`felds`", "fields"];
    let message = bench.fails(&["compress", "--schema", "key.schema.yaml", "data"], &words);
    assert_eq!(message.matches("unknown").count(), 1, "{message}");
    assert!(!message.contains('|') && !message.contains("-->"), "{message}");
}
