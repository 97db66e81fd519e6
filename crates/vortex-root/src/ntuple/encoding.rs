//! The types of columns, and how the elements of a page become little-endian values.

use vortex_base::dtype::DType;

/// How the elements of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    /// A bit for each element, the lowest first.
    Bits,
    /// Little-endian numbers.
    Plain(DType),
    /// All lowest bytes, then all second bytes, and so on; signed whole numbers in zigzag order.
    Split(DType),
    /// Ends of lists, counted from the start of the cluster, of 4 or 8 bytes. If split, they are
    /// distances from the end before.
    Ends { width: usize, split: bool },
    /// An index and the number of an alternative, of 12 bytes together.
    Switch,
    /// The upper bits of a `float`.
    Truncated { bits: u32 },
    /// Steps from a lowest to a highest value.
    Quantized { bits: u32, min: f64, max: f64 },
}

/// Bytes of a decoded end of a list.
pub(super) const END: usize = 8;
/// Bytes of a decoded switch.
pub(super) const SWITCH: usize = 12;

impl Encoding {
    /// The encoding with this number and these bits for an element, or the reason why it is not
    /// known.
    pub(super) fn new(kind: u16, bits: u16, range: Option<(f64, f64)>) -> Result<Self, String> {
        let encoding = match kind {
            0x00 => Self::Bits,
            0x01 | 0x02 | 0x04 => Self::Plain(DType::U8), // Byte, Char, UInt8
            0x03 => Self::Plain(DType::I8),
            0x05 => Self::Plain(DType::I16),
            0x06 => Self::Plain(DType::U16),
            0x07 => Self::Plain(DType::I32),
            0x08 => Self::Plain(DType::U32),
            0x09 => Self::Plain(DType::I64),
            0x0a => Self::Plain(DType::U64),
            0x0b => Self::Plain(DType::F16),
            0x0c => Self::Plain(DType::F32),
            0x0d => Self::Plain(DType::F64),
            0x0e => Self::Ends { width: 4, split: false },
            0x0f => Self::Ends { width: 8, split: false },
            0x10 => Self::Switch,
            0x11 => Self::Split(DType::I16),
            0x12 => Self::Split(DType::U16),
            0x13 => Self::Split(DType::I32),
            0x14 => Self::Split(DType::U32),
            0x15 => Self::Split(DType::I64),
            0x16 => Self::Split(DType::U64),
            0x17 => Self::Split(DType::F16),
            0x18 => Self::Split(DType::F32),
            0x19 => Self::Split(DType::F64),
            0x1a => Self::Ends { width: 4, split: true },
            0x1b => Self::Ends { width: 8, split: true },
            0x1c => Self::Truncated { bits: u32::from(bits.clamp(10, 31)) },
            0x1d => {
                let (min, max) = range.ok_or("quantized numbers without their range")?;
                Self::Quantized { bits: u32::from(bits.clamp(1, 32)), min, max }
            }
            _ => return Err(format!("a column of type {kind:#04x}, which is not known")),
        };
        if encoding.bits() != u64::from(bits) {
            return Err(format!("a column of type {kind:#04x} with {bits} bits for an element"));
        }
        Ok(encoding)
    }

    /// Stored bits of an element.
    pub(super) fn bits(self) -> u64 {
        match self {
            Self::Bits => 1,
            Self::Plain(dtype) | Self::Split(dtype) => 8 * dtype.size() as u64,
            Self::Ends { width, .. } => 8 * width as u64,
            Self::Switch => 8 * SWITCH as u64,
            Self::Truncated { bits } | Self::Quantized { bits, .. } => u64::from(bits),
        }
    }

    /// Type of the decoded values, if they are numbers.
    pub(super) fn dtype(self) -> Option<DType> {
        match self {
            Self::Bits => Some(DType::Bool),
            Self::Plain(dtype) | Self::Split(dtype) => Some(dtype),
            Self::Truncated { .. } | Self::Quantized { .. } => Some(DType::F32),
            Self::Ends { .. } | Self::Switch => None,
        }
    }

