//! gzip -9.

use std::io::{Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// gzip at its highest level.
pub struct Gzip;

impl Codec for Gzip {
    fn name(&self) -> &'static str {
        "gzip -9"
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data)?;
        Ok(encoder.finish()?)
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        let mut data = Vec::with_capacity(len);
        GzDecoder::new(packed).read_to_end(&mut data)?;
        Ok(data)
    }
}
