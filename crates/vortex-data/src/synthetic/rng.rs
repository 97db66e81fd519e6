//! The source of all draws.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014):
/// a counter and a mixing function of 64-bit integers.
#[derive(Clone, Debug)]
pub(super) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `n` uniform bits, `n` of 1 to 32.
    pub(super) fn bits(&mut self, n: u32) -> u32 {
        (self.next() >> (64 - n)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_outputs() {
        // The published sequence of seed 1234567.
        let mut rng = SplitMix64::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        assert_eq!(
            first,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn bits_are_balanced() {
        let mut rng = SplitMix64::new(3);
        let mut ones = [0u32; 5];
        for _ in 0..10_000 {
            let x = rng.bits(5);
            assert!(x < 32);
            for (i, n) in ones.iter_mut().enumerate() {
                *n += (x >> i) & 1;
            }
        }
        assert!(ones.iter().all(|n| (4_700..5_300).contains(n)), "{ones:?}");
    }
}
