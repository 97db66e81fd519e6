//! A command as a step of another command: the code to run, and the command line of a user.

use std::ffi::OsString;

use crate::arguments::Common;
use crate::command_line;
use crate::commands::{Arguments, Command};
use crate::failure::Failure;

/// A command and its command line.
#[derive(Debug)]
pub struct Step {
    /// The words of the command line, without the name of the program.
    words: Vec<OsString>,
    command: Command,
}

impl Step {
    /// A step from its words and the command that they describe.
    pub fn new<W: Into<OsString>>(words: impl IntoIterator<Item = W>, command: Command) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), command }
    }

    /// The line that a user would type.
    pub fn line(&self) -> String {
        command_line::line(&self.words)
    }

    /// Runs the command in this process.
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let common = Common { line: self.line(), ..common.clone() };
        super::run(Arguments { common, command: self.command })
    }

    /// Panics unless parsing the words gives the command.
    #[cfg(test)]
    pub fn check(&self) {
        use clap::Parser;
        let words = std::iter::once("vortex".into()).chain(self.words.iter().cloned());
        let parsed = Arguments::try_parse_from(words).unwrap().command;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", self.command));
    }
}
