//! Coding with float probabilities: the only floats of the crate.
//!
//! **The encoder and the decoder need exactly the same numbers.** Probabilities become integer
//! frequencies here, and a difference in the last bit of one float can change a frequency; then the
//! decoder gives wrong symbols. Two runs of one network can differ this much if the machine, the
//! batch size, the number of threads or the version of a library differs. So use this interface if
//! the probabilities are stored or computed once (tables, histograms, a network that runs on one
//! machine for both sides), and a [`crate::Predictor`] with integers for files that other machines
//! read.
//!
//! Arrays are flat slices in row-major order: symbols `[batch][time]`, probabilities
//! `[batch][time][n]`.

use crate::cdf::{Cdf, TOTAL_LIMIT};
use crate::error::{Error, Result};
use crate::range::{RangeDecoder, RangeEncoder};

/// The shape of an array of symbols and of their probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of sequences.
    pub batch: usize,
    /// Symbols of each sequence.
    pub time: usize,
    /// Size of the alphabet, 1 to 256.
    pub n: usize,
}

impl Shape {
    fn symbols(self) -> Result<usize> {
        let n_symbols = self.batch.checked_mul(self.time);
        match (n_symbols, self.n) {
            (Some(symbols), 1..=256) if symbols.checked_mul(self.n).is_some() => Ok(symbols),
            _ => Err(Error::invalid_argument(format!(
                "{self:?}: the alphabet must be 1 to 256 and the product must fit in memory"
            ))),
        }
    }
}

/// Frequencies in proportion to probabilities, every symbol at least 1, with a total just below
/// 2^24. They need not sum to 1. The arithmetic is one f64 sum in order, one division and one
/// product per symbol, rounded down: equal inputs give equal frequencies on every machine.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] unless there are 1 to 256 probabilities, none is
/// negative, infinite or NaN, and one is positive.
pub fn probs_to_cdf<P: Copy + Into<f64>>(probabilities: &[P]) -> Result<Cdf> {
    let n = probabilities.len();
    if !(1..=256).contains(&n) {
        return Err(Error::invalid_argument(format!("{n} probabilities; 1 to 256 are possible")));
    }
    let mut sum = 0.0f64;
    for (symbol, &p) in probabilities.iter().enumerate() {
        let p: f64 = p.into();
        if !p.is_finite() || p < 0.0 {
            return Err(Error::invalid_argument(format!("symbol {symbol} has probability {p}")));
        }
        sum += p;
    }
    if sum <= 0.0 || !sum.is_finite() {
        return Err(Error::invalid_argument(format!("the probabilities sum to {sum}")));
    }
    // The part of the total that is distributed, after 1 for each symbol.
    let spread = f64::from(TOTAL_LIMIT - 1 - 256);
    let mut frequencies = [0u32; 256];
    for (f, &p) in frequencies.iter_mut().zip(probabilities) {
        // At most `spread`, up to rounding, for which the 256 above leave space.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let share = (p.into() / sum * spread) as u32;
        *f = share + 1;
    }
    // Rounding down never gives a larger sum, but a float sum may be a little too small.
    let excess = frequencies[..n].iter().sum::<u32>().saturating_sub(TOTAL_LIMIT - 1);
    if let Some(largest) = frequencies[..n].iter_mut().max() {
        *largest -= excess.min(*largest - 1);
    }
    Cdf::from_frequencies(&frequencies[..n])
}

/// Encodes symbols `[batch][time]` with probabilities `[batch][time][n]`, batch by batch.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] when a length does not fit the shape, a symbol is not
/// below `n`, or probabilities are impossible (see [`probs_to_cdf`]).
pub fn encode<P: Copy + Into<f64>>(
    symbols: &[u8],
    probabilities: &[P],
    shape: Shape,
) -> Result<Vec<u8>> {
    check_probabilities(probabilities, shape)?;
    encode_with(symbols, shape, |batch, time, _before| {
        Ok(row(probabilities, shape, batch, time).to_vec())
    })
}

/// Decodes what [`encode`] wrote, given the same probabilities and shape.
///
/// # Errors
/// As [`encode`]; [`crate::ErrorKind::Truncated`] and [`crate::ErrorKind::Corrupt`] for bytes of
/// the wrong length.
pub fn decode<P: Copy + Into<f64>>(
    bytes: &[u8],
    probabilities: &[P],
    shape: Shape,
) -> Result<Vec<u8>> {
    check_probabilities(probabilities, shape)?;
    decode_with(bytes, shape, |batch, time, _before| {
        Ok(row(probabilities, shape, batch, time).to_vec())
    })
}

