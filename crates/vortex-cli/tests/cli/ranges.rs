//! Some records of a file: `head` and `decompress --records`, as CSV, npy and raw bytes.

use std::process::Command;

use super::bench::{Bench, SCHEMA, STRIDE, records};

const ROWS: usize = 3000;

/// A compressed file of records in many blocks, and its original bytes.
fn packed(bench: &Bench) -> Vec<u8> {
    let bytes = records(STRIDE * ROWS);
    bench.write("jets.bin", &bytes);
    bench.write("jets.schema.yaml", SCHEMA.as_bytes());
    bench.ok(&["compress", "-q", "-1", "--block-size", "4KiB", "jets.bin"]);
    bytes
}

fn stdout(bench: &Bench, arguments: &[&str]) -> Vec<u8> {
    bench.ok(arguments).stdout
}

/// The 4 bytes at `offset` of a record.
fn four(bytes: &[u8], row: usize, offset: usize) -> [u8; 4] {
    bytes[STRIDE * row + offset..][..4].try_into().unwrap()
}

#[test]
fn csv_gives_back_every_bit() {
    let bench = Bench::new();
    let bytes = packed(&bench);
    let text = String::from_utf8(stdout(&bench, &["head", "jets.bin.vxc"])).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("pt,eta,energy,event,label,noise"));
    assert_eq!(lines.clone().count(), 10);
    for (row, line) in lines.enumerate() {
        let values: Vec<&str> = line.split(',').collect();
        for (place, text) in values[..3].iter().enumerate() {
            let value: f32 = text.parse().unwrap();
            assert_eq!(value.to_le_bytes(), four(&bytes, row, 4 * place), "{line}");
        }
        assert_eq!(values[3].parse(), Ok(u32::from_le_bytes(four(&bytes, row, 12))));
        assert_eq!(values[4].parse(), Ok(i32::from_le_bytes(four(&bytes, row, 16))));
        assert_eq!(values[5].parse(), Ok(u32::from_le_bytes(four(&bytes, row, 20))));
    }
    let args = ["decompress", "--format", "csv", "--records", "-2:", "--fields", "event,pt"];
    let text = stdout(&bench, &[&args[..], &["-o", "-", "jets.bin.vxc"]].concat());
    let line = |row| {
        let (event, pt) = (four(&bytes, row, 12), four(&bytes, row, 0));
        format!("{},{}\n", u32::from_le_bytes(event), f32::from_le_bytes(pt))
    };
    let wanted = format!("event,pt\n{}{}", line(ROWS - 2), line(ROWS - 1));
    assert_eq!(String::from_utf8(text).unwrap(), wanted);
    let all = stdout(&bench, &["head", "-n", "99999", "--fields", "label", "jets.bin.vxc"]);
    assert_eq!(all.iter().filter(|&&byte| byte == b'\n').count(), ROWS + 1);
    let none = stdout(&bench, &["head", "-n0", "--fields", "label", "jets.bin.vxc"]);
    assert_eq!(none, b"label\n");
}

#[test]
fn raw_records_and_their_names() {
    let bench = Bench::new();
    let bytes = packed(&bench);
    let said = bench.ok(&["decompress", "--records", "100:2000", "jets.bin.vxc"]).stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("1,900 records => jets.bin.records"), "{said}");
    assert!(bench.read("jets.bin.records") == bytes[STRIDE * 100..STRIDE * 2000]);
    // The output is not the file itself, and an existing one is not replaced.
    assert!(bench.read("jets.bin") == bytes);
    bench.fails(&["decompress", "--records", ":5", "jets.bin.vxc"], &["exists already", "-f"]);
    bench.ok(&["decompress", "-q", "-f", "--records", ":5", "jets.bin.vxc"]);
    assert!(bench.read("jets.bin.records") == bytes[..STRIDE * 5]);
    let args = ["decompress", "-q", "--fields", "noise,eta", "-o", "some", "jets.bin.vxc"];
    bench.ok(&args);
    let some = bench.read("some");
    assert_eq!(some.len(), 8 * ROWS);
    for row in [0, 1, 170, 171, ROWS - 1] {
        let wanted = [four(&bytes, row, 20), four(&bytes, row, 4)].concat();
        assert_eq!(some[8 * row..8 * row + 8], wanted, "{row}");
    }
    // Like slices of Python: what lies beyond the end is no error.
    for (records, wanted) in [
        ("2990:9999", &bytes[STRIDE * 2990..]),
        (":", &bytes[..]),
        ("-9999:2", &bytes[..STRIDE * 2]),
        ("5000:", &[]),
        ("-1:", &bytes[STRIDE * 2999..]),
    ] {
        let args = ["decompress", "--records", records, "-o", "-", "jets.bin.vxc"];
        assert!(stdout(&bench, &args) == wanted, "{records}");
    }
    // The number of threads changes nothing.
    let args = ["decompress", "-T3", "--records", "7:2345", "-o", "-", "jets.bin.vxc"];
    assert!(stdout(&bench, &args) == bytes[STRIDE * 7..STRIDE * 2345]);
}

