//! The pages of a column chunk, whose headers are checked before the pages are read.

use std::io::BufReader;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use vortex_base::position::read_exact_at;

use super::thrift::{I32, STRUCT, Walk};
use crate::formats::arrow::positioned::{Positioned, Reading};

/// Largest page, compressed or not; three of each column are in memory.
const MAX_PAGE_BYTES: i64 = 256 << 20;
/// Longest header of a page; it may have the least and the greatest value.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// Texts that share their beginning with the one before.
const DELTA_BYTE_ARRAY: i64 = 7;
/// Most pages of a column chunk.
const MAX_PAGES: usize = 1 << 20;

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<Reading>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::with_capacity(1 << 10, self.reading(start, self.len)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start}")));
        }
        let mut bytes = vec![0; length];
        read_exact_at(&self.file, &mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The bytes of a column chunk in the file, if they are there.
pub(super) fn range(chunk: &ColumnChunkMetaData, file_len: u64) -> Result<(u64, u64), String> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let (start, len) = (u64::try_from(start), u64::try_from(chunk.compressed_size()));
    match (start, len) {
        (Ok(start), Ok(len)) if start.checked_add(len).is_some_and(|end| end <= file_len) => {
            Ok((start, len))
        }
        _ => Err(format!(
            "{} bytes from {} on, in a file of {file_len}",
            chunk.compressed_size(),
            chunk.data_page_offset()
        )),
    }
}

/// Checks the headers of all pages of a column chunk: sizes, and the number of values. Returns the
/// bytes of the longest text that may be made of others in its page.
pub(super) fn check(file: &Positioned, chunk: &ColumnChunkMetaData) -> Result<u64, String> {
    let (mut at, len) = range(chunk, file.len)?;
    let end = at + len;
    let (mut values, mut longest) = (0i64, 0);
    for _ in 0..MAX_PAGES {
        if at >= end || values >= chunk.num_values() {
            if values != chunk.num_values() {
                return Err(format!("{values} values in its pages; {}", chunk.num_values()));
            }
            return Ok(longest);
        }
        let page = header(file, at, end)?;
        at += page.header_bytes;
        let sizes = [page.compressed, page.uncompressed];
        if sizes.iter().any(|size| !(0..=MAX_PAGE_BYTES).contains(size)) || page.values < 0 {
            return Err(format!(
                "a page of {} bytes, {} in the file, and {} values; {MAX_PAGE_BYTES} bytes are \
                 possible",
                page.uncompressed, page.compressed, page.values
            ));
        }
        at += page.compressed as u64;
        if at > end {
            return Err("a page that ends behind its column".into());
        }
        values = values.saturating_add(page.values);
        if page.encoding == DELTA_BYTE_ARRAY {
            longest = longest.max(page.uncompressed as u64);
        }
    }
    Err(format!("more than {MAX_PAGES} pages"))
}

/// What a page header states.
#[derive(Debug, Default)]
struct Page {
    header_bytes: u64,
    compressed: i64,
    uncompressed: i64,
    /// Of a page of data; 0 for others.
    values: i64,
    encoding: i64,
}

fn header(file: &Positioned, at: u64, end: u64) -> Result<Page, String> {
    let mut size = 256;
    loop {
        let n = size.min(end - at);
        let mut bytes = vec![0; n as usize];
        read_exact_at(&file.file, &mut bytes, at).map_err(|e| e.to_string())?;
        match parse(&bytes) {
            Ok(page) => return Ok(page),
            Err(_) if n == size && size < MAX_HEADER_BYTES => size *= 16,
            Err(what) => return Err(format!("the header of a page at {at}: {what}")),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Page, &'static str> {
    const UNCOMPRESSED: i64 = 2;
    const COMPRESSED: i64 = 3;
    const DATA: i64 = 5;
    const DATA_V2: i64 = 8;
    const VALUES: i64 = 1;
    const ENCODING: i64 = 2;
    const ENCODING_V2: i64 = 4;
    let mut page = Page::default();
    let mut walk = Walk::new(bytes);
    walk.structure(0, &mut |walk, id, kind| {
        match (id, kind) {
            (UNCOMPRESSED, I32) => page.uncompressed = walk.number()?,
            (COMPRESSED, I32) => page.compressed = walk.number()?,
            (DATA | DATA_V2, STRUCT) => {
                let encoding = if id == DATA { ENCODING } else { ENCODING_V2 };
                walk.structure(1, &mut |walk, id, kind| {
                    match (id, kind) {
                        (VALUES, I32) => page.values = walk.number()?,
                        (id, I32) if id == encoding => page.encoding = walk.number()?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    page.header_bytes = walk.at() as u64;
    Ok(page)
}
