use serde_json::Value;

use super::bench::{Bench, STRIDE, records};

#[test]
fn every_codec_on_ones_own_files() {
    let bench = Bench::new();
    bench.write("a.bin", &records(STRIDE * 500));
    bench.write("text", b"one two three ".repeat(200).as_slice());
    let small = ["bench", "--levels", "1,4-5", "--runs", "2", "--json", "x.json", "--csv", "x.csv"];
    let output = bench.ok(&[&small[..], &["a.bin", "text"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    for word in
        ["a.bin: 12,000 bytes", "vortex -4", "zstd -22 --long", "geometric mean of 2 files", "±"]
    {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    assert!(!text.contains("failed"), "{text}");
    let json: Value = serde_json::from_slice(&bench.read("x.json")).unwrap();
    let rows = json["files"][0]["rows"].as_array().unwrap();
    // 16 other codecs and 3 levels, each in a process of its own with its own memory.
    assert_eq!(rows.len(), 19);
    for row in rows {
        let figures = &row["figures"];
        assert!(figures["bytes"].as_u64().unwrap() > 0, "{row}");
        assert_eq!(figures["encode"]["runs"], 2, "{row}");
        assert!(!cfg!(target_os = "linux") || figures["memory"].is_u64(), "{row}");
    }
    let sizes: Vec<u64> = rows.iter().map(|r| r["figures"]["bytes"].as_u64().unwrap()).collect();
    assert!(sizes.is_sorted(), "{sizes:?}");
    let csv = String::from_utf8(bench.read("x.csv")).unwrap();
    assert_eq!(csv.lines().count(), 39);
    // The size of a level is that of the file that it makes.
    bench.ok(&["compress", "-q", "-4", "a.bin"]);
    let four = rows.iter().find(|row| row["codec"] == "vortex -4").unwrap();
    assert_eq!(four["figures"]["bytes"], bench.read("a.bin.vxc").len());
}

#[test]
fn what_cannot_be_measured() {
    let bench = Bench::new();
    bench.fails(&["bench", "nothing"], &["vortex: nothing: ", "check the name"]);
    bench.fails(&["bench", "-"], &["(stdin)", "name a file"]);
    for levels in ["0", "3-1", "x"] {
        bench.vortex(&["bench", "--levels", levels, "a"]).assert().code(2);
    }
}
