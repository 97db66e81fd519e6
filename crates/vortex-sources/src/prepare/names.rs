//! The names of the files of a prepared folder.

use std::collections::HashMap;
use std::path::Path;

/// File names that are taken, in lower case, because some file systems ignore case; and the last
/// number behind each.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, u32>);

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
        let mut base = clean.clone();
        while self.0.contains_key(&base.to_lowercase()) {
            let count = self.0.entry(clean.to_lowercase()).or_insert(1);
            *count = count.checked_add(1).ok_or("no file name is left")?;
            base = format!("{clean}~{count}");
        }
        self.0.insert(base.to_lowercase(), 1);
        Ok(base)
    }
}

/// The name of a file without its folder and its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
