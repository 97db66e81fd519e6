//! zstd at several levels.

use vortex_coder::schema::Schema;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, DParameter};

use super::{Codec, Outcome};

/// Window of `--long`, as a power of two.
const LONG_WINDOW: u32 = 27;

/// zstd at one level.
pub struct Zstd {
    name: &'static str,
    level: i32,
    /// Whether it looks for repetitions in a window of 128 MiB.
    long: bool,
}

impl Zstd {
    /// `zstd -1`.
    pub const FAST: Self = Self { name: "zstd -1", level: 1, long: false };
    /// `zstd -3`, its default.
    pub const DEFAULT: Self = Self { name: "zstd -3", level: 3, long: false };
    /// `zstd -9`.
    pub const NINE: Self = Self { name: "zstd -9", level: 9, long: false };
    /// `zstd -19`, the highest level that it offers without `--ultra`.
    pub const HIGH: Self = Self { name: "zstd -19", level: 19, long: false };
    /// `zstd --ultra -22 --long=27`.
    pub const ULTRA: Self = Self { name: "zstd -22 --long", level: 22, long: true };
}

impl Codec for Zstd {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compress(&self, data: &[u8], _: &Schema) -> Outcome<Vec<u8>> {
        let mut compressor = Compressor::new(self.level)?;
        if self.long {
            compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
            compressor.set_parameter(CParameter::WindowLog(LONG_WINDOW))?;
        }
        Ok(compressor.compress(data)?)
    }

    fn decompress(&self, packed: &[u8], len: usize, _: &Schema) -> Outcome<Vec<u8>> {
        let mut decompressor = Decompressor::new()?;
        decompressor.set_parameter(DParameter::WindowLogMax(LONG_WINDOW))?;
        Ok(decompressor.decompress(packed, len)?)
    }
}
