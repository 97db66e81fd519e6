//! The command line: one file for each command, and the function that runs them.

pub mod bench;
pub mod completions;
pub mod compress;
pub mod compress_weights;
pub mod decompress;
pub mod decompress_weights;
pub mod demo;
#[cfg(feature = "download")]
pub mod download;
pub mod evaluate;
mod files;
pub mod head;
pub mod import_checkpoint;
pub mod inspect;
pub mod prepare;
pub mod restore;
pub mod selftest;
mod step;
pub mod test;
pub mod train;

use std::fmt::Display;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::arguments::Common;
use crate::failure::Failure;

/// Lossless compression of tables of numbers with small neural networks that decode to the same
/// bytes on every machine.
#[derive(Debug, Parser)]
#[command(name = "vortex", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 success, 1 failure or an output without some datasets, 2 wrong usage.\n\
    Start with:  vortex demo"
)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// A command, with its arguments, whose documentation is its help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Prepare(prepare::Prepare),
    Restore(restore::Restore),
    Train(train::Train),
    ImportCheckpoint(import_checkpoint::ImportCheckpoint),
    Compress(compress::Compress),
    Decompress(decompress::Decompress),
    CompressWeights(compress_weights::CompressWeights),
    DecompressWeights(decompress_weights::DecompressWeights),
    Head(head::Head),
    Test(test::Test),
    Inspect(inspect::Inspect),
    Evaluate(evaluate::Evaluate),
    Bench(bench::Bench),
    #[command(name = "selftest")]
    SelfTest(selftest::SelfTest),
    Demo(demo::Demo),
    #[cfg(feature = "download")]
    Download(download::Download),
    #[command(hide = true)]
    Completions(completions::Completions),
}

/// Runs the command of the user.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    match arguments.command {
        Command::Train(c) => c.run(common),
        Command::ImportCheckpoint(c) => c.run(common),
        Command::Prepare(c) => c.run(common),
        Command::Restore(c) => c.run(common),
        Command::Compress(c) => c.run(common),
        Command::Decompress(c) => c.run(common),
        Command::CompressWeights(c) => c.run(common),
        Command::DecompressWeights(c) => c.run(common),
        Command::Head(c) => c.run(common),
        Command::Test(c) => c.run(common),
        Command::Inspect(c) => c.run(common),
        Command::Evaluate(c) => c.run(common),
        Command::Bench(c) => c.run(common),
        Command::SelfTest(c) => c.run(common),
        Command::Demo(c) => c.run(common),
        #[cfg(feature = "download")]
        Command::Download(c) => c.run(common),
        Command::Completions(c) => c.run(),
    }
}

/// Ends the program with status 2, because arguments contradict each other.
fn wrong_usage(message: impl Display) -> ! {
    Arguments::command().error(ErrorKind::ArgumentConflict, message).exit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
