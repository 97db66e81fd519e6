//! The values of a dataset in order, with bounded memory.

use std::ops::ControlFlow;
use std::path::Path;

use hdf5_reader::io::Cursor;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::{Dataset, DatasetChunk, Hdf5File};

use super::MAX_CHUNK_BYTES;
use super::runs::each_run;
use crate::error::{Error, Result};
use crate::source::{PIECE_BYTES, Sink};

/// Largest memory for chunks that are side by side, in bytes.
pub(super) const MAX_BAND_BYTES: u64 = 256 << 20;

/// A dataset whose storage is known.
pub(super) struct Reader<'a> {
    file: &'a Hdf5File,
    dataset: &'a Dataset,
    element_bytes: u64,
    shape: &'a [u64],
    layout: DataLayout,
    /// One element for places that were never written; `None`: zeros.
    fill: Option<Vec<u8>>,
}

impl<'a> Reader<'a> {
    /// Reads the storage layout of a dataset.
    pub(super) fn new(
        file: &'a Hdf5File,
        dataset: &'a Dataset,
        element_bytes: u64,
        shape: &'a [u64],
    ) -> std::result::Result<Self, String> {
        let header = file.get_or_parse_header(dataset.address()).map_err(|e| e.to_string())?;
        let (mut layout, mut fill) = (None, None);
        for message in &header.messages {
            match message {
                HdfMessage::DataLayout(found) => layout = Some(found.layout.clone()),
                HdfMessage::FillValue(found) => fill.clone_from(&found.value),
                _ => {}
            }
        }
        let layout = layout.ok_or("no data layout")?;
        fill.take_if(|value| value.len() as u64 != element_bytes || value.iter().all(|b| *b == 0));
        let reader = Self { file, dataset, element_bytes, shape, layout, fill };
        reader.check()?;
        Ok(reader)
    }

    /// Whether an address, which has 4 or 8 bytes, is all ones: nothing was written.
    fn is_undefined(&self, address: u64) -> bool {
        Cursor::is_undefined_offset(address, self.file.superblock().offset_size)
    }

    /// Refuses what the header already shows to be impossible to read.
    fn check(&self) -> std::result::Result<(), String> {
        let total = self.n_bytes();
        match &self.layout {
            _ if total == 0 => Ok(()),
            DataLayout::Compact { data } if data.len() as u64 != total => {
                Err(format!("{} bytes are stored; {total} were expected", data.len()))
            }
            DataLayout::Compact { .. } => Ok(()),
            DataLayout::Contiguous { address, size }
                if *size == 0 || self.is_undefined(*address) =>
            {
                Ok(())
            }
            DataLayout::Contiguous { size, .. } if *size != total => {
                Err(format!("{size} bytes are stored; {total} were expected"))
            }
            DataLayout::Contiguous { address, size } => {
                let (end, len) = (address.saturating_add(*size), self.file.storage().len());
                if end > len {
                    return Err(format!("its values end at byte {end}, and the file at {len}"));
                }
                Ok(())
            }
            DataLayout::Chunked { dims, .. } => {
                let chunk = self.dataset.chunks().unwrap_or_else(|| dims.clone());
                let band = self.band(&chunk)?;
                let each = chunk.iter().take(self.shape.len()).map(|d| u64::from(*d));
                let each = each.fold(self.element_bytes, u64::saturating_mul);
                if each > MAX_CHUNK_BYTES as u64 {
                    return Err(format!("chunks of {each} bytes; {MAX_CHUNK_BYTES} are allowed"));
                }
                if band.bytes() > MAX_BAND_BYTES {
                    return Err(format!(
                        "chunks of {chunk:?} elements side by side take {} bytes; \
                         {MAX_BAND_BYTES} are allowed",
                        band.bytes()
                    ));
                }
                Ok(())
            }
        }
    }

    /// The bytes of an element that was never written, if they are not zeros.
    pub(super) fn fill(&self) -> Option<&[u8]> {
        self.fill.as_deref()
    }

    fn n_bytes(&self) -> u64 {
        self.shape.iter().fold(self.element_bytes, |n, d| n.saturating_mul(*d))
    }

    /// Passes all bytes to the sink.
    pub(super) fn run(&self, path: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
        let refuse = |e: String| Error::source(path, name, e);
        let total = self.n_bytes();
        if total == 0 {
            return Ok(());
        }
        match &self.layout {
            DataLayout::Compact { .. } => {
                let bytes = self.dataset.read_raw_bytes().map_err(|e| refuse(e.to_string()))?;
                // There is nothing to stop.
                let _ = sink(&bytes)?;
                Ok(())
            }
            // All bits set: never written.
            DataLayout::Contiguous { address, size }
                if *size == 0 || self.is_undefined(*address) =>
            {
                self.fill_all(total, sink)
            }
            DataLayout::Contiguous { address, .. } => {
                let mut at = 0;
                while at < total {
                    let len = (total - at).min(PIECE_BYTES as u64);
                    // Below PIECE_BYTES.
                    let read =
                        self.file.storage().read_range(address.saturating_add(at), len as usize);
                    let piece = read.map_err(|e| refuse(e.to_string()))?;
                    if sink(piece.as_ref())?.is_break() {
                        break;
                    }
                    at += len;
                }
                Ok(())
            }
            DataLayout::Chunked { dims, .. } => self.chunks(dims, path, name, sink),
        }
    }

