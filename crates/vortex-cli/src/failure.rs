//! How failures are reported: one line that says where, what, and what to do next.

use std::io;
use std::path::Path;

use anyhow::Error;
use vortex_codec::ErrorKind;
#[cfg(feature = "download")]
use vortex_codec::download::DownloadError;

use crate::stdout;

/// The reason why a command ended.
#[derive(Debug)]
pub enum Failure {
    /// Messages were printed already, one for each file that failed.
    Reported,
    /// The reader of our standard output has closed it: no message, as in other tools.
    BrokenPipe,
    /// Stopped by the user; a message was printed.
    Interrupted,
    /// An error that is still to be printed.
    Error(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        if stdout_is_closed(&error) { Self::BrokenPipe } else { Self::Error(error) }
    }
}

/// Whether the reader of our standard output has closed it.
pub fn stdout_is_closed(error: &Error) -> bool {
    io_error(error).is_some_and(stdout::is_closed)
}

fn io_error(error: &Error) -> Option<&io::Error> {
    error.chain().find_map(|cause| cause.downcast_ref::<io::Error>())
}

/// The command-line option that helps against a failure; errors of libraries name no options.
fn options(error: &Error) -> Option<&'static str> {
    #[cfg(feature = "download")]
    if let Some(error) = error.chain().find_map(|cause| cause.downcast_ref::<DownloadError>()) {
        return match error {
            DownloadError::NoSpace { .. } => Some("-o names the folder, --num-files their number"),
            DownloadError::InTheWay { .. } | DownloadError::Changed { .. } => {
                Some("--force replaces it")
            }
            _ => None,
        };
    }
    let error = error.chain().find_map(|cause| cause.downcast_ref::<vortex_codec::Error>())?;
    match error.kind() {
        ErrorKind::OutputExists => Some("use -f to replace it"),
        ErrorKind::FolderExists => Some("name another with -o"),
        ErrorKind::NotAFile => Some("name a file with -o"),
        ErrorKind::MissingModel => Some("or give it with -m"),
        ErrorKind::NotSafetensors => {
            Some("values without its header need --dtype, such as f32 or bytes")
        }
        ErrorKind::MissingBase => Some("use --base"),
        ErrorKind::WrongBase => Some("name that one with --base"),
        ErrorKind::SelfTest => Some("until then use other --instructions"),
        ErrorKind::NoSuchInstructions => Some("use --instructions auto"),
        ErrorKind::NotFound if error.message().ends_with("name one of them") => {
            Some("use --dataset NAME")
        }
        ErrorKind::MixedRecords => Some("--schema says what they are"),
        ErrorKind::NotBuilt if error.message().contains("rocm") => {
            Some("build it with: cargo install --path crates/vortex-cli --features rocm")
        }
        ErrorKind::NotBuilt if error.message().contains("vulkan") => {
            Some("build it with: cargo install --path crates/vortex-cli --features vulkan")
        }
        ErrorKind::Device => Some("or use --device cpu"),
        ErrorKind::NotBuilt => {
            Some("build it with: cargo install --path crates/vortex-cli --features cuda")
        }
        _ => None,
    }
}

/// Advice for failures of the machine rather than of the file.
fn advice(error: &Error) -> Option<&'static str> {
    match io_error(error)?.kind() {
        io::ErrorKind::NotFound => Some("check the name"),
        io::ErrorKind::PermissionDenied => Some("check the permissions"),
        io::ErrorKind::StorageFull => Some("free some space or write elsewhere with -o"),
        io::ErrorKind::QuotaExceeded => Some("free some of your quota or write elsewhere with -o"),
        io::ErrorKind::ReadOnlyFilesystem => Some("write elsewhere with -o"),
        io::ErrorKind::FileTooLarge => {
            Some("the file system or the limit of the shell (ulimit -f) allows no file this large")
        }
        io::ErrorKind::BrokenPipe => Some("the program at the other end stopped reading"),
        _ => None,
    }
}

/// One line with the chain of causes, each once, and what to do next.
pub fn describe(error: &Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Errors that wrap others often repeat them in their own text.
        if line.contains(cause.trim()) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(cause.trim());
    }
    let general = advice(error).filter(|_| !line.contains(';'));
    for advice in general.into_iter().chain(options(error)) {
        line.push_str("; ");
        line.push_str(advice);
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The error of a file as one line, without the name of the file at its start.
pub fn describe_of(name: &str, error: &Error) -> String {
    let line = describe(error);
    // Errors of files often already begin with the name.
    line.strip_prefix(&format!("{name}: ")).map_or(line.clone(), str::to_owned)
}

/// Prints the error of `path`.
pub fn report(path: &Path, error: &Error) {
    let name = if path == Path::new("-") { "(stdin)".into() } else { path.display().to_string() };
    eprintln!("vortex: {name}: {}", describe_of(&name, error));
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn one_line_with_cause_and_advice() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = Err::<(), _>(full).context("cannot be\nwritten").unwrap_err();
        let line = describe(&error);
        assert_eq!(
            line,
            "cannot be written: no storage space; free some space or write elsewhere with -o"
        );
    }

    #[test]
    fn a_broken_pipe_that_is_not_standard_output_is_told() {
        let error = Error::new(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing");
        assert!(!stdout_is_closed(&error));
        let Failure::Error(error) = Failure::from(error) else { panic!("taken for our own") };
        assert!(describe(&error).ends_with("stopped reading"), "{}", describe(&error));
    }
}
