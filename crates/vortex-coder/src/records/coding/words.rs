//! The parameters of a coding in words, as sidecars state them and `inspect` prints them.
//!
//! This crate reads and writes no YAML. A coding says which [`Shape`] each of its keys takes, whoever reads a
//! file fills that shape with [`Words`], and whoever writes one prints them.

use crate::error::{Error, Result};

/// What may stand behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Flag,
    /// A whole number from 0 on.
    Count,
    /// Any number.
    Number,
    /// A word.
    Text,
    /// Names of fields.
    Names,
    /// Keys, each with a shape of its own; all may be left out as far as the shape goes.
    Map(&'static [(&'static str, Shape)]),
}

/// What does stand behind a key.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // as in Shape
pub enum Words {
    Flag(bool),
    Count(u64),
    Number(f64),
    Text(String),
    Names(Vec<String>),
    Map(Vec<(&'static str, Self)>),
}

impl Words {
    /// What stands behind a key of a map, if anything.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| *name == key).map(|(_, words)| words)
    }

    /// A count that must be there.
    pub(super) fn count(&self, key: &str) -> Result<u64> {
        match self.get(key) {
            Some(Self::Count(count)) => Ok(*count),
            other => Err(needed(key, other, "a whole number")),
        }
    }

    /// A number, or `default` where there is none.
    pub(super) fn number(&self, key: &str, default: f64) -> Result<f64> {
        match self.get(key) {
            None => Ok(default),
            Some(Self::Number(number)) => Ok(*number),
            other => Err(needed(key, other, "a number")),
        }
    }

    /// A word that must be there.
    pub(super) fn text(&self, key: &str) -> Result<&str> {
        match self.get(key) {
            Some(Self::Text(text)) => Ok(text),
            other => Err(needed(key, other, "a word")),
        }
    }

    /// Names, or none.
    pub(super) fn names(&self, key: &str) -> Result<&[String]> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Self::Names(names)) => Ok(names),
            other => Err(needed(key, other, "a list of names")),
        }
    }
}

fn needed(key: &str, found: Option<&Words>, what: &str) -> Error {
    let found = found.map_or("nothing".into(), |words| format!("{words:?}"));
    Error::invalid_argument(format!("{key}: {what} is needed, not {found}"))
}
