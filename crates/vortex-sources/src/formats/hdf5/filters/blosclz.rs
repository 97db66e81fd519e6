//! BloscLZ, the codec of Blosc itself: FastLZ at its second level. Runs of up to 32 bytes, and
//! copies of earlier ones, near or far.

use super::Decoded;
use super::bytes::Bytes;
use super::copies::copy;

/// Farthest distance of a near copy.
const NEAR: usize = 8191;

/// Expands a stream of exactly `len` bytes.
pub(super) fn expand(input: &[u8], len: usize) -> Decoded {
    let mut bytes = Bytes::new(input, 0);
    let mut out = Vec::new();
    // The first control byte is always one of a run.
    let mut control = usize::from(bytes.u8()?) & 31;
    loop {
        if control < 32 {
            out.extend_from_slice(bytes.take(control + 1)?);
        } else {
            let mut count = control >> 5;
            if count == 7 {
                loop {
                    let more = usize::from(bytes.u8()?);
                    count += more;
                    if more < 255 {
                        break;
                    }
                }
            }
            let mut distance = (control & 31) << 8 | usize::from(bytes.u8()?);
            if distance == NEAR {
                distance += usize::from(bytes.u16_be()?);
            }
            // Checked before the copy: a count has no other limit.
            if count + 2 > len.saturating_sub(out.len()) {
                return Err(format!("BloscLZ of more than its {len} bytes"));
            }
            copy(&mut out, count + 2, distance + 1)?;
        }
        if out.len() > len {
            return Err(format!("BloscLZ of more than its {len} bytes"));
        }
        if bytes.rest().is_empty() {
            break;
        }
        control = usize::from(bytes.u8()?);
    }
    if out.len() != len {
        return Err(format!("{} bytes of BloscLZ; {len} were expected", out.len()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_copies() {
        assert_eq!(expand(&[2, b'a', b'b', b'c'], 3).unwrap(), b"abc");
        // One byte, then three copies of it; then a long copy.
        assert_eq!(expand(&[0, b'x', 1 << 5, 0], 4).unwrap(), b"xxxx");
        assert_eq!(expand(&[0, b'x', 7 << 5, 255, 1, 0], 266).unwrap(), [b'x'; 266]);
        for bad in [&[][..], &[2, b'a'], &[0, b'x', 1 << 5, 1], &[0, b'x', 7 << 5, 255, 255]] {
            assert!(expand(bad, 266).is_err(), "{bad:?}");
        }
        assert!(expand(&[0, b'x', 7 << 5, 255, 1, 0], 265).is_err());
    }
}
