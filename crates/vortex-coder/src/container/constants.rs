//! Every width, marker and limit of the `.vxc` format. `docs/format.md` describes them.

/// First bytes of a member. The high bit of the first byte catches 7-bit channels, CR LF and LF
/// catch text-mode conversions, and 1A stops a listing on a terminal.
pub const MAGIC: [u8; 8] = *b"\x9EVXC\r\n\x1A\n";
/// Last bytes of a member.
pub const END_MAGIC: [u8; 8] = *b"\x9EVXE\r\n\x1A\n";
/// The version of ordinary members.
pub const VERSION: u8 = 1;

/// The version of short members, which differs from [`VERSION`] in two bits. (2 is not used: a
/// golden bad file has it.)
pub const SHORT_VERSION: u8 = 4;
/// Bytes of a short member that every one has before its payload, without the CRC.
pub const SHORT_FIXED_BYTES: usize = 17;
/// Bytes of a short member after its payload.
pub const SHORT_END_BYTES: usize = 43;
/// The smallest short member: no label, no schema, no block.
pub const MIN_SHORT_BYTES: usize = SHORT_FIXED_BYTES + CRC_BYTES + SHORT_END_BYTES;
/// Last byte of a short member.
pub const SHORT_END_TAG: u8 = 0x9F;
/// In a short member, the method stands above the lanes.
pub const SHORT_METHOD_BIT: u32 = 14;
/// Flag of a short member: the block has a tail.
pub const FLAG_TAIL: u8 = 32;

/// Bytes of the fixed part of a member header, its CRC included.
pub const HEADER_BYTES: usize = 60;
/// Header flag: a schema follows the fixed part.
pub const FLAG_SCHEMA: u8 = 1;
/// Header flag: the model itself follows.
pub const FLAG_MODEL: u8 = 2;
/// Header flag: a label follows the fixed part. (4 is not used: a golden file sets it and must be
/// refused as a file of a newer program.)
pub const FLAG_LABEL: u8 = 8;
/// Header flag: the schema is stored as its length (4 bytes) and a zstd frame.
pub const FLAG_PACKED_SCHEMA: u8 = 16;
/// Longest label in bytes.
pub const MAX_LABEL_BYTES: u16 = 4096;
/// Bytes of the length before a label.
pub const LABEL_LENGTH_BYTES: usize = 2;
/// Bytes of the CRC32 after a schema or a label.
pub const CRC_BYTES: usize = 4;
/// Bytes of a BLAKE3 digest.
pub const DIGEST_BYTES: usize = 32;

/// First byte of a block header.
pub const BLOCK_TAG: u8 = 0xB1;
/// Bytes of a block header, its CRC included.
pub const BLOCK_HEADER_BYTES: usize = 28;
/// First byte of an index.
pub const INDEX_TAG: u8 = 0xE2;
/// Bytes before the first entry of an index, their CRC included.
pub const INDEX_HEADER_BYTES: usize = 16;
/// Bytes of one index entry.
pub const INDEX_ENTRY_BYTES: usize = 8;
/// Bytes of a footer, its end magic included.
pub const FOOTER_BYTES: usize = 80;
/// The smallest ordinary member: no schema, no model, no block.
pub const MIN_MEMBER_BYTES: usize = HEADER_BYTES + INDEX_HEADER_BYTES + FOOTER_BYTES;

/// Default block length in bytes.
pub const DEFAULT_BLOCK_BYTES: u32 = 1 << 20;
/// Shortest nominal block. (From 64 KiB on, headers and index stay below 0.1 % of the data.)
pub const MIN_BLOCK_BYTES: u32 = 1 << 10;
/// Shortest block length in a header: [`MIN_BLOCK_BYTES`] rounded down to whole records.
pub const MIN_ROUNDED_BLOCK_BYTES: u32 = MIN_BLOCK_BYTES / 2;
/// Longest nominal block.
pub const MAX_BLOCK_BYTES: u32 = 1 << 26;
/// Most lanes of a block.
pub const MAX_LANES: u16 = 1024;
/// Longest schema in bytes: 65,535 fields with names of 255 bytes fit.
pub const MAX_SCHEMA_BYTES: u32 = 1 << 25;
/// Longest embedded model in bytes.
pub const MAX_MODEL_BYTES: u32 = 1 << 30;

/// Default zstd level of the writer.
pub const DEFAULT_ZSTD_LEVEL: i32 = 12;
/// zstd level whose result decides whether the slower level is tried.
pub const ZSTD_PROBE_LEVEL: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_differ_in_more_than_one_bit() {
        assert!((BLOCK_TAG ^ INDEX_TAG).count_ones() > 1);
        let apart: u32 = MAGIC.iter().zip(END_MAGIC).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert!(apart > 1);
        // A reader looks at the last byte to know which kind of member ends there.
        assert!((SHORT_END_TAG ^ END_MAGIC[7]).count_ones() > 1);
        assert!(MAGIC[0] >= 0x80 && std::str::from_utf8(&MAGIC).is_err());
    }

    #[test]
    fn the_largest_schema_fits() {
        // Per field: type, name length, name.
        const { assert!(2 + 65_535 * (2 + 255) <= MAX_SCHEMA_BYTES) };
    }

    #[test]
    fn lanes_are_those_of_the_loop() {
        assert_eq!(usize::from(MAX_LANES), crate::codec::MAX_LANES);
    }
}
