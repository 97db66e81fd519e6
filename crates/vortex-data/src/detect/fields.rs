//! The number types inside a record of known stride.
//!
//! Every type at every offset is rated by how many of its values are plausible numbers (floats of
//! usual magnitude, integers far below their type's limit); then the cheapest cover of the record
//! is found. Alignment is not assumed.

use vortex_coder::schema::{DType, Field, FieldCoding};

/// Number of records that are analysed, fewer if they are long, and their bytes.
const SAMPLE_RECORDS: std::ops::RangeInclusive<usize> = 512..=4096;
const SAMPLE_BYTES: usize = 256 << 10;
/// Cost of one field that holds varying numbers; all costs are in thousandths of it.
const FIELD: u64 = 1000;
/// Additional cost of a type that is rare elsewhere in the record.
const RARITY: u64 = 300;
/// Types in order of preference if costs are equal.
const TYPES: [DType; 7] =
    [DType::F32, DType::I32, DType::F64, DType::I64, DType::F16, DType::I16, DType::U8];

/// Properties of the sampled values of one type at one offset.
#[derive(Clone, Copy, Default)]
struct Evidence {
    /// All values are the same and give no information (zeros).
    neutral: bool,
    /// Not the same in all records.
    varies: bool,
    /// Thousandths of the informative values that are plausible.
    believable: u64,
    /// The more significant half of integers, or the less significant one of floats, never varies.
    constant_half: bool,
    /// Better read as two numbers of half the width.
    two_halves: bool,
}

/// Fields that cover a record of `stride` bytes, little or big endian, whichever has the lower
/// cost.
pub(super) fn detect(bytes: &[u8], stride: usize) -> Vec<Field> {
    let records = bytes.len() / stride;
    let wanted = (SAMPLE_BYTES / stride).clamp(*SAMPLE_RECORDS.start(), *SAMPLE_RECORDS.end());
    let step = records.div_ceil(wanted).max(1);
    let sample: Vec<&[u8]> = bytes.chunks_exact(stride).step_by(step).collect();
    let (little_cost, little) = cover(&sample, stride, false);
    let (big_cost, big) = cover(&sample, stride, true);
    let (big_endian, types) =
        if big_cost * 4 < little_cost * 3 { (true, big) } else { (false, little) };
    let mut offset = 0;
    types
        .into_iter()
        .map(|dtype| {
            let dtype = if dtype == DType::U8 { byte_type(&sample, offset) } else { dtype };
            let field = Field {
                big_endian: big_endian && dtype.size() > 1,
                coding: FieldCoding::usual(dtype),
                ..Field::new(format!("{dtype}_{offset}"), dtype, offset as u32)
            };
            offset += dtype.size();
            field
        })
        .collect()
}

/// The cheapest sequence of types and its cost.
fn cover(sample: &[&[u8]], stride: usize, big_endian: bool) -> (u64, Vec<DType>) {
    let mut words = Vec::with_capacity(sample.len());
    let evidence: Vec<[Option<Evidence>; TYPES.len()]> = (0..stride)
        .map(|offset| {
            words.clear();
            words.extend(sample.iter().map(|record| word(record, offset)));
            TYPES.map(|dtype| {
                (offset + dtype.size() <= stride).then(|| judge(&words, dtype, big_endian))
            })
        })
        .collect();
    // The first pass finds the common types; the second uses them where the values alone do not
    // decide.
    let (_, first) = cheapest(&evidence, &[0; TYPES.len()], FIELD + 100);
    let mut bytes_of = [0u64; TYPES.len()];
    let mut offset = 0;
    for &t in &first {
        if evidence[offset][t].is_some_and(|e| e.varies) {
            bytes_of[t] += TYPES[t].size() as u64;
        }
        offset += TYPES[t].size();
    }
    let all = bytes_of.iter().sum::<u64>().max(1);
    let rarity = bytes_of.map(|b| RARITY - RARITY * b / all);
    let (cost, types) = cheapest(&evidence, &rarity, FIELD - 100);
    (cost, types.into_iter().map(|t| TYPES[t]).collect())
}

