//! A command as a step of another one: what runs, and how a user would call it.

use std::ffi::OsString;

use crate::arguments::Common;
use crate::commands::{Arguments, Command};
use crate::failure::Failure;

/// A command, and the words that stand for it.
#[derive(Debug)]
pub struct Step {
    /// Without the name of the program.
    words: Vec<OsString>,
    command: Command,
}

impl Step {
    /// Of words and what they mean.
    pub fn new<W: Into<OsString>>(words: impl IntoIterator<Item = W>, command: Command) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), command }
    }

    /// The line that a user would type.
    pub fn line(&self) -> String {
        let words = self.words.iter().map(|word| word.to_string_lossy());
        words.fold("vortex".to_owned(), |line, word| line + " " + &word)
    }

    /// Runs the command in this process.
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        super::run(Arguments { common: common.clone(), command: self.command })
    }

    /// Panics unless the words mean the command.
    #[cfg(test)]
    pub fn check(&self) {
        use clap::Parser;
        let words = std::iter::once("vortex".into()).chain(self.words.iter().cloned());
        let parsed = Arguments::try_parse_from(words).unwrap().command;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", self.command));
    }
}
