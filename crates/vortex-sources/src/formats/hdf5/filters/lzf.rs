//! LZF, the fast filter of h5py (number 32000): runs of bytes, and copies of earlier ones.

use super::copies::copy;

/// Expands `input` to at most `limit` bytes.
///
/// # Errors
/// A message for an invalid stream.
pub(super) fn expand(input: &[u8], limit: usize) -> Result<Vec<u8>, &'static str> {
    const SHORT: &str = "an LZF stream ends too early";
    let mut out = Vec::new();
    let mut at = 0;
    while at < input.len() {
        let control = usize::from(input[at]);
        at += 1;
        if control < 32 {
            let run = input.get(at..at + control + 1).ok_or(SHORT)?;
            out.extend_from_slice(run);
            at += run.len();
        } else {
            let mut len = control >> 5;
            if len == 7 {
                len += usize::from(*input.get(at).ok_or(SHORT)?);
                at += 1;
            }
            let low = usize::from(*input.get(at).ok_or(SHORT)?);
            at += 1;
            let distance = ((control & 31) << 8 | low) + 1;
            copy(&mut out, len + 2, distance)
                .map_err(|_| "an LZF stream refers to bytes before its start")?;
        }
        if out.len() > limit {
            return Err("an LZF stream is longer than its chunk");
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_copies() {
        assert_eq!(expand(&[2, b'a', b'b', b'c'], 3).unwrap(), b"abc");
        // One byte, then six copies of it; then a long copy.
        assert_eq!(expand(&[0, b'x', 4 << 5, 0], 9).unwrap(), b"xxxxxxx");
        assert_eq!(expand(&[0, b'x', 7 << 5, 10, 0], 99).unwrap(), [b'x'; 20]);
        for bad in [&[2, b'a'][..], &[32], &[0, b'x', 7 << 5], &[32, 0], &[0, b'x', 32, 1]] {
            assert!(expand(bad, 99).is_err());
        }
        assert!(expand(&[0, b'x', 7 << 5, 255, 0], 99).is_err());
    }
}
