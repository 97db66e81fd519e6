//! Envelopes: compressed blocks of metadata with a type, a length and a checksum.

use crate::blocks::Decompressor;
use crate::bytes::FileBytes;
use crate::error::{Fault, Outcome};
use crate::limits::MAX_OBJECT_BYTES;
use crate::ntuple::frames::{Frames, Locator};

/// Type and length before the contents, checksum after them.
const HEAD: usize = 8;
const CHECKSUM: usize = 8;

/// The type of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Header = 1,
    Footer = 2,
    PageList = 3,
}

/// The place of an envelope and its length without compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) len: u64,
    pub(super) locator: Locator,
}

/// An envelope whose checksum has been verified.
#[derive(Debug)]
pub(super) struct Envelope {
    bytes: Vec<u8>,
    pub(super) checksum: u64,
}

impl Link {
    pub(super) fn read(frames: &mut Frames<'_>) -> Outcome<Self> {
        Ok(Self { len: frames.u64()?, locator: frames.locator()? })
    }
}

impl Envelope {
    pub(super) fn read(file: &FileBytes, link: Link, kind: Kind) -> Outcome<Self> {
        let Link { len, locator: Locator { offset, size } } = link;
        let limit = MAX_OBJECT_BYTES as u64;
        if len.max(size) > limit {
            return Err(Fault::limit("bytes of an envelope", len.max(size), limit).at(offset));
        }
        let mut bytes = Vec::new();
        file.read(offset, size as usize, &mut bytes)?;
        if size != len {
            let mut object = Vec::new();
            Decompressor::default().all(&bytes, len as usize, &mut object)?;
            bytes = object;
        }
        Self::check(bytes, kind).map_err(|fault| fault.at(offset))
    }

    fn check(bytes: Vec<u8>, kind: Kind) -> Outcome<Self> {
        let len = bytes.len() as u64;
        let ends = bytes.split_last_chunk::<CHECKSUM>().and_then(|(rest, checksum)| {
            Some((rest, u64::from_le_bytes(*rest.first_chunk::<HEAD>()?), *checksum))
        });
        let Some((rest, head, checksum)) = ends else {
            return Err(Fault::corrupt(format!("an envelope of {len} bytes")));
        };
        let stored = u64::from_le_bytes(checksum);
        let found = xxhash_rust::xxh3::xxh3_64(rest);
        if found != stored {
            return Err(Fault::corrupt(format!(
                "an envelope has checksum {found:016x}, but {stored:016x} is stored"
            )));
        }
        if head & 0xffff != kind as u64 || head >> 16 != len {
            return Err(Fault::corrupt(format!(
                "an envelope of type {} and {} bytes where type {} ({kind:?}) and {len} bytes are \
                 wanted",
                head & 0xffff,
                head >> 16,
                kind as u64
            )));
        }
        Ok(Self { bytes, checksum: stored })
    }

    pub(super) fn frames(&self) -> Frames<'_> {
        Frames::new(&self.bytes[HEAD..self.bytes.len() - CHECKSUM], HEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(kind: u64, contents: &[u8]) -> Vec<u8> {
        let len = (HEAD + contents.len() + CHECKSUM) as u64;
        let mut bytes = (kind | len << 16).to_le_bytes().to_vec();
        bytes.extend(contents);
        bytes.extend(xxhash_rust::xxh3::xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let good = envelope(2, b"contents");
        let found = Envelope::check(good.clone(), Kind::Footer).unwrap();
        assert_eq!(found.frames().u64().unwrap(), u64::from_le_bytes(*b"contents"));
        assert!(Envelope::check(good.clone(), Kind::Header).is_err());
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Envelope::check(bad, Kind::Footer).is_err(), "bit {bit}");
        }
        for len in 0..good.len() {
            assert!(Envelope::check(good[..len].to_vec(), Kind::Footer).is_err(), "{len}");
        }
    }
}
