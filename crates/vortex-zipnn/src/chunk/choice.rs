//! Chooses how to code a chunk, from samples of it.

use crate::delta::{self, Filter};
use crate::dtype::DType;
use crate::huffman::Histogram;
use crate::options::Level;
use crate::repeats::{self, BYTES_PER_MATCH, Match, Search};
use crate::repetition;
use crate::{part, planes, transpose};

use super::Scratch;

/// Pieces of the sample on which filters are compared, and values of each.
const PIECES: usize = 64;
const PIECE_VALUES: usize = 64;
/// Number of values that are sampled before the search for matches, and number of runs in the
/// sample.
const SAMPLE_VALUES: usize = 1024;
const SAMPLE_RUNS: usize = 8;
/// Bits that a match must replace.
const MATCH_BITS: f64 = 64.0;
/// Columns are searched only if they seem to repeat by more than this factor more than rows.
const CLEARLY_MORE: f64 = 2.0;
/// Matches must save at least one of this number of bytes, because decoding them takes time.
const WORTH: f64 = 32.0;

/// The filter with the lowest cost, with each plane coded by its own frequencies.
pub(super) fn filter(whole: &[u8], base: &[u8], dtype: DType) -> Filter {
    let width = dtype.width();
    let piece = PIECE_VALUES * width;
    let (sample, sample_base) = if whole.len() <= PIECES * piece {
        (whole.to_vec(), base.to_vec())
    } else {
        let pick = |bytes: &[u8]| -> Vec<u8> {
            (0..PIECES)
                .flat_map(|i| {
                    let at = (bytes.len() - piece) / width * i / (PIECES - 1) * width;
                    bytes[at..at + piece].iter().copied()
                })
                .collect()
        };
        (pick(whole), pick(base))
    };
    let mut split = Vec::new();
    let mut residuals = Vec::new();
    let cost = |filter: Filter| {
        let coded = match filter {
            Filter::None => &sample,
            _ => {
                delta::residuals(&sample, &sample_base, dtype, filter, &mut residuals);
                &residuals
            }
        };
        planes::split(coded, filter.residual_type(dtype), &mut split);
        let bits = |plane: &Vec<u8>| {
            let mut counts = Histogram::empty();
            counts.add(plane);
            counts.entropy_bits()
        };
        split.iter().map(bits).sum::<f64>()
    };
    let costs = Filter::ALL.map(cost);
    let best = (0..costs.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b]));
    Filter::ALL[best.unwrap_or(0)]
}

/// The order in which enough values repeat earlier ones, if any: 0 for the original order, `row`
/// for columns. The matches and the columns are then in `scratch`, which already holds the planes
/// of all values.
pub(super) fn repeats(
    whole: &[u8],
    dtype: DType,
    row: usize,
    level: Level,
    scratch: &mut Scratch,
) -> Option<usize> {
    let width = dtype.width();
    let n = whole.len() / width;
    if level == Level::Fast || n == 0 {
        return None;
    }
    let thorough = level == Level::Best;
    let mask = magnitude_mask(dtype);
    let has_columns = row > 1 && row < n;
    let (rows, columns) = if thorough {
        (true, has_columns)
    } else {
        // Types other than floats use the dictionary coder, which is as good.
        let in_rows = match dtype.is_float() {
            true => repetition::share(&sample(whole, width), width, mask),
            false => 0.0,
        };
        let in_columns = match has_columns {
            true => repetition::share(&sample_of_columns(whole, width, row), width, mask),
            false => 0.0,
        };
        let fair = |share: f64| share >= repetition::FAIR_SHARE;
        (fair(in_rows), fair(in_columns) && in_columns > CLEARLY_MORE * in_rows)
    };
    if !rows && !columns {
        return None;
    }
    let Scratch {
        planes, columns: turned, matches: [in_rows, in_columns], repeats: memory, ..
    } = scratch;
    // The cost of a value in bits without matches.
    let bits = planes.iter().map(|plane| part::sampled_bits(plane)).sum::<f64>().max(1e-3);
    let shortest = (MATCH_BITS / bits).ceil().max(BYTES_PER_MATCH as f64 / width as f64);
    let search = Search { shortest: shortest as usize, thorough };
    let gain = |matches: &[Match]| {
        let sign = f64::from(u8::from(dtype.is_signed()));
        let one = |m: &Match| f64::from(m.old) * (bits - sign) - MATCH_BITS / 2.0;
        matches.iter().map(one).sum::<f64>()
    };
    let mut best = (bits * n as f64 / WORTH, None);
    if rows {
        repeats::find(whole, dtype, search, memory, in_rows);
        let gained = gain(in_rows);
        if gained > best.0 {
            best = (gained, Some(0));
        }
    }
    if columns {
        transpose::to_columns(whole, width, row, turned);
        repeats::find(turned, dtype, search, memory, in_columns);
        if gain(in_columns) > best.0 {
            return Some(row);
        }
    }
    best.1
}

/// Mask of the part of the first eight bytes that must repeat for a match: one magnitude, or
/// several short ones.
fn magnitude_mask(dtype: DType) -> u64 {
    let signs = match (dtype.is_signed(), dtype.width()) {
        (false, _) => 0,
        (true, 1) => 0x8080_8080,
        (true, 2) => 0x8000_8000,
        (true, 4) => 0x8000_0000,
        (true, _) => 1 << 63,
    };
    let words = if dtype.width() == 8 { u64::MAX } else { u32::MAX.into() };
    words & !signs
}

/// Runs of values from everywhere.
fn sample(whole: &[u8], width: usize) -> Vec<u8> {
    let run = SAMPLE_VALUES / SAMPLE_RUNS * width;
    if whole.len() <= run * SAMPLE_RUNS {
        return whole.to_vec();
    }
    let starts =
        (0..SAMPLE_RUNS).map(|i| (whole.len() - run) / width * i / (SAMPLE_RUNS - 1) * width);
    starts.flat_map(|at| &whole[at..at + run]).copied().collect()
}

/// Values down some columns from the middle of rows of `row` values.
fn sample_of_columns(whole: &[u8], width: usize, row: usize) -> Vec<u8> {
    let rows = (whole.len() / width / row).clamp(1, SAMPLE_VALUES);
    let columns = (SAMPLE_VALUES / rows).clamp(1, row);
    let first = (row - columns) / 2;
    let mut out = Vec::with_capacity(rows * columns * width);
    for column in first..first + columns {
        for i in 0..rows {
            let at = (i * row + column) * width;
            out.extend_from_slice(&whole[at..at + width]);
        }
    }
    out
}
