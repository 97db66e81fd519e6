//! zstd -19.

use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// zstd at the highest level it offers without `--ultra`.
pub struct Zstd;

impl Codec for Zstd {
    fn name(&self) -> &'static str {
        "zstd -19"
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        Ok(zstd::bulk::compress(data, 19)?)
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        Ok(zstd::bulk::decompress(packed, len)?)
    }
}
