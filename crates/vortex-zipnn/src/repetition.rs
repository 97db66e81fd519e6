//! Estimates from a few thousand places whether a dictionary coder can find repeats. This is much
//! faster than coding a sample.

/// Number of bytes that are analysed.
const WINDOW: usize = 8 << 10;
/// Slots of the table of hashes.
const SLOTS: usize = 1 << 12;
/// Share of the places that must repeat earlier ones.
pub(crate) const FAIR_SHARE: f64 = 1.0 / 32.0;
/// With fewer words there is no decision.
const MIN_PLACES: u32 = 128;

/// True if [`share`] is at least [`FAIR_SHARE`].
pub(crate) fn likely(bytes: &[u8], step: usize, mask: u64) -> bool {
    share(bytes, step, mask) >= FAIR_SHARE
}

/// The share of repetitions, from 0 to 1, among the words at every `step`th byte in the middle of
/// `bytes`, each under `mask`; 1 for bytes too short to judge. Words are eight bytes,
/// little-endian.
pub(crate) fn share(bytes: &[u8], step: usize, mask: u64) -> f64 {
    let window = bytes.len().min(WINDOW);
    let start = (bytes.len() - window) / 2 / step * step;
    let mut seen = [0u16; SLOTS];
    let (mut places, mut repeats) = (0u32, 0u32);
    for word in bytes[start..start + window].windows(8).step_by(step) {
        let word = u64::from_le_bytes(std::array::from_fn(|i| word[i])) & mask;
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut seen[(hash >> 52) as usize % SLOTS];
        // Zero is an empty slot.
        let tag = (hash >> 36) as u16 | 1;
        repeats += u32::from(*slot == tag);
        places += 1;
        *slot = tag;
    }
    if places < MIN_PLACES { 1.0 } else { f64::from(repeats) / f64::from(places) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_none_and_periods_have() {
        let noise: Vec<u8> = (0..40_000u32)
            .map(|i| (i.wrapping_mul(i | 1).wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        assert!(!likely(&noise, 1, u64::MAX) && !likely(&noise, 4, u32::MAX.into()));
        let periodic = noise[..3000].repeat(10);
        assert!(likely(&periodic, 1, u64::MAX) && likely(&periodic, 4, u32::MAX.into()));
        assert!(likely(&noise[..100], 1, u64::MAX));
        for n in 0..20 {
            likely(&noise[..n], 4, u64::MAX);
        }
    }
}
