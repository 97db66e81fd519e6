//! Bit planes: of each byte of the records, first all lowest bits, then all second ones, ... as
//! bitshuffle does, and a classical codec over them.

use vortex_coder::schema::Schema;

use super::transposed::{from_planes, to_planes, width};
use super::{Codec, Outcome};

/// A codec over the bit planes of the records.
pub struct BitPlanes<C> {
    /// The codec that compresses the planes.
    pub inner: C,
    /// Its name in tables.
    pub name: &'static str,
}

impl<C: Codec> Codec for BitPlanes<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compress(&self, data: &[u8], schema: &Schema) -> Outcome<Vec<u8>> {
        let mut planes = to_planes(data, width(schema));
        each_plane(&mut planes, data.len() / width(schema), to_bits);
        self.inner.compress(&planes, schema)
    }

    fn decompress(&self, packed: &[u8], len: usize, schema: &Schema) -> Outcome<Vec<u8>> {
        let mut planes = self.inner.decompress(packed, len, schema)?;
        each_plane(&mut planes, len / width(schema), from_bits);
        Ok(from_planes(&planes, width(schema)))
    }
}

/// Changes the first bytes of each plane of `n` bytes, a multiple of eight.
fn each_plane(planes: &mut [u8], n: usize, change: fn(&[u8], &mut [u8])) {
    let whole = n - n % 8;
    let mut changed = vec![0; whole];
    for plane in planes.chunks_exact_mut(n.max(1)) {
        change(&plane[..whole], &mut changed);
        plane[..whole].copy_from_slice(&changed);
    }
}

fn to_bits(bytes: &[u8], planes: &mut [u8]) {
    let length = bytes.len() / 8;
    let (groups, _) = bytes.as_chunks::<8>();
    for (i, group) in groups.iter().enumerate() {
        for (bit, byte) in transpose(u64::from_le_bytes(*group)).to_le_bytes().iter().enumerate() {
            planes[bit * length + i] = *byte;
        }
    }
}

fn from_bits(planes: &[u8], bytes: &mut [u8]) {
    let length = planes.len() / 8;
    let (groups, _) = bytes.as_chunks_mut::<8>();
    for (i, group) in groups.iter_mut().enumerate() {
        let bits = std::array::from_fn(|bit| planes[bit * length + i]);
        *group = transpose(u64::from_le_bytes(bits)).to_le_bytes();
    }
}

/// Swaps rows and columns of 8 x 8 bits: bit `j` of byte `i` becomes bit `i` of byte `j`
/// (Hacker's Delight, 7-3).
fn transpose(x: u64) -> u64 {
    let swap = |x: u64, mask: u64, by: u32| {
        let t = (x ^ (x >> by)) & mask;
        x ^ t ^ (t << by)
    };
    let x = swap(x, 0x00AA_00AA_00AA_00AA, 7);
    let x = swap(x, 0x0000_CCCC_0000_CCCC, 14);
    swap(x, 0x0000_0000_F0F0_F0F0, 28)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let mut state = 1u64;
        for _ in 0..100 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let turned = transpose(state);
            for i in 0..8 {
                for j in 0..8 {
                    assert_eq!(state >> (8 * i + j) & 1, turned >> (8 * j + i) & 1);
                }
            }
            assert_eq!(transpose(turned), state);
        }
    }
}
