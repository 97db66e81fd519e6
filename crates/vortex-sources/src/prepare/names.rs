//! The names of the files of a prepared folder.

use std::collections::HashSet;
use std::path::Path;

/// File names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A file name for a dataset, without extension.
    pub(super) fn base(&mut self, prefix: Option<&str>, name: &str) -> Result<String, String> {
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
        // Some file systems ignore case.
        for count in 1..=u32::MAX {
            let base = if count == 1 { clean.clone() } else { format!("{clean}~{count}") };
            if self.0.insert(base.to_lowercase()) {
                return Ok(base);
            }
        }
        Err("no file name is left".into())
    }
}

/// The name of a file without its folder and its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