    /// Bytes of a decoded element.
    pub(super) fn decoded_bytes(self) -> usize {
        match self {
            Self::Ends { .. } => END,
            Self::Switch => SWITCH,
            _ => self.dtype().map_or(0, DType::size),
        }
    }

    /// Appends the `n` elements of a page, whose length must be theirs.
    pub(super) fn decode(self, page: &[u8], n: usize, out: &mut Vec<u8>) {
        match self {
            Self::Bits => {
                let start = out.len();
                out.resize(start + 8 * page.len(), 0);
                for (bits, byte) in out[start..].as_chunks_mut::<8>().0.iter_mut().zip(page) {
                    *bits = std::array::from_fn(|i| byte >> i & 1);
                }
                out.truncate(start + n);
            }
            Self::Plain(_) | Self::Switch => out.extend_from_slice(page),
            Self::Split(dtype) => match dtype {
                DType::I16 => unsplit(page, out, |x| zigzag16(u16::from_le_bytes(x)).to_le_bytes()),
                DType::I32 => unsplit(page, out, |x| zigzag32(u32::from_le_bytes(x)).to_le_bytes()),
                DType::I64 => unsplit(page, out, |x| zigzag64(u64::from_le_bytes(x)).to_le_bytes()),
                _ => match dtype.size() {
                    2 => unsplit::<2, 2>(page, out, |x| x),
                    4 => unsplit::<4, 4>(page, out, |x| x),
                    _ => unsplit::<8, 8>(page, out, |x| x),
                },
            },
            Self::Ends { width: 4, split: false } => {
                let ends = page.as_chunks().0.iter().map(|end| u64::from(u32::from_le_bytes(*end)));
                out.extend(ends.flat_map(u64::to_le_bytes));
            }
            Self::Ends { split: false, .. } => out.extend_from_slice(page),
            Self::Ends { width: 4, split: true } => {
                let mut end = 0u32;
                unsplit(page, out, |x| {
                    end = end.wrapping_add(u32::from_le_bytes(x));
                    u64::from(end).to_le_bytes()
                });
            }
            Self::Ends { split: true, .. } => {
                let mut end = 0u64;
                unsplit(page, out, |x| {
                    end = end.wrapping_add(u64::from_le_bytes(x));
                    end.to_le_bytes()
                });
            }
            Self::Truncated { bits } => {
                unpack(page, bits, n, out, |upper| upper << (32 - bits));
            }
            Self::Quantized { bits, min, max } => {
                let steps = ((1u64 << bits) - 1) as f64;
                unpack(page, bits, n, out, |step| {
                    ((min + f64::from(step) * (max - min) / steps) as f32).to_bits()
                });
            }
        }
    }
}

/// `0, -1, 1, -2, ...` for `0, 1, 2, 3, ...`.
fn zigzag16(n: u16) -> u16 {
    n >> 1 ^ (n & 1).wrapping_neg()
}

fn zigzag32(n: u32) -> u32 {
    n >> 1 ^ (n & 1).wrapping_neg()
}

fn zigzag64(n: u64) -> u64 {
    n >> 1 ^ (n & 1).wrapping_neg()
}

/// Appends elements of `M` bytes, each made of one byte of each of `N` runs.
fn unsplit<const N: usize, const M: usize>(
    page: &[u8],
    out: &mut Vec<u8>,
    mut element: impl FnMut([u8; N]) -> [u8; M],
) {
    let n = page.len() / N;
    let runs: [&[u8]; N] = std::array::from_fn(|byte| &page[byte * n..][..n]);
    let start = out.len();
    out.resize(start + n * M, 0);
    let out = &mut out[start..].as_chunks_mut::<M>().0[..n];
    for i in 0..n {
        out[i] = element(std::array::from_fn(|byte| runs[byte][i]));
    }
}