/// Shortest path over the offsets of a record, as indices of [`TYPES`].
fn cheapest(
    evidence: &[[Option<Evidence>; TYPES.len()]],
    rarity: &[u64; TYPES.len()],
    undecided: u64,
) -> (u64, Vec<usize>) {
    let stride = evidence.len();
    // best[o]: cost of covering the bytes from o on, and the type at o.
    let mut best = vec![(0u64, 0usize); stride + 1];
    for offset in (0..stride).rev() {
        best[offset] = (0..TYPES.len())
            .filter_map(|t| {
                let e = evidence[offset][t]?;
                let size = TYPES[t].size();
                let (rest, _) = best.get(offset + size)?;
                Some((field_cost(TYPES[t], e, rarity[t], undecided) + t as u64 + rest, t))
            })
            .min()
            .unwrap_or((u64::MAX, TYPES.len() - 1));
    }
    let mut types = Vec::new();
    let mut offset = 0;
    while offset < stride {
        let t = best[offset].1;
        types.push(t);
        offset += TYPES[t].size();
    }
    (best[0].0, types)
}

fn field_cost(dtype: DType, e: Evidence, rarity: u64, undecided: u64) -> u64 {
    let size = dtype.size() as u64;
    if e.neutral {
        // Zeros have the same cost per byte for every type, so that only rarity decides.
        return (FIELD + rarity) * size / 4;
    }
    if dtype == DType::U8 {
        return FIELD + rarity;
    }
    let doubt = if e.two_halves { FIELD } else { FIELD - e.believable };
    // Eight bytes with one constant half may also be two numbers.
    let undecided = if size == 8 && e.constant_half { undecided } else { 0 };
    FIELD + rarity + undecided + doubt * size * 4
}

/// Collects the evidence for `dtype` where the records have these [words](word).
fn judge(words: &[u64], dtype: DType, big_endian: bool) -> Evidence {
    let size = dtype.size();
    let bits = 8 * size as u32;
    let half = bits / 2;
    let low_mask = if half == 0 { 0 } else { (1u64 << half) - 1 };
    let mut e = Evidence { constant_half: true, neutral: true, ..Evidence::default() };
    let (mut telling, mut good) = (0u64, 0u64);
    let mut all_bits = 0u64;
    let mut fits_half = 0u64;
    let (mut low_telling, mut low_good) = (0u64, 0u64);
    let mut varying = 0u64;
    let value = |word: u64| match big_endian {
        true => word.swap_bytes() >> (64 - bits),
        false => word << (64 - bits) >> (64 - bits),
    };
    let first = words.first().map_or(0, |&word| value(word));
    for &word in words {
        let v = value(word);
        varying |= v ^ first;
        e.neutral &= v == 0;
        if let Some(believable) = believable(dtype, v) {
            telling += 1;
            good += u64::from(believable);
            all_bits |= v;
            let signed = sign_extend(v, bits);
            fits_half += u64::from(signed == sign_extend(v & low_mask, half.max(1)));
            if let Some(believable) = believable_half(dtype, v & low_mask) {
                low_telling += 1;
                low_good += u64::from(believable);
            }
        }
    }
    let (low_varies, high_varies) = (varying & low_mask != 0, varying >> half != 0);
    e.varies = varying != 0;
    e.constant_half = if dtype.is_float() { !low_varies } else { !high_varies };
    if telling == 0 {
        // Only zeros and not-a-numbers.
        e.believable = if e.neutral { FIELD } else { FIELD / 2 };
        return e;
    }
    e.believable = FIELD * good / telling;
    let unlikely = if dtype.is_float() {
        has_stuck_end(varying, first, size)
    } else {
        // Integers are rarely all multiples of 64; this is more likely the end of a float.
        size > 1 && (all_bits.trailing_zeros() >= 6 || has_hole(varying, size))
    };
    if unlikely {
        e.believable = 0;
    }
    let fits = FIELD * fits_half / telling >= FIELD * 9 / 10;
    // The last bits of a mantissa look like a number if only a few of them are used.
    let low_zeros = (all_bits & low_mask).trailing_zeros();
    let low_is_number = low_zeros < half - half.min(4)
        && low_telling * 20 >= telling
        && low_good * 20 >= low_telling * 19;
    e.two_halves = low_varies && low_is_number && (dtype.is_float() || high_varies && !fits);
    e
}

