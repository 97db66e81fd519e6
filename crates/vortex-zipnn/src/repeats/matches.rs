//! Runs of values that repeat earlier ones, except for their signs.

use crate::error::{Error, Result};

/// Some new values, and then some old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// New values.
    pub new: u16,
    /// Old values.
    pub old: u16,
    /// Distance in values from the first old value to the earlier one; 0 without old values.
    pub distance: u32,
}

/// Bytes of a match in a file, before they are coded.
pub(crate) const MATCH_BYTES: usize = 8;

impl Match {
    pub(super) fn to_bytes(self) -> [u8; MATCH_BYTES] {
        let fields = u64::from(self.new) | u64::from(self.old) << 16;
        (fields | u64::from(self.distance) << 32).to_le_bytes()
    }

    pub(super) fn from_bytes(bytes: [u8; MATCH_BYTES]) -> Self {
        let fields = u64::from_le_bytes(bytes);
        Self { new: fields as u16, old: (fields >> 16) as u16, distance: (fields >> 32) as u32 }
    }
}

/// Appends a match, or several if its numbers are too large for one.
fn push(mut new: usize, mut old: usize, distance: u32, out: &mut Vec<Match>) {
    const MOST: usize = u16::MAX as usize;
    while new > MOST {
        out.push(Match { new: u16::MAX, old: 0, distance: 0 });
        new -= MOST;
    }
    loop {
        let part = old.min(MOST);
        out.push(Match { new: new as u16, old: part as u16, distance });
        (new, old) = (0, old - part);
        if old == 0 {
            return;
        }
    }
}

/// Settings of the search for matches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// Least number of old values of a match.
    pub shortest: usize,
    /// True to try every place; false to skip places if nothing is found.
    pub thorough: bool,
}

/// Values that are compared at once, of 1 to 8 bytes each: shorter matches are not found.
const fn compared(width: usize) -> usize {
    match width {
        1 => 8,
        2 => 4,
        4 => 3,
        _ => 2,
    }
}
/// The longest step of a fast search, and the number of failures that increase the step.
const MAX_STEP: usize = 32;
const PATIENCE: usize = 8;
/// Inside of a match, one place in this many can be referred to later.
const INSIDE: usize = 8;
/// log2 of the number of places that are stored.
const MIN_LOG: u32 = 10;
const MAX_LOG: u32 = 13;

/// Replaces `out` by the matches of `values` of `WIDTH` bytes, in order. `signed` values may differ in their
/// highest bits. `places` is working memory.
pub(super) fn find<const WIDTH: usize>(
    values: &[u8],
    signed: bool,
    search: Search,
    places: &mut Vec<u32>,
    out: &mut Vec<Match>,
) {
    out.clear();
    let bytes = values;
    let values = values.as_chunks::<WIDTH>().0;
    let n = values.len();
    let compared = compared(WIDTH);
    let log = n.max(1).ilog2().clamp(MIN_LOG, MAX_LOG);
    places.clear();
    places.resize(1 << log, 0);
    let mut mask = [if signed { 0x7f } else { 0xff }; WIDTH];
    mask[..WIDTH - 1].fill(0xff);
    let magnitude = |i: usize| -> [u8; WIDTH] { std::array::from_fn(|b| values[i][b] & mask[b]) };
    let masks: [u8; 8] = std::array::from_fn(|b| mask[b % WIDTH]);
    let masks = u64::from_le_bytes(masks);
    // The compared bytes, in two words.
    let key = |i: usize| {
        let bytes = &bytes[i * WIDTH..][..compared * WIDTH];
        let mut words = [0; 16];
        words[..compared * WIDTH].copy_from_slice(bytes);
        let words = words.as_chunks::<8>().0;
        [u64::from_le_bytes(words[0]) & masks, u64::from_le_bytes(words[1]) & masks]
    };
    // Values of eight bytes together.
    let word = |i: usize| {
        let word = bytes.get(i * WIDTH..).and_then(<[u8]>::first_chunk);
        word.map(|word| u64::from_le_bytes(*word) & masks)
    };
    let slot = |[a, b]: [u64; 2]| {
        let hash = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
        ((hash ^ hash >> 29).wrapping_mul(0x1656_67b1_9e37_79f9) >> (64 - log)) as usize
    };
    let (mut at, mut done, mut failures) = (0, 0, 0);
    while at + compared <= n {
        // Zero means no place.
        let wanted = key(at);
        let place = &mut places[slot(wanted)];
        let earlier = *place as usize;
        *place = at as u32 + 1;
        if earlier > 0 && key(earlier - 1) == wanted {
            let mut from = earlier - 1;
            let mut to = at;
            while to > done && from > 0 && magnitude(to - 1) == magnitude(from - 1) {
                (to, from) = (to - 1, from - 1);
            }
            let mut end = at + compared;
            let distance = to - from;
            while let Some(next) = word(end)
                && word(end - distance) == Some(next)
            {
                end += 8 / WIDTH;
            }
            while end < n && magnitude(end) == magnitude(end - distance) {
                end += 1;
            }
            if end - to >= search.shortest {
                push(to - done, end - to, distance as u32, out);
                let step = if search.thorough { 1 } else { INSIDE };
                for inside in (at + 1..end.min(n - compared)).step_by(step) {
                    places[slot(key(inside))] = inside as u32 + 1;
                }
                (at, done, failures) = (end, end, 0);
                continue;
            }
        }
        failures += 1;
        at += if search.thorough { 1 } else { (1 + failures / PATIENCE).min(MAX_STEP) };
    }
}

/// The numbers of new and of old values among `n`.
///
/// # Errors
/// If there are more values than `n`, or distances that reach before the first value.
pub(super) fn check(matches: impl Iterator<Item = Match>, n: usize) -> Result<(usize, usize)> {
    let (mut new, mut old) = (0, 0);
    for m in matches {
        new += usize::from(m.new);
        let before = new + old;
        old += usize::from(m.old);
        let wrong = m.distance as usize > before || (m.distance == 0) != (m.old == 0);
        if new + old > n || wrong {
            return Err(Error::corrupt(format!(
                "{} values repeat those {} before value {before} of {n}",
                m.old, m.distance
            )));
        }
    }
    Ok((n - old, old))
}
