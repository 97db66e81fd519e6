//! One chunk: encodes values of one type to the shortest payload that the level finds, and decodes
//! them.
//!
//! A payload is the parts of the layout, one after the other, and then the unchanged bytes after
//! the last whole value.

use crate::delta::{self, Filter};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::options::Level;
use crate::repeats::{self, Match};
use crate::{part, planes, transpose};

mod choice;

/// How the values of a chunk are laid out before coding. The numbers are those of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Layout {
    /// The unchanged bytes, without parts.
    Stored = 0,
    /// One part for each byte of a value, the lowest first.
    Planes = 1,
    /// Which values repeat earlier ones, and the planes of the others.
    Repeats = 2,
}

impl Layout {
    /// All layouts, in order of their numbers.
    pub const ALL: [Self; 3] = [Self::Stored, Self::Planes, Self::Repeats];
}

/// The data that a decoder needs besides the payload of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub dtype: DType,
    pub layout: Layout,
    pub filter: Filter,
    /// Values per row if the values are stored column by column, otherwise 0.
    pub row: usize,
}

/// Working memory that is reused for the next chunk.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    planes: Vec<Vec<u8>>,
    residuals: Vec<u8>,
    columns: Vec<u8>,
    matches: [Vec<Match>; 2],
    repeats: repeats::Scratch,
}

/// Appends the coded `chunk` to `payload`. `row` is the known length of the rows, or 0; `base`
/// holds the bytes for differences and is as long as the chunk.
pub(crate) fn encode(
    chunk: &[u8],
    dtype: DType,
    row: usize,
    base: Option<&[u8]>,
    level: Level,
    scratch: &mut Scratch,
    payload: &mut Vec<u8>,
) -> Shape {
    let (whole, tail) = chunk.split_at(chunk.len() - chunk.len() % dtype.width());
    let mut shape = Shape { dtype, layout: Layout::Planes, filter: Filter::None, row: 0 };
    let base = base.map(|base| &base[..whole.len()]);
    if let Some(base) = base {
        shape.filter = choice::filter(whole, base, dtype);
    }
    let coded = match (shape.filter, base) {
        (Filter::None, _) | (_, None) => whole,
        (filter, Some(base)) => {
            delta::residuals(whole, base, dtype, filter, &mut scratch.residuals);
            &scratch.residuals
        }
    };
    let start = payload.len();
    planes::split(coded, shape.filter.residual_type(dtype), &mut scratch.planes);
    let strings = !dtype.is_float() || shape.filter != Filter::None;
    let repeated = match shape.filter {
        Filter::None => choice::repeats(whole, dtype, row, level, scratch),
        _ => None,
    };
    if let Some(row) = repeated {
        let (values, matches) = match row {
            0 => (whole, &scratch.matches[0]),
            _ => (&scratch.columns[..], &scratch.matches[1]),
        };
        repeats::encode(values, dtype, matches, level, &mut scratch.repeats, payload);
        shape = Shape { layout: Layout::Repeats, row, ..shape };
    } else {
        for plane in &scratch.planes {
            part::encode(plane, level, strings, payload);
        }
    }
    payload.extend_from_slice(tail);
    if payload.len() - start >= chunk.len() {
        payload.truncate(start);
        payload.extend_from_slice(chunk);
        shape = Shape { layout: Layout::Stored, filter: Filter::None, row: 0, dtype };
    }
    shape
}

/// Decodes into `chunk`, which has the length of the input of [`encode`], with the same base.
pub(crate) fn decode(
    payload: &[u8],
    shape: Shape,
    base: Option<&[u8]>,
    scratch: &mut Scratch,
    chunk: &mut [u8],
) -> Result<()> {
    let Shape { dtype, layout, filter, row } = shape;
    let n = chunk.len() / dtype.width() * dtype.width();
    let mut rest = payload;
    let (whole, tail) = match layout {
        Layout::Stored => chunk.split_at_mut(0),
        _ => chunk.split_at_mut(n),
    };
    match (layout, row) {
        (Layout::Stored, _) => {}
        (Layout::Planes, _) => {
            planes::decode(&mut rest, filter.residual_type(dtype), &mut scratch.planes, whole)?;
        }
        (Layout::Repeats, 0) => repeats::decode(&mut rest, dtype, whole, &mut scratch.repeats)?,
        (Layout::Repeats, _) => {
            scratch.columns.resize(n, 0);
            repeats::decode(&mut rest, dtype, &mut scratch.columns, &mut scratch.repeats)?;
            transpose::to_rows(&scratch.columns, dtype.width(), row, whole);
        }
    }
    if filter != Filter::None {
        let base = base.ok_or_else(|| Error::corrupt("a difference without its base"))?;
        delta::restore(whole, &base[..n], dtype, filter);
    }
    if rest.len() != tail.len() {
        return Err(Error::corrupt(format!(
            "a payload with {} bytes after its parts, but {} are expected",
            rest.len(),
            tail.len()
        )));
    }
    tail.copy_from_slice(rest);
    Ok(())
}