/// Whether the top bits of a byte never vary although the byte above does. One integer does not
/// behave like this, but two neighbouring integers do.
fn has_hole(varying: u64, size: usize) -> bool {
    let varies = |byte: usize, mask: u64| (varying >> (8 * byte)) & mask != 0;
    (1..size).any(|byte| varies(byte, 0xff) && !varies(byte - 1, 0xe0))
}

/// Whether the last byte of a mantissa is always the same and not zero, while other bytes of the
/// mantissa vary. One float does not behave like this.
fn has_stuck_end(varying: u64, first: u64, size: usize) -> bool {
    // The top two bytes hold sign, exponent and only then mantissa.
    let mantissa = (1u64 << (8 * (size - 2))) - 1;
    varying & 0xff == 0 && first & 0xff != 0 && varying & mantissa != 0
}

/// The eight bytes from an offset on, the first one lowest, with zeros after the end of the record.
fn word(record: &[u8], offset: usize) -> u64 {
    let rest = &record[offset..];
    if let Some(bytes) = rest.first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn sign_extend(v: u64, bits: u32) -> i64 {
    let shift = 64 - bits.min(64);
    ((v << shift) as i64) >> shift
}

/// Whether `v` is a plausible number of this type; `None` if it gives no information.
fn believable(dtype: DType, v: u64) -> Option<bool> {
    match dtype {
        DType::F32 => float(v, 8, 23, 45),
        DType::F64 => float(v, 11, 52, 60),
        DType::F16 => float(v, 5, 10, 9),
        DType::I64 => integer(v, 64, 44),
        DType::I32 => integer(v, 32, 28),
        DType::I16 => integer(v, 16, 12),
        _ => Some(true),
    }
}

/// The same for the less significant half as a number of half the width, float or integer.
fn believable_half(dtype: DType, low: u64) -> Option<bool> {
    match dtype {
        DType::F64 | DType::I64 => either(believable(DType::F32, low), integer(low, 32, 20)),
        DType::F32 | DType::I32 => either(believable(DType::F16, low), integer(low, 16, 11)),
        _ => (low != 0).then_some(low < 32),
    }
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(true) || b.unwrap_or(true)),
    }
}

/// Zeros, infinities and the usual NaN give no information; otherwise the exponent must be close to
/// that of 1.
fn float(v: u64, exponent_bits: u32, mantissa_bits: u32, range: u64) -> Option<bool> {
    let ones = (1u64 << exponent_bits) - 1;
    let exponent = v >> mantissa_bits & ones;
    let mantissa = v & ((1 << mantissa_bits) - 1);
    let quiet_nan = 1 << (mantissa_bits - 1);
    if (exponent == 0 && mantissa == 0)
        || (exponent == ones && (mantissa == 0 || mantissa == quiet_nan))
    {
        return None;
    }
    Some(exponent.abs_diff(ones >> 1) <= range)
}

/// Zero gives no information; otherwise the magnitude must be below `2^limit`.
fn integer(v: u64, bits: u32, limit: u32) -> Option<bool> {
    (v != 0).then(|| sign_extend(v, bits).unsigned_abs() >> limit == 0)
}

/// Which one-byte type: flags, small signed numbers, or plain bytes.
fn byte_type(sample: &[&[u8]], offset: usize) -> DType {
    let mut seen = [false; 256];
    for byte in sample.iter().filter_map(|r| r.get(offset)) {
        seen[usize::from(*byte)] = true;
    }
    let any = |range: std::ops::Range<usize>| seen[range].contains(&true);
    if seen[0] && seen[1] && !any(2..256) {
        DType::Bool
    } else if any(0..64) && any(192..256) && !any(64..192) {
        DType::I8
    } else {
        DType::U8
    }
}
