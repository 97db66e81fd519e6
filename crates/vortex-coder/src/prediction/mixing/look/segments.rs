//! Finds where bytes change their meaning: text, or numbers of a width.
//!
//! The block is cut into chunks. For each chunk and each hypothesis (bytes, or numbers of some width that
//! begin at some phase) the code length is estimated, and the cheapest path through all chunks is found
//! (Viterbi, 1967); each change of hypothesis has a cost.

use super::super::numbers::Numbers;
use super::super::regions::{Content, Region};
use super::form::{as_bits, form, is_everyday_float, is_small};
use super::low_bytes::{self, Seen};
use super::sums::{entropy, n_log2_n};
use super::{alignment, distances};
use crate::cost::COST_ONE_BIT;
use crate::error::Result;

const BIT: u64 = COST_ONE_BIT as u64;
const CHUNK: usize = 1024;
/// Cost of a change.
const CHANGE: u64 = 200 * BIT;
/// Cost of a symbol that does not occur in the previous chunk.
const NEW_SYMBOL: u64 = 5 * BIT;
/// Additional cost of a number that is neither a float of usual size nor a small integer.
const UNBELIEVABLE: u64 = 2 * BIT;
/// Numbers per region; distances are searched for each region.
const PIECE: usize = 64 << 10;
/// (width, phase); width 0 is bytes.
const HYPOTHESES: [(usize, usize); 16] = [
    (0, 0),
    (1, 0),
    (2, 0),
    (2, 1),
    (4, 0),
    (4, 1),
    (4, 2),
    (4, 3),
    (8, 0),
    (8, 1),
    (8, 2),
    (8, 3),
    (8, 4),
    (8, 5),
    (8, 6),
    (8, 7),
];

/// The regions of a block, which cover it.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn find(bytes: &[u8]) -> Result<Vec<Region>> {
    let path = cheapest_path(bytes);
    let mut regions = Vec::new();
    let mut seen = Seen::new();
    let mut at = 0;
    for run in path.chunk_by(|a, b| a.1 == b.1) {
        let (Some(&(_, hypothesis)), Some(&(last, _))) = (run.first(), run.last()) else {
            continue;
        };
        let (width, phase) = HYPOTHESES[hypothesis];
        let chunk_end = ((last + 1) * CHUNK).min(bytes.len());
        if width == 0 {
            push(&mut regions, chunk_end - at.min(chunk_end), Content::Bytes);
            at = at.max(chunk_end);
            continue;
        }
        let (phase, big_endian) =
            alignment::find(bytes, at.min(chunk_end), chunk_end, width, phase);
        let start = alignment::first_number(at, width, phase).min(chunk_end);
        push(&mut regions, start - at.min(start), Content::Bytes);
        let whole = chunk_end.saturating_sub(start) / width * width;
        let lie = as_bits(width, big_endian);
        numbers(bytes, start, start + whole, &lie, &mut seen, &mut regions)?;
        at = start + whole;
    }
    push(&mut regions, bytes.len() - at, Content::Bytes);
    Ok(regions)
}

/// Appends a region, or extends the last one.
fn push(regions: &mut Vec<Region>, bytes: usize, content: Content) {
    match regions.last_mut() {
        Some(last) if last.content == content => last.bytes += bytes,
        _ if bytes > 0 => regions.push(Region { bytes, content }),
        _ => {}
    }
}

/// For each chunk its number and hypothesis.
fn cheapest_path(bytes: &[u8]) -> Vec<(usize, usize)> {
    let chunks = bytes.len().div_ceil(CHUNK);
    let mut cost = [0; HYPOTHESES.len()];
    let mut from = Vec::with_capacity(chunks);
    for chunk in 0..chunks {
        let (cheapest, least) = least_of(&cost);
        let start = chunk * CHUNK;
        let end = (start + CHUNK).min(bytes.len());
        let as_bytes = bytes_cost(&bytes[start..end]);
        // Numbers of one width have the same ranks at every phase, except for a few bytes at the
        // ends.
        let ranks = [1, 2, 4, 8].map(|width| {
            let ranks = start..(start + width).min(end);
            ranks.map(|first| rank_cost(bytes, first, end, width)).sum::<u64>()
        });
        let mut before = [0; HYPOTHESES.len()];
        for (i, &(width, phase)) in HYPOTHESES.iter().enumerate() {
            let changed = least + CHANGE < cost[i];
            before[i] = if changed { cheapest } else { i };
            let way = if changed { least + CHANGE } else { cost[i] };
            cost[i] = way
                + match width {
                    0 => as_bytes,
                    _ => {
                        ranks[width.ilog2() as usize]
                            + unbelievable(bytes, start, end, width, phase)
                    }
                };
        }
        from.push(before);
    }
    let mut hypothesis = least_of(&cost).0;
    let mut path: Vec<(usize, usize)> = (0..chunks)
        .rev()
        .map(|chunk| {
            let here = hypothesis;
            hypothesis = from[chunk][here];
            (chunk, here)
        })
        .collect();
    path.reverse();
    path
}

