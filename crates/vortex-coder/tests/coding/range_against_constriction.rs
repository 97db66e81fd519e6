//! The range coder compared with an independent one on the same distributions: both restore the
//! symbols, and ours stays within 0.01 % and a few bytes of the entropy.

use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};
use constriction::stream::queue::{DefaultRangeDecoder, DefaultRangeEncoder};
use constriction::stream::{Decode, Encode};
use std::num::NonZeroU32;
use vortex_coder::{Cdf, RangeDecoder, RangeEncoder};

const PRECISION: usize = 23;

/// Cumulative frequencies that end at 2^23.
struct Cumulative(Vec<u32>);

impl EntropyModel<PRECISION> for &Cumulative {
    type Symbol = usize;
    type Probability = u32;
}

impl EncoderModel<PRECISION> for &Cumulative {
    fn left_cumulative_and_probability(
        &self,
        symbol: impl std::borrow::Borrow<usize>,
    ) -> Option<(u32, NonZeroU32)> {
        let symbol = *symbol.borrow();
        let (low, high) = (self.0[symbol], self.0[symbol + 1]);
        Some((low, NonZeroU32::new(high - low)?))
    }
}

impl DecoderModel<PRECISION> for &Cumulative {
    fn quantile_function(&self, quantile: u32) -> (usize, u32, NonZeroU32) {
        let symbol = self.0.partition_point(|&c| c <= quantile) - 1;
        let (low, high) = (self.0[symbol], self.0[symbol + 1]);
        (symbol, low, NonZeroU32::new(high - low).unwrap())
    }
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }
}

/// Frequencies of `n` symbols with total 2^23, falling by `decay` / 256 from one to the next.
fn frequencies(n: usize, decay: u64, first: usize) -> Vec<u32> {
    let total = 1u32 << PRECISION;
    let mut weights = vec![0u64; n];
    let mut w = 1u64 << 40;
    for i in 0..n {
        weights[(first + i * 37) % n] += w;
        w = w * decay / 256;
    }
    let sum: u64 = weights.iter().sum();
    let spread = u64::from(total) - n as u64;
    let mut freq: Vec<u32> = weights
        .iter()
        .map(|w| 1 + (u128::from(*w) * u128::from(spread) / u128::from(sum)) as u32)
        .collect();
    let missing = total - freq.iter().sum::<u32>();
    freq[first % n] += missing;
    freq
}

/// Codes 2^20 symbols from such tables; returns bits per symbol.
fn check(n: usize, decay: u64) -> f64 {
    const SYMBOLS: usize = 1 << 20;
    let tables: Vec<_> = (0..64).map(|t| frequencies(n, decay, t * 5)).collect();
    let cdfs: Vec<_> = tables.iter().map(|f| Cdf::from_frequencies(f).unwrap()).collect();
    let models: Vec<_> = tables
        .iter()
        .map(|f| {
            let mut sum = 0;
            let ends = f.iter().map(|f| {
                sum += f;
                sum
            });
            Cumulative(std::iter::once(0).chain(ends).collect())
        })
        .collect();

    let mut random = Random(88_172_645_463_325_252);
    let mut entropy = 0.0;
    let draws: Vec<(usize, u8)> = (0..SYMBOLS)
        .map(|_| {
            let table = random.next() as usize % tables.len();
            let (symbol, interval) = cdfs[table].find(random.next() >> (32 - PRECISION));
            entropy += (f64::from(interval.total()) / f64::from(interval.freq())).log2();
            (table, symbol)
        })
        .collect();

    let mut ours = RangeEncoder::new();
    let mut theirs = DefaultRangeEncoder::new();
    for &(table, symbol) in &draws {
        ours.encode(cdfs[table].interval(symbol).unwrap());
        theirs.encode_symbol(usize::from(symbol), &models[table]).unwrap();
    }
    let ours = ours.finish();
    let theirs = theirs.into_compressed().unwrap();

    let mut our_decoder = RangeDecoder::new(&ours);
    let mut their_decoder = DefaultRangeDecoder::from_compressed(theirs.as_slice()).unwrap();
    for &(table, symbol) in &draws {
        assert_eq!(our_decoder.decode(&cdfs[table]), symbol);
        assert_eq!(their_decoder.decode_symbol(&models[table]).unwrap(), usize::from(symbol));
    }
    our_decoder.finish().unwrap();

    let bits = ours.len() as f64 * 8.0;
    let excess = bits - entropy;
    println!(
        "{n} symbols, {:.5} bits each: {} bytes, {excess:.1} bits over entropy ({:.6} %), \
         constriction {} bytes",
        entropy / SYMBOLS as f64,
        ours.len(),
        100.0 * excess / entropy,
        theirs.len() * 4,
    );
    // The length of a stream itself carries a few bits.
    assert!(excess > -24.0, "{excess} bits: shorter than possible");
    assert!(excess < 1e-4 * entropy + 40.0, "{excess} bits over {entropy}");
    assert!(ours.len() <= theirs.len() * 4 + 4 + theirs.len() / 2000);
    entropy / SYMBOLS as f64
}

#[test]
fn close_to_entropy_at_every_rate() {
    assert!(check(256, 255) > 7.0);
    check(256, 220);
    check(256, 128);
    check(16, 128);
    check(3, 40);
    // Symbols of a few thousandths of a bit, where rounding in the coder would show most.
    assert!(check(2, 0) < 1e-3);
    check(256, 0);
}
