//! The names of the files of a prepared folder.

use std::path::Path;

use crate::unique_names::UniqueNames;

/// The names that are given.
#[derive(Debug)]
pub(super) struct Names(UniqueNames);

impl Names {
    pub(super) fn new() -> Self {
        Self(UniqueNames::of_files())
    }

    /// A file name for a dataset, without extension.
    pub(super) fn base(&mut self, prefix: Option<&str>, name: &str) -> String {
        let full = match prefix {
            Some(prefix) => format!("{prefix}.{name}"),
            None => name.to_owned(),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+#".contains(c);
        let clean: String = full
            .chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if plain(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let clean: String = clean.trim_start_matches('.').chars().take(180).collect();
        let clean = if clean.is_empty() { "data".to_owned() } else { clean };
        self.0.take(&clean, |n| format!("{clean}~{n}"))
    }
}

/// The name of a file without its folder and its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
