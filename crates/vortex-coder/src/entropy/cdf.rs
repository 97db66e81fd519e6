//! Integer distributions over at most 256 symbols.

mod search;
mod table;

use crate::error::{Error, Result};
use search::{GROUP, GROUPS};
pub use table::Table;

/// Totals stay below this (2^24).
pub const TOTAL_LIMIT: u32 = 1 << 24;

/// Largest small alphabet, for which every cumulative frequency is stored.
const FEW: usize = 16;

/// A distribution in which every symbol has a frequency of at least one and the total is below
/// [`TOTAL_LIMIT`]: all constructors guarantee this.
///
/// Cumulative frequencies are kept for groups of 8 symbols only, so that making a distribution
/// needs 32 independent sums instead of one chain of 256, and a look-up needs two short counts of
/// "how many ends are at or below the target" instead of eight dependent steps of a binary search.
/// For up to 16 symbols there is one cumulative frequency for each, and one count.
#[derive(Clone, PartialEq, Eq)]
#[repr(C)] // the data of small alphabets is contiguous
pub struct Cdf {
    /// `reciprocal(total)`.
    reciprocal: u64,
    n: u16,
    /// Cumulative frequency at the start of each group of symbols, or of each symbol if there are
    /// at most [`FEW`] symbols. From the first missing group or symbol on, the entries are the
    /// total, and so is always the last entry; for few symbols, the entries between [`FEW`] and the
    /// last are 0.
    group: [u32; GROUPS + 1],
    /// Frequencies; zero from `n` on.
    freq: [u32; 256],
}

/// The part of the total that belongs to one symbol: at least 1 wide, inside a total below
/// [`TOTAL_LIMIT`], by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    low: u32,
    freq: u32,
    total: u32,
    reciprocal: u64,
}

/// `floor((2^64 - 1) / total)`: the range coder multiplies by it instead of dividing.
fn reciprocal(total: u32) -> u64 {
    u64::MAX / u64::from(total)
}

impl Interval {
    /// `low..low + freq` of `total`, or `None` unless `freq >= 1`, `low + freq <= total` and
    /// `total < 2^24`.
    pub fn new(low: u32, freq: u32, total: u32) -> Option<Self> {
        let end = low.checked_add(freq)?;
        (freq >= 1 && end <= total && total < TOTAL_LIMIT).then(|| Self {
            low,
            freq,
            total,
            reciprocal: reciprocal(total),
        })
    }
    /// Sum of the frequencies of all smaller symbols.
    pub fn low(self) -> u32 {
        self.low
    }
    /// The symbol's frequency.
    pub fn freq(self) -> u32 {
        self.freq
    }
    /// Sum of all frequencies.
    pub fn total(self) -> u32 {
        self.total
    }
    /// `floor((2^64 - 1) / total)`.
    pub(crate) fn reciprocal(self) -> u64 {
        self.reciprocal
    }
}

impl Default for Cdf {
    fn default() -> Self {
        Self::uniform(256)
    }
}

impl std::fmt::Debug for Cdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cdf").field(&self.frequencies()).finish()
    }
}

impl Cdf {
    /// `n` equally likely symbols. See [`Self::set_uniform`].
    pub fn uniform(n: u16) -> Self {
        let mut cdf = Self { freq: [0; 256], group: [0; GROUPS + 1], n: 0, reciprocal: 0 };
        cdf.set_uniform(n);
        cdf
    }

    /// A distribution from weights. See [`Self::set_weights`].
    pub fn from_weights(weights: &[u32]) -> Self {
        let mut cdf = Self { freq: [0; 256], group: [0; GROUPS + 1], n: 0, reciprocal: 0 };
        cdf.set_weights(weights);
        cdf
    }

    /// A distribution from exact frequencies.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] unless there are 1 to 256, each at least 1, with a
    /// total below [`TOTAL_LIMIT`].
    pub fn from_frequencies(frequencies: &[u32]) -> Result<Self> {
        check_len(frequencies.len())?;
        if let Some(symbol) = frequencies.iter().position(|&f| f == 0) {
            return Err(Error::invalid_argument(format!(
                "symbol {symbol} has frequency 0; every symbol needs at least 1"
            )));
        }
        let total: u64 = frequencies.iter().map(|&f| u64::from(f)).sum();
        if total >= u64::from(TOTAL_LIMIT) {
            return Err(Error::invalid_argument(format!(
                "frequencies sum to {total}; the total must be below {TOTAL_LIMIT}"
            )));
        }
        // Weights smaller by one give these frequencies, because their total needs no shift.
        let mut weights = [0; 256];
        for (w, f) in weights.iter_mut().zip(frequencies) {
            *w = f - 1;
        }
        Ok(Self::from_weights(&weights[..frequencies.len()]))
    }

