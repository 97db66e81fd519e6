//! Runs the commands of the README in their order.

use super::bench::{Bench, SCHEMA, STRIDE, records};
use super::training::CONFIG;
use super::weights::checkpoint;

/// The indented lines under a heading, without comments.
fn commands(heading: &str) -> Vec<String> {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let section = text.split("\n## ").find(|s| s.starts_with(heading)).unwrap();
    let lines = section.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| line.split(" #").next().unwrap().trim().to_owned()).collect()
}

/// Runs the commands except the installation; returns how many called the program.
fn run(bench: &Bench, heading: &str) -> usize {
    let mut ran = 0;
    for line in commands(heading) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["vortex", ..] => {
                bench.ok(&words[1..]);
                ran += 1;
            }
            ["cmp", a, b] => assert!(bench.read(a) == bench.read(b), "{line}"),
            ["cargo", "install", ..] => {}
            _ => panic!("what is this? {line}"),
        }
    }
    ran
}

#[test]
fn with_your_own_data() {
    let bench = Bench::new();
    bench.write("events.bin", &records(STRIDE * 5000));
    bench.write("events.schema.yaml", SCHEMA.as_bytes());
    std::fs::create_dir_all(bench.path("configs")).unwrap();
    // The configuration of the README takes minutes.
    bench.write("configs/cpu_small.yaml", CONFIG.as_bytes());
    assert_eq!(run(&bench, "With your own data"), 10);
}

#[test]
fn weights_of_networks() {
    let bench = Bench::new();
    let whole = checkpoint(0);
    for (name, step) in [("model", 0), ("step1", 1), ("step2", 2)] {
        bench.write(&format!("{name}.safetensors"), &checkpoint(step));
    }
    let commands = commands("Weights of networks");
    // The last one writes the first input again.
    assert!(commands.last().unwrap().ends_with("decompress-weights model.safetensors.vxw"));
    let mut ran = 0;
    for line in &commands {
        if line.contains(" decompress-weights ") {
            std::fs::remove_file(bench.path("model.safetensors")).unwrap();
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        bench.ok(&words[1..]);
        ran += 1;
    }
    assert_eq!(ran, 3);
    assert!(bench.read("model.safetensors") == whole);
}
