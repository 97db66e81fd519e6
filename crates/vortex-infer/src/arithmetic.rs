//! The few integer operations that everything else is made of (`docs/numerics.md`, "Notation").

/// Fractional bits of a logarithm to base 2.
pub const LOG: u32 = 5;
/// Largest shift of [`rs`].
pub const MAX_SHIFT: u32 = 30;
/// Attention weights of this many 1/32 bits below the best are zero.
pub const ATTENTION_REACH: i32 = 256;
/// Symbol weights of this many 1/32 bits below the best are zero.
pub const OUTPUT_REACH: i32 = 32 * 23;

/// Rounded arithmetic shift to the right by at most [`MAX_SHIFT`].
#[inline(always)]
pub fn rs(a: i32, s: u32) -> i32 {
    (a + ((1i32 << s) >> 1)) >> s
}

/// Saturates to -127..=127.
#[inline(always)]
pub fn clamp8(a: i32) -> i8 {
    a.clamp(-127, 127) as i8
}

/// The largest integer whose square is at most `a`.
#[inline(always)]
pub fn isqrt(a: u64) -> u64 {
    a.isqrt()
}

/// `isqrt(d << (2 * (20 + fraction)))`: the norm constant for `d` channels and a result with
/// `fraction` fractional bits; `None` if it does not fit the format.
pub fn norm_numerator(d: usize, fraction: i32) -> Option<u32> {
    let shift = u32::try_from(2 * (20 + fraction)).ok()?;
    let scaled = u64::try_from(d).ok()?.checked_mul(1u64.checked_shl(shift)?)?;
    u32::try_from(isqrt(scaled)).ok()
}

/// `round(scale * 2^(-f/32))` for `f` in `0..32`. For exporters only: the table is stored in the
/// model file, so a decoder never computes it.
pub fn pow2_table(scale: u32) -> [u32; 32] {
    std::array::from_fn(|f| (f64::from(scale) * (-(f as f64) / 32.0).exp2()).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_shift_rounds_half_up() {
        assert_eq!(
            [rs(3, 1), rs(-3, 1), rs(5, 2), rs(6, 2), rs(-6, 2), rs(7, 0)],
            [2, -1, 1, 2, -1, 7]
        );
    }

    #[test]
    fn norm_numerator_is_the_scaled_square_root() {
        assert_eq!(norm_numerator(64, 5), Some(8 << 25));
        assert_eq!(norm_numerator(64, -4), Some(8 << 16));
        assert_eq!(norm_numerator(1 << 20, 12), None);
        assert_eq!(norm_numerator(64, -21), None);
    }

    #[test]
    fn tables_halve_over_their_length() {
        let t = pow2_table(1 << 22);
        assert_eq!(t[0], 1 << 22);
        assert!(t.windows(2).all(|w| w[1] < w[0]));
        assert!(t[31] > 1 << 21);
    }
}
