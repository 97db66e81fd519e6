//! Detection of records from the bytes themselves.
//!
//! [`detect`] analyses the first bytes of a file (a few MiB are enough; later bytes are ignored)
//! and finds the stride and the number types:
//!
//! 1. For each lag up to [`MAX_DETECTED_STRIDE`] it counts how many bytes equal the byte one lag
//!    further on. The lags with the most, and their divisors, are candidates.
//! 2. For each candidate it measures the code length of the bytes with a table for each position in
//!    the record, tables included. The shortest is chosen; but if a multiple of a stride is hardly
//!    better, the smaller stride is chosen.
//! 3. For the winner it finds the cheapest cover of the record with number types: floats of
//!    usual magnitude, integers far below their type's limit, otherwise bytes.
//!
//! Text, and data in which no stride helps, have no records: stride 1, or the width of one
//! number (2, 4 or 8) when the file is an array of such numbers.
//!
//! Only integer arithmetic is used, so the same bytes give the same schema on every machine. This
//! is necessary because the schema influences the compressed file.

mod fields;
mod log2;
mod stride;

use vortex_coder::schema::{DType, Schema};

pub use stride::{MAX_DETECTED_STRIDE, StrideCandidate};

/// Number of bytes that [`detect`] analyses; a longer prefix changes nothing.
pub const DETECTION_WINDOW: usize = 8 << 20;

/// The result of [`detect`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// The fields, named by type and offset (`f4_12`).
    pub schema: Schema,
    /// The strides considered in the last round, most likely first; never empty, and the first
    /// one is the schema's stride unless the data is text.
    pub candidates: Vec<StrideCandidate>,
}

impl Detection {
    /// False when the data is text, bytes or an array of single numbers.
    pub fn has_records(&self) -> bool {
        has_records(&self.schema)
    }
}

/// False if a detected schema describes only bytes or an array of single numbers.
pub fn has_records(schema: &Schema) -> bool {
    let fields = schema.fields();
    let only_bytes = fields.iter().all(|field| field.dtype == DType::U8);
    fields.len() > 1 && !(only_bytes && [2, 4, 8].contains(&schema.stride()))
}

/// Finds stride and fields from the first bytes of a file. Every input has a result; for no data,
/// text and noise it is [`Schema::bytes`].
pub fn detect(bytes: &[u8]) -> Detection {
    let bytes = &bytes[..bytes.len().min(DETECTION_WINDOW)];
    let candidates = stride::rank(bytes);
    let stride = candidates.first().map_or(1, |c| c.stride);
    let schema = if stride == 1 || is_text(bytes) {
        Schema::bytes()
    } else {
        let fields = fields::detect(bytes, stride);
        Schema::new(stride, fields).unwrap_or_else(|_| Schema::bytes())
    };
    Detection { schema, candidates }
}

/// Lines of printable characters.
fn is_text(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(64 << 10)];
    let printable = sample.iter().filter(|b| matches!(b, b'\t' | b'\n' | b'\r' | 32..=126)).count();
    printable * 100 >= sample.len() * 99 && sample.contains(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Records with a counter, a float, a big and a small integer: dense, 13 bytes.
    fn records(n: u32, big_endian: bool) -> Vec<u8> {
        let mut state = 1u32;
        let mut bytes = Vec::new();
        for i in 0..n {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let x = (state >> 8) as f32 / 1000.0;
            let kind = (state >> 30) as u8;
            let (i, id) = (i + 100_000, (state >> 16) % 5000);
            bytes.push(kind);
            if big_endian {
                bytes.extend_from_slice(&i.to_be_bytes());
                bytes.extend_from_slice(&x.to_be_bytes());
                bytes.extend_from_slice(&id.to_be_bytes());
            } else {
                bytes.extend_from_slice(&i.to_le_bytes());
                bytes.extend_from_slice(&x.to_le_bytes());
                bytes.extend_from_slice(&id.to_le_bytes());
            }
        }
        bytes
    }

    #[test]
    fn dense_records_of_both_byte_orders() {
        for big_endian in [false, true] {
            let found = detect(&records(3000, big_endian));
            assert!(found.has_records());
            let fields: Vec<_> =
                found.schema.fields().iter().map(|f| (f.dtype, f.offset, f.big_endian)).collect();
            let expected = [
                (DType::U8, 0, false),
                (DType::I32, 1, big_endian),
                (DType::F32, 5, big_endian),
                (DType::I32, 9, big_endian),
            ];
            assert_eq!(fields, expected);
            assert_eq!(found.candidates[0].stride, 13);
        }
    }

    #[test]
    fn few_records_are_enough() {
        assert_eq!(detect(&records(200, false)).schema.stride(), 13);
    }

    #[test]
    fn arrays_of_one_type_have_no_records() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f64 / 3000.0
        };
        let doubles: Vec<u8> = (0..5000).flat_map(|_| next().to_le_bytes()).collect();
        let floats: Vec<u8> = (0..5000).flat_map(|_| (next() as f32).to_le_bytes()).collect();
        for (bytes, dtype) in [(doubles, DType::F64), (floats, DType::F32)] {
            let found = detect(&bytes);
            assert!(!found.has_records());
            assert_eq!(found.schema.fields().len(), 1);
            assert_eq!(found.schema.fields()[0].dtype, dtype);
        }
    }

    #[test]
    fn text_noise_and_nothing_are_bytes() {
        let text: String = (0..999).map(|i| format!("event {i:04} 13.25 -0.50\n")).collect();
        let mut state = 1u64;
        let noise: Vec<u8> = (0..100_000)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect();
        for bytes in [text.as_bytes(), &noise, &[], &[7], &[0; 5000], &[0; 3]] {
            let found = detect(bytes);
            assert_eq!(found.schema, Schema::bytes());
            assert!(!found.has_records() && !found.candidates.is_empty());
        }
    }

    #[test]
    fn only_the_window_counts() {
        let mut bytes = records(700_000, false);
        assert!(bytes.len() > DETECTION_WINDOW);
        let found = detect(&bytes);
        bytes[DETECTION_WINDOW..].fill(0);
        assert_eq!(detect(&bytes), found);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_have_an_answer(
            unit in prop::collection::vec(any::<u8>(), 1..60),
            repeats in 0..40usize,
            rest in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut bytes = unit.repeat(repeats);
            bytes.extend(rest);
            let found = detect(&bytes);
            prop_assert!(found.schema.stride() <= MAX_DETECTED_STRIDE);
            prop_assert!(!found.candidates.is_empty());
        }
    }
}
