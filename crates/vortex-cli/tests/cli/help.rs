//! Help texts, compared with the snapshot in `help.txt`; `UPDATE_HELP=1 cargo test` rewrites it.

use super::bench::Bench;

const COMMANDS: [&[&str]; 16] = [
    &["--help"],
    &["prepare", "--help"],
    &["restore", "--help"],
    &["train", "--help"],
    &["import-checkpoint", "--help"],
    &["compress", "--help"],
    &["decompress", "--help"],
    &["compress-weights", "--help"],
    &["decompress-weights", "--help"],
    &["head", "--help"],
    &["test", "--help"],
    &["inspect", "--help"],
    &["evaluate", "--help"],
    &["bench", "--help"],
    &["selftest", "--help"],
    &["demo", "--help"],
];

#[test]
fn help_is_as_written_down() {
    let bench = Bench::new();
    let mut text = String::new();
    for arguments in COMMANDS {
        let output = bench.vortex(arguments).env("COLUMNS", "100").output().unwrap();
        assert!(output.status.success());
        text.push_str(&format!("$ vortex {}\n", arguments.join(" ")));
        text.push_str(&String::from_utf8(output.stdout).unwrap());
        text.push('\n');
    }
    let snapshot = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help.txt");
    if std::env::var_os("UPDATE_HELP").is_some() {
        std::fs::write(&snapshot, &text).unwrap();
    }
    let written = std::fs::read_to_string(&snapshot).unwrap();
    assert!(
        text == written,
        "the help texts changed; see them with UPDATE_HELP=1 cargo test -p vortex-cli help\n{text}"
    );
}

#[test]
fn completions_and_manual() {
    let bench = Bench::new();
    for (what, word) in
        [("bash", "_vortex"), ("zsh", "#compdef"), ("fish", "complete"), ("man", ".TH")]
    {
        let text = String::from_utf8(bench.ok(&["completions", what]).stdout).unwrap();
        assert!(text.contains(word), "{what}");
    }
}

#[test]
fn version() {
    let text = String::from_utf8(Bench::new().ok(&["--version"]).stdout).unwrap();
    assert_eq!(text.trim(), concat!("vortex ", env!("CARGO_PKG_VERSION")));
}
