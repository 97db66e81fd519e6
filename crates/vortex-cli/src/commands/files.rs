//! What the commands over several FILEs share: names of outputs, and going on after a failure.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::arguments::OutputArguments;
use crate::failure::{Failure, is_broken_pipe, report};
use crate::output::Target;

/// Extension of compressed files.
pub const EXTENSION: &str = "vxc";
/// Extension of compressed weights.
pub const WEIGHTS_EXTENSION: &str = "vxw";

/// Does `work` for each file. A failure is printed and the others still get their turn.
pub fn for_each(
    files: &[PathBuf],
    mut work: impl FnMut(&Path) -> Result<()>,
) -> Result<(), Failure> {
    let mut failed = false;
    for file in files {
        if let Err(error) = work(file) {
            if is_broken_pipe(&error) {
                return Err(Failure::BrokenPipe);
            }
            report(file, &error);
            failed = true;
        }
    }
    if failed { Err(Failure::Reported) } else { Ok(()) }
}

/// One output file and several inputs do not go together; that is wrong usage.
pub fn check_usage(files: &[PathBuf], arguments: &OutputArguments) {
    use clap::{CommandFactory, error::ErrorKind};
    let Some(output) = &arguments.output else { return };
    if files.len() > 1 && output != Path::new("-") && !output.is_dir() {
        crate::arguments::Arguments::command()
            .error(
                ErrorKind::ArgumentConflict,
                format!(
                    "-o {} with {} FILEs: name an existing folder or -",
                    output.display(),
                    files.len()
                ),
            )
            .exit();
    }
}

/// Where the compressed form of `input` goes.
pub fn compressed_target(
    input: &Path,
    arguments: &OutputArguments,
    extension: &str,
) -> Result<Target> {
    target(input, arguments, |input| compressed_name(input, extension))
}

/// Where what `input` holds goes.
pub fn original_target(
    input: &Path,
    arguments: &OutputArguments,
    extension: &str,
) -> Result<Target> {
    target(input, arguments, |input| original_name(input, extension))
}

/// Where the output of `input` goes; `name` makes its file name from the input's.
fn target(
    input: &Path,
    arguments: &OutputArguments,
    name: impl Fn(&Path) -> Result<PathBuf>,
) -> Result<Target> {
    let stdin = input == Path::new("-");
    let target = match &arguments.output {
        Some(output) if output.is_dir() => {
            if stdin {
                bail!("standard input has no name; name a file with -o, not a folder");
            }
            let path = name(input)?;
            Target::Path(output.join(path.file_name().context("has no file name")?))
        }
        Some(output) => Target::new(output),
        None if stdin => Target::Stdout,
        None => Target::Path(name(input)?),
    };
    if let Target::Path(path) = &target
        && !stdin
        && let (Ok(a), Ok(b)) = (std::fs::canonicalize(path), std::fs::canonicalize(input))
        && a == b
    {
        bail!("is input and output at once, and inputs are kept; name another file with -o");
    }
    Ok(target)
}

/// `a/b.bin` becomes `a/b.bin.vxc`.
fn compressed_name(input: &Path, extension: &str) -> Result<PathBuf> {
    if input.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension)) {
        bail!("has the name of a compressed file already; name the output with -o");
    }
    let mut name = input.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    Ok(name.into())
}

/// `a/b.bin.vxc` becomes `a/b.bin`.
fn original_name(input: &Path, extension: &str) -> Result<PathBuf> {
    if input.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension)) {
        Ok(input.with_extension(""))
    } else {
        bail!("does not end in .{extension}; name the output with -o")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let compressed = |name: &str| compressed_name(Path::new(name), "vxc");
        let original = |name: &str| original_name(Path::new(name), "vxc");
        assert_eq!(compressed("a/b.bin").unwrap(), Path::new("a/b.bin.vxc"));
        assert_eq!(original("a/b.bin.vxc").unwrap(), Path::new("a/b.bin"));
        assert_eq!(original("a/b.VXC").unwrap(), Path::new("a/b"));
        assert!(original("a/b.bin").is_err());
        assert!(compressed("b.vxc").is_err());
    }
}
