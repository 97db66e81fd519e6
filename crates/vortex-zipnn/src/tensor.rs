//! One tensor in, one `.vxc` member out, and back.

use vortex_coder::container::{Coder, Reader, Writer, WriterOptions};
use vortex_coder::{DType, Field, Result, Schema, Transform};

/// Compresses the little-endian values of a tensor. Any length is fine: bytes after the last
/// whole value are kept. The result is a complete `.vxc` file (`docs/format.md`), with checksums.
///
/// # Errors
/// None in practice: the writer's own, for memory that cannot be written to.
pub fn compress_tensor(bytes: &[u8], dtype: DType) -> Result<Vec<u8>> {
    let mut field = Field::new("weight", dtype, 0);
    field.transform = if dtype.size() == 1 { Transform::Identity } else { Transform::MsbFirst };
    let schema = Schema::new(dtype.size(), vec![field])?;
    let mut writer = Writer::new(Vec::new(), WriterOptions::new(Coder::Adaptive(schema)))?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.0)
}

/// The bytes that [`compress_tensor`] was given.
///
/// # Errors
/// Whatever is wrong with `packed`; see [`vortex_coder::ErrorKind`].
pub fn decompress_tensor(packed: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Reader::new(packed, Default::default()).copy_to(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(bytes: &[u8], dtype: DType) -> usize {
        let packed = compress_tensor(bytes, dtype).unwrap();
        assert_eq!(decompress_tensor(&packed).unwrap(), bytes);
        packed.len()
    }

    #[test]
    fn every_bit_pattern_of_every_dtype_comes_back() {
        let special =
            [f32::NAN, -f32::NAN, f32::INFINITY, -0.0, 1e-42, f32::from_bits(0x7f80_0001)];
        let floats: Vec<u8> = special.iter().flat_map(|v| v.to_le_bytes()).collect();
        let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for dtype in DType::ALL {
            round_trip(&floats, dtype);
            round_trip(&all, dtype);
            round_trip(&all[..all.len() - 1], dtype);
            round_trip(&[], dtype);
        }
    }

    #[test]
    fn noise_hardly_grows() {
        let mut state = 1u64;
        let noise: Vec<u8> = (0..1 << 20)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        assert!(round_trip(&noise, DType::F32) < noise.len() + noise.len() / 1000);
    }

    #[test]
    fn damage_is_an_error() {
        let packed = compress_tensor(&[1; 4000], DType::F32).unwrap();
        assert!(decompress_tensor(&packed[..packed.len() - 1]).is_err());
        let mut bad = packed.clone();
        bad[packed.len() / 2] ^= 4;
        assert!(decompress_tensor(&bad).is_err());
    }
}
