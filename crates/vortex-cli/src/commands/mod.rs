//! The commands, one file each.

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
pub mod import_checkpoint;
pub mod inspect;
pub mod prepare;
pub mod restore;
mod step;
pub mod test;
pub mod train;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

/// Runs what the user asked for.
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
        Command::Test(c) => c.run(common),
        Command::Inspect(c) => c.run(common),
        Command::Evaluate(c) => c.run(common),
        Command::Demo(c) => c.run(common),
        #[cfg(feature = "download")]
        Command::Download(c) => c.run(common),
        Command::Completions(c) => c.run(),
    }
}
