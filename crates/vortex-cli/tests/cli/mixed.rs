//! Models mixed with contexts, and networks of single files.

use super::bench::{Bench, SCHEMA, STRIDE, model, modelled_records, records};

fn inspected(bench: &Bench, file: &str) -> String {
    String::from_utf8(bench.ok(&["inspect", file]).stdout).unwrap()
}

#[test]
fn mix_and_no_mix() {
    let bench = Bench::new();
    let data = modelled_records(STRIDE * 2000 + 3);
    bench.write("data", &data);
    bench.write("m.vxm", model());
    for (options, mixed) in [(&["--mix"][..], true), (&["--no-mix"], false)] {
        let compress = ["compress", "-q", "-f", "--embed-model", "-m", "m.vxm"];
        bench.ok(&[&compress[..], options, &["data"]].concat());
        let text = inspected(&bench, "data.vxc");
        assert_eq!(text.contains("mixed with contexts"), mixed, "{options:?}: {text}");
        assert!(text.contains("embedded ("), "{text}");
        assert!(bench.ok(&["decompress", "-o", "-", "data.vxc"]).stdout == data, "{options:?}");
    }
    for wrong in [&["--mix", "data"][..], &["--mix", "--no-mix", "-m", "m.vxm", "data"]] {
        bench.vortex(&[&["compress"], wrong].concat()).assert().code(2);
    }
}

#[test]
fn level_9_says_what_came_of_the_network() {
    let bench = Bench::new();
    let data = records(STRIDE * 12_000);
    bench.write("data.bin", &data);
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    bench.ok(&["compress", "-q", "-8", "-o", "8.vxc", "data.bin"]);
    let said = bench.ok(&["compress", "-9", "--train-seconds", "2", "data.bin"]).stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("network"), "{said}");
    assert!(bench.ok(&["decompress", "-o", "-", "data.bin.vxc"]).stdout == data);
    assert!(bench.read("data.bin.vxc").len() <= bench.read("8.vxc").len(), "{said}");
    // A short file has none.
    bench.write("short", &data[..STRIDE * 100]);
    let said = bench.ok(&["compress", "-9", "short"]).stderr;
    assert!(String::from_utf8(said).unwrap().contains("no network was trained"));
    assert!(bench.ok(&["decompress", "-o", "-", "short.vxc"]).stdout == data[..STRIDE * 100]);
    assert_eq!(bench.names().len(), 6, "{:?}", bench.names());
}
