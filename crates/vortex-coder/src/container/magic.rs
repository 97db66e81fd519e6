//! What a transfer that took a file for text does to its first bytes.

use super::constants::MAGIC;

/// Whether `start` are the first bytes of a file whose magic has `letters`, after a program took the file
/// for text: it changed line ends, lost the eighth bit or rewrote the first byte as UTF-8. All magics here
/// are built like that of PNG: a byte above 127, letters, CR LF, 1A, LF.
pub fn damaged_as_text(start: &[u8], letters: &[u8]) -> bool {
    // As it was, as seven bits, as Latin-1 made UTF-8, as the character for "unknown", or lost.
    let firsts: [&[u8]; 6] =
        [&MAGIC[..1], &[MAGIC[0] & 0x7f], &[0xc2, MAGIC[0]], "\u{fffd}".as_bytes(), b"?", b""];
    let rest = firsts.iter().find_map(|first| start.strip_prefix(*first)?.strip_prefix(letters));
    // The whole magic is not damaged; what follows here may well be.
    rest.is_some_and(|rest| {
        let ends = rest.first().is_some_and(|byte| matches!(byte, b'\r' | b'\n'));
        ends && !(start[0] == MAGIC[0] && rest.starts_with(&MAGIC[4..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_of_text_are_recognised() {
        let damaged: [&[u8]; 8] = [
            b"\x9eVXC\n\x1a\n\x01",
            b"\x9eVXC\r\r\n\x1a",
            b"\x9eVXC\r\n\x1a\r",
            b"\x9eVXC\r\x1a\r\x01",
            b"\x1eVXC\r\n\x1a\n",
            b"\xc2\x9eVXC\r\n\x1a",
            "\u{fffd}VXC\r\n".as_bytes(),
            b"VXC\r\n\x1a\n\x01",
        ];
        for start in damaged {
            assert!(damaged_as_text(start, b"VXC"), "{start:02x?}");
            assert!(!damaged_as_text(start, b"VXM"), "{start:02x?}");
        }
        let others: [&[u8]; 5] = [&MAGIC, b"", b"\x9eVXC", b"VXC is a format", b"xVXC\r\n\x1a\n"];
        for start in others {
            assert!(!damaged_as_text(start, b"VXC"), "{start:02x?}");
        }
    }
}
