//! The codecs that Vortex is compared with, one file each, and the measurement: every codec
//! compresses and decompresses the same bytes in this run, and the decoded bytes are compared.

mod bit_planes;
mod brotli;
mod bzip2;
mod gzip;
mod lz4;
mod pcodec;
mod rivals;
mod transposed;
mod xz;
mod zstd;

use std::time::{Duration, Instant};

use vortex_coder::schema::Schema;

use crate::error::{Error, ErrorKind, Result};

pub use rivals::Rivals;

/// The result of a codec, or the error of its library.
pub type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A lossless codec over a whole buffer. The schema is for codecs that use records.
pub trait Codec: Sync {
    /// Its usual name, with its settings.
    fn name(&self) -> &'static str;

    /// Compresses `data`.
    ///
    /// # Errors
    /// Those of its library.
    fn compress(&self, data: &[u8], schema: &Schema) -> Outcome<Vec<u8>>;

    /// Decompresses the output of `compress` for `len` bytes with the same schema.
    ///
    /// # Errors
    /// Those of its library, and for bytes that `compress` did not make.
    fn decompress(&self, packed: &[u8], len: usize, schema: &Schema) -> Outcome<Vec<u8>>;
}

/// One codec's size and speed on one buffer, decoded and compared.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The codec.
    pub name: String,
    /// Compressed bytes, everything included.
    pub bytes: u64,
    /// Time to compress.
    pub encode: Duration,
    /// Time to decompress.
    pub decode: Duration,
}

/// Which baselines to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Choice {
    /// No baselines.
    #[default]
    None,
    /// gzip, zstd and xz.
    Few,
    /// All codecs that are known for small files.
    All,
    /// Also their faster levels, and codecs that are known for speed.
    Wide,
}

/// The baselines of a choice, in the order of the table.
pub fn list(choice: Choice) -> Vec<Box<dyn Codec>> {
    let mut codecs: Vec<Box<dyn Codec>> = Vec::new();
    if choice >= Choice::Wide {
        codecs.push(Box::new(lz4::Lz4));
        codecs.push(Box::new(zstd::Zstd::FAST));
        codecs.push(Box::new(zstd::Zstd::DEFAULT));
        codecs.push(Box::new(zstd::Zstd::NINE));
        codecs.push(Box::new(zstd::Zstd::ULTRA));
        codecs.push(Box::new(xz::Xz::DEFAULT));
        codecs.push(Box::new(bit_planes::BitPlanes {
            inner: zstd::Zstd::HIGH,
            name: "bit planes + zstd -19",
        }));
    }
    if choice >= Choice::Few {
        codecs.push(Box::new(gzip::Gzip));
        codecs.push(Box::new(zstd::Zstd::HIGH));
        codecs.push(Box::new(xz::Xz::EXTREME));
    }
    if choice >= Choice::All {
        codecs.push(Box::new(xz::Xz::FOUR_BYTE));
        codecs.push(Box::new(bzip2::Bzip2));
        codecs.push(Box::new(brotli::Brotli));
        codecs.push(Box::new(transposed::Transposed {
            inner: zstd::Zstd::HIGH,
            name: "planes + zstd -19",
        }));
        codecs.push(Box::new(transposed::Transposed {
            inner: xz::Xz::EXTREME,
            name: "planes + xz -9e",
        }));
        codecs.push(Box::new(pcodec::Pcodec));
    }
    codecs
}

/// Runs one codec in both directions.
///
/// # Errors
/// [`ErrorKind::Baseline`] if it fails or does not give back the same bytes.
pub fn measure(codec: &dyn Codec, data: &[u8], schema: &Schema) -> Result<Measurement> {
    let failed = |what: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Baseline, format!("{}: {what}", codec.name()))
    };
    let start = Instant::now();
    let packed = codec.compress(data, schema).map_err(|error| failed(&error))?;
    let encode = start.elapsed();
    let start = Instant::now();
    let back = codec.decompress(&packed, data.len(), schema).map_err(|error| failed(&error))?;
    let decode = start.elapsed();
    if back != data {
        return Err(failed(&"did not give back the same bytes"));
    }
    Ok(Measurement { name: codec.name().into(), bytes: packed.len() as u64, encode, decode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field};

    fn field(name: &str, dtype: DType, big_endian: bool, offset: u32) -> Field {
        Field { big_endian, ..Field::new(name, dtype, offset) }
    }

    /// Records of 31 bytes with every number type that pcodec treats separately.
    fn mixed_schema() -> Schema {
        Schema::new(
            31,
            vec![
                field("byte", DType::U8, false, 0),
                field("half", DType::F16, false, 1),
                field("short", DType::I16, true, 3),
                field("float", DType::F32, false, 5),
                field("big", DType::F32, true, 9),
                field("double", DType::F64, false, 13),
                field("long", DType::I64, true, 21),
                field("flag", DType::Bool, false, 29),
                field("sign", DType::I8, false, 30),
            ],
        )
        .unwrap()
    }

    fn bytes(n: usize) -> Vec<u8> {
        let mut state = 12345u32;
        (0..n)
            .map(|i| {
                state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                if i % 31 < 4 { (i % 7) as u8 } else { (state >> 24) as u8 }
            })
            .collect()
    }

    #[test]
    fn every_codec_gives_back_every_length() {
        let schemas = [mixed_schema(), Schema::bytes()];
        for codec in list(Choice::Wide) {
            for schema in &schemas {
                for n in [0, 1, 30, 31, 32, 5000] {
                    let measured = measure(codec.as_ref(), &bytes(n), schema).unwrap();
                    assert_eq!(measured.name, codec.name());
                    assert!(measured.bytes > 0 || n == 0, "{} of {n} bytes", codec.name());
                }
            }
        }
    }

    #[test]
    fn planes_help_where_bytes_have_places() {
        // A slow counter in 4-byte records: planes are nearly constant runs.
        let data: Vec<u8> =
            (0..20_000u32).flat_map(|i| (i / 3 + 1_000_000).to_le_bytes()).collect();
        let schema = Schema::new(4, vec![field("counter", DType::U32, false, 0)]).unwrap();
        let size = |name: &str| {
            let codecs = list(Choice::Wide);
            let codec = codecs.iter().find(|c| c.name() == name).unwrap();
            measure(codec.as_ref(), &data, &schema).unwrap().bytes
        };
        assert!(size("planes + zstd -19") < size("zstd -19"));
        assert!(size("pcodec 12") < size("xz -9e"));
    }
}