/// True if the checksum of the decoded bytes also covers the payload: stored values, and planes
/// that are raw or in prefix codes. Different matches and different zstd frames may give the same
/// bytes.
pub(crate) fn speaks_for_payload(payload: &[u8], shape: Shape) -> bool {
    match shape.layout {
        Layout::Stored => true,
        Layout::Planes => !part::any_frame(payload, shape.dtype.width()),
        Layout::Repeats => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(
        chunk: &[u8],
        dtype: DType,
        row: usize,
        base: Option<&[u8]>,
        level: Level,
    ) -> (Shape, usize) {
        let mut payload = Vec::new();
        let mut scratch = Scratch::default();
        let shape = encode(chunk, dtype, row, base, level, &mut scratch, &mut payload);
        let mut back = vec![9; chunk.len()];
        decode(&payload, shape, base, &mut scratch, &mut back).unwrap();
        assert!(back == chunk, "{shape:?}");
        (shape, payload.len())
    }

    fn weights(n: usize) -> Vec<f32> {
        let mut state = 9u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 32) as f32 / 4_294_967_296.0 - 0.5
        };
        (0..n).map(|_| uniform() * uniform() * 0.1).collect()
    }

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn all_types_levels_and_lengths_come_back() {
        let all: Vec<u8> = bytes(&weights(5000));
        for dtype in DType::ALL {
            for level in [Level::Fast, Level::Default, Level::Best] {
                for n in [0, 1, 2, 3, 5, 8, 9, 17, 63, 1000, 20_000] {
                    round_trip(&all[..n], dtype, 7, None, level);
                    round_trip(&all[..n], dtype, 0, Some(&all[20_000 - n..]), level);
                }
            }
        }
    }

    #[test]
    fn rounded_weights_cost_what_they_hold() {
        let values = weights(1 << 16);
        let (shape, full) = round_trip(&bytes(&values), DType::F32, 0, None, Level::Default);
        assert_eq!(shape.layout, Layout::Planes);
        let rounded: Vec<f32> =
            values.iter().map(|v| f32::from_bits(v.to_bits() & 0xffff_0000)).collect();
        let (_, from_bf16) = round_trip(&bytes(&rounded), DType::F32, 0, None, Level::Default);
        // The two lowest planes, of which the lowest one is not quite noise.
        assert!(from_bf16 + (2 << 16) < full + 1000, "{full} bytes, rounded {from_bf16}");
        let half: Vec<u8> = bytes(&rounded).chunks(4).flat_map(|v| [v[2], v[3]]).collect();
        let (_, as_bf16) = round_trip(&half, DType::Bf16, 0, None, Level::Default);
        assert!(from_bf16 <= as_bf16 + 20, "{from_bf16} bytes, as bf16 {as_bf16}");
    }

    #[test]
    fn mirrored_columns_are_found() {
        let (rows, columns) = (200, 100);
        let palette = weights(40 * columns);
        let mut values = Vec::new();
        for i in 0..rows {
            for j in 0..columns {
                let v = palette[j * 40 + (i * (j + 1)) % 40];
                values.push(if (i / 3 + j) % 2 == 0 { -v } else { v });
            }
        }
        let (shape, size) = round_trip(&bytes(&values), DType::F32, columns, None, Level::Default);
        assert_eq!((shape.layout, shape.row), (Layout::Repeats, columns));
        assert!(size < values.len() * 2, "{size}");
    }
}
