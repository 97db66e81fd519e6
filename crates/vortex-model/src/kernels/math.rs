//! Elementary functions that compilers turn into SIMD code, and the choice of the instructions.

use pulp::{Arch, Simd, WithSimd};

/// Runs `f` compiled for the best instructions of this machine.
///
/// `f` must be marked `#[inline(always)]` and change something that it captures. Then it is called
/// directly, without a shim that would prevent inlining.
pub fn vectorised(f: impl FnMut()) {
    struct Run<F>(F);
    impl<F: FnMut()> WithSimd for Run<F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) {
            (self.0)();
        }
    }
    Arch::new().dispatch(Run(f));
}

/// 1.5 * 2^23: adding it to a number below 2^22 in magnitude rounds that to an integer.
const ROUND: f32 = 12_582_912.0;

/// The nearest integer (ties to even) of a number below 2^22 in magnitude.
#[inline(always)]
pub fn round(x: f32) -> f32 {
    x.clamp(-4e6, 4e6) + ROUND - ROUND
}

/// `2^x`, relative error below 3e-7; 0 below -126, large but finite above 126.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let flush = if x < -126.0 { 0.0 } else { 1.0 };
    let x = x.clamp(-126.0, 126.0);
    let shifted = x + ROUND;
    let f = x - (shifted - ROUND);
    let mut p = 1.540_353e-4_f32;
    for c in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 2.402_265e-1, 6.931_472e-1, 1.0] {
        p = p.mul_add(f, c);
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()) << 23;
    f32::from_bits(p.to_bits().wrapping_add(exponent)) * flush
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp2(-x * std::f32::consts::LOG2_E))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp2_is_close() {
        for i in -1250..=1250 {
            let x = i as f32 * 0.1007;
            let want = f64::from(x).exp2();
            assert!((f64::from(exp2(x)) / want - 1.0).abs() < 4e-7, "2^{x}: {}", exp2(x));
        }
        assert_eq!(exp2(-200.0), 0.0);
    }

    #[test]
    fn sigmoid_saturates() {
        assert_eq!(sigmoid(100.0), 1.0);
        assert!(sigmoid(-100.0) < 1e-30);
        assert!((sigmoid(1.0) - 0.731_058_6).abs() < 1e-6);
    }
}