/// Encodes symbols `[batch][time]`; `predict(batch, time, before)` gives the `n` probabilities of
/// the next one from those before it in its sequence (`before.len() == time`).
///
/// # Errors
/// As [`encode`], and whatever `predict` returns.
pub fn encode_with<P: Copy + Into<f64>>(
    symbols: &[u8],
    shape: Shape,
    mut predict: impl FnMut(usize, usize, &[u8]) -> Result<Vec<P>>,
) -> Result<Vec<u8>> {
    let n_symbols = shape.symbols()?;
    if symbols.len() != n_symbols {
        return Err(Error::invalid_argument(format!("{} symbols for {shape:?}", symbols.len())));
    }
    let mut encoder = RangeEncoder::with_capacity(n_symbols / 2);
    for batch in 0..shape.batch {
        let sequence = &symbols[batch * shape.time..][..shape.time];
        for (time, &symbol) in sequence.iter().enumerate() {
            let cdf = step(shape, batch, time, &predict(batch, time, &sequence[..time])?)?;
            let interval = cdf.interval(symbol).ok_or_else(|| {
                Error::invalid_argument(format!(
                    "symbol {symbol} at batch {batch}, time {time}: the alphabet has {} symbols",
                    shape.n
                ))
            })?;
            encoder.encode(interval);
        }
    }
    Ok(encoder.finish())
}

/// Decodes what [`encode_with`] wrote with the same `predict`.
///
/// # Errors
/// As [`decode`], and whatever `predict` returns.
pub fn decode_with<P: Copy + Into<f64>>(
    bytes: &[u8],
    shape: Shape,
    mut predict: impl FnMut(usize, usize, &[u8]) -> Result<Vec<P>>,
) -> Result<Vec<u8>> {
    let n_symbols = shape.symbols()?;
    let mut decoder = RangeDecoder::new(bytes);
    // Grows while symbols are decoded, because the bytes may hold fewer symbols than the shape
    // states.
    let mut symbols = Vec::with_capacity(n_symbols.min(1 << 20));
    for batch in 0..shape.batch {
        for time in 0..shape.time {
            let before = &symbols[batch * shape.time..];
            let cdf = step(shape, batch, time, &predict(batch, time, before)?)?;
            symbols.push(decoder.decode(&cdf));
            if decoder.is_truncated() {
                return Err(Error::truncated(format!(
                    "{} bytes end at batch {batch}, time {time} of {shape:?}",
                    bytes.len()
                )));
            }
        }
    }
    decoder.finish()?;
    Ok(symbols)
}

/// Cost in bits per symbol of symbols `[batch][time]` under probabilities `[batch][time][n]`: the
/// mean of `-log2(p)` ("bits per dimension"). Infinite if a symbol of probability 0 occurs (it can
/// still be coded); 0 for no symbols.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] when a length does not fit or a symbol is not below `n`.
pub fn theoretical_bpd<P: Copy + Into<f64>>(
    symbols: &[u8],
    probabilities: &[P],
    shape: Shape,
) -> Result<f64> {
    check_probabilities(probabilities, shape)?;
    if symbols.len() != shape.symbols()? {
        return Err(Error::invalid_argument(format!("{} symbols for {shape:?}", symbols.len())));
    }
    let mut bits = 0.0;
    for (&symbol, row) in symbols.iter().zip(probabilities.chunks_exact(shape.n)) {
        let p = row.get(usize::from(symbol)).ok_or_else(|| {
            Error::invalid_argument(format!("symbol {symbol} of an alphabet of {}", shape.n))
        })?;
        let sum: f64 = row.iter().map(|&p| p.into()).sum();
        bits -= ((*p).into() / sum).log2();
    }
    #[allow(clippy::cast_precision_loss)]
    let mean = bits / symbols.len().max(1) as f64;
    Ok(mean)
}

fn check_probabilities<P>(probabilities: &[P], shape: Shape) -> Result<()> {
    if probabilities.len() == shape.symbols()? * shape.n {
        return Ok(());
    }
    let len = probabilities.len();
    Err(Error::invalid_argument(format!("{len} probabilities for {shape:?}")))
}

fn row<P>(probabilities: &[P], shape: Shape, batch: usize, time: usize) -> &[P] {
    &probabilities[(batch * shape.time + time) * shape.n..][..shape.n]
}

