//! The range coder: intervals to bytes and back.
//!
//! Encoder and decoder hold a 64-bit `low` (the decoder: `code`, its distance from the encoder's
//! `low`) and a 64-bit `range`, at the start 0 and 2^64 - 1. One symbol with interval
//! `low_s .. low_s + freq` of `total` does
//!
//! ```text
//! unit  = (range * floor((2^64 - 1) / total)) >> 64        (product in 128 bits)
//! low   = low + unit * low_s                               (a carry goes into the bytes before)
//! range = unit * freq
//! if range < 2^40: output the three highest bytes of low, low <<= 24, range <<= 24
//! ```
//!
//! The reciprocal depends only on the distribution, so its division is not part of the dependency
//! chain from one symbol to the next. With `range >= 2^40` and `total < 2^24`, `unit` is at least
//! 2^16, so one output of three bytes is always enough, and rounding `unit` down costs about 2^-18
//! bits per symbol on average.

use crate::cdf::{Cdf, Interval};
use crate::error::{Error, Result};

/// Between symbols the range is at least this.
const MIN_RANGE: u64 = 1 << 40;
/// Bytes that one renormalisation writes.
const STEP: usize = 3;
/// [`STEP`] in bits.
const STEP_BITS: u32 = 24;
/// Most bits that [`RangeEncoder::encode_bits`] takes at once.
pub const MAX_RAW_BITS: u32 = 16;

/// `floor(range / total)`, or smaller by a relative error of at most 2^-39.
#[inline]
fn unit(range: u64, reciprocal: u64) -> u64 {
    // The high half of a product of two 64-bit numbers always fits.
    #[allow(clippy::cast_possible_truncation)]
    let high = ((u128::from(range) * u128::from(reciprocal)) >> 64) as u64;
    high
}

/// Writes intervals as bytes.
#[derive(Clone, Debug)]
pub struct RangeEncoder {
    low: u64,
    range: u64,
    /// Bytes `..len` are output; the rest is space for later writes.
    out: Vec<u8>,
    len: usize,
}

impl Default for RangeEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl RangeEncoder {
    /// An empty stream.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty stream with capacity for this number of bytes.
    #[inline]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { low: 0, range: u64::MAX, out: vec![0; bytes + 8], len: 0 }
    }

    /// Bytes written so far; the stream ends at most 8 bytes later.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether no byte was written so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends one symbol, given as its interval.
    #[inline]
    pub fn encode(&mut self, interval: Interval) {
        let unit = unit(self.range, interval.reciprocal());
        self.narrow(unit * u64::from(interval.low()), unit * u64::from(interval.freq()));
    }

    /// Appends the low `n` bits of `value`, at a cost of `n` bits.
    ///
    /// # Panics
    /// When `n` is more than [`MAX_RAW_BITS`] or `value` needs more than `n` bits.
    #[inline]
    pub fn encode_bits(&mut self, value: u32, n: u32) {
        assert!(n <= MAX_RAW_BITS && value >> n == 0, "{value} in {n} raw bits");
        let unit = self.range >> n;
        self.narrow(unit * u64::from(value), unit);
    }

    /// Appends a binary decision whose probability to be 1 is `p / 2^16`, `1 <= p < 2^16`.
    #[inline]
    pub fn encode_bit(&mut self, bit: u32, p: u32) {
        debug_assert!((1..1 << 16).contains(&p), "a probability of {p}/65536");
        let ones = (self.range >> 16) * u64::from(p);
        if bit == 1 { self.narrow(0, ones) } else { self.narrow(ones, self.range - ones) }
    }

    #[inline]
    fn narrow(&mut self, start: u64, range: u64) {
        let (low, carry) = self.low.overflowing_add(start);
        if carry {
            carry_into(&mut self.out[..self.len]);
        }
        (self.low, self.range) = (low, range);
        if range < MIN_RANGE {
            // One store writes eight bytes, of which three are kept.
            if self.len + 8 > self.out.len() {
                self.out = grow(std::mem::take(&mut self.out));
            }
            if let Some(room) = self.out.get_mut(self.len..self.len + 8) {
                room.copy_from_slice(&low.to_be_bytes());
            }
            self.len += STEP;
            self.low = low << STEP_BITS;
            self.range = range << STEP_BITS;
        }
    }

    /// Ends the stream with the smallest number of bytes that, followed by zeros, are inside the
    /// last interval.
    pub fn finish(mut self) -> Vec<u8> {
        let mut n = 0;
        let end = loop {
            // The first number at or above low whose bytes after the n-th are zero.
            let tail = u64::MAX.checked_shr(8 * n).unwrap_or(0);
            let end = (u128::from(self.low) + u128::from(tail)) & !u128::from(tail);
            if end - u128::from(self.low) < u128::from(self.range) {
                break end;
            }
            n += 1;
        };
        if end >> 64 != 0 {
            carry_into(&mut self.out[..self.len]);
        }
        self.out.truncate(self.len);
        let bytes = end.to_be_bytes();
        self.out.extend_from_slice(&bytes[8..8 + n as usize]);
        self.out
    }
}

