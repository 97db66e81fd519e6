//! The orders of bytes and bits that make numbers easier to compress, undone.

/// Bytes that were stored plane by plane: the first bytes of all elements, then the second ones.
/// Bytes behind the last whole element are not moved.
pub(super) fn bytes(planes: &[u8], size: usize) -> Vec<u8> {
    let elements = planes.len() / size.max(1);
    let mut out = planes.to_vec();
    if size < 2 || elements == 0 {
        return out;
    }
    for (place, plane) in planes[..elements * size].chunks_exact(elements).enumerate() {
        for (element, byte) in out.chunks_exact_mut(size).zip(plane) {
            element[place] = *byte;
        }
    }
    out
}

/// Bits that were stored plane by plane: the lowest bits of the first bytes of all elements, then
/// the next ones. The number of elements is a multiple of 8; bytes behind them are not moved.
pub(super) fn bits(planes: &[u8], size: usize, elements: usize) -> Vec<u8> {
    let mut out = planes.to_vec();
    let plane = elements / 8;
    if size == 0 || plane == 0 {
        return out;
    }
    for place in 0..size {
        let eight = &planes[place * 8 * plane..][..8 * plane];
        for group in 0..plane {
            let mut square = [0; 8];
            for (bit, byte) in square.iter_mut().enumerate() {
                *byte = eight[bit * plane + group];
            }
            let square = transposed(u64::from_le_bytes(square)).to_le_bytes();
            for (element, byte) in square.into_iter().enumerate() {
                out[(group * 8 + element) * size + place] = byte;
            }
        }
    }
    out
}

/// A square of 8 times 8 bits, a byte for each row, with rows and columns exchanged: squares of 1,
/// 2 and 4 bits change places.
fn transposed(mut square: u64) -> u64 {
    for (shift, mask) in
        [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0u64)]
    {
        let moved = (square ^ (square >> shift)) & mask;
        square ^= moved ^ (moved << shift);
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_elements() {
        assert_eq!(bytes(&[1, 3, 5, 2, 4, 6, 9], 2), [1, 2, 3, 4, 5, 6, 9]);
        assert_eq!(bytes(&[1, 2], 1), [1, 2]);
        assert_eq!(bytes(&[1, 2], 4), [1, 2]);
        // The lowest bits of eight elements, then seven planes of zeros.
        let planes = [&[0b1000_0101][..], &[0; 7], &[9]].concat();
        assert_eq!(bits(&planes, 1, 8), [1, 0, 1, 0, 0, 0, 0, 1, 9]);
        for row in 0..8 {
            for column in 0..8 {
                assert_eq!(transposed(1 << (row * 8 + column)), 1 << (column * 8 + row));
            }
        }
    }
}
