//! Shared by the commands with several FILEs: names of outputs, and continuing after a failure.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use vortex_codec::output::folder;

use crate::arguments::OutputArguments;
use crate::failure::{Failure, report, stdout_is_closed};
use crate::output::Target;

/// Extension of compressed files.
pub const EXTENSION: &str = "vxc";
/// Extension of compressed weights.
pub const WEIGHTS_EXTENSION: &str = "vxw";

/// Does `work` for each file. A failure is printed, and the loop continues with the next file.
pub fn for_each(
    files: &[PathBuf],
    mut work: impl FnMut(&Path) -> Result<()>,
) -> Result<(), Failure> {
    let mut failed = false;
    for file in files {
        if let Err(error) = work(file) {
            if stdout_is_closed(&error) {
                return Err(Failure::BrokenPipe);
            }
            report(file, &error);
            failed = true;
        }
    }
    if failed { Err(Failure::Reported) } else { Ok(()) }
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Ends the program with a message about wrong usage if the outputs of `files`, given by `target`,
/// cannot all exist.
pub fn check_usage(
    files: &[PathBuf],
    arguments: &OutputArguments,
    target: impl Fn(&Path) -> Result<Target>,
) {
    let wrong = match &arguments.output {
        Some(output) => wrong_output(files, output),
        None => None,
    };
    if let Some(message) = wrong.or_else(|| shared_output(files, target)) {
        super::wrong_usage(message);
    }
}

/// What is wrong with -o, if anything.
fn wrong_output(files: &[PathBuf], output: &Path) -> Option<String> {
    let name = output.display();
    if output == Path::new("-") || output.is_dir() {
        return None;
    }
    if output.to_string_lossy().ends_with(std::path::is_separator) {
        return Some(format!(
            "-o {name}: there is no such folder; create it first: mkdir -p {name}"
        ));
    }
    let n = files.len();
    (n > 1).then(|| format!("-o {name} with {n} FILEs: name an existing folder or -"))
}

/// Two inputs whose outputs would have the same name.
fn shared_output(files: &[PathBuf], target: impl Fn(&Path) -> Result<Target>) -> Option<String> {
    let mut seen: HashMap<PathBuf, &Path> = HashMap::new();
    for file in files {
        // An input without a target fails later in its turn; a device can take any number of
        // outputs.
        let Ok(Target::Path(path)) = target(file) else { continue };
        if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            continue;
        }
        let whole = std::fs::canonicalize(&path).or_else(|_| {
            let name = path.file_name().unwrap_or_default();
            Ok::<_, std::io::Error>(std::fs::canonicalize(folder(&path))?.join(name))
        });
        if let Some(other) = seen.insert(whole.unwrap_or_else(|_| path.clone()), file) {
            return Some(format!(
                "{} and {} would both become {}: write them into different folders, one by one",
                other.display(),
                file.display(),
                path.display()
            ));
        }
    }
    None
}

/// The target of the compressed form of `input`.
pub fn compressed_target(
    input: &Path,
    arguments: &OutputArguments,
    extension: &str,
) -> Result<Target> {
    target(input, arguments, |input| compressed_name(input, extension))
}

/// The target of the decompressed contents of `input`.
pub fn original_target(
    input: &Path,
    arguments: &OutputArguments,
    extension: &str,
) -> Result<Target> {
    target(input, arguments, |input| original_name(input, extension))
}

/// The target of the output for `input`; `name` makes the file name from the input's name.
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
