//! Incompressible bytes for tests.

/// `n` bytes, always the same.
pub(crate) fn noise(n: usize) -> Vec<u8> {
    let mut state = 5u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}
