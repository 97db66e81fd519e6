//! Files of other programs: prepared and restored, and coded as archives of datasets.

use std::path::{Path, PathBuf};

use super::bench::Bench;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-data/assets").join(name)
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
        assert!(errors.contains("strings: not read: variable-length"), "{errors}");
        assert!(String::from_utf8(said.stdout).unwrap().contains("mixed"));
        let back = format!("{layout}-back");
        bench.ok(&["restore", layout, "--out", &back]);
        assert!(bench.read(&format!("{back}/mixed.npy")) == npy);
        // What was restored holds what the original holds: it prepares to the same streams.
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

#[test]
fn archives_of_datasets() {
    let bench = Bench::new();
    copied(&bench, "new.h5");
    let npy = copied(&bench, "mixed.npy");
    bench.ok(&["compress", "-q", "--datasets", "new.h5", "mixed.npy"]);
    bench.ok(&["test", "-q", "new.h5.vxc", "mixed.npy.vxc"]);
    std::fs::create_dir(bench.path("back")).unwrap();
    bench.ok(&["decompress", "-q", "-o", "back", "new.h5.vxc", "mixed.npy.vxc"]);
    assert!(bench.read("back/mixed.npy") == npy);
    bench.ok(&["decompress", "--streams", "new.h5.vxc"]);
    // From the file that came back, the same streams.
    bench.ok(&["prepare", "-q", "back/new.h5", "--out", "again"]);
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