/// numpy itself reads the output, where it is installed.
#[test]
fn npy_for_numpy() {
    let bench = Bench::new();
    let bytes = packed(&bench);
    bench.ok(&["decompress", "-q", "--format", "npy", "--records", "5:1005", "jets.bin.vxc"]);
    let args = ["head", "-n", "3", "--format", "npy", "--fields", "pt", "jets.bin.vxc"];
    bench.write("pt.npy", &stdout(&bench, &args));
    let wanted = &bytes[STRIDE * 5..STRIDE * 1005];
    let (table, plain) = (bench.read("jets.bin.npy"), bench.read("pt.npy"));
    assert!(table.starts_with(b"\x93NUMPY") && table.len() % 64 == wanted.len() % 64);
    assert!(table.ends_with(wanted));
    let has = |file: &[u8], text: &str| {
        String::from_utf8_lossy(&file[..128.min(file.len())]).contains(text)
    };
    assert!(has(&table, "'descr': [('pt', '<f4'), ('eta', '<f4'), "));
    assert!(has(&plain, "'descr': '<f4'") && has(&plain, "'shape': (3,)"));
    assert!(plain.ends_with(&four(&bytes, 2, 0)));
    bench.write("wanted", wanted);
    let program = "import numpy as np; a = np.load('jets.bin.npy'); b = np.load('pt.npy')\n\
         assert a.dtype.names == ('pt', 'eta', 'energy', 'event', 'label', 'noise'), a.dtype\n\
         assert a.tobytes() == open('wanted', 'rb').read() and a['label'].dtype == '<i4'\n\
         assert b.dtype == '<f4' and b.shape == (3,)";
    let numpy = Command::new("python3").args(["-c", "import numpy"]).output();
    if numpy.is_ok_and(|output| output.status.success()) {
        let mut run = Command::new("python3");
        let output = run.args(["-c", program]).current_dir(bench.folder()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // An output of npy is an input too.
    bench.ok(&["compress", "-q", "--datasets", "jets.bin.npy"]);
    let args = ["decompress", "--records", ":", "-o", "-", "jets.bin.npy.vxc"];
    assert!(stdout(&bench, &args) == wanted);
}

#[test]
fn datasets_and_parts_of_fields() {
    let bench = Bench::new();
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../vortex-sources/assets");
    for name in ["packed.npz", "mixed.npy"] {
        bench.write(name, &std::fs::read(format!("{assets}/{name}")).unwrap());
    }
    bench.ok(&["compress", "-q", "--datasets", "packed.npz", "mixed.npy"]);
    let several = bench.fails(&["head", "packed.npz.vxc"], &["datasets", "--dataset"]);
    let names = several.split_once('(').unwrap().1.split_once(')').unwrap().0;
    for name in names.split(", ") {
        let text = stdout(&bench, &["head", "-q", "-n2", "--dataset", name, "packed.npz.vxc"]);
        assert!((1..=3).contains(&text.iter().filter(|&&b| b == b'\n').count()), "{name}");
    }
    bench.fails(&["head", "--dataset", "none", "packed.npz.vxc"], &["none", names]);
    let text = stdout(&bench, &["head", "-n1", "mixed.npy.vxc"]);
    let header = String::from_utf8(text).unwrap().lines().next().unwrap().to_owned();
    // A name stands for all of its parts.
    let part = header.split(',').find(|name| name.contains(['[', '.'])).unwrap();
    let whole = part.split(['[', '.']).next().unwrap();
    let text = stdout(&bench, &["head", "-n1", "--fields", whole, "mixed.npy.vxc"]);
    let parts = String::from_utf8(text).unwrap().lines().next().unwrap().to_owned();
    let is_part = |name: &&str| name.strip_prefix(whole).is_some_and(|r| r.starts_with(['[', '.']));
    assert_eq!(parts, header.split(',').filter(is_part).collect::<Vec<_>>().join(","));
}

#[test]
fn mistakes() {
    let bench = Bench::new();
    packed(&bench);
    let file = "jets.bin.vxc";
    bench.fails(&["head", "--fields", "Pt", file], &["\"Pt\"", "there are pt"]);
    bench.fails(&["head", "--fields", "mass", file], &["the fields are pt, eta, energy"]);
    bench.fails(&["head", "--fields", "pt,pt", file], &["\"pt\"", "twice"]);
    bench.fails(&["head", "gone.vxc"], &["gone.vxc", "check the name"]);
    bench.fails(&["head", "jets.bin"], &["jets.bin", "not a"]);
    bench.fails(&["head", "-"], &["standard input", "name a file"]);
    bench.fails(&["decompress", "--records", "0:5", "-o", "x", "-"], &["name a file"]);
    // Wrong usage.
    let usage = |arguments: &[&str], word: &str| {
        let output = bench.vortex(arguments).assert().code(2).get_output().clone();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(word), "no {word:?} in: {said}");
    };
    usage(&["decompress", "--records", "5", file], "5:6");
    usage(&["decompress", "--records", "0:9:2", file], "steps");
    usage(&["decompress", "--records", "a:b", file], "whole number");
    usage(&["decompress", "--records", ":5", file, file], "name one FILE");
    usage(&["decompress", "--fields", "pt", "--streams", file], "--streams");
    usage(&["head", "--format", "xml", file], "csv");
    // Bytes without records count as records of a byte, and the user is told.
    bench.write("text", b"no records at all, but a text of some length");
    bench.ok(&["compress", "-q", "text"]);
    let output = bench.ok(&["decompress", "--records", "3:10", "-o", "-", "text.vxc"]);
    assert_eq!(output.stdout, b"records");
    assert!(String::from_utf8(output.stderr).unwrap().contains("without records"));
    let output = bench.ok(&["head", "--fields", "byte", "text.vxc"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("without records"));
    // Damage is found before a record of the block is written.
    let mut bytes = bench.read(file);
    bytes[2000] ^= 1;
    bench.write("damaged.vxc", &bytes);
    bench.fails(&["decompress", "--records", ":500", "damaged.vxc"], &["damaged"]);
}
