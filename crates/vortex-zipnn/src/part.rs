//! One plane, coded in the shortest way.

use crate::error::{Error, Result};
use crate::huffman::{self, CodeLengths, histogram};
use crate::options::Level;
use crate::{repetition, strings};

/// How a part is stored. The numbers are those of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Method {
    /// Unchanged.
    Raw = 0,
    /// One byte that fills the part.
    Fill = 1,
    /// Prefix codes.
    Huffman = 2,
    /// A zstd frame.
    Zstd = 3,
}

impl Method {
    /// All methods, in order of their numbers.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Fill, Self::Huffman, Self::Zstd];
}

/// Bytes before the data of each part: method and length.
const PART_HEADER_BYTES: usize = 5;
/// Shorter planes are counted completely; for longer ones, [`SAMPLES`] pieces are counted first.
const SAMPLED_FROM: usize = 8 << 10;
/// Pieces of a sample, and bytes of each.
const SAMPLES: usize = 32;
const SAMPLE_BYTES: usize = 128;
/// A part is stored raw if coding would save less than one of this number of bytes. The values are
/// for parts that may use a dictionary coder, and for other parts, such as the planes of floats:
/// many of these are nearly noise and would take most of the decoding time.
const WORTH: usize = 128;
const WORTH_OF_NOISE: usize = 32;
/// Levels of zstd.
const EFFORT: i32 = 3;
const BEST_EFFORT: i32 = 19;
/// Number of bytes on which the dictionary coder is tried first.
const PROBE_BYTES: usize = 16 << 10;

/// Appends the header and the data of a part, stored in the shortest way that the level finds.
/// `strings` is true if a dictionary coder may be worth its time; it is not for planes of floats
/// and of repeats.
pub(crate) fn encode(part: &[u8], level: Level, strings: bool, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; PART_HEADER_BYTES]);
    let method = encode_data(part, level, strings, out);
    let size = (out.len() - start - PART_HEADER_BYTES) as u32;
    out[start] = method as u8;
    out[start + 1..start + PART_HEADER_BYTES].copy_from_slice(&size.to_le_bytes());
}

fn encode_data(part: &[u8], level: Level, strings: bool, out: &mut Vec<u8>) -> Method {
    let raw = |out: &mut Vec<u8>| {
        out.extend_from_slice(part);
        Method::Raw
    };
    let share = match level {
        Level::Fast | Level::Default if !strings => WORTH_OF_NOISE,
        _ => WORTH,
    };
    if part.is_empty() || (level != Level::Best && looks_like_noise(part, share)) {
        return raw(out);
    }
    let counts = histogram(part);
    if let Some(symbol) = counts.only_symbol() {
        out.push(symbol);
        return Method::Fill;
    }
    let may_repeat = match level {
        Level::Fast => false,
        Level::Default => strings && repetition::likely(part, 1, u64::MAX),
        Level::Best => true,
    };
    let worth = part.len() - part.len() / share;
    if !may_repeat && counts.entropy_bits() > 8.0 * worth as f64 {
        return raw(out);
    }
    let lengths = CodeLengths::best(&counts);
    let coded = lengths.coded_bytes(&counts);
    if may_repeat && let Some(frame) = dictionary_coded(part, level, coded.min(part.len())) {
        out.extend(frame);
        return Method::Zstd;
    }
    if coded >= worth {
        return raw(out);
    }
    huffman::encode(part, &lengths, out);
    Method::Huffman
}

/// Bits per byte of `part` under its own frequencies; for a long part, from pieces spread over it.
pub(crate) fn sampled_bits(part: &[u8]) -> f64 {
    if part.len() < SAMPLED_FROM {
        return if part.is_empty() { 0.0 } else { histogram(part).bits_per_byte() };
    }
    let mut sample = [0; SAMPLES * SAMPLE_BYTES];
    for (i, piece) in sample.chunks_exact_mut(SAMPLE_BYTES).enumerate() {
        let at = (part.len() - SAMPLE_BYTES) * i / (SAMPLES - 1);
        piece.copy_from_slice(&part[at..at + SAMPLE_BYTES]);
    }
    let counts = histogram(&sample);
    // The measured entropy of a sample of noise is a little below 8 bits, by 255 / (2 ln 2 n).
    counts.bits_per_byte() + 184.0 / counts.total as f64
}

