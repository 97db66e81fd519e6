//! The pages of a column chunk, read and unpacked here: nothing that a page states takes more memory
//! than the limits say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescPtr;

use super::header::{Header, Kind, encoding};
use super::{delta, schema, unpack};
use crate::formats::arrow::positioned::Positioned;

/// Texts that share their beginning with the one before.
const DELTA_BYTE_ARRAY: i64 = 7;
/// Most pages of a column chunk.
const MAX_PAGES: usize = 1 << 20;
/// Most values of a dictionary page, which have 32 bytes of memory each.
const MAX_DICTIONARY_VALUES: u64 = 1 << 24;
/// Most memory of the items of a row.
const MAX_ROW_BYTES: u64 = 2 << 30;
/// Memory of an item beside its bytes: that of a text, and its levels.
const ITEM_BYTES: u64 = 36;

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

/// Checks the headers of all pages of a column chunk of so many rows: sizes, and the number of
/// values. Returns the bytes of the longest text that may be made of others in its page.
pub(super) fn check(
    file: &Positioned,
    chunk: &ColumnChunkMetaData,
    rows: u64,
) -> Result<u64, String> {
    let (mut at, len) = range(chunk, file.len)?;
    let stated = u64::try_from(chunk.num_values());
    let stated = stated.map_err(|_| format!("{} values", chunk.num_values()))?;
    let several = chunk.column_descr().max_rep_level() > 0;
    if stated < rows || stated > rows && !several {
        return Err(format!("{stated} values in a row group of {rows} rows"));
    }
    let end = at + len;
    let (mut values, mut longest) = (0u64, 0);
    for _ in 0..MAX_PAGES {
        if at >= end {
            return match values == stated {
                true => Ok(longest),
                false => Err(format!("{values} values in its pages; its footer states {stated}")),
            };
        }
        let page = Header::read(file, at, end)?;
        at += page.bytes + page.compressed as u64;
        values = values.saturating_add(page.data_values());
        if page.data_values() > 0 && page.encoding == DELTA_BYTE_ARRAY {
            longest = longest.max(page.uncompressed as u64);
        }
    }
    Err(format!("more than {MAX_PAGES} pages in a row group; write larger pages"))
}

/// The memory of the items in the pages that were read for the rows at hand.
pub(super) type Held = Arc<AtomicU64>;

/// The pages of a column chunk.
pub(super) struct Pages {
    file: Positioned,
    column: ColumnDescPtr,
    codec: Compression,
    at: u64,
    end: u64,
    held: Held,
}

impl Pages {
    pub(super) fn new(
        file: &Positioned,
        chunk: &ColumnChunkMetaData,
        held: Held,
    ) -> Result<Self, String> {
        let (at, len) = range(chunk, file.len)?;
        let (column, codec) = (chunk.column_descr_ptr(), chunk.compression());
        Ok(Self { file: file.clone(), column, codec, at, end: at + len, held })
    }

    /// The header of the next page with values or a dictionary; its bytes are at `at` then.
    fn header(&mut self) -> Result<Option<Header>, String> {
        while self.at < self.end {
            let header = Header::read(&self.file, self.at, self.end)?;
            self.at += header.bytes;
            if header.kind != Kind::Other {
                return Ok(Some(header));
            }
            self.at += header.compressed as u64;
        }
        Ok(None)
    }

    /// The next page.
    pub(super) fn read(&mut self) -> Result<Option<Page>, String> {
        let Some(header) = self.header()? else { return Ok(None) };
        let packed = self.file.bytes(self.at, header.compressed as u64)?;
        self.at += packed.len() as u64;
        let bytes = self.unpack(&header, packed)?;
        let encoded = encoding(header.encoding)?;
        let num_values = header.values;
        if header.kind == Kind::Dictionary {
            self.check_dictionary(num_values.into(), bytes.len() as u64)?;
            let buf = Bytes::from(bytes);
            let page =
                Page::DictionaryPage { buf, num_values, encoding: encoded, is_sorted: false };
            return Ok(Some(page));
        }
        self.check_data(&header, encoded, &bytes)?;
        let buf = Bytes::from(bytes);
        Ok(Some(match header.kind {
            Kind::DataV2 => Page::DataPageV2 {
                buf,
                num_values,
                encoding: encoded,
                num_nulls: header.nulls,
                num_rows: header.rows,
                def_levels_byte_len: header.def_bytes,
                rep_levels_byte_len: header.rep_bytes,
                is_compressed: false,
                statistics: None,
            },
            _ => Page::DataPage {
                buf,
                num_values,
                encoding: encoded,
                def_level_encoding: encoding(header.def_encoding)?,
                rep_level_encoding: encoding(header.rep_encoding)?,
                statistics: None,
            },
        }))
    }

