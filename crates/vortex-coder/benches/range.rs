//! Symbols per second on one core, compared with constriction's range coder on the same tables and
//! symbols. constriction uses totals that are powers of two and binary search; ours takes any
//! total.
//!
//! "encode" and "decode" have the tables ready. "fresh" is the case of a network: each symbol has
//! its own weights, and the distribution is made for this symbol only.

use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};
use constriction::stream::queue::{DefaultRangeDecoder, DefaultRangeEncoder};
use constriction::stream::{Decode, Encode};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::num::NonZeroU32;
use vortex_coder::cdf::Table;
use vortex_coder::{Cdf, RangeDecoder, RangeEncoder};

const SYMBOLS: usize = 1 << 18;
const PRECISION: usize = 22;

struct Cumulative(Vec<u32>);

impl EntropyModel<PRECISION> for &Cumulative {
    type Symbol = usize;
    type Probability = u32;
}

impl EncoderModel<PRECISION> for &Cumulative {
    #[inline]
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
    #[inline]
    fn quantile_function(&self, quantile: u32) -> (usize, u32, NonZeroU32) {
        let symbol = self.0.partition_point(|&c| c <= quantile) - 1;
        let (low, high) = (self.0[symbol], self.0[symbol + 1]);
        (symbol, low, NonZeroU32::new(high - low).expect("no empty interval"))
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }
}

/// Peaked distributions (about 4.5 bits for 256 symbols), the same for both coders.
fn table(n: usize, random: &mut Random) -> Vec<u32> {
    let total = 1u32 << PRECISION;
    let peak = random.next() as usize % n;
    let mut freq: Vec<u32> = (0..n)
        .map(|i| {
            let scale = (total / 16) as usize / (1 + i.abs_diff(peak).pow(2));
            1 + (scale as u32 / 256) * (random.next() & 255)
        })
        .collect();
    let sum: u32 = freq.iter().sum();
    if sum < total {
        freq[peak] += total - sum
    } else {
        unreachable!("weights are small")
    }
    freq
}

fn bench(c: &mut Criterion) {
    for (n, tables) in [(256, 64), (256, 2048), (12, 64)] {
        let mut random = Random(0x1234_5678_9abc_def1);
        let freqs: Vec<_> = (0..tables).map(|_| table(n, &mut random)).collect();
        let cdfs: Vec<_> = freqs.iter().map(|f| Cdf::from_frequencies(f).expect("valid")).collect();
        let ready: Vec<_> = cdfs.iter().map(Table::new).collect();
        let models: Vec<_> = freqs
            .iter()
            .map(|f| {
                let mut cumulative = vec![0];
                for f in f {
                    cumulative.push(cumulative[cumulative.len() - 1] + f);
                }
                Cumulative(cumulative)
            })
            .collect();
        let draws: Vec<(u16, u8)> = (0..SYMBOLS)
            .map(|_| {
                let t = random.next() as usize % tables;
                (t as u16, cdfs[t].find(random.next() >> (32 - PRECISION)).0)
            })
            .collect();

        let encode_ours = || {
            let mut encoder = RangeEncoder::with_capacity(SYMBOLS);
            for &(t, symbol) in &draws {
                encoder.encode(ready[usize::from(t)].interval(symbol).expect("in range"));
            }
            encoder.finish()
        };
        let encode_theirs = || {
            let mut encoder = DefaultRangeEncoder::new();
            for &(t, symbol) in &draws {
                encoder
                    .encode_symbol(usize::from(symbol), &models[usize::from(t)])
                    .expect("in range");
            }
            encoder.into_compressed().expect("infallible")
        };
        let ours = encode_ours();
        let theirs = encode_theirs();

        let mut group = c.benchmark_group(format!("range {n} symbols {tables} tables"));
        group.throughput(Throughput::Elements(SYMBOLS as u64));
        group.bench_function("encode vortex", |b| b.iter(encode_ours));
        group.bench_function("encode constriction", |b| b.iter(encode_theirs));
        group.bench_function("decode vortex", |b| {
            b.iter(|| {
                let mut decoder = RangeDecoder::new(&ours);
                let mut sum = 0u32;
                for &(t, _) in &draws {
                    sum = sum.wrapping_add(decoder.decode(&cdfs[usize::from(t)]).into());
                }
                black_box(sum)
            });
        });
        group.bench_function("decode constriction", |b| {
            b.iter(|| {
                let mut decoder =
                    DefaultRangeDecoder::from_compressed(theirs.as_slice()).expect("infallible");
                let mut sum = 0usize;
                for &(t, _) in &draws {
                    sum += decoder.decode_symbol(&models[usize::from(t)]).expect("in range");
                }
                black_box(sum)
            });
        });
        let weights: Vec<Vec<u32>> =
            freqs.iter().map(|f| f.iter().map(|f| f - 1).collect()).collect();
        group.bench_function("encode fresh vortex", |b| {
            let mut cdf = Cdf::default();
            b.iter(|| {
                let mut encoder = RangeEncoder::with_capacity(SYMBOLS);
                for &(t, symbol) in &draws {
                    cdf.set_weights(&weights[usize::from(t)]);
                    encoder.encode(cdf.interval(symbol).expect("in range"));
                }
                encoder.finish()
            });
        });
        group.bench_function("encode fresh constriction", |b| {
            let mut model = Cumulative(vec![0; n + 1]);
            b.iter(|| {
                let mut encoder = DefaultRangeEncoder::new();
                for &(t, symbol) in &draws {
                    // The weights here already have the right total and are only summed.
                    let mut sum = 0;
                    for (end, w) in model.0[1..].iter_mut().zip(&weights[usize::from(t)]) {
                        sum += w + 1;
                        *end = sum;
                    }
                    encoder.encode_symbol(usize::from(symbol), &model).expect("in range");
                }
                encoder.into_compressed().expect("infallible")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
