//! One plane, coded the shortest way.

use crate::error::{Error, Result};
use crate::huffman::{self, CodeLengths, Histogram, histogram};
use crate::options::Level;
use crate::{repeats, strings};

/// How a part is stored. The numbers are those of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Method {
    /// As it is.
    Raw = 0,
    /// One byte that fills the part.
    Fill = 1,
    /// Prefix codes.
    Huffman = 2,
    /// A zstd frame.
    Zstd = 3,
}

impl Method {
    /// All of them, in order of their numbers.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Fill, Self::Huffman, Self::Zstd];
}

/// Bytes before the data of each part: method and length.
const PART_HEADER_BYTES: usize = 5;
/// Planes shorter than this are counted whole, longer ones by [`SAMPLES`] pieces first.
const SAMPLED_FROM: usize = 16 << 10;
/// Pieces of a sample, and bytes of each.
const SAMPLES: usize = 32;
const SAMPLE_BYTES: usize = 128;
/// A part is stored raw if coding would save less than one in this many bytes.
const WORTH: usize = 128;
/// Levels of zstd.
const EFFORT: i32 = 3;
const BEST_EFFORT: i32 = 19;
/// What a dictionary coder is tried on first.
pub(crate) const PROBE_BYTES: usize = 16 << 10;

/// How a part will be stored.
pub(crate) enum Plan {
    /// As it is.
    Raw,
    /// One byte that fills the part.
    Fill(u8),
    /// Prefix codes, and the bytes that they take at most.
    Huffman(CodeLengths, usize),
    /// A zstd frame.
    Zstd(Vec<u8>),
}

impl Plan {
    /// The shortest way to store `part` that the level finds. `strings` is true where a dictionary coder may be worth
    /// its time.
    pub(crate) fn of(part: &[u8], level: Level, strings: bool) -> Self {
        let strings = strings && level != Level::Fast || level == Level::Best;
        if part.is_empty() || (level != Level::Best && looks_like_noise(part)) {
            return Self::Raw;
        }
        let counts = histogram(part);
        if let Some(symbol) = counts.only_symbol() {
            return Self::Fill(symbol);
        }
        let may_repeat = strings && (level == Level::Best || repeats::likely(part, 1, u64::MAX));
        let worth = part.len() - part.len() / WORTH;
        if !may_repeat && counts.entropy_bits() > 8.0 * worth as f64 {
            return Self::Raw;
        }
        let lengths = CodeLengths::best(&counts);
        let coded = lengths.coded_bytes(&counts);
        if may_repeat && let Some(frame) = dictionary_coded(part, level, coded.min(part.len())) {
            return Self::Zstd(frame);
        }
        if coded >= worth { Self::Raw } else { Self::Huffman(lengths, coded) }
    }

    /// Bytes of the data of a part of `n` bytes, at most.
    pub(crate) fn bytes(&self, n: usize) -> usize {
        match self {
            Self::Raw => n,
            Self::Fill(_) => 1,
            Self::Huffman(_, bytes) => *bytes,
            Self::Zstd(frame) => frame.len(),
        }
    }

    /// Appends the header and the data of the part that the plan was made for.
    pub(crate) fn write(&self, part: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0; PART_HEADER_BYTES]);
        let method = match self {
            Self::Raw => {
                out.extend_from_slice(part);
                Method::Raw
            }
            Self::Fill(symbol) => {
                out.push(*symbol);
                Method::Fill
            }
            Self::Huffman(lengths, _) => {
                huffman::encode(part, lengths, out);
                Method::Huffman
            }
            Self::Zstd(frame) => {
                out.extend_from_slice(frame);
                Method::Zstd
            }
        };
        let size = (out.len() - start - PART_HEADER_BYTES) as u32;
        out[start] = method as u8;
        out[start + 1..start + PART_HEADER_BYTES].copy_from_slice(&size.to_le_bytes());
    }
}

/// Appends the header and the data of a part.
pub(crate) fn encode(part: &[u8], level: Level, strings: bool, out: &mut Vec<u8>) {
    Plan::of(part, level, strings).write(part, out);
}

/// True if pieces spread over a long part have all bytes about equally often.
fn looks_like_noise(part: &[u8]) -> bool {
    if part.len() < SAMPLED_FROM {
        return false;
    }
    let mut counts = Histogram::empty();
    for i in 0..SAMPLES {
        let at = (part.len() - SAMPLE_BYTES) * i / (SAMPLES - 1);
        counts.add(&part[at..at + SAMPLE_BYTES]);
    }
    // A sample of noise seems to have a little less than 8 bits: 255 / (2 ln 2 n).
    let bits = counts.entropy_bits() / counts.total as f64 + 184.0 / counts.total as f64;
    bits > 8.0 * (1.0 - 1.0 / WORTH as f64)
}