    /// A distribution from `n + 1` cumulative frequencies: 0, then strictly growing, the last one
    /// (the total) below [`TOTAL_LIMIT`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for anything else.
    pub fn from_cumulative(cumulative: &[u32]) -> Result<Self> {
        check_len(cumulative.len().saturating_sub(1))?;
        if cumulative[0] != 0 {
            return Err(Error::invalid_argument(format!(
                "cumulative frequencies start at {}; they must start at 0",
                cumulative[0]
            )));
        }
        let mut frequencies = [0; 256];
        for (symbol, (f, pair)) in frequencies.iter_mut().zip(cumulative.windows(2)).enumerate() {
            *f = pair[1].checked_sub(pair[0]).ok_or_else(|| {
                Error::invalid_argument(format!(
                    "cumulative frequencies fall from {} to {} at symbol {symbol}",
                    pair[0], pair[1]
                ))
            })?;
        }
        Self::from_frequencies(&frequencies[..cumulative.len() - 1])
    }

    /// Sets `frequency[i] = (weights[i] >> s) + 1` with the smallest shift `s` for which the total
    /// stays below [`TOTAL_LIMIT`]. Any weights are fine (their sum is taken in 64 bits).
    ///
    /// # Panics
    /// Unless there are 1 to 256 weights.
    pub fn set_weights(&mut self, weights: &[u32]) {
        assert!((1..=256).contains(&weights.len()), "{} weights; 1 to 256", weights.len());
        if weights.len() <= FEW {
            self.set_few(weights);
        } else {
            self.set_many(weights);
        }
        self.reciprocal = reciprocal(self.group[GROUPS]);
    }

    /// Makes `n` symbols equally likely, with frequency 1 each.
    ///
    /// # Panics
    /// Unless `1 <= n <= 256`.
    pub fn set_uniform(&mut self, n: u16) {
        assert!((1..=256).contains(&n), "{n} symbols; 1 to 256");
        self.set_weights(&[0; 256][..usize::from(n)]);
    }

