//! The figures of the pages are those of the results that are kept as CSV.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The files that the program reads and compares, relative to the top of the repository.
const FOLDERS: [&str; 4] =
    ["experiments/benchmarks", "experiments/benchmarks/results", "docs", "docs/img"];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the check of a copy of the repository; nothing without Python.
fn check(top: &Path) -> Option<Output> {
    let program = top.join("experiments/benchmarks/render.py");
    let output = Command::new("python3").arg("-B").arg(program).arg("--check").output();
    match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no python3");
            None
        }
        output => Some(output.unwrap()),
    }
}

#[test]
fn the_pages_have_the_figures_of_the_results() {
    let Some(output) = check(&top()) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_figure_changed_by_hand_is_found() {
    let copy = tempfile::tempdir().unwrap();
    for folder in FOLDERS {
        std::fs::create_dir_all(copy.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(top().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let to = copy.path().join(folder).join(path.file_name().unwrap());
                std::fs::copy(&path, to).unwrap();
            }
        }
    }
    std::fs::copy(top().join("README.md"), copy.path().join("README.md")).unwrap();
    let Some(output) = check(copy.path()) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let changes = [
        ("README.md", "README.md", "% smaller than"),
        ("docs/benchmarks.md", "docs/benchmarks.md", "% smaller than"),
        ("docs/img/benchmarks.svg", "docs/img/benchmarks.svg", "\"own\" x=\"190\" y=\""),
        // A size, after the length of the original.
        ("experiments/benchmarks/results/whole_files.csv", "README.md", "vortex -5,7547136,"),
    ];
    for (file, named, near) in changes {
        let path = copy.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, changed(&text, near)).unwrap();
        let output = check(copy.path()).unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(named), "{file}: {message}");
        std::fs::write(&path, text).unwrap();
    }
}

/// The text with another digit beside the first `near`: after it, or else before it.
fn changed(text: &str, near: &str) -> String {
    let at = text.find(near).unwrap();
    let end = at + near.len();
    let after = text[end..].find(|c: char| c.is_ascii_digit()).map(|n| end + n);
    let place = match text[..at].rfind(|c: char| c.is_ascii_digit()) {
        Some(before) if near.starts_with('%') => before,
        _ => after.unwrap(),
    };
    let digit = if &text[place..=place] == "1" { "2" } else { "1" };
    format!("{}{digit}{}", &text[..place], &text[place + 1..])
}
