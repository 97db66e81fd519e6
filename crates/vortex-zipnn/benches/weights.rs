//! GB/s of whole tensors on one thread, checksums included, compared with a memcpy; and the
//! exponents of a tensor under three coders, which shows why this crate uses prefix codes.

use std::hint::black_box;
use std::num::NonZeroU32;

use constriction::stream::Decode;
use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};
use constriction::stream::stack::DefaultAnsCoder;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use half::{bf16, f16};
use vortex_coder::cdf::Table;
use vortex_coder::{Cdf, RangeDecoder, RangeEncoder};
use vortex_zipnn::{DType, Level, Options, compress_tensor_with, decompress_tensor};

const WEIGHTS: usize = 4 << 20;

/// Bell-shaped weights; each row of 1,024 has its own width, as in trained layers.
fn weights() -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut weights = Vec::with_capacity(WEIGHTS);
    while weights.len() < WEIGHTS {
        let width = 0.005 * (1.0 + (next() >> 40) as f32 / (1 << 22) as f32);
        for _ in 0..1024 {
            let sum: f32 =
                (0..4).map(|i| (next() >> (8 * i) & 0xffff) as f32 / 32768.0 - 1.0).sum();
            weights.push(sum * width);
        }
    }
    weights
}

/// The weights as another type, little-endian.
fn cast(weights: &[f32], dtype: DType) -> Vec<u8> {
    let with = |one: fn(f32) -> Vec<u8>| weights.iter().copied().flat_map(one).collect();
    match dtype {
        DType::F64 => with(|v| (f64::from(v) * 0.3).to_le_bytes().into()),
        DType::F16 => with(|v| f16::from_f32(v).to_le_bytes().into()),
        DType::Bf16 => with(|v| bf16::from_f32(v).to_le_bytes().into()),
        // The upper half of an f16, rounded towards zero.
        DType::F8E5M2 => with(|v| vec![f16::from_f32(v).to_le_bytes()[1]]),
        DType::F8E4M3 => with(|v| {
            let bits = (v * 32.0).to_bits();
            let exponent = (bits >> 23 & 255).saturating_sub(120).min(15) as u8;
            vec![(bits >> 31 << 7) as u8 | (exponent << 3) | (bits >> 20 & 7) as u8]
        }),
        DType::I8 => with(|v| vec![(v * 4000.0) as i8 as u8]),
        _ => with(|v| v.to_le_bytes().into()),
    }
}

fn tensors(c: &mut Criterion) {
    let weights = weights();
    for dtype in
        [DType::F32, DType::Bf16, DType::F16, DType::F64, DType::F8E4M3, DType::F8E5M2, DType::I8]
    {
        let bytes = cast(&weights, dtype);
        for level in [Level::Fast, Level::Default] {
            let options = Options { level, threads: 1, ..Options::default() };
            let pack = || compress_tensor_with(&bytes, dtype, &options).expect("memory");
            let packed = pack();
            assert!(decompress_tensor(&packed).expect("whole") == bytes);
            let mut group = c.benchmark_group(format!(
                "{dtype} {level:?} to {:.1} %",
                packed.len() as f64 * 100.0 / bytes.len() as f64
            ));
            group.throughput(Throughput::Bytes(bytes.len() as u64));
            group.bench_function("compress", |b| b.iter(pack));
            group.bench_function("decompress", |b| b.iter(|| decompress_tensor(&packed)));
            let mut copy = Vec::new();
            group.bench_function("memcpy", |b| {
                b.iter(|| {
                    copy.clear();
                    copy.extend_from_slice(black_box(&bytes));
                });
            });
            group.finish();
        }
    }
}

/// Precision of the asymmetric numeral system's frequencies: its table has 2^12 entries.
const PRECISION: usize = 12;

/// Frequencies that sum to 2^12, with the symbol of each quantile.
struct Quantised {
    intervals: Vec<(u32, u32)>,
    symbols: Vec<u8>,
}

