//! Columns through pcodec, in the form that it has for files of other formats: a version once, then a chunk of one page for
//! each run of numbers, whose count stands elsewhere.

use std::fmt::Display;

use pco::data_types::Number;
use pco::metadata::DeltaEncoding;
use pco::wrapped::{ChunkCompressor, FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, PagingSpec};

use crate::error::{Error, Result};

/// Most numbers of a chunk: pcodec takes no more.
pub(super) const MAX_NUMBERS: usize = 1 << 24;
/// The highest level at which pcodec itself chooses differences.
const MAX_LEVEL_TO_CHOOSE: usize = 8;
/// The major version of pcodec's format that is read and written.
const MAJOR: u8 = 4;
/// Bytes of the version.
const VERSION_BYTES: usize = 2;
/// log2 of the longest distance to earlier numbers; pcodec writes none longer, and memory grows with it.
const MAX_WINDOW_LOG: u32 = 15;
/// pcodec's number of its dictionary mode, whose dictionary has a length of its own: it is not used.
const DICTIONARY_MODE: u8 = 4;

/// Appends the version.
pub(super) fn write_version(out: &mut Vec<u8>) {
    let written = FileCompressor::default().write_header(out);
    written.expect("a vector takes everything");
}

/// Reads the version.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] for another one.
pub(super) fn read_version(input: &mut &[u8]) -> Result<FileDecompressor> {
    match input.split_at_checked(VERSION_BYTES) {
        Some((version @ &[MAJOR, _], rest)) => {
            *input = rest;
            let (decompressor, _) = FileDecompressor::new(version).map_err(damaged)?;
            Ok(decompressor)
        }
        Some((version, _)) => {
            let [major, minor] = [version[0], version[1]];
            Err(Error::corrupt(format!("pcodec's format {major}.{minor}; {MAJOR} is read")))
        }
        None => Err(Error::corrupt("a block of columns that ends before its version")),
    }
}

/// Bytes of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Of what is said once, whatever the count of numbers.
    pub head: usize,
    /// Of the numbers.
    pub page: usize,
}

/// About what [`write`] would write of at least one number and at most [`MAX_NUMBERS`].
pub(super) fn size<T: Number>(numbers: &[T], level: usize) -> Result<Size> {
    let chunk = chunk(numbers, level, DeltaSpec::Auto)?;
    // The hint for a page is a fifth more than what is likely, so that a buffer of that size is enough.
    Ok(Size { head: chunk.meta_size_hint(), page: chunk.page_size_hint(0) / 6 * 5 })
}

/// A chunk for each count that is not 0, of at most [`MAX_NUMBERS`] numbers. Numbers of several counts are no neighbours in
/// the data, and no differences of them are tried.
pub(super) fn write<T: Number>(numbers: &[T], counts: &[usize], level: usize) -> Result<Vec<u8>> {
    let (mut out, mut rest) = (Vec::new(), numbers);
    for &count in counts.iter().filter(|&&count| count > 0) {
        let (numbers, later) = rest.split_at(count);
        let delta = if counts.len() > 1 { DeltaSpec::NoOp } else { chosen_delta(numbers, level)? };
        let mut chunk = chunk(numbers, level, delta)?;
        // At once: a vector that grows moves, and touches new memory each time.
        out.reserve(chunk.meta_size_hint() + chunk.page_size_hint(0));
        chunk.write_meta(&mut out).map_err(failed)?;
        chunk.write_page(0, &mut out).map_err(failed)?;
        rest = later;
    }
    Ok(out)
}

/// Which differences to take. pcodec tries several with as many bins as it codes with, which takes most of its time where these are
/// many; few bins show the same.
fn chosen_delta<T: Number>(numbers: &[T], level: usize) -> Result<DeltaSpec> {
    if level <= MAX_LEVEL_TO_CHOOSE {
        return Ok(DeltaSpec::Auto);
    }
    let chosen = chunk(numbers, MAX_LEVEL_TO_CHOOSE, DeltaSpec::Auto)?;
    Ok(match chosen.meta().delta_encoding {
        DeltaEncoding::NoOp => DeltaSpec::NoOp,
        DeltaEncoding::Consecutive { order, .. } => DeltaSpec::TryConsecutive(order),
        DeltaEncoding::Lookback { .. } => DeltaSpec::TryLookback,
        _ => DeltaSpec::Auto,
    })
}

fn chunk<T: Number>(numbers: &[T], level: usize, delta: DeltaSpec) -> Result<ChunkCompressor> {
    let config = ChunkConfig::default()
        .with_compression_level(level)
        .with_delta_spec(delta)
        .with_paging_spec(PagingSpec::Exact(vec![numbers.len()]))
        .with_enable_8_bit(true);
    FileCompressor::default().chunk_compressor(numbers, &config).map_err(failed)
}

fn failed(error: impl Display) -> Error {
    Error::invalid_argument(format!("pcodec: {error}"))
}

/// Reads a chunk of `out.len()` numbers and moves `input` past it.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] for what is no such chunk.
pub(super) fn read<T: Number>(
    decompressor: &FileDecompressor,
    input: &mut &[u8],
    out: &mut [T],
) -> Result<()> {
    if out.len() > MAX_NUMBERS {
        let n = out.len();
        return Err(Error::corrupt(format!("{n} numbers in a chunk of pcodec; {MAX_NUMBERS} fit")));
    }
    if input.first().is_some_and(|byte| byte & 15 == DICTIONARY_MODE) {
        return Err(Error::corrupt("a chunk of pcodec with a dictionary, which none has here"));
    }
    let (mut chunk, rest) = decompressor.chunk_decompressor::<T, _>(*input).map_err(damaged)?;
    match &chunk.meta().delta_encoding {
        DeltaEncoding::Lookback { config, .. } if config.window_n_log > MAX_WINDOW_LOG => {
            let log = config.window_n_log;
            return Err(Error::corrupt(format!(
                "a chunk of pcodec that looks back 2^{log} numbers; 2^{MAX_WINDOW_LOG} are possible"
            )));
        }
        _ => {}
    }
    let mut page = chunk.page_decompressor(rest, out.len()).map_err(damaged)?;
    let progress = page.read(out).map_err(damaged)?;
    if progress.n_processed != out.len() || !progress.finished {
        return Err(Error::corrupt("a chunk of pcodec with fewer numbers than are announced"));
    }
    *input = page.into_src();
    Ok(())
}

fn damaged(error: impl Display) -> Error {
    Error::corrupt(format!("pcodec: {error}"))
}