/// True if coding a long part would probably save less than one in `share` bytes.
fn looks_like_noise(part: &[u8], share: usize) -> bool {
    part.len() >= SAMPLED_FROM && sampled_bits(part) > 8.0 * (1.0 - 1.0 / share as f64)
}

/// A zstd frame that is clearly shorter than `otherwise`.
fn dictionary_coded(part: &[u8], level: Level, otherwise: usize) -> Option<Vec<u8>> {
    // It must be better by this factor, because decoding is slower.
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
    // The highest effort saves a tenth more, if it helps at all.
    if level == Level::Best && frame.len() < otherwise + otherwise / 8 {
        frame = strings::compress(part, BEST_EFFORT).ok()?;
    }
    enough(frame.len(), part.len()).then_some(frame)
}

/// Decodes one part of `n` bytes from the start of `bytes`, and moves `bytes` past it. The result
/// is in `bytes` or in `buffer`.
pub(crate) fn decode<'a: 'b, 'b>(
    bytes: &mut &'a [u8],
    n: usize,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8]> {
    let (method, data) = next(bytes)?;
    let size = data.len();
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

/// Method and data of the part at the start of `bytes`; moves `bytes` past it.
fn next<'a>(bytes: &mut &'a [u8]) -> Result<(u8, &'a [u8])> {
    let (&[method, a, b, c, d], rest) = bytes
        .split_first_chunk::<PART_HEADER_BYTES>()
        .ok_or_else(|| Error::corrupt("the header of a part is missing"))?;
    let size = u32::from_le_bytes([a, b, c, d]) as usize;
    let (data, rest) = rest.split_at_checked(size).ok_or_else(|| {
        Error::corrupt(format!("a part of {size} bytes, but {} are left", rest.len()))
    })?;
    *bytes = rest;
    Ok((method, data))
}

/// True if one of the first `n` parts of `bytes` is a zstd frame.
pub(crate) fn any_frame(mut bytes: &[u8], n: usize) -> bool {
    (0..n).map_while(|_| next(&mut bytes).ok()).any(|(method, _)| method == Method::Zstd as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    fn method_of(part: &[u8], level: Level) -> (Method, usize) {
        let mut out = Vec::new();
        encode(part, level, true, &mut out);
        let mut bytes = &out[..];
        let mut buffer = Vec::new();
        assert!(*decode(&mut bytes, part.len(), &mut buffer).unwrap() == *part);
        assert!(bytes.is_empty());
        (Method::ALL[usize::from(out[0])], out.len())
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
    fn parts_that_are_nearly_noise_are_raw_where_time_counts() {
        // Two per cent less than 8 bits.
        let part: Vec<u8> =
            noise(60_000).iter().map(|b| if *b < 28 { b / 2 } else { *b }).collect();
        let method = |level, strings| {
            let mut out = Vec::new();
            encode(&part, level, strings, &mut out);
            out[0]
        };
        for level in [Level::Fast, Level::Default] {
            assert_eq!(method(level, false), Method::Raw as u8);
            assert_eq!(method(level, true), Method::Huffman as u8);
        }
        assert_eq!(method(Level::Best, false), Method::Huffman as u8);
    }

    #[test]
    fn frames_are_seen_among_parts() {
        let mut bytes = Vec::new();
        for part in [vec![7; 50], noise(300), noise(1000).repeat(30), vec![Method::Zstd as u8; 9]] {
            encode(&part, Level::Default, true, &mut bytes);
        }
        // The third part is a frame; a tail that looks like a frame does not count.
        assert!(!any_frame(&bytes, 2) && any_frame(&bytes, 3) && any_frame(&bytes, 4));
        assert!(
            !any_frame(&[0, 2, 0, 0, 0, 3, 3], 1) && !any_frame(&[0, 255, 255, 255, 255, 3], 9)
        );
        assert!(!any_frame(&[], 3));
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
