//! The layout for values that often repeat earlier ones: the matches, and the planes of the new
//! values.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::options::Level;
use crate::{part, planes};

mod flips;
mod matches;

pub(crate) use matches::{MATCH_BYTES, Match, Search};

/// Least original bytes per match.
pub(crate) const BYTES_PER_MATCH: usize = 8;

/// Working memory that is reused for the next chunk.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    places: Vec<u32>,
    matches: Vec<u8>,
    flips: Vec<u8>,
    new: Vec<u8>,
    planes: Vec<Vec<u8>>,
}

macro_rules! by_width {
    ($width:expr, $work:ident($($argument:expr),*)) => {
        match $width {
            1 => $work::<1>($($argument),*),
            2 => $work::<2>($($argument),*),
            4 => $work::<4>($($argument),*),
            _ => $work::<8>($($argument),*),
        }
    };
}

/// Replaces `out` by the matches of whole values.
pub(crate) fn find(
    values: &[u8],
    dtype: DType,
    search: Search,
    scratch: &mut Scratch,
    out: &mut Vec<Match>,
) {
    use matches::find;
    by_width!(dtype.width(), find(values, dtype.is_signed(), search, &mut scratch.places, out));
}

/// Appends the parts of whole values with these `matches`.
pub(crate) fn encode(
    values: &[u8],
    dtype: DType,
    matches: &[Match],
    level: Level,
    scratch: &mut Scratch,
    payload: &mut Vec<u8>,
) {
    let width = dtype.width();
    by_width!(width, take_apart(values, dtype, matches, scratch));
    let Scratch { matches: coded, flips, new, planes, .. } = scratch;
    coded.clear();
    coded.extend(matches.iter().flat_map(|m| m.to_bytes()));
    payload.extend((matches.len() as u32).to_le_bytes());
    planes::split(coded, DType::U64, planes);
    for plane in planes.iter() {
        part::encode(plane, level, false, payload);
    }
    if dtype.is_signed() {
        part::encode(flips, level, false, payload);
    }
    planes::split(new, dtype, planes);
    for plane in planes.iter() {
        part::encode(plane, level, false, payload);
    }
}

fn take_apart<const WIDTH: usize>(
    values: &[u8],
    dtype: DType,
    matches: &[Match],
    scratch: &mut Scratch,
) {
    let Scratch { flips, new, .. } = scratch;
    flips.clear();
    new.clear();
    let (mut at, mut n_old) = (0, 0);
    let values_of = values.as_chunks::<WIDTH>().0;
    for m in matches {
        let to = at + usize::from(m.new);
        new.extend_from_slice(&values[at * WIDTH..to * WIDTH]);
        let old = usize::from(m.old);
        if dtype.is_signed() && old > 0 {
            flips::push(values_of, to - m.distance as usize, to, old, n_old, flips);
        }
        n_old += old;
        at = to + old;
    }
    new.extend_from_slice(&values[at * WIDTH..]);
}

/// Decodes `values` from the parts at the start of `bytes`, and moves `bytes` past them.
pub(crate) fn decode(
    bytes: &mut &[u8],
    dtype: DType,
    values: &mut [u8],
    scratch: &mut Scratch,
) -> Result<()> {
    let (width, n) = (dtype.width(), values.len() / dtype.width());
    let Scratch { matches, flips, new, planes, .. } = scratch;
    let (n_matches, rest) = bytes
        .split_first_chunk()
        .ok_or_else(|| Error::corrupt("the number of matches is missing"))?;
    *bytes = rest;
    let n_matches = u32::from_le_bytes(*n_matches) as usize;
    if n_matches > values.len() / BYTES_PER_MATCH {
        return Err(Error::corrupt(format!(
            "{n_matches} matches in {} bytes; at most one for {BYTES_PER_MATCH} is allowed",
            values.len()
        )));
    }
    matches.resize(n_matches * MATCH_BYTES, 0);
    planes::decode(bytes, DType::U64, planes, matches)?;
    let matches = matches.as_chunks::<MATCH_BYTES>().0;
    let matches = matches.iter().map(|bytes| Match::from_bytes(*bytes));
    let (n_new, n_old) = matches::check(matches.clone(), n)?;
    let flips = match dtype.is_signed() {
        true => part::decode(bytes, n_old.div_ceil(8), flips)?,
        false => &[],
    };
    new.resize(n_new * width, 0);
    planes::decode(bytes, dtype, planes, new)?;
    let flips = if flips.iter().all(|&bits| bits == 0) { &[] } else { flips };
    by_width!(width, put_together(values, matches, new, flips));
    Ok(())
}