/// Appends `n` elements of 4 bytes from elements of `bits` bits, the lowest first.
fn unpack(page: &[u8], bits: u32, n: usize, out: &mut Vec<u8>, element: impl Fn(u32) -> u32) {
    let (mut buffer, mut filled) = (0u64, 0u32);
    let mut bytes = page.iter();
    let mask = u32::MAX >> (32 - bits);
    out.reserve(4 * n);
    for _ in 0..n {
        while filled < bits {
            let Some(byte) = bytes.next() else { return };
            buffer |= u64::from(*byte) << filled;
            filled += 8;
        }
        out.extend(element(buffer as u32 & mask).to_le_bytes());
        buffer >>= bits;
        filled -= bits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(kind: u16, bits: u16) -> Encoding {
        Encoding::new(kind, bits, Some((-1.0, 3.0))).unwrap()
    }

    fn decode(encoding: Encoding, page: &[u8], n: usize) -> Vec<u8> {
        assert_eq!((encoding.bits() * n as u64).div_ceil(8), page.len() as u64, "{encoding:?}");
        let mut out = vec![7];
        encoding.decode(page, n, &mut out);
        assert_eq!(out.remove(0), 7, "it is appended");
        assert_eq!(out.len(), n * encoding.decoded_bytes());
        out
    }

    /// Bytes in the order of the split encoding, by its definition.
    fn split<const N: usize>(elements: &[[u8; N]]) -> Vec<u8> {
        (0..N).flat_map(|byte| elements.iter().map(move |element| element[byte])).collect()
    }

    /// 1,000 whole numbers of all sizes, with the extremes.
    fn numbers() -> Vec<i64> {
        let mut x = 1u64;
        let random = (0..1000).map(|i| {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            x as i64 >> (i % 64)
        });
        [0, 1, -1, i64::MAX, i64::MIN].into_iter().chain(random).collect()
    }

    /// By the specification: `2x`, or `-(2x + 1)` below zero.
    fn zigzag(x: i128) -> u64 {
        (if x >= 0 { 2 * x } else { -(2 * x + 1) }) as u64
    }

    #[test]
    fn plain_numbers_are_taken_as_they_are() {
        let table: [(u16, DType); 12] = [
            (1, DType::U8),
            (2, DType::U8),
            (3, DType::I8),
            (4, DType::U8),
            (5, DType::I16),
            (6, DType::U16),
            (7, DType::I32),
            (8, DType::U32),
            (9, DType::I64),
            (0x0a, DType::U64),
            (0x0b, DType::F16),
            (0x0c, DType::F32),
        ];
        for (kind, dtype) in table.into_iter().chain([(0x0d, DType::F64)]) {
            let encoding = encoding(kind, 8 * dtype.size() as u16);
            assert_eq!(encoding.dtype(), Some(dtype));
            let page: Vec<u8> = (0..10 * dtype.size()).map(|i| i as u8).collect();
            assert_eq!(decode(encoding, &page, 10), page);
        }
    }

    #[test]
    fn split_numbers() {
        macro_rules! check {
            ($signed:ty, $unsigned:ty, $kind:expr) => {
                let bits = <$signed>::BITS as u16;
                let signed: Vec<_> = numbers().into_iter().map(|x| x as $signed).collect();
                let expected: Vec<u8> = signed.iter().flat_map(|x| x.to_le_bytes()).collect();
                let stored = signed.iter().map(|x| zigzag(i128::from(*x)) as $unsigned);
                let stored: Vec<_> = stored.map(<$unsigned>::to_le_bytes).collect();
                assert_eq!(decode(encoding($kind, bits), &split(&stored), signed.len()), expected);
                let stored: Vec<_> = signed.iter().map(|x| x.to_le_bytes()).collect();
                let unsigned = encoding($kind + 1, bits);
                assert_eq!(decode(unsigned, &split(&stored), signed.len()), expected);
                assert_eq!(decode(unsigned, &[], 0), []);
            };
        }
        check!(i16, u16, 0x11);
        check!(i32, u32, 0x13);
        check!(i64, u64, 0x15);
        for (kind, bits) in [(0x17, 16), (0x18, 32), (0x19, 64)] {
            let reals = encoding(kind, bits);
            assert_eq!(decode(reals, &[1; 8], 64 / usize::from(bits)), [1; 8]);
            assert!(reals.dtype().unwrap().is_float());
        }
    }

    #[test]
    fn ends_of_lists() {
        let ends: Vec<u64> = vec![0, 3, 3, 10, 70_000, 4_000_000_000];
        let expected: Vec<u8> = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
        let before = [0].iter().chain(&ends);
        let distances: Vec<u64> = ends.iter().zip(before).map(|(end, start)| end - start).collect();
        let narrow: Vec<u8> = ends.iter().flat_map(|end| (*end as u32).to_le_bytes()).collect();
        assert_eq!(decode(encoding(0x0e, 32), &narrow, 6), expected);
        assert_eq!(decode(encoding(0x0f, 64), &expected, 6), expected);
        let narrow: Vec<_> = distances.iter().map(|n| (*n as u32).to_le_bytes()).collect();
        assert_eq!(decode(encoding(0x1a, 32), &split(&narrow), 6), expected);
        let wide: Vec<_> = distances.iter().map(|n| n.to_le_bytes()).collect();
        assert_eq!(decode(encoding(0x1b, 64), &split(&wide), 6), expected);
    }

    #[test]
    fn bits_and_switches() {
        let found = decode(encoding(0, 1), &[0b1010_0110, 0b1], 9);
        assert_eq!(found, [0, 1, 1, 0, 0, 1, 0, 1, 1]);
        let switch: Vec<u8> = (0..24).collect();
        assert_eq!(decode(encoding(0x10, 96), &switch, 2), switch);
    }

    /// Packs the low bits of numbers, bit by bit.
    fn packed(numbers: &[u32], bits: u32) -> Vec<u8> {
        let mut page = vec![0; (numbers.len() * bits as usize).div_ceil(8)];
        for (i, number) in numbers.iter().enumerate() {
            for bit in 0..bits as usize {
                let place = i * bits as usize + bit;
                page[place / 8] |= ((number >> bit & 1) as u8) << (place % 8);
            }
        }
        page
    }

    #[test]
    fn shortened_reals_of_all_widths() {
        let words: Vec<u32> = numbers().into_iter().map(|x| x as u32).collect();
        for bits in 10..=31u32 {
            let upper: Vec<u32> = words.iter().map(|word| word >> (32 - bits)).collect();
            let found = decode(encoding(0x1c, bits as u16), &packed(&upper, bits), words.len());
            let expected = upper.iter().flat_map(|n| (n << (32 - bits)).to_le_bytes());
            assert_eq!(found, expected.collect::<Vec<_>>(), "{bits}");
        }
        for bits in 1..=32u32 {
            let steps: Vec<u32> = words.iter().map(|word| word >> (32 - bits)).collect();
            let found = decode(encoding(0x1d, bits as u16), &packed(&steps, bits), words.len());
            let last = (2f64.powi(bits as i32)) - 1.0;
            let expected = steps
                .iter()
                .map(|n| (-1.0 + f64::from(*n) * 4.0 / last) as f32)
                .flat_map(f32::to_le_bytes);
            assert_eq!(found, expected.collect::<Vec<_>>(), "{bits}");
        }
    }

    #[test]
    fn what_is_not_known_has_a_reason() {
        for (kind, bits) in [(0x1e, 32), (0xffff, 8), (0x07, 31), (0x1c, 9), (0x1d, 33), (0x1d, 0)]
        {
            assert!(Encoding::new(kind, bits, Some((0.0, 1.0))).is_err(), "{kind} {bits}");
        }
        assert!(Encoding::new(0x1d, 8, None).is_err());
    }
}
