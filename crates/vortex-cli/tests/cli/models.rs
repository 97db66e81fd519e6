//! Model files: given, embedded, found, wrong, damaged.

use super::bench::{Bench, SCHEMA, STRIDE, model, modelled_records, other_model};

fn prepared() -> (Bench, Vec<u8>) {
    let bench = Bench::new();
    let data = modelled_records(STRIDE * 2000 + 3);
    bench.write("data", &data);
    std::fs::create_dir(bench.path("models")).unwrap();
    bench.write("models/m.vxm", model());
    (bench, data)
}

#[test]
fn given_beside_and_on_the_path() {
    let (bench, data) = prepared();
    bench.ok(&["compress", "-q", "-m", "models/m.vxm", "data"]);
    bench.fails(
        &["decompress", "-o", "back", "data.vxc"],
        &["data.vxc", "model", "-m", "VORTEX_MODEL_PATH"],
    );
    let given = bench.ok(&["decompress", "-m", "models/m.vxm", "-o", "-", "data.vxc"]).stdout;
    assert!(given == data);
    let path = [bench.path("nowhere"), bench.path("models")];
    let path = std::env::join_paths(path).unwrap();
    let found = bench
        .vortex(&["decompress", "-o", "-", "data.vxc"])
        .env("VORTEX_MODEL_PATH", path)
        .assert()
        .success();
    assert!(found.get_output().stdout == data);
    bench.write("any-name.vxm", model());
    assert!(bench.ok(&["decompress", "-o", "-", "data.vxc"]).stdout == data);
    bench.ok(&["test", "data.vxc"]);
}

#[test]
fn inspect_shows_the_rest_of_a_file_whose_model_is_missing() {
    let (bench, _) = prepared();
    bench.ok(&["compress", "-q", "--block-size", "16k", "-m", "models/m.vxm", "data"]);
    let text = String::from_utf8(bench.ok(&["inspect", "data.vxc"]).stdout).unwrap();
    let stride = format!("records of {STRIDE} bytes\n");
    for part in ["1 member", "modelled", "VORTEX_MODEL_PATH", "-m", &stride, "offset"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    // A curve that cannot be read costs the page, and not what is known of the model.
    std::fs::create_dir(bench.path("models/metrics.jsonl")).unwrap();
    let arguments = ["inspect", "--report", "page.html", "models/m.vxm"];
    let output = bench.vortex(&arguments).assert().code(1).get_output().clone();
    assert!(String::from_utf8(output.stdout).unwrap().contains("self-test passed"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("metrics.jsonl"));
    assert!(
        String::from_utf8(bench.ok(&["inspect", "models/m.vxm"]).stdout).unwrap().contains("trunk")
    );
}

#[test]
fn embedded() {
    let (bench, data) = prepared();
    bench.ok(&["compress", "-q", "--embed-model", "-m", "models/m.vxm", "data"]);
    std::fs::remove_dir_all(bench.path("models")).unwrap();
    assert!(bench.ok(&["decompress", "-o", "-", "data.vxc"]).stdout == data);
}

#[test]
fn wrong_and_damaged() {
    let (bench, _) = prepared();
    bench.ok(&["compress", "-q", "-m", "models/m.vxm", "data"]);
    bench.write("other.wxm", other_model());
    assert_ne!(model(), other_model());
    bench.fails(
        &["decompress", "-m", "other.wxm", "-o", "back", "data.vxc"],
        &["data.vxc", "other.wxm", "model"],
    );
    let whole = model();
    let step = (whole.len() / 12).max(1);
    for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        let mut damaged = whole.to_vec();
        damaged[at] ^= 0x40;
        bench.write("bad.wxm", &damaged);
        bench.fails(&["compress", "-m", "bad.wxm", "-o", "x", "data"], &["bad.wxm"]);
        bench.write("bad.wxm", &whole[..at]);
        bench.fails(&["compress", "-m", "bad.wxm", "-o", "x", "data"], &["bad.wxm"]);
    }
    bench.fails(&["compress", "-m", "data", "-o", "x", "data"], &["data"]);
    bench.fails(&["compress", "-m", "missing.vxm", "-o", "x", "data"], &["missing.vxm"]);
    let evaluate = ["evaluate", "-m", "missing.vxm", "--data", "data"];
    let message = bench.fails(&evaluate, &["missing.vxm", "check the name"]);
    assert!(message.starts_with("vortex: missing.vxm: "), "{message}");
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_called_a_model_is_passed_over() {
    let (bench, data) = prepared();
    bench.ok(&["compress", "-q", "-m", "models/m.vxm", "data"]);
    let pipe = bench.path("a.vxm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo here");
        return;
    }
    bench.fails(&["decompress", "-o", "back", "data.vxc"], &["data.vxc", "model"]);
    bench.write("b.vxm", model());
    assert!(bench.ok(&["decompress", "-o", "-", "data.vxc"]).stdout == data);
}

#[test]
fn instructions_threads_and_odd_data_with_a_model() {
    let (bench, data) = prepared();
    let common = ["compress", "-q", "-m", "models/m.vxm", "--block-size", "4KiB", "-o", "-"];
    let first = bench.ok(&[&common[..], &["-T1", "data"]].concat()).stdout;
    let second =
        bench.ok(&[&common[..], &["-T3", "--instructions", "portable", "data"]].concat()).stdout;
    assert!(first == second);
    bench.write("x.vxc", &first);
    for extra in [&["-T2"][..], &["--instructions", "portable"]] {
        let arguments = [&["decompress", "-m", "models/m.vxm", "-o", "-", "x.vxc"], extra].concat();
        assert!(bench.ok(&arguments).stdout == data);
    }
    // Data of another kind than the model's, and data shorter than one record.
    for odd in
        [&b""[..], b"x", b"a text of a few words, not records", &modelled_records(STRIDE - 1)]
    {
        bench.write("odd", odd);
        bench.ok(&["compress", "-qf", "-m", "models/m.vxm", "odd"]);
        assert!(
            bench.ok(&["decompress", "-m", "models/m.vxm", "-o", "-", "odd.vxc"]).stdout == odd
        );
    }
}

#[test]
fn evaluation_prints_real_sizes() {
    let (bench, _) = prepared();
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    let output = bench.ok(&[
        "evaluate",
        "-m",
        "models/m.vxm",
        "--data",
        "data",
        "--baselines",
        "few",
        "--roles",
        "--json",
        "r.json",
        "--report",
        "r.html",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    for word in ["vortex", "gzip -9", "xz -9e", "model file", "energy"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let json: serde_json::Value = serde_json::from_slice(&bench.read("r.json")).unwrap();
    assert_eq!(json["bytes"], STRIDE * 200, "the last tenth");
    assert_eq!(json["model_bytes"], model().len());
    assert!(String::from_utf8(bench.read("r.html")).unwrap().contains("<svg"));
}

#[test]
fn inspection_knows_all_three_kinds() {
    let (bench, _) = prepared();
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    bench.ok(&["compress", "-q", "-m", "models/m.vxm", "data"]);
    for (file, words) in [
        ("data", &["24", "energy", "f4"][..]),
        ("data.vxc", &["48,003", "energy", "model"]),
        ("models/m.vxm", &["24", "energy", "parameters"]),
    ] {
        let text = String::from_utf8(bench.ok(&["inspect", file]).stdout).unwrap();
        for word in words {
            assert!(text.contains(word), "{file}, {word}: {text}");
        }
    }
}