// The functions for the two rare cases take the buffer instead of the encoder, so that the state of
// the encoder can stay in registers.

#[cold]
#[inline(never)]
fn grow(mut out: Vec<u8>) -> Vec<u8> {
    out.resize(2 * out.len() + 64, 0);
    out
}

/// Adds one to the bytes written so far, as one big number.
#[cold]
#[inline(never)]
fn carry_into(written: &mut [u8]) {
    for byte in written.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
}

/// Reads the output of a [`RangeEncoder`]. Any bytes decode to some symbols: it never panics, and
/// it reads zeros after the end.
#[derive(Clone, Debug)]
pub struct RangeDecoder<'a> {
    code: u64,
    range: u64,
    data: &'a [u8],
    /// Bytes that the encoder had written at this point.
    done: usize,
}

impl<'a> RangeDecoder<'a> {
    /// The start of a stream.
    #[inline]
    pub fn new(data: &'a [u8]) -> Self {
        Self { code: eight_bytes(data, 0), range: u64::MAX, data, done: 0 }
    }

    /// Decodes one symbol of a distribution.
    #[inline]
    pub fn decode(&mut self, cdf: &Cdf) -> u8 {
        let (symbol, interval) =
            cdf.find_below_total(self.target_of(cdf.total(), cdf.reciprocal()));
        self.take(interval);
        symbol
    }

    /// A number in `0..total`: the next symbol is the one whose interval holds it. For callers that
    /// search the interval themselves and then call [`Self::take`]. `None` unless
    /// `1 <= total < 2^24`.
    pub fn target(&self, total: u32) -> Option<u32> {
        let whole = Interval::new(0, total, total)?;
        Some(self.target_of(total, whole.reciprocal()))
    }

    #[inline]
    fn target_of(&self, total: u32, reciprocal: u64) -> u32 {
        let target = self.code / unit(self.range, reciprocal);
        // The value can be after the last interval only in a stream that no encoder wrote.
        #[allow(clippy::cast_possible_truncation)]
        let target = target.min(u64::from(total - 1)) as u32;
        target
    }

    /// Moves past a symbol with this interval.
    #[inline]
    pub fn take(&mut self, interval: Interval) {
        let unit = unit(self.range, interval.reciprocal());
        self.narrow(unit * u64::from(interval.low()), unit * u64::from(interval.freq()));
    }

    /// Decodes `n` raw bits.
    ///
    /// # Panics
    /// When `n` is more than [`MAX_RAW_BITS`].
    #[inline]
    pub fn decode_bits(&mut self, n: u32) -> u32 {
        assert!(n <= MAX_RAW_BITS, "{n} raw bits");
        let unit = self.range >> n;
        #[allow(clippy::cast_possible_truncation)] // at most 2^16 - 1
        let value = (self.code / unit).min((1 << n) - 1) as u32;
        self.narrow(unit * u64::from(value), unit);
        value
    }

    /// Decodes a decision of [`RangeEncoder::encode_bit`].
    #[inline]
    pub fn decode_bit(&mut self, p: u32) -> u32 {
        debug_assert!((1..1 << 16).contains(&p), "a probability of {p}/65536");
        let ones = (self.range >> 16) * u64::from(p);
        let bit = u32::from(self.code < ones);
        if bit == 1 {
            self.narrow(0, ones)
        } else {
            self.narrow(ones, self.range - ones)
        }
        bit
    }

    #[inline]
    fn narrow(&mut self, start: u64, range: u64) {
        self.code = self.code.wrapping_sub(start);
        self.range = range;
        if range < MIN_RANGE {
            let ahead = eight_bytes(self.data, self.done + 8) >> (64 - STEP_BITS);
            self.code = self.code << STEP_BITS | ahead;
            self.range = range << STEP_BITS;
            self.done += STEP;
        }
    }

    /// Whether more symbols were decoded than the bytes can hold, so the stream was cut.
    #[inline]
    pub fn is_truncated(&self) -> bool {
        self.done > self.data.len()
    }

    /// Checks, after the last symbol, that the stream ends here.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Truncated`] if it ended earlier, [`crate::ErrorKind::Corrupt`] if more
    /// bytes follow than an encoder would write.
    pub fn finish(self) -> Result<()> {
        check_end(self.done, self.data.len())
    }
}

/// Checks that a stream of `len` bytes ends after its last symbol, before which the encoder had
/// written `done` bytes.
///
/// # Errors
/// As [`RangeDecoder::finish`].
pub fn check_end(done: usize, len: usize) -> Result<()> {
    if done > len {
        return Err(Error::truncated(format!(
            "range coder stream of {len} bytes ends before its last symbol at byte {done}"
        )));
    }
    if len > done + 8 {
        return Err(Error::corrupt(format!(
            "range coder stream of {len} bytes continues after its last symbol at byte {done}"
        )));
    }
    Ok(())
}