    /// Number of symbols, 1 to 256.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        usize::from(self.n)
    }
    /// `floor((2^64 - 1) / total)`.
    #[inline]
    pub(crate) fn reciprocal(&self) -> u64 {
        self.reciprocal
    }
    /// Sum of all frequencies, below [`TOTAL_LIMIT`].
    pub fn total(&self) -> u32 {
        self.group[GROUPS]
    }
    /// The frequencies of all symbols, each at least 1.
    pub fn frequencies(&self) -> &[u32] {
        &self.freq[..self.len()]
    }

    /// The interval of a symbol; `None` when the distribution has no such symbol.
    #[inline]
    pub fn interval(&self, symbol: u8) -> Option<Interval> {
        if u16::from(symbol) >= self.n {
            return None;
        }
        if self.len() <= FEW {
            let symbol = usize::from(symbol) % FEW;
            return Some(self.make(self.group[symbol], self.freq[symbol]));
        }
        let (g, rank) = (usize::from(symbol) / GROUP, usize::from(symbol) % GROUP);
        let row = &self.freq.as_chunks::<GROUP>().0[g];
        let mut inside = 0;
        for (f, mask) in row.iter().zip(&BEFORE[rank]) {
            inside += f & mask;
        }
        Some(self.make(self.group[g] + inside, row[rank]))
    }

    /// The symbol whose interval holds `target` (or the last symbol when `target >= total`), and
    /// that interval.
    #[inline]
    pub fn find(&self, target: u32) -> (u8, Interval) {
        self.find_below_total(target.min(self.total() - 1))
    }

    #[inline(always)]
    pub(crate) fn find_below_total(&self, target: u32) -> (u8, Interval) {
        let ends = &self.group[1..];
        if self.len() <= FEW {
            let symbol = search::holder(ends.first_chunk::<FEW>().expect("more entries"), target);
            let interval = self.make(self.group[symbol], self.freq[symbol]);
            return (symbol.to_le_bytes()[0], interval);
        }
        let g = search::holder(ends.first_chunk::<GROUPS>().expect("as many entries"), target);
        let row = &self.freq.as_chunks::<GROUP>().0[g];
        let (rank, before, end) = search::place(row, target - self.group[g]);
        let symbol = (g * GROUP + rank).to_le_bytes()[0];
        (symbol, self.make(self.group[g] + before, end - before))
    }

    #[inline]
    fn make(&self, low: u32, freq: u32) -> Interval {
        Interval { low, freq, total: self.total(), reciprocal: self.reciprocal }
    }

    /// [`Self::set_weights`] for at most [`FEW`] weights; it touches only the entries that they
    /// need.
    #[inline]
    fn set_few(&mut self, weights: &[u32]) {
        if self.len() > FEW {
            self.freq[FEW..].fill(0);
            self.group.fill(0);
        }
        self.set_len(weights.len());
        let mut freq = [0; FEW];
        let mut sum = 0;
        for (f, &w) in freq.iter_mut().zip(weights) {
            *f = w.wrapping_add(1);
            sum += u64::from(w);
        }
        let least = least_shift(sum);
        let mut total = sum + weights.len() as u64;
        for shift in least.. {
            // Unchanged if no shift is needed, which is nearly always the case.
            if total < u64::from(TOTAL_LIMIT) {
                break;
            }
            for (f, &w) in freq.iter_mut().zip(weights) {
                *f = (w >> shift) + 1;
            }
            total = freq.iter().map(|&f| u64::from(f)).sum();
        }
        self.freq[..FEW].copy_from_slice(&freq);
        let mut start = 0;
        for (entry, f) in self.group.iter_mut().zip(freq) {
            *entry = start;
            start += f;
        }
        (self.group[FEW], self.group[GROUPS]) = (start, start);
    }

    fn set_many(&mut self, weights: &[u32]) {
        if weights.len() < self.len() {
            self.freq[weights.len()..].fill(0);
        }
        self.set_len(weights.len());
        // Summed in 32 bits, which is a vector operation everywhere: 256 weights below 2^24 fit.
        let (mut bits, mut sum) = (0u32, 0u32);
        for w in weights {
            bits |= w;
            sum = sum.wrapping_add(*w);
        }
        let sum = match bits < 1 << 24 {
            true => u64::from(sum),
            false => weights.iter().map(|&w| u64::from(w)).sum(),
        };
        let shift = least_shift(sum);
        if self.fill(weights, shift) >= TOTAL_LIMIT {
            self.fill(weights, shift + 1);
        }
    }

    #[inline]
    fn set_len(&mut self, n: usize) {
        self.n = u16::try_from(n).expect("at most 256");
    }

    /// Frequencies and group starts for one shift; returns the total.
    fn fill(&mut self, weights: &[u32], shift: u32) -> u32 {
        let mut sums = [0u32; GROUPS];
        let (rows, tail) = weights.as_chunks::<GROUP>();
        let (out, _) = self.freq.as_chunks_mut::<GROUP>();
        for ((row, out), sum) in rows.iter().zip(out.iter_mut()).zip(&mut sums) {
            *out = row.map(|w| (w >> shift) + 1);
            *sum = out.iter().sum();
        }
        if !tail.is_empty() {
            for (f, w) in out[rows.len()].iter_mut().zip(tail) {
                *f = (w >> shift) + 1;
                sums[rows.len()] += *f;
            }
        }
        let mut start = 0;
        for (g, sum) in self.group.iter_mut().zip(sums) {
            *g = start;
            start += sum;
        }
        self.group[GROUPS] = start;
        start
    }
}

/// The smallest shift that may bring weights with this sum below [`TOTAL_LIMIT`].
///
/// Every floor of the shifted sum loses less than 1 and every frequency gains 1, so
/// `sum / 2^s < total <= sum / 2^s + 256`. Hence a smaller shift is never enough, this shift is
/// often enough, and the next one (`total <= 2^23 + 256`) always is.
fn least_shift(sum: u64) -> u32 {
    (64 - sum.leading_zeros()).saturating_sub(24)
}

