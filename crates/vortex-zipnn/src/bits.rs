//! Bits of a stream, the lowest of each byte first.

/// Bits from `bit` on, at least 57 of them; zeros after the end.
pub(crate) fn word(bits: &[u8], bit: usize) -> u64 {
    let tail = &bits[(bit / 8).min(bits.len())..];
    let word = match tail.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            let mut word = [0; 8];
            word[..tail.len()].copy_from_slice(tail);
            u64::from_le_bytes(word)
        }
    };
    word >> (bit % 8)
}