    fn fill_all(&self, total: u64, sink: &mut Sink<'_>) -> Result<()> {
        let elements = (PIECE_BYTES as u64 / self.element_bytes).max(1);
        let mut left = total / self.element_bytes;
        let piece = self.filled(elements.min(left));
        while left > 0 {
            let n = left.min(elements);
            // Not longer than the piece.
            if sink(&piece[..(n * self.element_bytes) as usize])?.is_break() {
                break;
            }
            left -= n;
        }
        Ok(())
    }

    /// Elements that were never written; their bytes are below [`MAX_BAND_BYTES`].
    fn filled(&self, elements: u64) -> Vec<u8> {
        match &self.fill {
            Some(value) => value.repeat(elements as usize),
            None => vec![0; (elements * self.element_bytes) as usize],
        }
    }

    fn band(&self, chunk: &[u32]) -> std::result::Result<Band<'a>, String> {
        // Dimensions of the dataset; some versions store the element size as one more dimension.
        let chunk: Vec<u64> = chunk.iter().take(self.shape.len()).map(|d| u64::from(*d)).collect();
        if chunk.len() != self.shape.len() || chunk.is_empty() || chunk.contains(&0) {
            return Err(format!("chunks of {chunk:?} in a dataset of {:?}", self.shape));
        }
        Ok(Band { shape: self.shape, chunk, element_bytes: self.element_bytes })
    }

    fn chunks(&self, dims: &[u32], path: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
        let refuse = |e: String| Error::source(path, name, e);
        let band = self.band(dims).map_err(refuse)?;
        let height = band.chunk[0];
        let mut chunks = self.dataset.iter_chunks().map_err(|e| refuse(e.to_string()))?.peekable();
        let mut row = 0;
        while row < self.shape[0] {
            let rows = height.min(self.shape[0] - row);
            let mut ready: Option<Vec<u8>> = None;
            loop {
                match chunks.peek() {
                    Some(Ok(chunk))
                        if chunk.offsets().first().is_none_or(|at| *at >= row + rows) =>
                    {
                        break;
                    }
                    None => break,
                    Some(_) => {}
                }
                let Some(chunk) = chunks.next() else { break };
                let chunk = chunk.map_err(|e| refuse(e.to_string()))?;
                if band.is_whole(&chunk, row) {
                    // One chunk is the whole band: no copy.
                    let len = (rows * band.row_bytes()) as usize;
                    if len <= chunk.bytes().len() && ready.is_none() {
                        ready = Some(chunk.bytes()[..len].to_vec());
                        continue;
                    }
                }
                let out = ready.get_or_insert_with(|| self.filled(rows * band.row_elements()));
                band.place(&chunk, row, rows, out).map_err(refuse)?;
            }
            let out = match ready {
                Some(out) => out,
                None => self.filled(rows * band.row_elements()),
            };
            for piece in out.chunks(PIECE_BYTES) {
                if sink(piece)? == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
            row += rows;
        }
        match chunks.next() {
            None => Ok(()),
            Some(Err(error)) => Err(refuse(error.to_string())),
            Some(Ok(chunk)) => {
                let what = format!("a chunk at {:?} is out of order", chunk.offsets());
                Err(refuse(what))
            }
        }
    }
}

/// The rows that one row of chunks covers.
struct Band<'a> {
    shape: &'a [u64],
    chunk: Vec<u64>,
    element_bytes: u64,
}

impl Band<'_> {
    fn row_elements(&self) -> u64 {
        self.shape[1..].iter().fold(1, |n: u64, d| n.saturating_mul(*d))
    }

    fn row_bytes(&self) -> u64 {
        self.row_elements().saturating_mul(self.element_bytes)
    }

    fn bytes(&self) -> u64 {
        self.chunk[0].min(self.shape[0]).saturating_mul(self.row_bytes())
    }

    /// Whether the chunk starts at `row` and has all columns, so that its bytes are those of the
    /// rows.
    fn is_whole(&self, chunk: &DatasetChunk, row: u64) -> bool {
        chunk.offsets().first() == Some(&row)
            && chunk.offsets()[1..].iter().all(|at| *at == 0)
            && self.chunk[1..] == self.shape[1..]
    }

    /// Copies the part of a chunk in rows `row .. row + rows` to its place in `out`.
    fn place(
        &self,
        chunk: &DatasetChunk,
        row: u64,
        rows: u64,
        out: &mut [u8],
    ) -> std::result::Result<(), String> {
        let offsets = chunk.offsets();
        let rank = self.shape.len();
        if offsets.len() < rank || offsets[0] != row {
            return Err(format!("a chunk at {offsets:?} is out of order"));
        }
        // Elements of the chunk inside the dataset, by dimension.
        let inside: Vec<u64> = (0..rank)
            .map(|d| match d {
                0 => rows.min(self.chunk[0]),
                d => self.chunk[d].min(self.shape[d].saturating_sub(offsets[d])),
            })
            .collect();
        if inside.contains(&0) {
            return Ok(());
        }
        let element = self.element_bytes as usize;
        let run = inside[rank - 1] as usize * element;
        each_run(&inside, |index| {
            let (mut from, mut to) = (0u64, 0u64);
            for d in 0..rank {
                let offset = if d == 0 { 0 } else { offsets[d] };
                from = from * self.chunk[d] + index[d];
                to = to * if d == 0 { rows } else { self.shape[d] } + offset + index[d];
            }
            let (from, to) = (from as usize * element, to as usize * element);
            let source = chunk.bytes().get(from..from + run);
            let target = out.get_mut(to..to + run);
            let (Some(source), Some(target)) = (source, target) else {
                return Err(format!("a chunk at {offsets:?} is too short"));
            };
            target.copy_from_slice(source);
            Ok(())
        })
    }
}
