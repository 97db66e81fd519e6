//! Detects damage of the first bytes by a transfer in text mode.

/// Whether `start` is the start of a file with this magic after a program treated it as text: the
/// program changed line ends, removed the eighth bit or rewrote the first byte as UTF-8. The magics
/// have the form of PNG's: a byte above 127, three letters, CR LF, 1A, LF.
pub fn damaged_as_text(start: &[u8], magic: &[u8; 8]) -> bool {
    let (first, letters) = (magic[0], &magic[1..4]);
    // The first byte is unchanged, or has seven bits, or was converted from Latin-1 to UTF-8, or
    // replaced by the character for "unknown", or removed.
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
