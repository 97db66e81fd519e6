//! Distributions that are used for many symbols.

use super::{Cdf, Interval};

/// The cumulative frequencies of a [`Cdf`], one for each symbol, for encoding many symbols with
/// the same distribution: two look-ups per symbol, but 256 sums to make the table. If each symbol
/// has its own distribution, [`Cdf::interval`] is faster. (Decoding uses the [`Cdf`].)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    reciprocal: u64,
    /// Start of each symbol, then the total for all entries from the number of symbols on.
    starts: [u32; 257],
}

impl Table {
    /// The table of a distribution.
    pub fn new(cdf: &Cdf) -> Self {
        let mut starts = [cdf.total(); 257];
        let mut sum = 0;
        for (start, freq) in starts.iter_mut().zip(cdf.frequencies()) {
            *start = sum;
            sum += freq;
        }
        Self { reciprocal: cdf.reciprocal, starts }
    }

    /// The interval of a symbol; `None` when the distribution has no such symbol.
    #[inline]
    pub fn interval(&self, symbol: u8) -> Option<Interval> {
        let at = usize::from(symbol);
        let (low, end) = (self.starts[at], self.starts[at + 1]);
        let total = self.starts[256];
        (low < end).then_some(Interval { low, freq: end - low, total, reciprocal: self.reciprocal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_distribution() {
        for n in [1, 2, 9, 200, 256] {
            let weights: Vec<u32> = (0..n).map(|i| i * i * 7 % 1000).collect();
            let cdf = Cdf::from_weights(&weights);
            let table = Table::new(&cdf);
            for symbol in 0..=255 {
                assert_eq!(table.interval(symbol), cdf.interval(symbol), "{symbol} of {n}");
            }
        }
    }
}
