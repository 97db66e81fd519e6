//! The stride: the distance between bytes with the same meaning.

use super::log2::{BIT, CountLog};

/// Longest stride that is searched, in bytes.
pub const MAX_DETECTED_STRIDE: usize = 4096;
/// Fewest records that can show a stride.
const MIN_RECORDS: usize = 6;
/// Bytes compared per lag, and bytes counted per candidate.
const LAG_SAMPLE: usize = 96 << 10;
const FIRST_COST_SAMPLE: usize = 64 << 10;
const COST_SAMPLE: usize = 256 << 10;
/// Number of candidates that are tried on the larger sample.
const FINALISTS: usize = 12;
/// They may cost this share more than the best one on the smaller sample.
const STILL_GOOD: u64 = 4;
/// Number of pieces of a sample: the start, the end, and between.
const PIECES: usize = 4;
/// Number of lags with the most equal bytes that are analysed, and of the best of these whose
/// divisors are.
const TOP_LAGS: usize = 24;
const DIVIDED_LAGS: usize = 8;

/// Evidence for one stride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrideCandidate {
    /// Bytes per record.
    pub stride: usize,
    /// Bits per byte, in thousandths, of an order-0 code with a table for each position in the
    /// record, the tables included.
    pub millibits: u64,
}

/// Candidates, most likely first; never empty. The first is 1 when no stride helps.
pub(super) fn rank(bytes: &[u8]) -> Vec<StrideCandidate> {
    let longest = (bytes.len() / MIN_RECORDS).min(MAX_DETECTED_STRIDE);
    let mut scratch = Scratch::new();
    let mut measure = |strides: &[usize], windows: &[std::ops::Range<usize>]| {
        let mut found: Vec<(usize, u64)> =
            strides.iter().map(|&s| (s, scratch.cost(bytes, windows, s))).collect();
        found.sort_by_key(|&(stride, cost)| (cost, stride));
        found
    };
    let small = [1, 2, 4, 8].into_iter().filter(|s| *s <= longest.max(1));
    let first_windows = windows(bytes.len(), FIRST_COST_SAMPLE);
    let mut first = measure(&lags(bytes, longest), &first_windows);
    let best = first.iter().take(DIVIDED_LAGS).map(|(lag, _)| *lag);
    let mut divisors: Vec<usize> =
        best.flat_map(|lag| (1..lag).filter(move |d| lag % d == 0)).collect();
    divisors.extend(small.clone());
    divisors.sort_unstable();
    divisors.dedup();
    divisors.retain(|d| first.iter().all(|(lag, _)| lag != d));
    first.extend(measure(&divisors, &first_windows));
    first.sort_by_key(|&(stride, cost)| (cost, stride));
    let most = first.first().map_or(0, |(_, cost)| cost + cost / STILL_GOOD);
    let is_small = |stride: usize| small.clone().any(|small| small == stride);
    let finalists: Vec<usize> = first
        .iter()
        .enumerate()
        .filter(|(rank, (stride, cost))| *rank < FINALISTS && *cost <= most || is_small(*stride))
        .map(|(_, (stride, _))| *stride)
        .collect();
    let windows = windows(bytes.len(), COST_SAMPLE);
    let counted: usize = windows.iter().map(|w| w.len()).sum();
    let mut found = measure(&finalists, &windows);
    prefer_fundamental(&mut found);
    found
        .into_iter()
        .map(|(stride, cost)| StrideCandidate {
            stride,
            millibits: (cost * 1000 / BIT).checked_div(counted as u64).unwrap_or(0),
        })
        .collect()
}

/// Moves the shortest stride that divides the best one, and costs hardly more, to the front. A
/// multiple of the true stride contains all information of the stride, so a slightly lower cost is
/// no evidence for it.
fn prefer_fundamental(found: &mut [(usize, u64)]) {
    let Some(&(best, best_cost)) = found.first() else { return };
    let limit = best_cost + best_cost / 64;
    let fundamental = found
        .iter()
        .enumerate()
        .filter(|(_, (stride, cost))| best % stride == 0 && *cost <= limit)
        .min_by_key(|(_, (stride, _))| *stride);
    if let Some((at, _)) = fundamental {
        found[..=at].rotate_right(1);
    }
}

