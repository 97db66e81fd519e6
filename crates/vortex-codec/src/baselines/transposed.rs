//! Byte planes: all first bytes of the records, then all second bytes, ... and a classical codec
//! over these planes, as an informed user does without a network.

use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// Bytes per element if the data has no records: most such files hold 32-bit numbers.
const ELEMENT: usize = 4;

/// A codec over the byte planes of the records.
pub struct Transposed<C> {
    /// The codec that compresses the planes.
    pub inner: C,
    /// Its name in tables.
    pub name: &'static str,
}

impl<C: Codec> Codec for Transposed<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compress(&self, data: &[u8], schema: &Schema) -> Outcome<Vec<u8>> {
        self.inner.compress(&to_planes(data, width(schema)), schema)
    }

    fn decompress(&self, packed: &[u8], len: usize, schema: &Schema) -> Outcome<Vec<u8>> {
        Ok(from_planes(&self.inner.decompress(packed, len, schema)?, width(schema)))
    }
}

pub(super) fn width(schema: &Schema) -> usize {
    if schema.stride() == 1 { ELEMENT } else { schema.stride() }
}

/// Bytes after the last whole element stay at the end.
pub(super) fn to_planes(data: &[u8], width: usize) -> Vec<u8> {
    let n = data.len() / width;
    let mut planes = Vec::with_capacity(data.len());
    for plane in 0..width {
        planes.extend((0..n).map(|i| data[i * width + plane]));
    }
    planes.extend_from_slice(&data[n * width..]);
    planes
}

pub(super) fn from_planes(planes: &[u8], width: usize) -> Vec<u8> {
    let n = planes.len() / width;
    let mut data = vec![0; planes.len()];
    for plane in 0..width {
        for i in 0..n {
            data[i * width + plane] = planes[plane * n + i];
        }
    }
    data[n * width..].copy_from_slice(&planes[n * width..]);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_of_three() {
        assert_eq!(to_planes(&[1, 2, 3, 4, 5, 6, 7], 3), [1, 4, 2, 5, 3, 6, 7]);
        assert_eq!(from_planes(&[1, 4, 2, 5, 3, 6, 7], 3), [1, 2, 3, 4, 5, 6, 7]);
    }
}
