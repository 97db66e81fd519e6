use super::bench::{Bench, SCHEMA, STRIDE, records};

#[test]
fn files_of_every_awkward_length() {
    let bench = Bench::new();
    bench.write("s.schema.yaml", SCHEMA.as_bytes());
    for n in [0, 1, 2, 3, STRIDE - 1, STRIDE, STRIDE + 1, STRIDE * 1000, STRIDE * 1000 + 7] {
        let data = records(n);
        bench.write("data", &data);
        for schema in [&["--schema", "s.schema.yaml"][..], &[]] {
            bench.ok(&[&["compress", "-q", "-f", "data"], schema].concat());
            bench.ok(&["test", "-q", "data.vxc"]);
            bench.ok(&["decompress", "-q", "-f", "-o", "back", "data.vxc"]);
            assert!(bench.read("back") == data, "{n} bytes came back otherwise");
            assert!(bench.read("data") == data, "the input is kept");
        }
    }
}

#[test]
fn records_get_smaller_and_no_data_gets_much_larger() {
    let bench = Bench::new();
    bench.write("s.schema.yaml", SCHEMA.as_bytes());
    bench.write("data", &records(STRIDE * 20_000));
    bench.ok(&["compress", "-q", "--schema", "s.schema.yaml", "data"]);
    // 4 of 24 bytes are noise and at least 6 carry little.
    assert!(bench.read("data.vxc").len() < STRIDE * 20_000 * 3 / 4);

    let noise: Vec<u8> =
        records(STRIDE * 60_000).chunks(STRIDE).flat_map(|r| r[20..].to_vec()).collect();
    bench.write("noise", &noise);
    bench.ok(&["compress", "-q", "noise"]);
    assert!(bench.read("noise.vxc").len() < noise.len() + noise.len() / 1000 + 400);
}

#[test]
fn standard_input_to_standard_output() {
    let bench = Bench::new();
    let data = records(STRIDE * 5000 + 5);
    let packed = bench.vortex(&["compress", "-"]).write_stdin(data.clone()).assert().success();
    let packed = packed.get_output().clone();
    assert!(packed.stderr.is_empty(), "{}", String::from_utf8_lossy(&packed.stderr));
    assert!(packed.stdout.len() < data.len());
    let back = bench.vortex(&["decompress", "-"]).write_stdin(packed.stdout).assert().success();
    assert!(back.get_output().stdout == data);
    assert!(bench.names().is_empty());
}

#[test]
fn a_file_to_standard_output_and_back() {
    let bench = Bench::new();
    let data = records(5000);
    bench.write("data", &data);
    let packed = bench.ok(&["compress", "-q", "-o", "-", "data"]).stdout;
    bench.write("x.vxc", &packed);
    assert!(bench.ok(&["decompress", "-q", "-o", "-", "x.vxc"]).stdout == data);
    assert_eq!(bench.names(), ["data", "x.vxc"]);
}

#[test]
fn several_files_and_a_folder() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    for (name, n) in [("a", 100), ("b", 2400), ("c", 0)] {
        bench.write(name, &records(n));
    }
    bench.ok(&["compress", "-q", "-k", "a", "b", "c"]);
    assert_eq!(bench.names(), ["a", "a.vxc", "b", "b.vxc", "c", "c.vxc", "out"]);
    bench.ok(&["test", "a.vxc", "b.vxc", "c.vxc"]);
    bench.ok(&["decompress", "-q", "-o", "out", "a.vxc", "b.vxc", "c.vxc"]);
    for name in ["a", "b", "c"] {
        assert_eq!(bench.read(&format!("out/{name}")), bench.read(name));
    }
}

#[test]
fn concatenated_files_are_a_file() {
    let bench = Bench::new();
    let (a, b) = (records(2400), records(999));
    bench.write("a", &a);
    bench.write("b", &b);
    bench.ok(&["compress", "-q", "a", "b"]);
    bench.write("ab.vxc", &[bench.read("a.vxc"), bench.read("b.vxc")].concat());
    bench.ok(&["decompress", "-q", "ab.vxc"]);
    assert_eq!(bench.read("ab"), [a, b].concat());
}

#[test]
fn threads_and_instructions_do_not_change_a_byte() {
    let bench = Bench::new();
    let data = records(STRIDE * 10_000);
    bench.write("data", &data);
    let mut outputs = Vec::new();
    for extra in
        [&["-T1"][..], &["-T2"], &["-T", "5"], &["--instructions", "portable"], &["--no-verify"]]
    {
        let arguments = [&["compress", "-q", "--block-size", "16KiB", "-o", "-", "data"], extra];
        outputs.push(bench.ok(&arguments.concat()).stdout);
    }
    assert!(outputs.iter().all(|o| *o == outputs[0]));
    bench.write("x.vxc", &outputs[0]);
    assert!(bench.ok(&["decompress", "-T2", "-o", "-", "x.vxc"]).stdout == data);
}

#[test]
fn times_and_permissions_travel_along() {
    let bench = Bench::new();
    let path = bench.write("data", &records(240));
    let long_ago =
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(long_ago).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    bench.ok(&["compress", "-q", "data"]);
    bench.ok(&["decompress", "-q", "-o", "back", "data.vxc"]);
    for name in ["data.vxc", "back"] {
        let metadata = std::fs::metadata(bench.path(name)).unwrap();
        assert_eq!(metadata.modified().unwrap(), long_ago, "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(metadata.permissions().mode() & 0o777, 0o640, "{name}");
        }
    }
}

#[test]
fn a_sparse_file_of_64_mib() {
    let bench = Bench::new();
    let file = std::fs::File::create(bench.path("holes")).unwrap();
    file.set_len(64 << 20).unwrap();
    bench.ok(&["compress", "-q", "--no-verify", "holes"]);
    assert!(bench.read("holes.vxc").len() < 64 << 10);
    bench.ok(&["decompress", "-q", "-o", "back", "holes.vxc"]);
    let back = bench.read("back");
    assert!(back.len() == 64 << 20 && back.iter().all(|&b| b == 0));
}

#[test]
fn devices_are_written_in_place() {
    let bench = Bench::new();
    bench.write("data", &records(240));
    if std::path::Path::new("/dev/null").exists() {
        bench.ok(&["compress", "-q", "-o", "/dev/null", "data"]);
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    }
}
