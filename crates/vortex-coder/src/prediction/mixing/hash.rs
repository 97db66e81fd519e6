//! Hashes of contexts.

/// Joins a hash and a number.
#[inline(always)]
pub(super) fn mix(h: u32, value: u32) -> u32 {
    (h.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15)
}

/// Joins symbols, the first one first.
#[inline(always)]
pub(super) fn chain(symbols: &[u8]) -> u32 {
    symbols.iter().fold(0, |hash, &symbol| mix(hash, u32::from(symbol) + 1))
}

/// Spreads a hash over all its bits.
#[inline(always)]
pub(super) fn finish(h: u32) -> u32 {
    let h = (h ^ (h >> 15)).wrapping_mul(0x85eb_ca6b);
    h ^ (h >> 13)
}

/// Hashes the contexts of one symbol, so that different contexts and different kinds of symbols
/// have different hashes.
#[derive(Clone, Copy)]
pub(super) struct Hash(u32);

impl Hash {
    /// `kind` is a role, or another number that distinguishes symbols.
    #[allow(clippy::cast_possible_truncation)] // far below 2^32
    pub(super) fn new(kind: usize) -> Self {
        Self(kind as u32)
    }

    /// The hash of the context with this number.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // far below 2^32
    pub(super) fn of(self, number: usize, context: u32) -> u32 {
        finish(mix(mix(context, self.0), number as u32 + 1))
    }
}
