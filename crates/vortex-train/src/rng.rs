//! The sampler's own pseudo-random numbers: xoshiro256**, whose 32 bytes of state are stored in
//! every checkpoint (<https://prng.di.unimi.it>).

use vortex_base::random::SplitMix64;

/// A generator that can be saved and continued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// Spreads a seed over the state with SplitMix64, as its authors recommend.
    pub fn new(seed: u64) -> Self {
        let mut spread = SplitMix64::new(seed);
        let state = std::array::from_fn(|_| spread.draw());
        Self { state }
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..n` (`n > 0`); the bias of the multiplication is below `n / 2^64`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// A number in `0.0..1.0` with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The state as 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.state.iter().map(|w| format!("{w:016x}")).collect()
    }

    /// The inverse of [`Rng::to_hex`]; `None` for anything else, the all-zero state included.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut state = [0; 4];
        for (word, digits) in state.iter_mut().zip(text.as_bytes().chunks(16)) {
            *word = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        (state != [0; 4]).then_some(Self { state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_survives_text() {
        let mut a = Rng::new(7);
        a.next_u64();
        let mut b = Rng::from_hex(&a.to_hex()).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.next_u64(), b.next_u64());
        assert!(Rng::from_hex("12").is_none());
        assert!(Rng::from_hex(&"0".repeat(64)).is_none());
        assert!(Rng::from_hex(&"+".repeat(64)).is_none());
    }

    #[test]
    fn below_is_uniform() {
        let mut rng = Rng::new(1);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[rng.below(10) as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)), "{counts:?}");
        assert!((0..1000).all(|_| (0.0..1.0).contains(&rng.unit())));
    }
}
