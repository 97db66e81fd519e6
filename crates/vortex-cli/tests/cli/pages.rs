//! The pages that commands write. What they look like is tested in a browser, from Python.

use super::bench::{Bench, SCHEMA, STRIDE, records};
use super::training::CONFIG;

/// Runs a command that writes `page.html`, and gives the page.
fn page(bench: &Bench, arguments: &[&str]) -> String {
    bench.ok(&[arguments, &["-q", "--report", "page.html"]].concat());
    read(bench, "page.html")
}

fn read(bench: &Bench, name: &str) -> String {
    let page = String::from_utf8(bench.read(name)).unwrap();
    assert!(page.len() < 1_000_000 && page.starts_with("<!DOCTYPE html>"), "{}", page.len());
    assert!(page.trim_end().ends_with("</html>") && page.contains("default-src 'none'"));
    for wrong in ["NaN", ">inf", "http://", "https://"] {
        assert!(!page.contains(wrong), "{wrong} in {page}");
    }
    page
}

fn has(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "no {word:?} in {page}");
    }
}

#[test]
fn pages_of_data_and_of_files() {
    let bench = Bench::new();
    let data = records(STRIDE * 3000);
    bench.write("data.bin", &data);
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    bench.write("<b>.txt", b"one two three ".repeat(300).as_slice());
    let digest = blake3::hash(&data).to_hex();
    let whole = ["evaluate", "--data", "data.bin", "--part", "all", "--baselines", "few"];
    let evaluation = page(&bench, &whole);
    let command =
        "vortex evaluate --data data.bin --part all --baselines few -q --report page.html";
    has(
        &evaluation,
        &[
            "the other codecs on one thread",
            "xz -9e",
            "Where every bit went",
            "energy",
            command,
            &digest,
        ],
    );
    assert_eq!(evaluation.matches("role=\"group\"").count(), 2);

    let measured = ["bench", "--levels", "1,4", "--runs", "1", "--baselines", "few"];
    let both = page(&bench, &[&measured[..], &["data.bin", "<b>.txt"]].concat());
    has(&both, &["2 files", "All files together", "&lt;b&gt;.txt", "vortex -4", &digest]);
    assert!(!both.contains("<b>.txt"));

    bench.ok(&["compress", "-q", "-2", "--block-size", "4k", "data.bin"]);
    let three = page(&bench, &["inspect", "data.bin", "data.bin.vxc", "<b>.txt"]);
    has(&three, &["3 files", "blocks", "columns, by pcodec and zstd", "energy", "entropy of"]);
    has(&three, &["bits of its columns"]);
    bench.ok(&["compress", "-q", "-2", "<b>.txt"]);
    let plain = page(&bench, &["inspect", "<b>.txt.vxc"]);
    has(&plain, &["no predictor; entropy of each symbol alone", "entropy by symbol"]);
    // A file that cannot be inspected is not on the page, and its failure is not hidden.
    let some = ["inspect", "-q", "missing", "data.bin", "--report", "page.html"];
    bench.vortex(&some).assert().code(1);
    let some = read(&bench, "page.html");
    has(&some, &["One file could not be inspected"]);
    assert!(!some.contains("<h1>missing"));
    bench.fails(&["inspect", "data.bin", "-q", "--report", "no/such/folder.html"], &["no/such"]);
}

#[test]
fn a_training_ends_with_a_page() {
    let bench = Bench::new();
    bench.write("data.bin", &records(STRIDE * 5000));
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    bench.write("config.yaml", CONFIG.as_bytes());
    let train = ["train", "-q", "--config", "config.yaml", "--data", "data.bin", "--out", "run"];
    bench.ok(&train);
    let report = read(&bench, "run/report.html");
    has(&report, &["held-out", "planes + xz -9e", "bits/byte", "The integer network", "max_steps"]);
    // The curve is also on the pages of the model.
    let model = ["evaluate", "-m", "run/model.vxm", "--data", "data.bin", "--float"];
    let evaluation = page(&bench, &[&model[..], &["--baselines", "none"]].concat());
    has(&evaluation, &["Bits per byte during the training", "Integers", "in floating point"]);
    let inspection = page(&bench, &["inspect", "run/model.vxm"]);
    has(&inspection, &["Bits per byte during the training", "looks back"]);
    // A new run removes the page of the old one, also if it ends early.
    std::fs::write(bench.path("run/report.html"), "old").unwrap();
    bench.ok(&[&train[..], &["--force"]].concat());
    assert_ne!(bench.read("run/report.html"), b"old");
}