/// `BEFORE[rank][i]` is all ones for `i < rank`.
static BEFORE: [[u32; GROUP]; GROUP] = {
    let mut masks = [[0; GROUP]; GROUP];
    let mut rank = 0;
    while rank < GROUP {
        let mut i = 0;
        while i < rank {
            masks[rank][i] = u32::MAX;
            i += 1;
        }
        rank += 1;
    }
    masks
};

fn check_len(n: usize) -> Result<()> {
    if (1..=256).contains(&n) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!("a distribution of {n} symbols; 1 to 256 are possible")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of docs/numerics.md.
    fn by_definition(weights: &[u32]) -> Vec<u32> {
        (0..33)
            .map(|s| weights.iter().map(|&w| (u64::from(w) >> s) + 1).collect::<Vec<_>>())
            .find(|f| f.iter().sum::<u64>() < 1 << 24)
            .map(|f| f.into_iter().map(|f| f as u32).collect())
            .unwrap()
    }

    fn check(cdf: &Cdf) {
        let (mut low, n) = (0, cdf.len());
        for symbol in 0..n {
            let freq = cdf.frequencies()[symbol];
            let interval = Interval::new(low, freq, cdf.total()).unwrap();
            assert_eq!(cdf.interval(symbol as u8), Some(interval));
            for target in [low, low + freq / 2, low + freq - 1] {
                assert_eq!(cdf.find(target), (symbol as u8, interval), "target {target}");
            }
            low += freq;
        }
        assert_eq!(low, cdf.total());
        assert_eq!(cdf.find(u32::MAX).0 as usize, n - 1);
        if n < 256 {
            assert_eq!(cdf.interval(n as u8), None);
        }
    }

    #[test]
    fn weights_around_every_power_of_two() {
        let mut cdf = Cdf::default();
        for n in [1usize, 2, 3, 15, 16, 17, 255, 256] {
            for exponent in 0..32 {
                for delta in [-2i64, -1, 0, 1, 2, 300] {
                    let peak = ((1i64 << exponent) + delta).clamp(0, u32::MAX.into()) as u32;
                    for rest in [0, 1, 255, peak / 256, peak] {
                        let mut weights = vec![rest; n];
                        weights[n / 2] = peak;
                        cdf.set_weights(&weights);
                        assert_eq!(cdf.frequencies(), by_definition(&weights));
                        assert_eq!(cdf, Cdf::from_weights(&weights), "no trace of earlier use");
                    }
                }
            }
        }
    }

    #[test]
    fn constructors_refuse_what_is_no_distribution() {
        assert!(Cdf::from_frequencies(&[]).is_err());
        assert!(Cdf::from_frequencies(&[1; 257]).is_err());
        assert!(Cdf::from_frequencies(&[1, 0]).is_err());
        assert!(Cdf::from_frequencies(&[u32::MAX, u32::MAX]).is_err());
        assert!(Cdf::from_frequencies(&[TOTAL_LIMIT - 1, 1]).is_err());
        check(&Cdf::from_frequencies(&[TOTAL_LIMIT - 2, 1]).unwrap());
        assert!(Cdf::from_cumulative(&[]).is_err());
        assert!(Cdf::from_cumulative(&[0]).is_err());
        assert!(Cdf::from_cumulative(&[1, 2]).is_err());
        assert!(Cdf::from_cumulative(&[0, 2, 2]).is_err());
        assert!(Cdf::from_cumulative(&[0, 2, 1]).is_err());
        let cdf = Cdf::from_cumulative(&[0, 2, 5]).unwrap();
        assert_eq!(cdf.frequencies(), [2, 3]);
        for (low, freq, total) in [(0, 0, 4), (1, 4, 4), (u32::MAX, 1, 4), (0, 1, TOTAL_LIMIT)] {
            assert_eq!(Interval::new(low, freq, total), None);
        }
    }

    #[test]
    fn uniform_for_every_size() {
        for n in 1..=256 {
            check(&Cdf::uniform(n));
        }
    }

    proptest! {
        #[test]
        fn weights_as_defined_and_searchable(
            weights in prop::collection::vec((any::<u32>(), 0u32..33), 1..=256)
        ) {
            let weights: Vec<u32> =
                weights.iter().map(|&(w, s)| w.checked_shr(s).unwrap_or(0)).collect();
            let cdf = Cdf::from_weights(&weights);
            prop_assert_eq!(cdf.frequencies(), by_definition(&weights));
            check(&cdf);
        }
    }
}
