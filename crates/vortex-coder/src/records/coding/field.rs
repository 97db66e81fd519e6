//! One value of a record: where it lies, what it is and how it is coded.

use super::FieldCoding;
use super::exact::Exact;
use super::grid::low_half;
use vortex_base::dtype::DType;

/// The fraction of a number of half precision: NaN has one, infinity has none.
const HALF_FRACTION: u64 = (1 << 10) - 1;

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Unique inside the record, UTF-8, at most [`MAX_NAME_LEN`](crate::schema::MAX_NAME_LEN) bytes.
    pub name: String,
    /// Number type.
    pub dtype: DType,
    /// True where the file stores the most significant byte first.
    pub big_endian: bool,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// How the value becomes symbols.
    pub coding: FieldCoding,
}

impl Field {
    /// A little-endian field, most significant byte first as symbols.
    pub fn new(name: impl Into<String>, dtype: DType, offset: u32) -> Self {
        let coding = FieldCoding::MSB_FIRST;
        Self { name: name.into(), dtype, big_endian: false, offset, coding }
    }

    /// The bits of its value in a record, as an integer.
    ///
    /// # Panics
    /// When the record ends before the field.
    pub fn bits(&self, record: &[u8]) -> u64 {
        let bytes = &record[self.offset as usize..self.end()];
        // Each width for itself, so that it is one load.
        macro_rules! load {
            ($number:ty) => {{
                let bytes = bytes.try_into().expect("its width");
                let read = if self.big_endian {
                    <$number>::from_be_bytes
                } else {
                    <$number>::from_le_bytes
                };
                u64::from(read(bytes))
            }};
        }
        match bytes.len() {
            1 => bytes[0].into(),
            2 => load!(u16),
            4 => load!(u32),
            _ => load!(u64),
        }
    }

    /// Its value in a record, in binary64, infinities and NaN included: exact for floats, the nearest number (ties to even)
    /// for integers of 64 bits.
    ///
    /// # Panics
    /// When the record ends before the field.
    #[allow(clippy::cast_precision_loss)] // rounds to the nearest, ties to even
    pub fn value(&self, record: &[u8]) -> f64 {
        let bits = self.bits(record);
        match self.dtype {
            DType::F64 => f64::from_bits(bits),
            DType::F32 => f32::from_bits(low_half(bits)).into(),
            DType::Bf16 => f32::from_bits(low_half(bits) << 16).into(),
            DType::F16 => match Exact::from_bits(DType::F16, bits) {
                Some(exact) => f64::from_bits(exact.to_bits(DType::F64)),
                None if bits & HALF_FRACTION != 0 => f64::NAN,
                None if bits & DType::F16.sign() != 0 => f64::NEG_INFINITY,
                None => f64::INFINITY,
            },
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
                let unused = 64 - 8 * self.dtype.size();
                ((bits << unused).cast_signed() >> unused) as f64
            }
            DType::U8 | DType::Bool | DType::U16 | DType::U32 | DType::U64 => bits as f64,
        }
    }

    /// [`Self::value`] in as many records as there are.
    ///
    /// # Panics
    /// When there are more records than places.
    #[cfg(feature = "container")]
    #[inline(always)]
    pub(super) fn values(&self, records: &[u8], stride: usize, out: &mut [f64]) {
        let records = records.chunks_exact(stride);
        let at = self.offset as usize;
        // Usual ones without a question at each value.
        macro_rules! load {
            ($number:ty) => {
                records.zip(out).for_each(|(record, out)| {
                    let bytes =
                        record[at..at + size_of::<$number>()].try_into().expect("its width");
                    *out = <$number>::from_le_bytes(bytes).into();
                })
            };
        }
        match self.dtype {
            DType::F64 if !self.big_endian => load!(f64),
            DType::F32 if !self.big_endian => load!(f32),
            _ => records.zip(out).for_each(|(record, out)| *out = self.value(record)),
        }
    }

    /// Writes [`Self::bits`].
    pub(in crate::records) fn set_bits(&self, record: &mut [u8], bits: u64) {
        let out = &mut record[self.offset as usize..self.end()];
        let bytes = bits.to_le_bytes();
        out.copy_from_slice(&bytes[..self.dtype.size()]);
        if self.big_endian {
            out.reverse();
        }
    }

    /// Whether it is a byte that no field of a description covers.
    pub fn is_padding(&self) -> bool {
        let number = self.name.strip_prefix("_pad").map(str::parse);
        self.dtype == DType::U8 && number == Some(Ok(self.offset))
    }

    /// Offset of the first byte after the field.
    pub fn end(&self) -> usize {
        self.offset as usize + self.dtype.size()
    }
}
