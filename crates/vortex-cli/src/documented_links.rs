//! Checks that every link of the documentation leads to a file and a heading that exist, that the
//! book's table of contents lists every page, and the architecture page every crate.

use std::collections::HashSet;
use std::path::Path;

use super::documented::pages;

/// The name of a heading in links, as GitHub and mdBook make it.
fn slug(heading: &str) -> String {
    let mut text = String::new();
    // A heading may hold code and links, of which only the text counts.
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        text += before;
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text += rest;
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = text.trim().to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

/// The lines outside of fences, without code.
fn prose(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            lines.push(line.split('`').step_by(2).collect::<Vec<_>>().join("code"));
        }
    }
    lines
}

fn headings(page: &Path) -> HashSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let mut fenced = false;
    let mut found = HashSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if let (Some(heading), false) = (line.strip_prefix('#'), fenced) {
            found.insert(slug(heading.trim_start_matches('#')));
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for page in pages() {
        let folder = page.parent().unwrap();
        for line in prose(&std::fs::read_to_string(&page).unwrap()) {
            for part in line.split("](").skip(1) {
                let target = part.split(')').next().unwrap();
                // Pages of crates also link to items of the code.
                if target.contains("://") || target.contains("::") {
                    continue;
                }
                checked += 1;
                let (file, heading) = target.split_once('#').unwrap_or((target, ""));
                let path = if file.is_empty() { page.clone() } else { folder.join(file) };
                let sound =
                    path.exists() && (heading.is_empty() || headings(&path).contains(heading));
                if !sound {
                    wrong.push(format!("{}: {target}", page.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 100, "{checked} links");
}

#[test]
fn the_book_lists_every_page_once() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let summary = std::fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let mut listed: Vec<&str> =
        summary.split("](").skip(1).map(|part| part.split(')').next().unwrap()).collect();
    listed.sort_unstable();
    let names = std::fs::read_dir(&docs).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut there: Vec<String> =
        names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect();
    there.sort_unstable();
    assert_eq!(listed, there);
}

#[test]
fn headings_have_the_names_of_links() {
    assert_eq!(slug(" Laws that the search finds"), "laws-that-the-search-finds");
    assert_eq!(slug(" With a model: `-m`, `--mix`"), "with-a-model--m---mix");
    assert_eq!(slug(" Model files (.vxm)"), "model-files-vxm");
    assert_eq!(slug(" [Levels](levels.md) 1_2"), "levels-1_2");
}

#[test]
fn the_architecture_page_and_its_picture_have_every_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().parent().unwrap();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let (page, picture) = (read("docs/architecture.md"), read("docs/img/crates.svg"));
    let mut names = vec!["vortex-python".to_owned()];
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        names.push(entry.unwrap().file_name().into_string().unwrap());
    }
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("\n| {name}")), "no row for {name} in docs/architecture.md");
        assert!(picture.contains(&format!(">{name}<")), "no {name} in docs/img/crates.svg");
    }
}
