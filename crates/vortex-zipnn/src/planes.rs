//! Conversion between values and byte planes.
//!
//! Plane `i` holds byte `i` of every value, the lowest byte first. The highest 16 bits of floats
//! wider than a byte are first rotated left by one bit, so that the highest plane begins with the
//! exponent, and the sign is below it, among the noisy bits.

use crate::dtype::DType;
use crate::error::Result;
use crate::part;

/// Splits whole values into `dtype.width()` planes of equal length.
pub(crate) fn split(values: &[u8], dtype: DType, planes: &mut Vec<Vec<u8>>) {
    let (width, n) = (dtype.width(), values.len() / dtype.width());
    planes.resize_with(width, Vec::new);
    for plane in planes.iter_mut() {
        plane.clear();
        plane.resize(n, 0);
    }
    pulp::Arch::new().dispatch(Split { values, planes, turn: dtype.is_wide_float() });
}

// Structures instead of closures, because only code that is inlined into `call` is compiled for
// each instruction set.

struct Split<'a> {
    values: &'a [u8],
    planes: &'a mut [Vec<u8>],
    turn: bool,
}

impl pulp::NullaryFnOnce for Split<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, planes, turn } = self;
        match planes {
            [a] => a.copy_from_slice(values),
            [a, b] if turn => split_2(values, a, b, |v| v.rotate_left(1)),
            [a, b] => split_2(values, a, b, |v| v),
            [a, b, c, d] if turn => split_4(values, [a, b, c, d], turn_left_32),
            [a, b, c, d] => split_4(values, [a, b, c, d], |v| v),
            all if turn => split_8(values, all, turn_left_64),
            all => split_8(values, all, |v| v),
        }
    }
}

/// The inverse of [`split`]: `planes` and `values` have the same lengths as there.
pub(crate) fn merge(planes: &[&[u8]], dtype: DType, values: &mut [u8]) {
    pulp::Arch::new().dispatch(Merge { planes, values, turn: dtype.is_wide_float() });
}

struct Merge<'a> {
    planes: &'a [&'a [u8]],
    values: &'a mut [u8],
    turn: bool,
}

impl pulp::NullaryFnOnce for Merge<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { planes, values, turn } = self;
        match planes {
            [a] => values.copy_from_slice(a),
            [a, b] if turn => merge_2(values, a, b, |v| v.rotate_right(1)),
            [a, b] => merge_2(values, a, b, |v| v),
            [a, b, c, d] if turn => merge_4(values, [a, b, c, d], turn_right_32),
            [a, b, c, d] => merge_4(values, [a, b, c, d], |v| v),
            all if turn => merge_8(values, all, turn_right_64),
            all => merge_8(values, all, |v| v),
        }
    }
}

/// Decodes whole `values` from the parts of their planes at the start of `bytes`, and moves `bytes`
/// past them. `planes` is working memory.
pub(crate) fn decode(
    bytes: &mut &[u8],
    dtype: DType,
    planes: &mut Vec<Vec<u8>>,
    values: &mut [u8],
) -> Result<()> {
    let (width, n) = (dtype.width(), values.len() / dtype.width());
    planes.resize_with(width, Vec::new);
    let mut decoded = [&[][..]; 8];
    for (plane, buffer) in decoded.iter_mut().zip(planes) {
        *plane = part::decode(bytes, n, buffer)?;
    }
    merge(&decoded[..width], dtype, values);
    Ok(())
}

#[inline(always)]
fn turn_left_32(v: u32) -> u32 {
    v & 0xffff | v << 1 & 0xfffe_0000 | v >> 15 & 0x1_0000
}

#[inline(always)]
fn turn_right_32(v: u32) -> u32 {
    v & 0xffff | v >> 1 & 0x7fff_0000 | v << 15 & 0x8000_0000
}

#[inline(always)]
fn turn_left_64(v: u64) -> u64 {
    u64::from(turn_left_32((v >> 32) as u32)) << 32 | v & 0xffff_ffff
}