/// Big-endian bytes `at..at + 8`, zero past the end.
#[inline]
fn eight_bytes(data: &[u8], at: usize) -> u64 {
    match data.get(at..).and_then(|d| d.first_chunk::<8>()) {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => last_bytes(data, at),
    }
}

#[cold]
fn last_bytes(data: &[u8], at: usize) -> u64 {
    let rest = data.get(at..).unwrap_or(&[]);
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    /// What a test stream is made of.
    #[derive(Clone, Debug)]
    enum Item {
        Symbol(Box<Cdf>, u8),
        Raw(u32, u32),
    }

    fn encode(items: &[Item]) -> Vec<u8> {
        let mut encoder = RangeEncoder::new();
        for item in items {
            match item {
                Item::Symbol(cdf, symbol) => encoder.encode(cdf.interval(*symbol).unwrap()),
                Item::Raw(value, n) => encoder.encode_bits(*value, *n),
            }
        }
        encoder.finish()
    }

    fn decode(items: &[Item], bytes: &[u8]) -> (bool, Result<()>) {
        let mut decoder = RangeDecoder::new(bytes);
        let mut equal = true;
        for item in items {
            equal &= match item {
                Item::Symbol(cdf, symbol) => decoder.decode(cdf) == *symbol,
                Item::Raw(value, n) => decoder.decode_bits(*n) == *value,
            };
        }
        (equal, decoder.finish())
    }

    fn any_item() -> impl Strategy<Value = Item> {
        let weights = prop::collection::vec((any::<u32>(), 0u32..32), 1..=256)
            .prop_map(|w| w.into_iter().map(|(w, s)| w >> s).collect::<Vec<_>>());
        let symbol = (weights, any::<prop::sample::Index>()).prop_map(|(weights, at)| {
            let cdf = Cdf::from_weights(&weights);
            Item::Symbol(Box::new(cdf), at.index(weights.len()) as u8)
        });
        let raw =
            (0..=MAX_RAW_BITS, any::<u32>()).prop_map(|(n, v)| Item::Raw(v & ((1 << n) - 1), n));
        prop_oneof![3 => symbol, 1 => raw]
    }

    proptest! {
        #[test]
        fn comes_back_and_says_when_cut(items in prop::collection::vec(any_item(), 0..60)) {
            let bytes = encode(&items);
            let (equal, end) = decode(&items, &bytes);
            prop_assert!(equal);
            prop_assert!(end.is_ok());
            // The stream is the shortest one: without its last byte, other symbols would be read.
            if let Some((_, cut)) = bytes.split_last() {
                let (equal, end) = decode(&items, cut);
                prop_assert!(!equal || end.is_err());
            }
            let longer = [bytes.as_slice(), &[0; 9]].concat();
            prop_assert_eq!(decode(&items, &longer).1.unwrap_err().kind, ErrorKind::Corrupt);
        }

        #[test]
        fn garbage_decodes_to_something(
            items in prop::collection::vec(any_item(), 0..60),
            garbage in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let _ = decode(&items, &garbage);
        }
    }

    #[test]
    fn nothing_takes_no_bytes() {
        assert!(RangeEncoder::new().finish().is_empty());
        RangeDecoder::new(&[]).finish().unwrap();
        assert_eq!(RangeDecoder::new(&[]).target(0), None);
        assert_eq!(RangeDecoder::new(&[0xff; 8]).target(100), Some(99));
    }

    #[test]
    fn carries_run_through_many_bytes() {
        // Repeated symbols at the upper end of an interval keep low just below a carry. Then the
        // symbol below either makes the 0xff bytes of the output final, or a carry passes through
        // them.
        let cdf = Box::new(Cdf::from_frequencies(&[1, TOTAL_MINUS_2]).unwrap());
        for run in 0..400 {
            for last in [0, 1] {
                let mut items = vec![Item::Raw(0xffff, 16); run];
                items.extend(vec![Item::Symbol(cdf.clone(), 1); run % 7]);
                items.push(Item::Symbol(cdf.clone(), last));
                items.extend([Item::Raw(0xffff, 16), Item::Raw(1, 16)]);
                let (equal, end) = decode(&items, &encode(&items));
                assert!(equal && end.is_ok(), "run {run}, last {last}");
            }
        }
        let mut written = [7, 0xff, 0xff];
        carry_into(&mut written);
        assert_eq!(written, [8, 0, 0]);
    }

    const TOTAL_MINUS_2: u32 = crate::cdf::TOTAL_LIMIT - 2;

    #[test]
    fn every_prefix_of_a_stream_is_known_as_cut() {
        let items: Vec<_> = (0..500u32).map(|i| Item::Raw(i * 7919 % 251, 8)).collect();
        let bytes = encode(&items);
        for cut in 0..bytes.len() - 8 {
            let error = decode(&items, &bytes[..cut]).1.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Truncated);
        }
    }
}
