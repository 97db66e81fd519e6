//! bzip2 -9.

use std::io::{Read, Write};

use bzip2::{Compression, read::BzDecoder, write::BzEncoder};
use vortex_coder::schema::Schema;

use super::{Codec, Outcome};

/// bzip2 with its largest blocks.
pub struct Bzip2;

impl Codec for Bzip2 {
    fn name(&self) -> &'static str {
        "bzip2 -9"
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        let mut encoder = BzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data)?;
        Ok(encoder.finish()?)
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        let mut data = Vec::with_capacity(len);
        BzDecoder::new(packed).read_to_end(&mut data)?;
        Ok(data)
    }
}
