//! Code lengths in integers. Detection decides the contents of a compressed file, so it must not
//! depend on floating-point rounding.

/// One bit, in the unit of all code lengths here (2^-16 bit).
pub(super) const BIT: u64 = 1 << 16;

/// `log2(x)` in units of 2^-16 bit, rounded down; 0 for `x` of 0 and 1.
pub(super) fn log2(x: u64) -> u64 {
    if x < 2 {
        return 0;
    }
    let exponent = 63 - x.leading_zeros();
    // Mantissa in [1, 2) as a 32-bit fixed-point number; each squaring gives one bit of the
    // logarithm.
    let mut mantissa =
        if exponent >= 31 { x >> (exponent - 31) } else { x << (31 - exponent) } & 0xffff_ffff;
    let mut result = u64::from(exponent);
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        result <<= 1;
        if mantissa >> 32 != 0 {
            mantissa >>= 1;
            result |= 1;
        }
    }
    result
}

/// Logarithms, from a table for small numbers.
pub(super) struct CountLog {
    small: Vec<u64>,
}

/// Smaller numbers are in the table.
const SMALL: usize = 1 << 14;

impl CountLog {
    pub(super) fn new() -> Self {
        Self { small: (0..SMALL as u64).map(log2).collect() }
    }

    /// `log2(x)`, in units of 2^-16 bit; 0 for 0.
    pub(super) fn log2(&self, x: u32) -> u64 {
        self.small.get(x as usize).copied().unwrap_or_else(|| log2(x.into()))
    }

    /// `x * log2(x)`, in units of 2^-16 bit.
    pub(super) fn get(&self, x: u32) -> u64 {
        u64::from(x) * self.log2(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_real_logarithm() {
        let samples = (1..5000u64).chain((1..64).map(|k| 1u64 << k)).chain([u64::MAX, 3 << 40]);
        for x in samples {
            let exact = (x as f64).log2() * BIT as f64;
            let ours = log2(x) as f64;
            assert!((ours - exact).abs() <= 2.0, "{x}: {ours} against {exact}");
        }
    }

    #[test]
    fn powers_of_two_are_exact() {
        for k in 0..64 {
            assert_eq!(log2(1 << k), k * BIT);
        }
        assert_eq!(CountLog::new().get(1 << 20), (20 * BIT) << 20);
    }
}
