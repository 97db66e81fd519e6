//! The cost of a symbol as an integer: logarithms to base 2 in units of 2^-16 bits.

/// One bit in the unit of [`cost`].
pub const COST_ONE_BIT: u32 = 1 << FRACTION;

const FRACTION: u32 = 16;
const STEPS_LOG2: u32 = 8;
const STEPS: usize = 1 << STEPS_LOG2;

/// `log2(total / freq)` in units of 2^-16 bits, correct to about one unit; 0 when `freq >= total`.
///
/// # Panics
/// When `freq` is 0.
#[inline]
pub fn cost(freq: u32, total: u32) -> u32 {
    log2(total).saturating_sub(log2(freq))
}

/// `log2(x)` in units of 2^-16, for `x >= 1`: a table of 256 steps per octave, with linear
/// interpolation.
#[inline]
pub(crate) fn log2(x: u32) -> u32 {
    let exponent = x.ilog2();
    let mantissa = x << (31 - exponent) & !(1 << 31); // 31 bits of fraction
    let step = (mantissa >> (31 - STEPS_LOG2)) as usize;
    let rest = mantissa >> (31 - STEPS_LOG2 - FRACTION) & (COST_ONE_BIT - 1);
    let (a, b) = (LOG2[step], LOG2[step + 1]);
    (exponent << FRACTION) + a + (((b - a) * rest + (1 << (FRACTION - 1))) >> FRACTION)
}

/// `LOG2[i] = log2(1 + i / 256)` in units of 2^-16, rounded.
static LOG2: [u32; STEPS + 1] = {
    let mut table = [0; STEPS + 1];
    let mut i = 1;
    while i < STEPS {
        table[i] = log2_of_fraction(i as u64);
        i += 1;
    }
    table[STEPS] = COST_ONE_BIT;
    table
};

/// By repeated squaring: each square doubles the logarithm, and its carry is the next bit.
const fn log2_of_fraction(i: u64) -> u32 {
    let mut x = ((STEPS as u64) + i) << (31 - STEPS_LOG2); // 1.0 is 2^31
    let mut log = 0;
    let mut bit = 0;
    while bit <= FRACTION {
        x = (x * x) >> 31;
        log <<= 1;
        if x >> 32 != 0 {
            x >>= 1;
            log |= 1;
        }
        bit += 1;
    }
    (log + 1) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_real_logarithm() {
        let mut x = 1u32;
        while x < 1 << 24 {
            let exact = f64::from(x).log2() * 65_536.0;
            assert!((f64::from(log2(x)) - exact).abs() < 1.5, "{x}: {} {exact}", log2(x));
            x += 1 + x / 1000;
        }
        assert_eq!(cost(1, 256), 8 * COST_ONE_BIT);
        assert_eq!(cost(5, 5), 0);
        assert!((i64::from(log2(u32::MAX)) - (32 << 16)).abs() <= 1);
    }
}
