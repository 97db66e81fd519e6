//! Every wire component from any bytes, with and without a right checksum: read or refused, and
//! what is read is written again as the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_coder::Schema;
use vortex_coder::container::constants::*;
use vortex_coder::container::{BlockHeader, Footer, IndexHeader, MemberHeader};

/// The bytes with the CRC32 that belongs at `at`.
fn with_crc<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    let mut bytes: [u8; N] = data.get(..N)?.try_into().ok()?;
    let crc = crc32fast::hash(&bytes[..at]);
    bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
    Some(bytes)
}

fuzz_target!(|data: &[u8]| {
    let mut out = Vec::new();
    if let Some(mut bytes) = with_crc::<HEADER_BYTES>(data, HEADER_BYTES - 4) {
        let _ = MemberHeader::read_from(&bytes, 0);
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8] = VERSION;
        let bytes = with_crc::<HEADER_BYTES>(&bytes, HEADER_BYTES - 4).expect("long enough");
        if let Ok(header) = MemberHeader::read_from(&bytes, 0) {
            header.write_to(&mut out);
            assert_eq!(out, bytes);
        }
    }
    if let Some(mut bytes) = with_crc::<BLOCK_HEADER_BYTES>(data, BLOCK_HEADER_BYTES - 4) {
        bytes[0] = BLOCK_TAG;
        let bytes =
            with_crc::<BLOCK_HEADER_BYTES>(&bytes, BLOCK_HEADER_BYTES - 4).expect("long enough");
        if let Ok(header) = BlockHeader::read_from(&bytes, MAX_BLOCK_BYTES, 0) {
            out.clear();
            header.write_to(&mut out);
            assert_eq!(out, bytes);
        }
    }
    if let Some(mut bytes) = with_crc::<INDEX_HEADER_BYTES>(data, INDEX_HEADER_BYTES - 4) {
        bytes[0] = INDEX_TAG;
        let bytes =
            with_crc::<INDEX_HEADER_BYTES>(&bytes, INDEX_HEADER_BYTES - 4).expect("long enough");
        if let Ok(header) = IndexHeader::read_from(&bytes, 0) {
            out.clear();
            header.write_to(&mut out);
            assert_eq!(out, bytes);
        }
    }
    if let Some(mut bytes) = with_crc::<FOOTER_BYTES>(data, FOOTER_BYTES - 12) {
        bytes[FOOTER_BYTES - 8..].copy_from_slice(&END_MAGIC);
        if let Ok(footer) = Footer::read_from(&bytes, 0) {
            out.clear();
            footer.write_to(&mut out);
            assert_eq!(out, bytes);
        }
    }
    let mut rest = data;
    if let Ok(schema) = Schema::read_from(&mut rest) {
        out.clear();
        schema.write_to(&mut out);
        assert_eq!(out, data[..data.len() - rest.len()]);
    }
});
