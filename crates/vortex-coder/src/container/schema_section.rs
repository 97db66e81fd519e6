//! The stored schema of a member: unchanged, or packed if that is shorter. Most of it is names of
//! fields, which in a small file can be more than one percent.

use std::io::Read;

use super::frame;
use super::limits::Limits;
use super::source::Source;
use super::wire::{check, crc32};
use crate::error::{Error, Result};
use crate::schema::Schema;

/// zstd level of packed schemas: they are short and written once.
const LEVEL: i32 = 19;

/// The stored schema of a member, without the CRC32.
pub(super) struct SchemaSection {
    /// Empty if a reader would assume the same schema.
    pub(super) bytes: Vec<u8>,
    /// Whether `bytes` are the length of the schema and a zstd frame.
    pub(super) packed: bool,
}

impl SchemaSection {
    /// Makes the shorter form.
    pub(super) fn new(schema: &Schema) -> Result<Self> {
        let mut plain = Vec::new();
        if *schema != Schema::bytes() {
            schema.write_to(&mut plain);
        }
        let Ok(len) = u32::try_from(plain.len()) else {
            return Err(Error::limit_exceeded(format!("a schema of {} bytes", plain.len())));
        };
        let mut packed = len.to_le_bytes().to_vec();
        packed.extend(zstd::bulk::compress(&plain, LEVEL)?);
        Ok(if packed.len() < plain.len() {
            Self { bytes: packed, packed: true }
        } else {
            Self { bytes: plain, packed: false }
        })
    }

    /// Appends section and CRC32, or nothing if it is empty.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        if !self.bytes.is_empty() {
            out.extend(&self.bytes);
            out.extend(crc32(&self.bytes).to_le_bytes());
        }
    }
}

/// Reads a section of `len` bytes and its CRC32.
///
/// # Errors
/// `ChecksumMismatch` for damage, `LimitExceeded` for a schema above `limits`, `Corrupt` for a
/// section that no writer makes.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    len: u32,
    packed: bool,
    limits: &Limits,
) -> Result<Schema> {
    let at = source.at();
    let bytes = source.vec(len, "the schema")?;
    let stored = u32::from_le_bytes(source.array("the schema's checksum")?);
    check(&bytes, stored, "schema", at)?;
    let plain = if packed { unpack(&bytes, at, limits)? } else { bytes };
    let mut rest = plain.as_slice();
    let schema = Schema::read_from(&mut rest).map_err(|error| {
        // The schema is too short, but the file is not truncated.
        Error::corrupt(format!("schema at byte {at}: {error}"))
    })?;
    if !rest.is_empty() {
        return Err(Error::corrupt(format!("schema at byte {at}: {} bytes too many", rest.len())));
    }
    Ok(schema)
}

fn unpack(bytes: &[u8], at: u64, limits: &Limits) -> Result<Vec<u8>> {
    let corrupt = |what: String| Error::corrupt(format!("packed schema at byte {at}: {what}"));
    let Some((len, frame)) = bytes.split_first_chunk() else {
        return Err(corrupt(format!("{} bytes, too few for its length", bytes.len())));
    };
    let len = u32::from_le_bytes(*len);
    let max = limits.max_schema_bytes;
    Limits::check(len.into(), max.into(), "a schema", "max_schema_bytes")?;
    if len as usize <= bytes.len() {
        return Err(corrupt(format!("{len} bytes in {}, which no writer makes", bytes.len())));
    }
    frame::expand(&mut zstd::bulk::Decompressor::new()?, frame, len as usize)
        .map_err(|error| corrupt(error.message))
}

#[cfg(test)]
mod tests {
    use super::super::constants::CRC_BYTES;
    use super::*;
    use crate::{DType, ErrorKind, Field};

    fn schema(n: u32) -> Schema {
        let field = |i| Field::new(format!("Jet_btagDeepFlav_{i}"), DType::F32, 4 * i);
        Schema::new(4 * n as usize, (0..n).map(field).collect()).unwrap()
    }

    fn stored(section: &SchemaSection) -> Vec<u8> {
        let mut out = Vec::new();
        section.write_to(&mut out);
        out
    }

    fn read_back(stored: &[u8], packed: bool, limits: &Limits) -> Result<Schema> {
        let len = u32::try_from(stored.len() - CRC_BYTES).unwrap();
        read(&mut Source::new(stored), len, packed, limits)
    }

    #[test]
    fn long_schemas_are_packed_and_short_ones_are_not() {
        for (n, packed) in [(1, false), (40, true)] {
            let section = SchemaSection::new(&schema(n)).unwrap();
            assert_eq!(section.packed, packed);
            let back = read_back(&stored(&section), packed, &Limits::default()).unwrap();
            assert_eq!(back, schema(n));
        }
        assert!(SchemaSection::new(&schema(40)).unwrap().bytes.len() < 200);
        assert!(stored(&SchemaSection::new(&Schema::bytes()).unwrap()).is_empty());
    }

    /// A section with arbitrary content and a right checksum.
    fn forged(bytes: Vec<u8>) -> Vec<u8> {
        stored(&SchemaSection { bytes, packed: true })
    }

    #[test]
    fn lies_about_the_length_and_damaged_frames_are_errors() {
        let good = SchemaSection::new(&schema(40)).unwrap().bytes;
        let kind =
            |bytes: Vec<u8>| read_back(&forged(bytes), true, &Limits::default()).unwrap_err().kind;
        for len in [0, 3, u32::try_from(good.len()).unwrap(), 700, 900] {
            let lie = [&len.to_le_bytes(), &good[4..]].concat();
            assert_eq!(kind(lie), ErrorKind::Corrupt, "{len}");
        }
        let huge = [&u32::MAX.to_le_bytes(), &good[4..]].concat();
        assert_eq!(kind(huge), ErrorKind::LimitExceeded);
        for cut in 1..good.len() {
            assert_eq!(kind(good[..cut].to_vec()), ErrorKind::Corrupt, "{cut}");
        }
        assert_eq!(kind([&good[..], b"more"].concat()), ErrorKind::Corrupt);
        for bit in 32..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // Some flips give another name, which the checksum detects; no flip may cause a panic.
            let _ = read_back(&forged(bytes), true, &Limits::default());
        }
        let limits = Limits { max_schema_bytes: 100, ..Limits::default() };
        let error = read_back(&forged(good), true, &limits).unwrap_err();
        assert_eq!(error.kind, ErrorKind::LimitExceeded);
    }
}