impl Quantised {
    fn new(counts: &[u32; 256]) -> Self {
        let total: u32 = counts.iter().sum();
        let mut frequencies = counts.map(|count| {
            let share = u64::from(count) << PRECISION;
            u32::from(count > 0).max((share / u64::from(total)) as u32)
        });
        let sum: u32 = frequencies.iter().sum();
        let largest = (0..256).max_by_key(|&i| frequencies[i]).expect("not empty");
        frequencies[largest] = frequencies[largest] + (1 << PRECISION) - sum;
        let mut symbols = Vec::new();
        let mut intervals = Vec::new();
        for (symbol, &frequency) in (0..=255u8).zip(&frequencies) {
            intervals.push((symbols.len() as u32, frequency));
            symbols.extend(std::iter::repeat_n(symbol, frequency as usize));
        }
        Self { intervals, symbols }
    }
}

impl EntropyModel<PRECISION> for &Quantised {
    type Symbol = u8;
    type Probability = u32;
}

impl EncoderModel<PRECISION> for &Quantised {
    #[inline]
    fn left_cumulative_and_probability(
        &self,
        symbol: impl std::borrow::Borrow<u8>,
    ) -> Option<(u32, NonZeroU32)> {
        let (low, frequency) = self.intervals[usize::from(*symbol.borrow())];
        Some((low, NonZeroU32::new(frequency)?))
    }
}

impl DecoderModel<PRECISION> for &Quantised {
    #[inline]
    fn quantile_function(&self, quantile: u32) -> (u8, u32, NonZeroU32) {
        let symbol = self.symbols[quantile as usize];
        let (low, frequency) = self.intervals[usize::from(symbol)];
        (symbol, low, NonZeroU32::new(frequency).expect("no empty interval"))
    }
}

fn coders(c: &mut Criterion) {
    // The highest plane of float32 weights.
    let plane: Vec<u8> = weights().iter().map(|v| (v.to_bits() >> 23) as u8).collect();
    let mut counts = [0u32; 256];
    for &byte in &plane {
        counts[usize::from(byte)] += 1;
    }
    let n = plane.len() as f64;
    let entropy: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) * (n / f64::from(count)).log2() / 8.0)
        .sum();

    let options = Options { level: Level::Fast, threads: 1, ..Options::default() };
    let prefix = || compress_tensor_with(&plane, DType::U8, &options).expect("memory");
    let cdf = Cdf::from_weights(&counts.map(|count| count / 2));
    let table = Table::new(&cdf);
    let range = || {
        let mut encoder = RangeEncoder::with_capacity(plane.len());
        for &symbol in &plane {
            encoder.encode(table.interval(symbol).expect("in range"));
        }
        encoder.finish()
    };
    let quantised = Quantised::new(&counts);
    let ans = || {
        let mut coder = DefaultAnsCoder::new();
        coder.encode_iid_symbols_reverse(&plane, &quantised).expect("in range");
        coder.into_compressed().expect("infallible")
    };
    let (prefix_bytes, range_bytes, ans_words) = (prefix(), range(), ans());
    let over = |bytes: usize| 100.0 * (bytes as f64 / entropy - 1.0);
    println!(
        "{} exponents of {entropy:.0} bytes of entropy: prefix codes {:+.2} % (checksums and all), \
         range coder {:+.2} %, rANS {:+.2} %",
        plane.len(),
        over(prefix_bytes.len()),
        over(range_bytes.len()),
        over(4 * ans_words.len()),
    );

    let mut group = c.benchmark_group("exponents");
    group.throughput(Throughput::Bytes(plane.len() as u64));
    group.bench_function("encode prefix codes", |b| b.iter(prefix));
    group.bench_function("encode range coder", |b| b.iter(range));
    group.bench_function("encode rANS", |b| b.iter(ans));
    group.bench_function("decode prefix codes", |b| b.iter(|| decompress_tensor(&prefix_bytes)));
    let mut out = vec![0; plane.len()];
    group.bench_function("decode range coder", |b| {
        b.iter(|| {
            let mut decoder = RangeDecoder::new(&range_bytes);
            out.fill_with(|| decoder.decode(&cdf));
        });
    });
    assert!(out == plane);
    out.fill(0);
    group.bench_function("decode rANS", |b| {
        b.iter(|| {
            let mut coder = DefaultAnsCoder::from_compressed_slice(&ans_words).expect("not empty");
            for symbol in &mut out {
                *symbol = coder.decode_symbol(&quantised).expect("infallible");
            }
        });
    });
    assert!(out == plane);
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = tensors, coders
}
criterion_main!(benches);
