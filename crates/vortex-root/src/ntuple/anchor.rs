//! The object `ROOT::RNTuple` of a file: the version, and the places of header and footer.

use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::ntuple::envelope::Link;
use crate::ntuple::frames::Locator;

/// Byte count and version of the object.
const OBJECT_HEADER: usize = 6;
const CHECKSUM: usize = 8;

/// Where header and footer are.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) header: Link,
    pub(super) footer: Link,
    /// Largest number of bytes under one key; more are in several keys.
    pub(super) max_key_bytes: u64,
}

impl Anchor {
    /// The fields are big-endian, as in the classic objects. Newer versions may add fields before
    /// the checksum.
    pub(super) fn parse(object: &[u8]) -> Outcome<Self> {
        let fields = object.split_last_chunk::<CHECKSUM>().and_then(|(fields, checksum)| {
            Some((fields.get(OBJECT_HEADER..)?, u64::from_be_bytes(*checksum)))
        });
        let Some((fields, stored)) = fields else {
            return Err(Fault::corrupt(format!("an anchor of {} bytes", object.len())));
        };
        let found = xxhash_rust::xxh3::xxh3_64(fields);
        if found != stored {
            let message =
                format!("the anchor has checksum {found:016x}, but {stored:016x} is stored");
            return Err(Fault::corrupt(message));
        }
        let mut cursor = Cursor::new(fields);
        let (epoch, major) = (cursor.i16()?, cursor.i16()?);
        let (minor, patch) = (cursor.i16()?, cursor.i16()?);
        if epoch != 1 {
            return Err(Fault::unsupported(format!(
                "format {epoch}.{major}.{minor}.{patch}, but only 1.x is read; rewrite the data \
                 with ROOT 6.34 or newer"
            )));
        }
        let mut next = || cursor.i64().map(|n| n as u64);
        let mut link = || {
            let (offset, size, len) = (next()?, next()?, next()?);
            Outcome::Ok(Link { len, locator: Locator { offset, size } })
        };
        Ok(Self { header: link()?, footer: link()?, max_key_bytes: next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RootErrorKind;

    fn anchor(epoch: u8, extra: usize) -> Vec<u8> {
        let mut fields = vec![0, epoch, 0, 2, 0, 3, 0, 4];
        for n in 10..17u64 {
            fields.extend(n.to_be_bytes());
        }
        fields.resize(fields.len() + extra, 9);
        let checksum = xxhash_rust::xxh3::xxh3_64(&fields);
        let mut object = vec![0x40, 0, 0, 66, 0, 2];
        object.extend(fields);
        object.extend(checksum.to_be_bytes());
        object
    }

    #[test]
    fn places_and_versions() {
        for extra in [0, 8] {
            let found = Anchor::parse(&anchor(1, extra)).unwrap();
            let header = Link { len: 12, locator: Locator { offset: 10, size: 11 } };
            let footer = Link { len: 15, locator: Locator { offset: 13, size: 14 } };
            assert_eq!((found.header, found.footer), (header, footer));
            assert_eq!(found.max_key_bytes, 16);
        }
        let old = Anchor::parse(&anchor(0, 0)).unwrap_err();
        assert_eq!(old.kind, RootErrorKind::Unsupported);
    }

    #[test]
    fn damage_is_found() {
        let good = anchor(1, 0);
        for bit in 8 * OBJECT_HEADER..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Anchor::parse(&bad).is_err(), "bit {bit}");
        }
        for len in 0..good.len() {
            assert!(Anchor::parse(&good[..len]).is_err(), "{len} bytes");
        }
    }
}