/// `matches` and `new` fill `values`. `flips` may be empty if there are none.
fn put_together<const WIDTH: usize>(
    values: &mut [u8],
    matches: impl Iterator<Item = Match>,
    new: &[u8],
    flips: &[u8],
) {
    let values = values.as_chunks_mut::<WIDTH>().0;
    pulp::Arch::new().dispatch(PutTogether { values, matches, new, flips });
}

/// Compiled for each instruction set.
struct PutTogether<'a, M, const WIDTH: usize> {
    values: &'a mut [[u8; WIDTH]],
    matches: M,
    new: &'a [u8],
    flips: &'a [u8],
}

impl<M: Iterator<Item = Match>, const WIDTH: usize> pulp::NullaryFnOnce
    for PutTogether<'_, M, WIDTH>
{
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, matches, mut new, flips } = self;
        let mut take = |n: usize| {
            let (taken, rest) = new.split_at(n * WIDTH);
            new = rest;
            taken.as_chunks::<WIDTH>().0
        };
        let (mut at, mut n_old) = (0, 0);
        for m in matches {
            let (n, distance) = (usize::from(m.new), m.distance as usize);
            values[at..at + n].copy_from_slice(take(n));
            at += n;
            let end = at + usize::from(m.old);
            let flipped = !flips.is_empty() && !flips::none(flips, n_old, end - at);
            let from = at - distance;
            while at < end {
                // Without flips, copied values can be copied again in the same step.
                let n = (end - at).min(if flipped { distance } else { at - from });
                let start = if flipped { at - distance } else { from };
                values.copy_within(start..start + n, at);
                if flipped {
                    flips::apply(&mut values[at..at + n], flips, n_old);
                }
                n_old += n;
                at += n;
            }
        }
        let rest = values.len() - at;
        values[at..].copy_from_slice(take(rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    fn round_trip(values: &[u8], dtype: DType, shortest: usize) -> (usize, usize) {
        let mut scratch = Scratch::default();
        let mut matches = Vec::new();
        let mut sizes = Vec::new();
        for thorough in [false, true] {
            let search = Search { shortest, thorough };
            find(values, dtype, search, &mut scratch, &mut matches);
            let mut payload = Vec::new();
            encode(values, dtype, &matches, Level::Default, &mut scratch, &mut payload);
            let mut back = vec![7; values.len()];
            let mut rest = &payload[..];
            decode(&mut rest, dtype, &mut back, &mut scratch).unwrap();
            assert!(back == values && rest.is_empty(), "{dtype}");
            sizes.push(payload.len());
        }
        (sizes[0], sizes[1])
    }

    #[test]
    fn mirrored_signs_runs_and_noise_come_back() {
        for dtype in DType::ALL {
            let width = dtype.width();
            for n in [0, 1, 2, 3, 4, 7, 100, 3000] {
                let mut values = noise(n * width);
                round_trip(&values, dtype, 8);
                let mirrored: Vec<u8> = values
                    .chunks(width)
                    .enumerate()
                    .flat_map(|(i, value)| {
                        let mut value = value.to_vec();
                        value[width - 1] ^= 0x80 * u8::from(i % 3 == 0);
                        value
                    })
                    .collect();
                values.extend(mirrored);
                let (quick, thorough) = round_trip(&values, dtype, 8);
                if n == 3000 && dtype.is_signed() {
                    let most = n * width + n / 8 + 600;
                    assert!(quick < most && thorough < most, "{dtype} {quick} {thorough}");
                }
                // Runs of one value, and of a few with changing signs.
                values.extend(vec![0; 70_000 * width]);
                values.extend(
                    (0..999 * width).map(|i| if i % (7 * width) == width - 1 { 0x80 } else { 0 }),
                );
                round_trip(&values, dtype, 8);
            }
        }
    }

    #[test]
    fn matches_that_lie_are_errors() {
        let values: Vec<u8> = noise(400).repeat(2);
        let mut scratch = Scratch::default();
        let good = Match { new: 400, old: 400, distance: 400 };
        for bad in [
            Match { distance: 401, ..good },
            Match { distance: 0, ..good },
            Match { old: 401, ..good },
            Match { new: 401, ..good },
            Match { old: 0, ..good },
            Match { new: 0, old: 1, distance: 1 },
        ] {
            let result = matches::check([bad].into_iter(), 800);
            assert!(result.is_err(), "{bad:?}");
        }
        assert_eq!(matches::check([good].into_iter(), 800).unwrap(), (400, 400));
        let mut payload = Vec::new();
        encode(&values, DType::U8, &[good], Level::Default, &mut scratch, &mut payload);
        for n in [0u32, 2, 100, 101, u32::MAX] {
            let mut bad = payload.clone();
            bad[..4].copy_from_slice(&n.to_le_bytes());
            let mut back = vec![0; 800];
            assert!(decode(&mut &bad[..], DType::U8, &mut back, &mut scratch).is_err(), "{n}");
        }
    }
}
