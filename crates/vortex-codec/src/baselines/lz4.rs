//! LZ4 in its fast mode.

use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// One LZ4 block.
pub struct Lz4;

impl Codec for Lz4 {
    fn name(&self) -> &'static str {
        "lz4"
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        Ok(lz4_flex::block::compress(data))
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        Ok(lz4_flex::block::decompress(packed, len)?)
    }
}
