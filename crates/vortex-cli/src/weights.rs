//! Weights through vortex-zipnn: bases from files, and what to do about its errors.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use vortex_coder::container::constants::MAGIC as RECORDS_MAGIC;
use vortex_zipnn::{Base, Error, ErrorKind, Summary};

use crate::input::open_file;

pub use vortex_zipnn::container::constants::MAGIC;

/// Reads a base checkpoint once, for its digest.
pub fn open_base(path: Option<&Path>) -> Result<Option<Base<'static>>> {
    let open = |path: &Path| -> Result<Base<'static>> {
        let file: File = open_file(path)?;
        Ok(Base::open(file)?)
    };
    path.map(|path| open(path).with_context(|| path.display().to_string())).transpose()
}

/// Decompresses all of `input`.
pub fn decode(
    input: impl Read,
    output: impl Write,
    base: Option<&Path>,
    threads: usize,
) -> Result<Summary> {
    let mut base = open_base(base)?;
    vortex_zipnn::decompress(input, output, base.as_mut(), threads).map_err(advise)
}

/// Adds what the user can do.
pub fn advise(error: Error) -> anyhow::Error {
    let advice = match error.kind {
        ErrorKind::NotSafetensors => "values without its header need --dtype, such as f32 or bytes",
        ErrorKind::MissingBase => "use --base",
        ErrorKind::WrongBase => "name that one with --base",
        _ => return error.into(),
    };
    anyhow::Error::msg(format!("{error}; {advice}"))
}

/// Points from one kind of compressed file to the command for it.
pub fn refuse_records(head: &[u8]) -> Result<()> {
    anyhow::ensure!(
        head != RECORDS_MAGIC,
        "is a .vxc file and holds no weights; use vortex decompress"
    );
    Ok(())
}