fn step<P: Copy + Into<f64>>(shape: Shape, batch: usize, time: usize, p: &[P]) -> Result<Cdf> {
    let at = || format!("batch {batch}, time {time}");
    if p.len() != shape.n {
        let message = format!("{} probabilities for an alphabet of {}", p.len(), shape.n);
        return Err(Error::invalid_argument(message).context(at()));
    }
    probs_to_cdf(p).map_err(|e| e.context(at()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    #[test]
    fn every_symbol_is_possible_and_shares_are_right() {
        let cdf = probs_to_cdf(&[1.0f64, 0.0, 3.0]).unwrap();
        let quarter = f64::from(cdf.frequencies()[0]) / f64::from(cdf.total());
        assert!((quarter - 0.25).abs() < 1e-6, "{quarter}");
        assert_eq!(cdf.frequencies()[1], 1);
        assert!(cdf.total() > TOTAL_LIMIT - 300);
        for (bad, word) in [
            (&[][..], "1 to 256"),
            (&[0.1; 257], "1 to 256"),
            (&[0.0, 0.0], "sum"),
            (&[f32::NAN, 1.0], "NaN"),
            (&[f32::INFINITY, 1.0], "inf"),
            (&[-0.1, 1.0], "-0.1"),
        ] {
            let error = probs_to_cdf(bad).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(word), "{}", error.message);
        }
        assert!(probs_to_cdf(&[f64::MAX, f64::MAX]).is_err());
    }

    #[test]
    fn batches_come_back_near_the_theoretical_size() {
        let shape = Shape { batch: 3, time: 1000, n: 5 };
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let probabilities: Vec<f32> =
            (0..shape.batch * shape.time * shape.n).map(|_| random() as f32 + 1.0).collect();
        let symbols: Vec<u8> =
            (0..shape.batch * shape.time).map(|_| (random() % 5) as u8).collect();
        let bytes = encode(&symbols, &probabilities, shape).unwrap();
        assert_eq!(decode(&bytes, &probabilities, shape).unwrap(), symbols);
        let bpd = theoretical_bpd(&symbols, &probabilities, shape).unwrap();
        let coded = bytes.len() as f64 * 8.0 / symbols.len() as f64;
        assert!((coded - bpd).abs() < 0.01, "{coded} {bpd}");
        let cut = decode(&bytes[..bytes.len() / 2], &probabilities, shape).unwrap_err();
        assert_eq!(cut.kind, ErrorKind::Truncated);
    }

    #[test]
    fn a_callback_sees_what_was_decoded() {
        let shape = Shape { batch: 2, time: 50, n: 4 };
        // Each symbol is probably the previous one plus 1.
        let predict = |_: usize, _: usize, before: &[u8]| {
            let next = before.last().map_or(0, |s| (s + 1) % 4);
            Ok((0..4).map(|s| if s == next { 0.97 } else { 0.01f64 }).collect())
        };
        let symbols: Vec<u8> = (0..100u8).map(|i| i % 50 % 4).collect();
        let bytes = encode_with(&symbols, shape, predict).unwrap();
        assert!(bytes.len() < 4, "{}", bytes.len());
        assert_eq!(decode_with(&bytes, shape, predict).unwrap(), symbols);
    }

    #[test]
    fn shapes_and_symbols_that_do_not_fit_are_refused() {
        let shape = Shape { batch: 1, time: 2, n: 2 };
        let p = [0.5f32; 4];
        assert!(encode(&[0, 2], &p, shape).is_err());
        assert!(encode(&[0], &p, shape).is_err());
        assert!(encode(&[0, 1], &p[..3], shape).is_err());
        assert!(theoretical_bpd(&[0, 2], &p, shape).is_err());
        assert!(decode(&[], &p, Shape { n: 0, ..shape }).is_err());
        let huge = Shape { batch: usize::MAX, time: 2, n: 2 };
        assert!(decode(&[], &p, huge).is_err());
        let bad = encode(&[0, 0], &[0.5, 0.5, f32::NAN, 0.5], shape).unwrap_err();
        assert!(bad.message.starts_with("batch 0, time 1"), "{}", bad.message);
    }

    proptest! {
        #[test]
        fn any_probabilities_make_a_distribution(
            p in prop::collection::vec(prop_oneof![0.0..1.0f64, Just(0.0), Just(1e-300), Just(1e30)], 1..=256)
        ) {
            let possible = p.iter().sum::<f64>() > 0.0;
            prop_assert_eq!(probs_to_cdf(&p).is_ok(), possible);
        }
    }
}
