//! Files of other programs: prepared and restored, and coded as archives of datasets.

use std::path::{Path, PathBuf};

use super::bench::{Bench, STRIDE, model, modelled_records};

/// The records of [`model`] for numpy.
const DESCR: &str = "[('pt', '<f4'), ('eta', '<f4'), ('energy', '<f4'), ('event', '<f4'), \
                     ('label', '<f4'), ('noise', '<f4')]";

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-sources/assets").join(name)
}

fn copied(bench: &Bench, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(asset(name)).unwrap();
    bench.write(name, &bytes);
    bytes
}

#[test]
fn every_file_comes_back_byte_for_byte_by_default() {
    let bench = Bench::new();
    for name in ["old.h5", "new.h5", "mixed.npy", "scalar.npy", "empty.npy", "packed.npz"] {
        let bytes = copied(&bench, name);
        let output = bench.ok(&["compress", name]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.contains("--datasets"), !name.ends_with("npy"), "{said}");
        let packed = format!("{name}.vxc");
        bench.ok(&["test", "-q", &packed]);
        bench.ok(&["decompress", "-q", "-f", &packed]);
        assert!(bench.read(name) == bytes, "{name}");
    }
}

#[test]
fn prepared_and_restored() {
    let bench = Bench::new();
    copied(&bench, "old.h5");
    let npy = copied(&bench, "mixed.npy");
    for (layout, seed) in [("row", &["--seed", "5"][..]), ("column", &[]), ("auto", &[])] {
        let prepare = ["prepare", "old.h5", "mixed.npy", "--layout", layout, "--out", layout];
        let said = bench.ok(&[&prepare, seed].concat());
        let errors = String::from_utf8(said.stderr).unwrap();
        assert!(errors.contains("refs: not read: references"), "{errors}");
        assert!(String::from_utf8(said.stdout).unwrap().contains("mixed"));
        let back = format!("{layout}-back");
        bench.ok(&["restore", layout, "--out", &back]);
        assert!(bench.read(&format!("{back}/mixed.npy")) == npy);
        // The restored file holds the same data as the original: it prepares to the same streams.
        let again = format!("{layout}-again");
        let restored = format!("{back}/old.h5");
        bench.ok(&["prepare", &restored, "--layout", "row", "--out", &again]);
        bench.ok(&["prepare", "-f", "old.h5", "--layout", "row", "--out", "plain"]);
        for stream in std::fs::read_dir(bench.path("plain")).unwrap() {
            let name = stream.unwrap().file_name().into_string().unwrap();
            if name != "manifest.json" {
                let same =
                    bench.read(&format!("{again}/{name}")) == bench.read(&format!("plain/{name}"));
                assert!(same, "{name}");
            }
        }
    }
    let refused = bench.vortex(&["prepare", "old.h5", "--out", "row"]).output().unwrap();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("prepared before"));
}

