//! Framing of TFRecord files: length, its checksum, the bytes, their checksum.

use super::crc32c::crc32c;

/// What is added to a rotated checksum, so that a checksum of data that contains checksums is not
/// trivial.
const MASK: u32 = 0xA282_EAD8;

fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c(bytes).rotate_right(15).wrapping_add(MASK).to_le_bytes()
}

/// One record around `data`.
pub fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_length_and_data_are_masked() {
        // Masking as in TensorFlow's own test of its hashes: crc32c("foo") unmasked and back.
        let crc = crc32c(b"foo");
        assert_eq!(crc, 0xCFC4_AE1D);
        let stored = u32::from_le_bytes(masked(b"foo"));
        assert_ne!(stored, crc);
        assert_eq!(stored.wrapping_sub(MASK).rotate_left(15), crc);

        let bytes = record(b"foo");
        assert_eq!(bytes.len(), 8 + 4 + 3 + 4);
        assert_eq!(bytes[..8], 3u64.to_le_bytes());
        assert_eq!(bytes[8..12], masked(&3u64.to_le_bytes()));
        assert_eq!(&bytes[12..15], b"foo");
        assert_eq!(bytes[15..], masked(b"foo"));
    }

    #[test]
    fn the_first_record_of_every_event_file() {
        // `brain.Event:2` at time 0, as TensorBoard's own writer frames it.
        let event = b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2";
        let bytes = record(event);
        assert_eq!(bytes[..12], [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22]);
        assert_eq!(&bytes[12..36], event);
    }
}