/// A zstd frame that is clearly shorter than `otherwise`.
fn dictionary_coded(part: &[u8], level: Level, otherwise: usize) -> Option<Vec<u8>> {
    // Better by this factor, as decoding is slower.
    let enough = |bytes: usize, of: usize| {
        (bytes as u64) * 16 * (part.len() as u64) < 15 * (otherwise as u64) * (of as u64)
    };
    if level == Level::Default && part.len() > 2 * PROBE_BYTES {
        let at = (part.len() - PROBE_BYTES) / 2;
        let probe = strings::compress(&part[at..at + PROBE_BYTES], 1).ok()?;
        if !enough(probe.len(), PROBE_BYTES) {
            return None;
        }
    }
    let mut frame = strings::compress(part, EFFORT).ok()?;
    // The highest effort saves a tenth more where it helps at all.
    if level == Level::Best && frame.len() < otherwise + otherwise / 8 {
        frame = strings::compress(part, BEST_EFFORT).ok()?;
    }
    enough(frame.len(), part.len()).then_some(frame)
}

/// One part of `n` bytes from the front of `bytes`, which moves behind it. The part is in `bytes` or in
/// `buffer`.
pub(crate) fn decode<'a: 'b, 'b>(
    bytes: &mut &'a [u8],
    n: usize,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8]> {
    let (&[method, a, b, c, d], rest) = bytes
        .split_first_chunk::<PART_HEADER_BYTES>()
        .ok_or_else(|| Error::corrupt("the header of a part is missing"))?;
    let size = u32::from_le_bytes([a, b, c, d]) as usize;
    let (data, rest) = rest.split_at_checked(size).ok_or_else(|| {
        Error::corrupt(format!("a part of {size} bytes, but {} are left", rest.len()))
    })?;
    *bytes = rest;
    let wrong = |found: usize| {
        Error::corrupt(format!("a part decodes to {found} bytes, but {n} are expected"))
    };
    match method {
        0 if size == n => return Ok(data),
        0 => return Err(wrong(size)),
        1 => {
            let &[symbol] = data else {
                return Err(Error::corrupt(format!("a fill of {size} bytes instead of one")));
            };
            buffer.clear();
            buffer.resize(n, symbol);
        }
        2 => {
            buffer.resize(n, 0);
            huffman::decode(data, buffer)?;
        }
        3 => {
            buffer.resize(n, 0);
            let found = strings::decompress(data, buffer)
                .map_err(|e| Error::corrupt(format!("a zstd frame: {e}")))?;
            if found != n {
                return Err(wrong(found));
            }
        }
        _ => return Err(Error::corrupt(format!("method {method} of a part is not known"))),
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method_of(part: &[u8], level: Level) -> (Method, usize) {
        let mut out = Vec::new();
        encode(part, level, true, &mut out);
        let mut bytes = &out[..];
        let mut buffer = Vec::new();
        assert!(*decode(&mut bytes, part.len(), &mut buffer).unwrap() == *part);
        assert!(bytes.is_empty());
        (Method::ALL[usize::from(out[0])], out.len())
    }

    fn noise(n: usize) -> Vec<u8> {
        let mut state = 5u64;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect()
    }

    #[test]
    fn each_method_has_its_parts() {
        let n = 100_000;
        let peaked: Vec<u8> = noise(n).iter().map(|b| b.leading_zeros() as u8).collect();
        let text: Vec<u8> = noise(1000).repeat(n / 1000);
        for level in [Level::Fast, Level::Default, Level::Best] {
            assert_eq!(method_of(&noise(n), level).0, Method::Raw);
            assert_eq!(method_of(&noise(300), level).0, Method::Raw);
            assert_eq!(method_of(&vec![7; n], level), (Method::Fill, 6));
            assert_eq!(method_of(&peaked, level).0, Method::Huffman);
            assert_eq!(method_of(&[], level).0, Method::Raw);
        }
        assert_eq!(method_of(&text, Level::Default).0, Method::Zstd);
        assert_eq!(method_of(&text, Level::Best).0, Method::Zstd);
    }

    #[test]
    fn lying_sizes_are_errors() {
        let mut out = Vec::new();
        encode(&vec![7; 1000], Level::Best, true, &mut out);
        for n in [0, 999, 1001] {
            let mut raw = Vec::new();
            encode(&noise(1000), Level::Best, true, &mut raw);
            assert!(decode(&mut &raw[..], n, &mut Vec::new()).is_err());
        }
        for size in [0u32, 2, u32::MAX] {
            let mut bad = out.clone();
            bad[1..5].copy_from_slice(&size.to_le_bytes());
            assert!(decode(&mut &bad[..], 1000, &mut Vec::new()).is_err());
        }
        out[0] = 4;
        assert!(decode(&mut &out[..], 1000, &mut Vec::new()).is_err());
    }
}
