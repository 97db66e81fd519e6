//! Checks that the parser of the program accepts every `vortex` command of the documentation.

use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;

use crate::commands::Arguments;

/// The pages, relative to the top of the repository.
pub fn pages() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![top.join("docs"), top.join("configs"), top.join("experiments")];
    for parent in ["experiments", "crates"] {
        let entries = std::fs::read_dir(top.join(parent)).unwrap();
        folders.extend(entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()));
    }
    let mut pages = vec![top.join("README.md")];
    for folder in folders {
        let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        pages.extend(entries.filter(|p| p.extension().is_some_and(|e| e == "md")));
    }
    pages.sort();
    pages
}

/// The words after `vortex` in a line of shell that runs it: after a prompt, a pipe, `time` or
/// cargo.
fn arguments(line: &str) -> Vec<Vec<&str>> {
    let line = line.split(" #").next().unwrap_or_default();
    let runs = |part: &str| -> bool {
        let part = part.trim_start_matches('"');
        part == "vortex" || part.ends_with("/vortex")
    };
    let commands = line.split(['|', ';', '&']).filter_map(|command| {
        let words: Vec<&str> = command.split_whitespace().collect();
        let first = match words.iter().position(|word| *word == "cargo") {
            Some(_) if words.contains(&"vortex-cli") && words.contains(&"run") => {
                words.iter().position(|word| *word == "--")?
            }
            _ => words.iter().position(|word| runs(word))?,
        };
        let before = &words[..first];
        let prefix = |word: &&str| {
            let shell = ["$", "exec"].contains(word);
            word.contains('=') || word.starts_with('-') || word.contains("time") || shell
        };
        let own = words[first + 1..].iter().take_while(|word| ![">", "2>"].contains(word));
        (words[0] == "cargo" || before.iter().all(prefix)).then(|| own.copied().collect())
    });
    commands.collect()
}

#[test]
fn commands_are_found_in_lines_of_shell() {
    assert_eq!(arguments("$ vortex test a.vxc   # checks"), [["test", "a.vxc"]]);
    assert_eq!(arguments("vortex demo | cat; vortex inspect x").len(), 2);
    assert_eq!(arguments("/usr/bin/time -v vortex test x"), [["test", "x"]]);
    assert_eq!(arguments("cargo run --release -p vortex-cli -- demo"), [["demo"]]);
    assert_eq!(arguments("exec vortex test \"$FILE\""), [["test", "\"$FILE\""]]);
    assert_eq!(arguments("    \"vortex test {input} 2> {log}\""), [["test", "{input}"]]);
    assert!(arguments("cargo build -p vortex-cli").is_empty());
    assert!(arguments("the command vortex is built").is_empty());
}

/// Replaces a placeholder, or a variable of a shell or of Snakemake, by a value.
fn filled(word: &str) -> String {
    let word = word.trim_matches('"');
    let variable = |word: &str| word.starts_with(['$', '{']);
    match word.split_once('/') {
        Some((number, of)) if variable(number) && variable(of) => "2/3".into(),
        Some((number, of)) if variable(number) => format!("2/{of}"),
        _ if variable(word) => "2".into(),
        _ if word == "NAME" => "cms".into(),
        _ if word == "N" => "2".into(),
        _ => word.into(),
    }
}

#[test]
fn documented_commands_are_commands() {
    // Prose often gives only a part of a command, so required arguments may be missing.
    let incomplete = [
        ErrorKind::MissingRequiredArgument,
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    let parse = |words: &[&str]| {
        let words =
            [String::from("vortex")].into_iter().chain(words.iter().map(|word| filled(word)));
        let kind = Arguments::try_parse_from(words).err().map(|error| error.kind());
        kind.filter(|kind| *kind != ErrorKind::DisplayHelp)
    };
    let (mut whole, mut named, mut wrong) = (0, 0, Vec::new());
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            let mut kinds = Vec::new();
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if fenced || line.starts_with("    ") {
                let commands = arguments(line);
                whole += commands.len();
                kinds.extend(commands.iter().filter_map(|words| parse(words)));
            } else {
                for quoted in line.split('`').skip(1).step_by(2) {
                    let Some(words) = quoted.strip_prefix("vortex ") else { continue };
                    let words: Vec<&str> = words.split_whitespace().collect();
                    named += 1;
                    kinds.extend(parse(&words).filter(|kind| !incomplete.contains(kind)));
                }
            }
            wrong.extend(kinds.into_iter().map(|kind| {
                format!("{}:{}: {kind:?}: {}", page.display(), number + 1, line.trim())
            }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(whole > 30 && named > 20, "{whole} commands, {named} in prose");
}
