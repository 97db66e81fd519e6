//! `vortex`: trains a model on records, compresses with it, and gives back the same bytes.

/// Like the standard macro, but it ignores a closed standard error instead of panicking.
macro_rules! eprintln {
    ($($message:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($message)*);
    }};
}

mod arguments;
mod commands;
#[cfg(test)]
mod documented;
mod failure;
mod input;
mod interrupt;
mod models;
mod output;
mod progress;
mod report;
mod scoreboard;
mod stdout;
mod weighted;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Arguments;
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit status if a reader closed our standard output, as if SIGPIPE had ended the program.
const BROKEN_PIPE: u8 = 141;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = interrupt::install().map_err(Failure::Error);
    match outcome.and_then(|()| commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Reported) => ExitCode::FAILURE,
        Err(Failure::Interrupted) => ExitCode::from(interrupt::INTERRUPTED),
        Err(Failure::BrokenPipe) => ExitCode::from(BROKEN_PIPE),
        Err(Failure::Error(error)) => {
            eprintln!("vortex: {}", failure::describe(&error));
            ExitCode::FAILURE
        }
    }
}
