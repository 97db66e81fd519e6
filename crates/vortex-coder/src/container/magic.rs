//! What a transfer that took a file for text does to its first bytes.

/// Whether `start` are the first bytes of a file with this magic after a program took it for text: it
/// changed line ends, lost the eighth bit or rewrote the first byte as UTF-8. Magics here are built like
/// that of PNG: a byte above 127, three letters, CR LF, 1A, LF.
pub fn damaged_as_text(start: &[u8], magic: &[u8; 8]) -> bool {
    let (first, letters) = (magic[0], &magic[1..4]);
    // As it was, as seven bits, as Latin-1 made UTF-8, as the character for "unknown", or lost.
    let firsts: [&[u8]; 6] =
        [&[first], &[first & 0x7f], &[0xc2, first], "\u{fffd}".as_bytes(), b"?", b""];
    let ends = firsts.iter().find_map(|first| start.strip_prefix(*first)?.strip_prefix(letters));
    !start.starts_with(magic) && ends.is_some_and(|ends| matches!(ends, [b'\r' | b'\n', ..]))
}

#[cfg(test)]
mod tests {
    use super::super::constants::MAGIC;
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
            assert!(damaged_as_text(start, &MAGIC), "{start:02x?}");
            assert!(!damaged_as_text(start, b"\x89VXM\r\n\x1a\n"), "{start:02x?}");
        }
        let others: [&[u8]; 5] = [&MAGIC, b"", b"\x9eVXC", b"VXC is a format", b"xVXC\r\n\x1a\n"];
        for start in others {
            assert!(!damaged_as_text(start, &MAGIC), "{start:02x?}");
        }
    }
}
