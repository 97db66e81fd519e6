//! brotli 11 with its largest standard window.

use brotli::{BrotliCompress, BrotliDecompress, enc::BrotliEncoderParams};
use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// log2 of the window: 16 MiB.
const WINDOW_LOG2: i32 = 24;

/// brotli at its slowest.
pub struct Brotli;

impl Codec for Brotli {
    fn name(&self) -> &'static str {
        "brotli 11"
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        let params = BrotliEncoderParams {
            quality: 11,
            lgwin: WINDOW_LOG2,
            size_hint: data.len(),
            ..Default::default()
        };
        let mut packed = Vec::new();
        BrotliCompress(&mut &data[..], &mut packed, &params)?;
        Ok(packed)
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        let mut data = Vec::with_capacity(len);
        BrotliDecompress(&mut &packed[..], &mut data)?;
        Ok(data)
    }
}
