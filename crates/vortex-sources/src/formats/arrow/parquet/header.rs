//! The headers of pages.

use parquet::basic::Encoding;
use vortex_base::position::read_exact_at;

use super::thrift::{FALSE, I32, Result, STRUCT, TRUE, Walk};
use crate::formats::arrow::positioned::Positioned;

/// Largest page, compressed or not; three of each column are in memory.
const MAX_PAGE_BYTES: u64 = 256 << 20;
/// Longest header of a page; it may have the least and the greatest value.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// What the header of a page states.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Bytes of the header itself.
    pub(super) bytes: u64,
    pub(super) compressed: usize,
    pub(super) uncompressed: usize,
    pub(super) kind: Kind,
    pub(super) values: u32,
    pub(super) encoding: i64,
    /// Of pages of version 1: the encodings of both kinds of levels.
    pub(super) def_encoding: i64,
    pub(super) rep_encoding: i64,
    /// Of pages of version 2.
    pub(super) nulls: u32,
    pub(super) rows: u32,
    pub(super) def_bytes: u32,
    pub(super) rep_bytes: u32,
    /// Whether a page of version 2 is stored as it is.
    pub(super) plain: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    DataV2,
    Dictionary,
    /// A page that is passed over.
    #[default]
    Other,
}

impl Header {
    /// Reads the header at a place in a column chunk that ends at `end`; the page fits into it.
    pub(super) fn read(file: &Positioned, at: u64, end: u64) -> Result<Self> {
        let wrong = |what: String| format!("the header of a page at {at}: {what}");
        let mut size = 256;
        let header = loop {
            let n = size.min(end - at);
            let mut bytes = vec![0; n as usize];
            read_exact_at(&file.file, &mut bytes, at).map_err(|e| e.to_string())?;
            match Self::parse(&bytes) {
                Ok(header) => break header,
                Err(_) if n == size && size < MAX_HEADER_BYTES => size *= 16,
                Err(what) => return Err(wrong(what)),
            }
        };
        let left = end - at - header.bytes;
        if header.compressed as u64 > left {
            let stated = header.compressed;
            return Err(wrong(format!("{stated} bytes; {left} are left in its column")));
        }
        Ok(header)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        const KIND: i64 = 1;
        const UNCOMPRESSED: i64 = 2;
        const COMPRESSED: i64 = 3;
        const DATA: i64 = 5;
        const DICTIONARY: i64 = 7;
        const DATA_V2: i64 = 8;
        let size = |walk: &mut Walk<'_>| {
            let size = walk.number()?;
            let fits = u64::try_from(size).ok().filter(|size| *size <= MAX_PAGE_BYTES);
            let fits = fits.ok_or_else(|| {
                format!(
                    "a page of {size} bytes; {MAX_PAGE_BYTES} are possible, so write smaller pages"
                )
            });
            fits.map(|size| size as usize)
        };
        let count = |walk: &mut Walk<'_>| {
            let n = walk.number()?;
            u32::try_from(n).map_err(|_| format!("{n} values or bytes of levels"))
        };
        let mut page = Self::default();
        let mut kind = 0;
        let mut there = Vec::new();
        let mut walk = Walk::new(bytes);
        walk.structure(0, &mut |walk, id, field| {
            match (id, field) {
                (KIND, I32) => kind = walk.number()?,
                (UNCOMPRESSED, I32) => page.uncompressed = size(walk)?,
                (COMPRESSED, I32) => page.compressed = size(walk)?,
                (DATA | DICTIONARY | DATA_V2, STRUCT) => {
                    there.push(id);
                    walk.structure(1, &mut |walk, inner, field| {
                        match (id, inner, field) {
                            (_, 1, I32) => page.values = count(walk)?,
                            (DATA | DICTIONARY, 2, I32) | (DATA_V2, 4, I32) => {
                                page.encoding = walk.number()?;
                            }
                            (DATA, 3, I32) => page.def_encoding = walk.number()?,
                            (DATA, 4, I32) => page.rep_encoding = walk.number()?,
                            (DATA_V2, 2, I32) => page.nulls = count(walk)?,
                            (DATA_V2, 3, I32) => page.rows = count(walk)?,
                            (DATA_V2, 5, I32) => page.def_bytes = count(walk)?,
                            (DATA_V2, 6, I32) => page.rep_bytes = count(walk)?,
                            (DATA_V2, 7, TRUE | FALSE) => page.plain = field == FALSE,
                            _ => return Ok(false),
                        }
                        Ok(true)
                    })?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let (found, needed) = match kind {
            0 => (Kind::Data, DATA),
            2 => (Kind::Dictionary, DICTIONARY),
            3 => (Kind::DataV2, DATA_V2),
            _ => (Kind::Other, 0),
        };
        if found != Kind::Other && there != [needed] {
            return Err(format!("a page of kind {kind} with the fields {there:?}"));
        }
        page.kind = found;
        page.bytes = walk.at() as u64;
        Ok(page)
    }

    /// Values of a page of data; 0 of others.
    pub(super) fn data_values(&self) -> u64 {
        match self.kind {
            Kind::Data | Kind::DataV2 => self.values.into(),
            Kind::Dictionary | Kind::Other => 0,
        }
    }
}

/// Numbers of encodings in files.
#[allow(deprecated)] // levels of old files
pub(super) fn encoding(number: i64) -> Result<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(format!("an unknown encoding {number}")),
    })
}