fn least_of(cost: &[u64]) -> (usize, u64) {
    let least = cost.iter().enumerate().min_by_key(|(_, cost)| **cost);
    least.map(|(i, &cost)| (i, cost)).expect("there are hypotheses")
}

/// Approximate cost of a chunk of bytes, in 2^-16 bits.
fn bytes_cost(chunk: &[u8]) -> u64 {
    let mut counts = [0; 256];
    chunk.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let alone = entropy(&counts) + distinct(&counts) * NEW_SYMBOL;
    let printable = chunk.iter().filter(|b| matches!(b, b'\t' | b'\n' | b'\r' | 32..=126)).count();
    // Words and columns of text reduce its cost to about half.
    if printable * 100 >= chunk.len() * 98 { alone / 2 } else { alone + 64 * BIT }
}

/// The cost of the bytes at `first`, `first + width`, ...: alone, or with flags for bytes that
/// repeat the previous one.
fn rank_cost(bytes: &[u8], first: usize, end: usize, width: usize) -> u64 {
    let (mut all, mut changed) = ([0u32; 256], [0u32; 256]);
    for at in (first..end).step_by(width) {
        let byte = usize::from(bytes[at]);
        all[byte] += 1;
        let before = at.checked_sub(width).map(|at| bytes[at]);
        changed[byte] += u32::from(before != Some(bytes[at]));
    }
    let (n, m): (u32, u32) = (all.iter().sum(), changed.iter().sum());
    let flags = n_log2_n(n).saturating_sub(n_log2_n(m) + n_log2_n(n - m));
    let with_table = |counts: &[u32; 256]| entropy(counts) + distinct(counts) * NEW_SYMBOL;
    with_table(&all).min(flags + with_table(&changed)).min(u64::from(n) * 8 * BIT)
}

fn distinct(counts: &[u32; 256]) -> u64 {
    counts.iter().filter(|count| **count > 0).count() as u64
}

/// Additional cost of numbers of unusual size.
fn unbelievable(bytes: &[u8], start: usize, end: usize, width: usize, phase: usize) -> u64 {
    if width < 4 {
        return 0;
    }
    let lie = as_bits(width, false);
    let first = alignment::first_number(start, width, phase);
    let last = (end + 1).saturating_sub(width);
    let believable = |bits: u64| is_small(bits, width) || is_everyday_float(bits, width);
    let numbers = (first..last).step_by(width);
    numbers.filter(|&at| !believable(lie.at(bytes, at))).count() as u64 * UNBELIEVABLE
}

/// Appends the numbers at `start..end`, with the layout of `lie`, as regions, each with its own
/// settings.
fn numbers(
    bytes: &[u8],
    start: usize,
    end: usize,
    lie: &Numbers,
    seen: &mut Seen,
    regions: &mut Vec<Region>,
) -> Result<()> {
    let mut at = start;
    let mut flat = None;
    while at < end {
        let piece_end = if end - at < 2 * PIECE { end } else { at + PIECE };
        let mut lie = Numbers { form: form(bytes, at, piece_end, lie), ..*lie };
        lie.far = distances::find(bytes, at, piece_end, &lie);
        let of_all = match flat {
            Some(flat) => flat,
            None => low_bytes::find(bytes, at, end, &lie)?,
        };
        flat = Some(of_all);
        lie.flat = seen.still_noise(bytes, at, piece_end, &lie, of_all);
        push(regions, piece_end - at, Content::Numbers(lie));
        at = piece_end;
    }
    Ok(())
}
