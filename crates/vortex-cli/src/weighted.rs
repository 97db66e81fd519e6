//! Data files on the command line, with their weights.

use std::path::PathBuf;
use std::str::FromStr;

/// A file, and how often it is used in comparison with others.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// The file.
    pub path: PathBuf,
    /// `None`: in proportion to its size, or 1 if another file has a weight.
    pub weight: Option<f64>,
}

impl From<PathBuf> for Weighted {
    fn from(path: PathBuf) -> Self {
        Self { path, weight: None }
    }
}

impl FromStr for Weighted {
    type Err = String;

    /// Reads `FILE` or `FILE:WEIGHT`. If a file with the whole text as its name exists, it is that
    /// file.
    fn from_str(text: &str) -> Result<Self, String> {
        let whole = Self { path: text.into(), weight: None };
        let Some((path, weight)) = text.rsplit_once(':') else { return Ok(whole) };
        let Ok(weight) = weight.parse::<f64>() else { return Ok(whole) };
        if path.is_empty() || whole.path.exists() {
            return Ok(whole);
        }
        if !(weight > 0.0 && weight.is_finite()) {
            return Err(format!("the weight {weight} must be above 0 and finite"));
        }
        Ok(Self { path: path.into(), weight: Some(weight) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<f64>) {
        let Weighted { path, weight } = text.parse().unwrap();
        (path.to_string_lossy().into_owned(), weight)
    }

    #[test]
    fn a_number_after_the_last_colon_is_a_weight() {
        assert_eq!(parsed("a.bin"), ("a.bin".into(), None));
        assert_eq!(parsed("a.bin:0.5"), ("a.bin".into(), Some(0.5)));
        assert_eq!(parsed("a:b.bin"), ("a:b.bin".into(), None));
        assert_eq!(parsed("a:1:2"), ("a:1".into(), Some(2.0)));
        assert_eq!(parsed(":2"), (":2".into(), None));
        assert!("a:0".parse::<Weighted>().is_err() && "a:inf".parse::<Weighted>().is_err());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x:3");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(parsed(&path.display().to_string()).1, None);
    }
}
