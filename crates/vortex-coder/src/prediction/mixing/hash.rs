//! Hashes of contexts.

#[inline(always)]
pub(super) fn mix(h: u32, value: u32) -> u32 {
    (h.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15)
}

#[inline(always)]
pub(super) fn finish(h: u32) -> u32 {
    let h = (h ^ (h >> 15)).wrapping_mul(0x85eb_ca6b);
    h ^ (h >> 13)
}
