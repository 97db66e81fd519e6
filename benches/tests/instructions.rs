//! Instructions of fixed work, counted by valgrind, compared with `regressions/instructions.csv`.
//!
//! Counts do not depend on what else a machine does. They depend a little on the compiler and on the
//! processor, so a difference of [`BOUND`] is allowed. `UPDATE_INSTRUCTIONS=1 cargo test --release -p
//! vortex-benches --test instructions` writes the table anew.

use std::path::Path;
use std::process::Command;

use vortex_benches::work::NAMES;

/// Largest accepted ratio of the count to the stored one, both ways.
const BOUND: f64 = 1.08;

/// Instructions of one work; `None` without valgrind.
fn count(name: &str) -> Option<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_fixed_work"))
        .arg(name)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{name}: {text}");
    let line = text.lines().find_map(|line| line.split_once("Collected :"));
    let (_, number) = line.unwrap_or_else(|| panic!("{name}: no count in {text}"));
    Some(number.trim().parse().expect("a number"))
}

/// The instructions of a work without those that it shares with another: a process that decodes has
/// encoded before, and each starts and makes its input.
fn own(name: &str, counts: &[(&str, u64)]) -> u64 {
    let count = |name: &str| {
        let row = counts.iter().find(|(other, _)| *other == name);
        row.unwrap_or_else(|| panic!("no count of {name:?}; write the table anew")).1
    };
    match name.strip_prefix("decode ") {
        Some(rest) => count(name).saturating_sub(count(&format!("encode {rest}"))),
        None if name == "nothing" => count(name),
        None => count(name).saturating_sub(count("nothing")),
    }
}

fn skip() -> Option<&'static str> {
    if cfg!(debug_assertions) {
        return Some("not a release build");
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return None;
    }
    Some("the stored counts are of x86-64 with AVX2")
}

#[test]
fn instructions_are_those_of_the_table() {
    if let Some(why) = skip() {
        eprintln!("{why}: skipped");
        return;
    }
    let mut found = Vec::new();
    for name in NAMES {
        let Some(count) = count(name) else {
            eprintln!("valgrind is not installed: skipped");
            return;
        };
        found.push((name, count));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/instructions.csv");
    if std::env::var_os("UPDATE_INSTRUCTIONS").is_some() {
        let rows: String = found.iter().map(|(name, n)| format!("{name},{n}\n")).collect();
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(&path, format!("work,instructions\n{rows}")).expect("it can be written");
    }
    let stored = std::fs::read_to_string(&path).expect("the table is in the repository");
    let rows = stored.lines().skip(1).filter_map(|row| row.rsplit_once(','));
    let stored: Vec<(&str, u64)> =
        rows.map(|(name, count)| (name, count.parse().expect("a number"))).collect();
    let mut changed = Vec::new();
    for name in NAMES {
        let (now, before) = (own(name, &found), own(name, &stored));
        let ratio = now as f64 / before as f64;
        println!("{name}: {now} instructions, {ratio:.3} of the stored count");
        if !(1.0 / BOUND..=BOUND).contains(&ratio) {
            changed.push(format!("  {name}: {now}, stored {before}"));
        }
    }
    assert!(
        changed.is_empty(),
        "the work changed by more than {BOUND}. If that is meant, write the table anew \
         (UPDATE_INSTRUCTIONS=1), and say why in the commit:\n{}",
        changed.join("\n")
    );
}
