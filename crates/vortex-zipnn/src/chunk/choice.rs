//! What to do with a chunk, by looking at samples of it.

use crate::delta::{self, Filter};
use crate::dtype::DType;
use crate::huffman::Histogram;
use crate::options::Level;
use crate::part::{self, PROBE_BYTES};
use crate::{planes, repeats, values};

/// Pieces of the sample on which filters are compared, and values of each.
const PIECES: usize = 64;
const PIECE_VALUES: usize = 64;
/// Efforts of zstd: on samples, and on whole chunks before more is spent on them.
const PROBE_EFFORT: i32 = 1;

/// The filter whose planes cost least, each coded by its own frequencies.
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

/// The row length and payload of the values as a sequence, if that is clearly shorter than
/// `planes_bytes`.
pub(super) fn values(
    whole: &[u8],
    dtype: DType,
    row: usize,
    level: Level,
    planes_bytes: usize,
) -> Option<(usize, Vec<u8>)> {
    let width = dtype.width();
    if level == Level::Fast || width == 1 && row == 0 || whole.is_empty() {
        return None;
    }
    let rows = [0, row];
    let orders = if row > 1 { &rows[..] } else { &rows[..1] };
    // Decoding is slower, so it must be worth 1/16.
    let enough = |size: usize, of: usize| {
        (size as u64) * 16 * (whole.len() as u64) < 15 * (planes_bytes as u64) * (of as u64)
    };
    let mut best: Option<(usize, Vec<u8>)> = None;
    for &row in orders {
        let sample = probe(whole, width, row);
        if level == Level::Default && !repeats::likely(&sample, width, magnitude_mask(dtype)) {
            continue;
        }
        let (magnitudes, signs) = values::take_apart(&sample, width, 0, dtype.is_signed());
        let Ok(probed) = zstd::bulk::compress(&magnitudes, PROBE_EFFORT) else { continue };
        let promising = match level {
            Level::Best => probed.len() < sample.len() / 8 * 7,
            _ => enough(probed.len() + signs.len(), sample.len()),
        };
        if !promising {
            continue;
        }
        let (magnitudes, signs) = values::take_apart(whole, width, row, dtype.is_signed());
        let mut payload = Vec::new();
        if dtype.is_signed() {
            part::encode(&signs, level, &mut payload);
        }
        part::encode_repeats(&magnitudes, level, &mut payload);
        if enough(payload.len(), whole.len())
            && best.as_ref().is_none_or(|(_, shortest)| payload.len() < shortest.len())
        {
            best = Some((row, payload));
        }
    }
    best
}

/// Of the first eight bytes, what must repeat to be worth a reference: a magnitude, or several short ones.
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

/// Values from the middle: in order, or down some columns of rows of `row` values.
fn probe(whole: &[u8], width: usize, row: usize) -> Vec<u8> {
    let n = (PROBE_BYTES / width).min(whole.len() / width);
    if row == 0 {
        let at = (whole.len() / width - n) / 2 * width;
        return whole[at..at + n * width].to_vec();
    }
    let rows = whole.len() / width / row;
    let columns = (n / rows.max(1)).clamp(1, row);
    let first = (row - columns) / 2;
    let mut out = Vec::with_capacity(PROBE_BYTES);
    for column in first..first + columns {
        for i in 0..rows.min(n) {
            let at = (i * row + column) * width;
            out.extend_from_slice(&whole[at..at + width]);
        }
    }
    out
}
