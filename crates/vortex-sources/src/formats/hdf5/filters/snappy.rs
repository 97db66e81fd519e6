//! Snappy, as its format description says: a length, then runs of bytes and copies of earlier ones.

use super::Decoded;
use super::bytes::{Bytes, within};
use super::copies::copy;

/// Expands a block of at most `limit` bytes.
pub(super) fn expand(input: &[u8], limit: usize) -> Decoded {
    let mut bytes = Bytes::new(input, 0);
    let mut total = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = bytes.u8()?;
        total |= u64::from(byte & 127) << shift;
        if byte < 128 {
            break;
        }
    }
    let total = within(total, limit)?;
    let mut out = Vec::new();
    while out.len() < total {
        let tag = usize::from(bytes.u8()?);
        let (len, distance) = match tag & 3 {
            0 => {
                let len = match tag >> 2 {
                    short @ 0..60 => short,
                    long => number(&mut bytes, long - 59)?,
                };
                let run = bytes.take(len.saturating_add(1))?;
                out.extend_from_slice(run);
                (0, 1)
            }
            1 => ((tag >> 2 & 7) + 4, (tag >> 5) << 8 | number(&mut bytes, 1)?),
            2 => ((tag >> 2) + 1, number(&mut bytes, 2)?),
            _ => ((tag >> 2) + 1, number(&mut bytes, 4)?),
        };
        copy(&mut out, len, distance)?;
        if out.len() > total {
            return Err(format!("Snappy of more than its {total} bytes"));
        }
    }
    Ok(out)
}

/// A number of `len` bytes, the lowest first.
fn number(bytes: &mut Bytes<'_>, len: usize) -> Result<usize, String> {
    Ok(bytes.take(len)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_copies() {
        assert_eq!(expand(&[3, 2 << 2, b'a', b'b', b'c'], 3).unwrap(), b"abc");
        // One byte, then copies of it with distances of one, two and four bytes.
        assert_eq!(expand(&[5, 0, b'x', 1, 1], 9).unwrap(), b"xxxxx");
        assert_eq!(expand(&[4, 0, b'x', 2 << 2 | 2, 1, 0], 9).unwrap(), b"xxxx");
        assert_eq!(expand(&[4, 0, b'x', 2 << 2 | 3, 1, 0, 0, 0], 9).unwrap(), b"xxxx");
        for bad in [&[5][..], &[5, 0], &[5, 0, b'x', 1, 0], &[5, 0, b'x', 1, 2], &[99, 0, b'x']] {
            assert!(expand(bad, 9).is_err(), "{bad:?}");
        }
    }
}
