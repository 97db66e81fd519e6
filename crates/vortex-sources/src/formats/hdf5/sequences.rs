//! Datasets of text and sequences of variable length: one dataset of their lengths, and one of all
//! their elements.

use std::ops::ControlFlow;
use std::path::Path;

use hdf5_reader::{Dataset, Datatype};

use super::attributes::{SEQUENCE_BYTES, has_pointers, width};
use super::refusal::Refusal;
use super::stream;
use crate::error::{Error, Result};
use crate::source::{PIECE_BYTES, Sink};

/// Most sequences of a dataset; their lengths are kept in memory when it is restored.
pub(super) const MAX_SEQUENCES: u64 = 1 << 26;
/// Endings of the names of both datasets.
pub(super) const LENGTHS: &str = "/lengths";
pub(super) const VALUES: &str = "/values";

/// Which values of a dataset are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All.
    Whole,
    /// The lengths of sequences, 4 bytes each, the lowest first.
    Lengths,
    /// The elements of all sequences.
    Elements,
}

/// The type of the elements, if a dataset of this type is one of sequences that are read.
pub(super) fn elements(datatype: &Datatype) -> Option<&Datatype> {
    match datatype {
        Datatype::VarLen { base, .. } if !has_pointers(base) && width(base).is_ok() => Some(base),
        _ => None,
    }
}

/// The sequences of a dataset.
pub(super) struct Sequences<'a> {
    reader: stream::Reader<'a>,
    dataset: &'a Dataset,
    /// Bytes of an element.
    width: usize,
}

impl<'a> Sequences<'a> {
    /// Sequences of elements of `width` bytes, whose references `reader` reads.
    pub(super) fn new(reader: stream::Reader<'a>, dataset: &'a Dataset, width: usize) -> Self {
        Self { reader, dataset, width }
    }

    /// Number of elements of all sequences; `len` is the length of the file.
    ///
    /// # Errors
    /// For references that cannot be read, and for more elements than the file has room for.
    pub(super) fn count(
        &self,
        path: &Path,
        name: &str,
        len: u64,
    ) -> std::result::Result<u64, Refusal> {
        let mut count = 0u64;
        let read = self.reader.run(path, name, &mut |piece| {
            let lengths = references(piece).map(|reference| u64::from(length(reference)));
            count = count.saturating_add(lengths.sum());
            Ok(ControlFlow::Continue(()))
        });
        read.map_err(|error| match error {
            Error::Source { message, .. } => message,
            other => other.to_string(),
        })?;
        let bytes = count.saturating_mul(self.width as u64);
        if bytes > len {
            return Err(format!("sequences of {bytes} bytes in a file of {len}").into());
        }
        Ok(count)
    }

    /// Passes on the lengths.
    pub(super) fn lengths(&self, path: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
        self.reader.run(path, name, &mut |piece| {
            let lengths: Vec<u8> =
                references(piece).flat_map(|reference| length(reference).to_le_bytes()).collect();
            sink(&lengths)
        })
    }

    /// Passes on the elements.
    pub(super) fn elements(&self, path: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
        let mut held = Vec::new();
        let mut stopped = false;
        self.reader.run(path, name, &mut |piece| {
            for reference in references(piece) {
                let sequence = self.dataset.resolve_vlen_reference_bytes(reference, self.width);
                let sequence = sequence.map_err(|e| Error::source(path, name, e.to_string()))?;
                held.extend(sequence);
                if held.len() >= PIECE_BYTES {
                    stopped = sink(&held)?.is_break();
                    held.clear();
                    if stopped {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if !stopped && !held.is_empty() {
            // There is nothing to stop.
            let _ = sink(&held)?;
        }
        Ok(())
    }
}

/// Pieces hold whole references.
fn references(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    piece.chunks_exact(SEQUENCE_BYTES)
}

/// The number of elements: 4 bytes, then the address of a heap and the number of an object in it.
fn length(reference: &[u8]) -> u32 {
    let (count, place) = reference.split_at(4);
    let (address, index) = place.split_at(8);
    // The reader takes such a sequence for an empty one.
    if address == [0xff; 8] || index == [0; 4] {
        return 0;
    }
    u32::from_le_bytes(count.try_into().unwrap_or_default())
}
