//! From data to a model to compressed data.

use super::bench::{Bench, SCHEMA, STRIDE, records};

pub const CONFIG: &str = "\
batch: {sequences: 8, tokens: 48}
budget: {max_steps: 30}
validation: {times: 2, max_bytes: 20000}
";

#[test]
fn train_compress_decompress() {
    let bench = Bench::new();
    let data = records(STRIDE * 5000);
    bench.write("data.bin", &data);
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    bench.write("config.yaml", CONFIG.as_bytes());
    let train = ["train", "--config", "config.yaml", "--data", "data.bin", "--out", "run"];
    bench.ok(&[&train[..], &["-q"]].concat());
    assert!(bench.path("run/model.vxm").exists() && bench.path("run/config.yaml").exists());
    bench.ok(&["compress", "-q", "-m", "run/model.vxm", "data.bin"]);
    let back = bench.ok(&["decompress", "-m", "run/model.vxm", "-o", "-", "data.bin.vxc"]).stdout;
    assert!(back == data);
    let text = String::from_utf8(bench.ok(&["inspect", "run/model.vxm"]).stdout).unwrap();
    assert!(text.contains("energy"), "{text}");
    bench.fails(&train, &["run", "--force"]);

    let evaluate = ["evaluate", "-q", "-m", "run/model.vxm", "--data", "data.bin"];
    let none = ["--baselines", "none", "--float", "--device"];
    let evaluate = |device| [&evaluate[..], &none, &[device]].concat();
    let text = String::from_utf8(bench.ok(&evaluate("auto")).stdout).unwrap();
    let added = text.split("integers add ").nth(1).unwrap().split(' ').next().unwrap();
    // A barely trained network; cold lanes in both.
    assert!(added.parse::<f64>().unwrap().abs() < 5.0, "{text}");
    if !cfg!(feature = "cuda") {
        bench.fails(&evaluate("cuda:1"), &["cuda:1", "--features cuda"]);
    }
    let gpu = [&train[..], &["--device", "gpu"]].concat();
    let output = bench.vortex(&gpu).assert().code(2);
    let text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(text.contains("rocm:N"), "{text}");
}

#[test]
fn data_and_configurations_that_cannot_be_trained_on() {
    let bench = Bench::new();
    bench.write("config.yaml", CONFIG.as_bytes());
    bench.write("bad.yaml", b"budgett: {max_steps: 3}\n");
    bench.write("data", &records(STRIDE * 100));
    bench.write("short", &records(STRIDE + 1));
    bench.write("s.schema.yaml", SCHEMA.as_bytes());
    bench.write("empty", b"");
    let train = |config: &'static str, data: &'static str, words: &[&str]| {
        let arguments = [
            "train",
            "--config",
            config,
            "--schema",
            "s.schema.yaml",
            "--data",
            data,
            "--out",
            "run",
        ];
        bench.fails(&arguments, words);
    };
    train("bad.yaml", "data", &["bad.yaml", "budgett"]);
    train("missing.yaml", "data", &["missing.yaml"]);
    train("config.yaml", "missing", &["missing"]);
    train("config.yaml", "empty", &["record"]);
    train("config.yaml", "short", &["record"]);
    // 8 records a window, and a tenth of 60 to validate on.
    bench.write("few", &records(STRIDE * 60));
    train("config.yaml", "few", &["6 to validate on", "8 records", "batch.tokens"]);
}

#[test]
fn several_files_with_weights_need_the_same_records() {
    let bench = Bench::new();
    bench.write("config.yaml", CONFIG.as_bytes());
    for name in ["a", "b"] {
        bench.write(&format!("{name}.bin"), &records(STRIDE * 1000));
        bench.write(&format!("{name}.schema.yaml"), SCHEMA.as_bytes());
    }
    bench.write("c.bin", &records(STRIDE * 1000));
    bench.write("c.schema.yaml", b"stride: 6");
    let train = ["train", "--config", "config.yaml", "--out", "run", "--data"];
    bench.fails(&[&train[..], &["a.bin", "c.bin"]].concat(), &["c.bin", "6 bytes", "a.bin"]);
    bench.ok(&[&train[..], &["a.bin:3", "b.bin:1"]].concat());
    let config = String::from_utf8(std::fs::read(bench.path("run/config.yaml")).unwrap()).unwrap();
    assert!(config.contains("weights:"), "{config}");
    let log = bench.ok(&[&train[..], &["a.bin:3", "b.bin:1", "--resume"]].concat()).stderr;
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("from step 30") && log.contains("on the same bytes gzip"), "{log}");
}
