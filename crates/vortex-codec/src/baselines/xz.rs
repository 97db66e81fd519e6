//! xz: its default, -9e, and -9e tuned for 4-byte data.

use std::io::Read;

use liblzma::read::{XzDecoder, XzEncoder};
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// `LZMA_PRESET_EXTREME` of lzma.h: the `e` of `-9e`.
const PRESET_EXTREME: u32 = 1 << 31;

/// xz at one preset.
pub struct Xz {
    name: &'static str,
    preset: u32,
    /// `lc`, `lp` and `pb` if they differ from the preset: literal contexts by position modulo 4
    /// instead of the preceding byte, which is better for columns of 4-byte numbers.
    bits: Option<(u32, u32, u32)>,
}

impl Xz {
    /// `xz -9e`.
    pub const EXTREME: Self = Self { name: "xz -9e", preset: 9 | PRESET_EXTREME, bits: None };
    /// `xz --lzma2=preset=9e,lc=0,lp=2,pb=2`.
    pub const FOUR_BYTE: Self =
        Self { name: "xz -9e lc0 lp2 pb2", preset: 9 | PRESET_EXTREME, bits: Some((0, 2, 2)) };
    /// `xz -6`, its default.
    pub const DEFAULT: Self = Self { name: "xz -6", preset: 6, bits: None };
}

impl Codec for Xz {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        let mut options = LzmaOptions::new_preset(self.preset)?;
        if let Some((lc, lp, pb)) = self.bits {
            options.literal_context_bits(lc).literal_position_bits(lp).position_bits(pb);
        }
        // A dictionary larger than the data changes only the memory, not the result.
        options.dict_size(data.len().clamp(1 << 16, 64 << 20) as u32);
        let mut filters = Filters::new();
        filters.lzma2(&options);
        let stream = Stream::new_stream_encoder(&filters, Check::Crc64)?;
        let mut packed = Vec::new();
        XzEncoder::new_stream(data, stream).read_to_end(&mut packed)?;
        Ok(packed)
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        let mut data = Vec::with_capacity(len);
        XzDecoder::new(packed).read_to_end(&mut data)?;
        Ok(data)
    }
}