    fn unpack(&self, header: &Header, packed: Vec<u8>) -> Result<Vec<u8>, String> {
        let levels = match header.kind {
            Kind::DataV2 => header.def_bytes as usize + header.rep_bytes as usize,
            _ => 0,
        };
        let left = header.uncompressed.checked_sub(levels);
        let (levels, rest) = packed
            .split_at_checked(levels)
            .ok_or_else(|| format!("{levels} bytes of levels in a page of {}", packed.len()))?;
        let left = left.ok_or("a page that is shorter than its levels")?;
        if self.codec == Compression::UNCOMPRESSED || header.kind == Kind::DataV2 && header.plain {
            return Ok(packed);
        }
        let mut bytes = levels.to_vec();
        // A page without values may have no bytes at all.
        if left > 0 {
            unpack::unpack(self.codec, rest, left, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn check_dictionary(&self, values: u64, bytes: u64) -> Result<(), String> {
        // Texts have their lengths.
        let width = match self.column.physical_type() {
            Physical::BYTE_ARRAY => 4,
            _ => schema::width(&self.column).max(1) as u64,
        };
        let most = (bytes / width).min(MAX_DICTIONARY_VALUES);
        match values <= most {
            true => Ok(()),
            false => Err(format!("a dictionary of {values} values; {most} are possible")),
        }
    }

    fn check_data(&self, header: &Header, encoding: Encoding, bytes: &[u8]) -> Result<(), String> {
        let mut texts = 0;
        if let Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY = encoding {
            let values = bytes.get(self.levels(header, bytes)?..).ok_or("levels are missing")?;
            if !values.is_empty() {
                let shared = encoding == Encoding::DELTA_BYTE_ARRAY;
                texts = delta::check(values, shared, header.values.into())?;
            }
        }
        if self.column.max_rep_level() == 0 {
            return Ok(());
        }
        let item = ITEM_BYTES + 2 * schema::width(&self.column) as u64;
        let more = u64::from(header.values).saturating_mul(item).saturating_add(texts);
        let held = self.held.fetch_add(more, Ordering::Relaxed).saturating_add(more);
        match held <= MAX_ROW_BYTES {
            true => Ok(()),
            false => Err(format!(
                "the items of some rows need {held} bytes of memory; {MAX_ROW_BYTES} are possible, \
                 so write shorter lists"
            )),
        }
    }

    /// Bytes of the levels of a page.
    fn levels(&self, header: &Header, bytes: &[u8]) -> Result<usize, String> {
        if header.kind == Kind::DataV2 {
            return Ok(header.def_bytes as usize + header.rep_bytes as usize);
        }
        let mut at = 0usize;
        let (rep, def) = (self.column.max_rep_level(), self.column.max_def_level());
        for (most, encoded) in [(rep, header.rep_encoding), (def, header.def_encoding)] {
            if most > 0 {
                let bits = 16 - most.leading_zeros() as usize;
                at += match encoding(encoded)? {
                    Encoding::RLE => {
                        let len = bytes.get(at..at + 4).ok_or("levels are missing")?;
                        let len = len.try_into().map(u32::from_le_bytes).unwrap_or_default();
                        4 + len as usize
                    }
                    _ => (header.values as usize * bits).div_ceil(8),
                };
            }
        }
        Ok(at)
    }
}

impl Iterator for Pages {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        self.read().map_err(ParquetError::General)
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        let at = self.at;
        let header = self.header().map_err(ParquetError::General);
        self.at = at;
        Ok(header?.map(|header| PageMetadata {
            num_rows: (header.kind == Kind::DataV2).then_some(header.rows as usize),
            num_levels: (header.kind != Kind::Dictionary).then_some(header.values as usize),
            is_dict: header.kind == Kind::Dictionary,
        }))
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        if let Some(header) = self.header().map_err(ParquetError::General)? {
            self.at += header.compressed as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use parquet::schema::types::{ColumnDescriptor, ColumnPath, Type};

    use super::*;

    fn column(max_rep: i16) -> ColumnDescPtr {
        let leaf = Type::primitive_type_builder("x", Physical::INT64).build().unwrap();
        Arc::new(ColumnDescriptor::new(leaf.into(), 0, max_rep, ColumnPath::from("x")))
    }

    fn file(bytes: &[u8]) -> Positioned {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Positioned { file: file.into(), len: bytes.len() as u64 }
    }

    fn read(column: ColumnDescPtr, codec: Compression, bytes: &[u8]) -> Result<Vec<Page>, String> {
        let (file, end) = (file(bytes), bytes.len() as u64);
        let mut pages = Pages { file, column, codec, at: 0, end, held: Held::default() };
        std::iter::from_fn(|| pages.read().transpose()).collect()
    }

    fn number(n: i64, out: &mut Vec<u8>) {
        let mut n = (n << 1) as u64;
        while n > 0x7f {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }

    /// A page of a kind: 0 for data, 2 for a dictionary.
    fn page(kind: i64, uncompressed: i64, values: i64, bytes: &[u8]) -> Vec<u8> {
        let mut page = Vec::new();
        for n in [kind, uncompressed, bytes.len() as i64] {
            page.push(0x15);
            number(n, &mut page);
        }
        page.extend([if kind == 0 { 0x2c } else { 0x4c }, 0x15]);
        number(values, &mut page);
        // Plain values; levels that are run lengths.
        page.extend([0x15, 0, 0x15, 6, 0x15, 6, 0, 0]);
        page.extend(bytes);
        page
    }

    #[test]
    fn pages_state_no_more_than_they_have() {
        let dictionary =
            |values| read(column(0), Compression::UNCOMPRESSED, &page(2, 16, values, &[0; 16]));
        assert_eq!(dictionary(2).unwrap()[0].num_values(), 2);
        assert!(dictionary(3).unwrap_err().contains("3 values"));
        assert!(dictionary(1 << 30).is_err());

        let zeros = vec![0; 1 << 20];
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&zeros).unwrap();
        let gzip = gzip.finish().unwrap();
        let data = |stated| {
            let page = page(0, stated, 1 << 17, &gzip);
            read(column(0), Compression::GZIP(Default::default()), &page)
        };
        assert_eq!(data(1 << 20).unwrap()[0].buffer(), &zeros);
        assert!(data(16).unwrap_err().contains("more than the 16 bytes"));
        assert!(data(1 << 40).is_err());

        // Items of one row, of which each page makes many of few bytes.
        let items = page(0, 1, 1 << 22, &[0]).repeat(20);
        assert!(read(column(0), Compression::UNCOMPRESSED, &items).is_ok());
        let error = read(column(1), Compression::UNCOMPRESSED, &items).unwrap_err();
        assert!(error.contains("shorter lists"), "{error}");
    }

    #[test]
    fn all_pages_of_a_chunk_count() {
        let bytes = [page(0, 8, 1, &[0; 8]), page(0, 8, 1 << 28, &[0; 8])].concat();
        let check = |values, rows| {
            let chunk = ColumnChunkMetaData::builder(column(1))
                .set_num_values(values)
                .set_total_compressed_size(bytes.len() as i64)
                .build()
                .unwrap();
            check(&file(&bytes), &chunk, rows)
        };
        assert_eq!(check(1 + (1 << 28), 1), Ok(0));
        assert!(check(0, 0).is_err());
        assert!(check(1, 1).is_err());
        assert!(check(1 + (1 << 28), 1 << 29).is_err());
    }
}