#[inline(always)]
fn turn_right_64(v: u64) -> u64 {
    u64::from(turn_right_32((v >> 32) as u32)) << 32 | v & 0xffff_ffff
}

#[inline(always)]
fn split_2(values: &[u8], low: &mut [u8], high: &mut [u8], turn: impl Fn(u16) -> u16) {
    for ((value, a), b) in values.as_chunks::<2>().0.iter().zip(low).zip(high) {
        let v = turn(u16::from_le_bytes(*value));
        *a = v as u8;
        *b = (v >> 8) as u8;
    }
}

#[inline(always)]
fn split_4(values: &[u8], planes: [&mut [u8]; 4], turn: impl Fn(u32) -> u32) {
    let [a, b, c, d] = planes;
    let values = values.as_chunks::<4>().0;
    for ((((value, a), b), c), d) in values.iter().zip(a).zip(b).zip(c).zip(d) {
        let v = turn(u32::from_le_bytes(*value));
        *a = v as u8;
        *b = (v >> 8) as u8;
        *c = (v >> 16) as u8;
        *d = (v >> 24) as u8;
    }
}

#[inline(always)]
fn split_8(values: &[u8], planes: &mut [Vec<u8>], turn: impl Fn(u64) -> u64) {
    for (i, plane) in planes.iter_mut().enumerate() {
        for (value, byte) in values.as_chunks::<8>().0.iter().zip(plane) {
            *byte = (turn(u64::from_le_bytes(*value)) >> (8 * i)) as u8;
        }
    }
}

#[inline(always)]
fn merge_2(values: &mut [u8], low: &[u8], high: &[u8], turn: impl Fn(u16) -> u16) {
    for ((value, &a), &b) in values.as_chunks_mut::<2>().0.iter_mut().zip(low).zip(high) {
        *value = turn(u16::from_le_bytes([a, b])).to_le_bytes();
    }
}

#[inline(always)]
fn merge_4(values: &mut [u8], planes: [&[u8]; 4], turn: impl Fn(u32) -> u32) {
    let [a, b, c, d] = planes;
    let values = values.as_chunks_mut::<4>().0;
    for ((((value, &a), &b), &c), &d) in values.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *value = turn(u32::from_le_bytes([a, b, c, d])).to_le_bytes();
    }
}

#[inline(always)]
fn merge_8(values: &mut [u8], planes: &[&[u8]], turn: impl Fn(u64) -> u64) {
    let values = values.as_chunks_mut::<8>().0;
    for (at, value) in values.iter_mut().enumerate() {
        let mut bytes = [0; 8];
        for (byte, plane) in bytes.iter_mut().zip(planes) {
            *byte = plane[at];
        }
        *value = turn(u64::from_le_bytes(bytes)).to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_16_bit_head_comes_back() {
        for dtype in DType::ALL {
            let width = dtype.width();
            let mut values = Vec::new();
            for head in 0..=u16::MAX {
                let value = u64::from(head) << 48 | (0x9fed_cba9_8765 ^ (u64::from(head) * 7));
                values.extend(&value.to_le_bytes()[8 - width..]);
            }
            let mut planes = Vec::new();
            split(&values, dtype, &mut planes);
            let views: Vec<&[u8]> = planes.iter().map(Vec::as_slice).collect();
            let mut back = vec![0; values.len()];
            merge(&views, dtype, &mut back);
            assert!(back == values, "{dtype}");
        }
    }

    #[test]
    fn the_highest_plane_is_the_exponent() {
        let values: Vec<u8> =
            [1f32, -1.0, 1.5, -1.75].iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut planes = Vec::new();
        split(&values, DType::F32, &mut planes);
        assert_eq!(planes[3], [127; 4]);
        assert_eq!(planes[2], [0, 1, 0x80, 0xc1]);
        split(&[0x80, 0xbf], DType::Bf16, &mut planes);
        assert_eq!(planes, [[1], [127]]);
    }
}
