//! The command `vortex` as a function, for programs that carry it: trains a model on records,
//! compresses with it, and gives back the same bytes.

/// Like the standard macro, but it ignores a closed standard error instead of panicking.
macro_rules! eprintln {
    ($($message:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($message)*);
    }};
}

mod arguments;
mod command_line;
mod commands;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod documented_links;
mod failure;
mod input;
mod interrupt;
mod models;
mod output;
mod progress;
mod records;
mod scoreboard;
mod stdout;
mod weighted;

use std::ffi::OsString;

use clap::Parser;

use crate::commands::Arguments;
use crate::failure::Failure;

/// Exit status of a command that succeeded.
const SUCCESS: u8 = 0;
/// Exit status of a command that failed; a message was printed.
const FAILURE: u8 = 1;
/// Exit status if a reader closed our standard output, as if SIGPIPE had ended the program.
const BROKEN_PIPE: u8 = 141;

/// Runs a command line, whose first word is the name of the program, and returns its exit status.
///
/// It prints to the standard streams of the process and handles its signals from now on.
/// Interruption ends the process.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return told(&error),
    };
    arguments.common.line = command_line::line(words.get(1..).unwrap_or_default());
    let outcome = interrupt::install().map_err(Failure::Error);
    match outcome.and_then(|()| commands::run(arguments)) {
        Ok(()) => SUCCESS,
        Err(Failure::Reported) => FAILURE,
        Err(Failure::Interrupted) => interrupt::INTERRUPTED,
        Err(Failure::BrokenPipe) => BROKEN_PIPE,
        Err(Failure::Error(error)) => {
            eprintln!("vortex: {}", failure::describe(&error));
            FAILURE
        }
    }
}

/// Prints help, the version or what is wrong with the arguments, and returns the exit status.
fn told(message: &clap::Error) -> u8 {
    let printed = message.print().and_then(|()| std::io::Write::flush(&mut std::io::stdout()));
    match printed {
        Ok(()) => u8::try_from(message.exit_code()).unwrap_or(FAILURE),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => BROKEN_PIPE,
        Err(error) => {
            eprintln!("vortex: the help cannot be written: {error}");
            FAILURE
        }
    }
}