/// A dataset that cannot be read does not cost the others; it is named, and the exit status is 1.
#[test]
fn what_is_left_out_is_named() {
    let bench = Bench::new();
    copied(&bench, "neighbours.h5");
    let npy = copied(&bench, "mixed.npy");
    let run = |arguments: &[&str], status: i32, words: &[&str]| {
        let output = bench.vortex(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{said}");
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    };
    let lost = [
        "c_zfp: left out: filter 32013 (ZFP) is not read",
        "damaged0: left out: ",
        "damaged1: left out: ",
        "5 parts are missing in the output",
    ];
    run(&["prepare", "neighbours.h5", "mixed.npy", "--out", "data"], 1, &lost);
    let kinds = ["group/a_virtual: not read: a virtual dataset", "d_external: not read: a link to"];
    run(&["restore", "data", "--out", "back", "-v"], 0, &kinds);
    assert!(bench.read("back/mixed.npy") == npy);
    run(&["prepare", "-v", "back/neighbours.h5", "--out", "again"], 0, &[]);
    for name in ["good.bin", "group.good.bin", "many.g19.bin"] {
        let first = bench.read(&format!("data/neighbours.{name}"));
        assert!(bench.read(&format!("again/{name}")) == first, "{name}");
    }
    let both = ["compress", "--datasets", "neighbours.h5", "mixed.npy"];
    run(&both, 1, &lost);
    run(&["test", "-q", "neighbours.h5.vxc", "mixed.npy.vxc"], 0, &[]);
    bench.write("list", b"{\"input\": \"neighbours.h5\", \"output\": \"listed.vxc\"}\n");
    run(&["compress", "--datasets", "--manifest", "list"], 1, &lost);
    // A second run has nothing to do.
    run(&["compress", "--datasets", "-f", "--manifest", "list"], 0, &["1 skipped"]);

    run(&["prepare", "--strict", "neighbours.h5", "--out", "strict"], 1, &["is not read"]);
    assert!(!bench.path("strict").exists());
    let strict = ["compress", "--datasets", "--strict", "-o", "strict.vxc", "neighbours.h5"];
    run(&strict, 1, &["c_zfp: is not read: filter 32013"]);
    assert!(!bench.path("strict.vxc").exists());
    run(&["prepare", "--strict", "mixed.npy", "--out", "strict"], 0, &[]);
}

#[test]
fn archives_of_datasets() {
    let bench = Bench::new();
    copied(&bench, "new.h5");
    let npy = copied(&bench, "mixed.npy");
    bench.ok(&["compress", "-q", "--datasets", "--layout", "column", "new.h5", "mixed.npy"]);
    bench.ok(&["test", "-q", "new.h5.vxc", "mixed.npy.vxc"]);
    std::fs::create_dir(bench.path("back")).unwrap();
    bench.ok(&["decompress", "-q", "-o", "back", "new.h5.vxc", "mixed.npy.vxc"]);
    assert!(bench.read("back/mixed.npy") == npy);
    bench.ok(&["decompress", "--streams", "new.h5.vxc"]);
    // The restored file gives the same streams.
    bench.ok(&["prepare", "-q", "back/new.h5", "--layout", "column", "--out", "again"]);
    for stream in std::fs::read_dir(bench.path("again")).unwrap() {
        let name = stream.unwrap().file_name().into_string().unwrap();
        if name != "manifest.json" {
            let same = bench.read(&format!("again/{name}"))
                == bench.read(&format!("new.h5.streams/{name}"));
            assert!(same, "{name}");
        }
    }
    bench.ok(&["restore", "new.h5.streams", "--out", "third"]);
    assert!(bench.read("third/new.h5") == bench.read("back/new.h5"));

    let text = String::from_utf8(bench.ok(&["inspect", "new.h5.vxc"]).stdout).unwrap();
    assert!(text.contains("vortex:manifest") && text.contains("vortex:stream:cube"), "{text}");
    let refused = |arguments: &[&str], word: &str| {
        let output = bench.vortex(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(word), "{said}");
    };
    refused(&["decompress", "-o", "-", "new.h5.vxc"], "name it with -o");
    refused(&["decompress", "new.h5.vxc"], "exists already");
    refused(&["decompress", "--streams", "new.h5.vxc"], "exists already");
    // Two archives in a row, and a half one.
    let whole = bench.read("new.h5.vxc");
    bench.write("two.vxc", &[whole.clone(), whole.clone()].concat());
    refused(&["decompress", "two.vxc"], "is not the next stream");
    bench.write("half.vxc", &whole[..whole.len() / 2]);
    refused(&["decompress", "half.vxc"], "cut short");
    bench.write("plain", b"no datasets");
    bench.ok(&["compress", "-q", "plain"]);
    refused(&["decompress", "--streams", "-f", "plain.vxc"], "not an archive");
    let left: Vec<_> = bench.names().into_iter().filter(|n| n.starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The message of a command that must fail, on one line.
fn refused(bench: &Bench, arguments: &[&str], words: &[&str]) {
    let output = bench.vortex(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
}

#[test]
fn mistakes_with_inputs_and_folders() {
    let bench = Bench::new();
    let npy = copied(&bench, "mixed.npy");
    bench.write("text.h5", b"this is no HDF5 file");
    refused(&bench, &["prepare", "gone.h5", "--out", "out"], &["gone.h5", "check the name"]);
    refused(&bench, &["prepare", "text.h5", "--out", "out"], &["text.h5", "HDF5", "another name"]);
    refused(&bench, &["compress", "--datasets", "text.h5"], &["text.h5", "HDF5"]);
    refused(&bench, &["prepare", ".", "--out", "out"], &["is a folder"]);
    refused(&bench, &["prepare", "mixed.npy", "--out", "text.h5"], &["is a file", "--out"]);
    assert_eq!(bench.names(), ["mixed.npy", "text.h5"], "failures leave nothing");

    // Files of the user are not changed, and -f replaces only those of an earlier prepare.
    std::fs::create_dir(bench.path("mine")).unwrap();
    bench.write("mine/array.bin", b"precious");
    bench.write("mine/notes", b"precious too");
    refused(&bench, &["prepare", "mixed.npy", "--out", "mine"], &["mine", "not empty", "-f"]);
    assert_eq!(bench.read("mine/array.bin"), b"precious");
    let forced = ["prepare", "-f", "mixed.npy", "--layout", "row", "--out", "mine"];
    refused(&bench, &forced, &["mine/array.bin", "not of an earlier prepare"]);
    assert_eq!(bench.read("mine/array.bin"), b"precious");
    std::fs::remove_file(bench.path("mine/array.bin")).unwrap();
    bench.ok(&forced);
    assert_eq!(bench.read("mine/notes"), b"precious too");
    // Another layout has other streams; the streams of the first layout are removed.
    bench.ok(&["prepare", "-f", "mixed.npy", "--layout", "column", "--out", "mine"]);
    assert!(!bench.path("mine/array.bin").exists());
    bench.ok(&["restore", "mine", "--out", "back"]);
    assert!(bench.read("back/mixed.npy") == npy);

    refused(&bench, &["restore", "mine", "--out", "back"], &["mixed.npy", "exists already"]);
    refused(&bench, &["restore", "back", "--out", "third"], &["manifest.json", "vortex prepare"]);
    let stream = std::fs::read_dir(bench.path("mine")).unwrap().map(|e| e.unwrap().path());
    let stream = stream.into_iter().find(|p| p.extension().is_some_and(|e| e == "bin")).unwrap();
    let mut bytes = std::fs::read(&stream).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&stream, &bytes).unwrap();
    refused(&bench, &["restore", "mine", "--out", "third"], &["changed since", "prepare"]);
    std::fs::write(&stream, &bytes[1..]).unwrap();
    refused(&bench, &["restore", "mine", "--out", "third"], &["bytes and had", "prepare"]);
    assert_eq!(std::fs::read_dir(bench.path("third")).unwrap().count(), 0);
}

/// A model is used for the dataset with its schema, and the others are coded without one.
#[test]
fn archives_with_a_model_for_one_of_the_datasets() {
    let bench = Bench::new();
    bench.write("m.vxm", model());
    // Arrays as numpy writes them: one with the records of the model, one with other numbers.
    let npy = |descr: &str, n: usize, bytes: &[u8]| {
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({n},), }}");
        let len = (10 + text.len() + 1).next_multiple_of(64);
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend(((len - 10) as u16).to_le_bytes());
        file.extend(format!("{text:<width$}\n", width = len - 11).bytes());
        file.extend(bytes);
        file
    };
    let (records, n) = (modelled_records(STRIDE * 2000), 2000);
    let fits = npy(DESCR, n, &records);
    let other = npy("'<u4'", 1000, &records[..4000]);
    bench.write("fits.npy", &fits);
    bench.write("other.npy", &other);
    let inputs = ["fits.npy", "other.npy"];
    let code = ["compress", "-q", "--datasets", "-m", "m.vxm"];
    bench.ok(&[&code[..], &inputs].concat());
    let uses_model = |name: &str| {
        let text = String::from_utf8(bench.ok(&["inspect", name]).stdout).unwrap();
        text.contains(&blake3::hash(model()).to_hex()[..16])
    };
    assert!(uses_model("fits.npy.vxc") && !uses_model("other.npy.vxc"));
    bench.ok(&["test", "fits.npy.vxc", "other.npy.vxc"]);
    std::fs::create_dir(bench.path("back")).unwrap();
    bench.ok(&["decompress", "-q", "-o", "back", "fits.npy.vxc", "other.npy.vxc"]);
    assert!(bench.read("back/fits.npy") == fits && bench.read("back/other.npy") == other);
    // Without the model, only the file that needs no model is decoded.
    std::fs::rename(bench.path("m.vxm"), bench.path("m.away")).unwrap();
    refused(&bench, &["decompress", "-o", "x", "fits.npy.vxc"], &["fits.npy.vxc", "model", "-m"]);
    bench.ok(&["decompress", "-q", "-o", "y", "other.npy.vxc"]);
}

#[test]
fn prepare_with_force_keeps_the_inputs_and_the_files_of_others() {
    let bench = Bench::new();
    bench.write("a.txt", &b"first ".repeat(100));
    bench.ok(&["prepare", "-q", "a.txt", "--out", "d"]);
    let prepared = bench.read("d/a.txt.bin");
    // The input is a file of the earlier prepare.
    bench.fails(
        &["prepare", "-qf", "d/a.txt.bin", "--out", "d"],
        &["d/a.txt.bin", "-f would remove"],
    );
    assert!(bench.read("d/a.txt.bin") == prepared);
    // A file of the user has the name of a new one.
    bench.write("b.txt", &b"second ".repeat(100));
    bench.write("d/b.txt.bin", b"precious");
    bench.fails(&["prepare", "-qf", "b.txt", "--out", "d"], &["d/b.txt.bin", "not of an earlier"]);
    assert_eq!(bench.read("d/b.txt.bin"), b"precious");
    std::fs::remove_file(bench.path("d/b.txt.bin")).unwrap();
    bench.ok(&["prepare", "-qf", "b.txt", "--out", "d"]);
    assert!(!bench.path("d/a.txt.bin").exists() && bench.path("d/b.txt.bin").exists());
}