/// The lags at which the most bytes are equal, most first.
fn lags(bytes: &[u8], longest: usize) -> Vec<usize> {
    let mut by_equality: Vec<(u64, usize)> =
        (1..=longest).map(|lag| (equal_bytes(bytes, lag), lag)).collect();
    by_equality.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    by_equality.iter().take(TOP_LAGS).map(|(_, lag)| *lag).collect()
}

/// How many of the sampled bytes equal the byte `lag` further on.
fn equal_bytes(bytes: &[u8], lag: usize) -> u64 {
    let Some(later) = bytes.get(lag..) else { return 0 };
    let mut equal = 0;
    for window in windows(later.len(), LAG_SAMPLE) {
        let (a, b) = (&bytes[window.clone()], &later[window]);
        for (a, b) in a.chunks(128).zip(b.chunks(128)) {
            // At most 128 fits in a byte, so the compiler can vectorise this loop over bytes.
            let count = a.iter().zip(b).fold(0u8, |n, (x, y)| n + u8::from(x == y));
            equal += u64::from(count);
        }
    }
    equal
}

/// At most `total` bytes of `0..len`, as up to [`PIECES`] ranges spread over all of it.
fn windows(len: usize, total: usize) -> Vec<std::ops::Range<usize>> {
    if len <= total {
        return std::iter::once(0..len).collect();
    }
    let piece = total / PIECES;
    (0..PIECES)
        .map(|i| {
            let start = (len - piece) / (PIECES - 1) * i;
            start..start + piece
        })
        .collect()
}

/// Counts of the bytes of one column after the other. Only the bytes of a column are visited, because
/// columns of long strides have few.
struct Scratch {
    logs: CountLog,
    column: Vec<u8>,
    all: [u32; 256],
    /// Bytes that differ from the byte one stride earlier.
    changed: [u32; 256],
}

impl Scratch {
    fn new() -> Self {
        Self { logs: CountLog::new(), column: Vec::new(), all: [0; 256], changed: [0; 256] }
    }

    /// Code length of the windows when each column has its own table, in 2^-16 bit.
    fn cost(&mut self, bytes: &[u8], windows: &[std::ops::Range<usize>], stride: usize) -> u64 {
        (0..stride).map(|column| self.column_cost(bytes, windows, stride, column)).sum()
    }

    /// The cheapest of: a table, "as before" flags with a table for the rest, and raw bytes.
    fn column_cost(
        &mut self,
        bytes: &[u8],
        windows: &[std::ops::Range<usize>],
        stride: usize,
        column: usize,
    ) -> u64 {
        self.column.clear();
        let mut rest = 0;
        for window in windows {
            let start = window.start + (column + stride - window.start % stride) % stride;
            // The first byte has none one stride before: it counts as changed.
            let mut before = start.checked_sub(stride).and_then(|at| bytes.get(at).copied());
            for &byte in bytes[..window.end].iter().skip(start).step_by(stride) {
                let changed = u32::from(before != Some(byte));
                self.all[usize::from(byte)] += 1;
                // No branch on the bytes, because it would often be mispredicted.
                self.changed[usize::from(byte)] += changed;
                rest += changed;
                self.column.push(byte);
                before = Some(byte);
            }
        }
        let n = u32::try_from(self.column.len()).expect("a sample is shorter than 2^32 bytes");
        let flags = self.logs.get(n) - self.logs.get(rest) - self.logs.get(n - rest) + 16 * BIT;
        let plain = table_cost(&self.logs, &self.column, &mut self.all, n);
        let repeats = flags + table_cost(&self.logs, &self.column, &mut self.changed, rest);
        plain.min(repeats).min(8 * BIT * u64::from(n)) + 2 * BIT
    }
}

/// Code length of `n` bytes, which are among `bytes`, under their own frequencies, and of the table
/// itself. The counts are set to 0.
fn table_cost(logs: &CountLog, bytes: &[u8], counts: &mut [u32; 256], n: u32) -> u64 {
    let mut distinct = 0u32;
    let mut sum = 0;
    for &byte in bytes {
        let count = std::mem::take(&mut counts[usize::from(byte)]);
        distinct += u32::from(count > 0);
        sum += logs.get(count);
    }
    let data = logs.get(n).saturating_sub(sum);
    let table = match distinct {
        0 => 0,
        d => u64::from(d) * (8 * BIT + logs.log2(n).saturating_sub(logs.log2(d))),
    };
    data + table
}
