//! A distribution with integer frequencies.

use vortex_base::random::SplitMix64;

/// Frequencies of a [`Table`] sum to 2^24.
const TOTAL_BITS: u32 = 24;
/// Top bits of a draw, which give the start of the search.
const GUIDE_BITS: u32 = 8;

/// Draws a number below `len()` with exactly the probabilities `frequency / 2^24`.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// `start[i]` is the sum of the frequencies before `i`; one more entry for the total.
    start: Vec<u32>,
    /// For each value of the top bits, the entry that holds their first draw.
    guide: Vec<u16>,
}

impl Table {
    /// Frequencies in proportion to `weights` (not all zero, fewer than 65,536), rounded down,
    /// at least 1; the largest gets the rest.
    pub(super) fn new(weights: &[u64]) -> Self {
        let free = u128::from((1u32 << TOTAL_BITS) - weights.len() as u32);
        let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum::<u128>().max(1);
        let mut frequencies: Vec<u32> =
            weights.iter().map(|w| (u128::from(*w) * free / sum) as u32 + 1).collect();
        let left = (1 << TOTAL_BITS) - frequencies.iter().sum::<u32>();
        if let Some(largest) = frequencies.iter_mut().max() {
            *largest += left;
        }
        let mut start = vec![0];
        for frequency in frequencies {
            start.push(start[start.len() - 1] + frequency);
        }
        let guide = (0..1u32 << GUIDE_BITS)
            .map(|top| {
                let first = top << (TOTAL_BITS - GUIDE_BITS);
                (start.partition_point(|s| *s <= first) - 1) as u16
            })
            .collect();
        Self { start, guide }
    }

    /// A peak at `center` with the width `width` and tails falling with the fourth power, over
    /// `0..n`.
    pub(super) fn bell(n: u64, center: u64, width: u64) -> Self {
        let squared = width * width;
        let weights: Vec<u64> = (0..n)
            .map(|k| {
                let d = squared + k.abs_diff(center).pow(2);
                let ratio = (squared << 20) / d;
                ratio * ratio
            })
            .collect();
        Self::new(&weights)
    }

    pub(super) fn draw(&self, rng: &mut SplitMix64) -> u16 {
        let x = rng.bits(TOTAL_BITS);
        let mut entry = self.guide[(x >> (TOTAL_BITS - GUIDE_BITS)) as usize];
        while self.start[usize::from(entry) + 1] <= x {
            entry += 1;
        }
        entry
    }

    pub(super) fn len(&self) -> usize {
        self.start.len() - 1
    }

    pub(super) fn probability(&self, entry: usize) -> f64 {
        f64::from(self.start[entry + 1] - self.start[entry]) / f64::from(1u32 << TOTAL_BITS)
    }

    /// Entropy in bits.
    pub(super) fn entropy(&self) -> f64 {
        (0..self.len()).map(|i| -self.probability(i) * self.probability(i).log2()).sum()
    }

    /// The mean of `value(entry)`.
    pub(super) fn mean(&self, value: impl Fn(usize) -> f64) -> f64 {
        (0..self.len()).map(|i| self.probability(i) * value(i)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_complete_and_drawn() {
        let table = Table::new(&[0, 1, 2, 5]);
        assert_eq!(table.start[4], 1 << TOTAL_BITS);
        assert!((0..4).all(|i| table.start[i] < table.start[i + 1]));
        assert!((table.entropy() - 1.298_8).abs() < 1e-3);
        assert!((table.mean(|i| i as f64) - 2.5).abs() < 1e-5);
        let mut rng = SplitMix64::new(1);
        let mut seen = [0u32; 4];
        for _ in 0..80_000 {
            seen[usize::from(table.draw(&mut rng))] += 1;
        }
        assert!(seen[0] < 5 && seen[1].abs_diff(10_000) < 400, "{seen:?}");
        assert!(seen[2].abs_diff(20_000) < 600 && seen[3].abs_diff(50_000) < 700, "{seen:?}");
    }

    #[test]
    fn uniform_weights_have_the_entropy_of_their_number() {
        assert!((Table::new(&[7; 1024]).entropy() - 10.0).abs() < 1e-9);
        assert!(Table::new(&[3]).entropy().abs() < 1e-12);
    }

    #[test]
    fn bells_peak_at_their_center() {
        let bell = Table::bell(64, 20, 6);
        assert!((0..64).all(|i| bell.probability(i) <= bell.probability(20)));
        let half = bell.probability(26) / bell.probability(20);
        assert!((half - 0.25).abs() < 1e-3, "{half}");
    }
}
