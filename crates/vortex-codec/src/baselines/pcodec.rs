//! pcodec level 12, column by column: the best classical codec on most tables of numbers.

use pco::ChunkConfig;
use pco::data_types::Number;
use pco::standalone::{simple_compress, simple_decompress};
use vortex_coder::schema::{DType, Field, Schema};

use super::{Codec, Outcome};

/// pcodec over each column as its own number type; columns of single bytes go to zstd -19.
///
/// Layout: for each column a u32 length and its bytes, then the bytes of an unfinished record.
pub struct Pcodec;

impl Codec for Pcodec {
    fn name(&self) -> &'static str {
        "pcodec 12"
    }

    fn compress(&self, data: &[u8], schema: &Schema) -> Outcome<Vec<u8>> {
        let whole = data.len() - data.len() % schema.stride();
        let mut packed = Vec::new();
        for field in schema.fields() {
            let column = gather(&data[..whole], schema.stride(), field);
            let bytes = pack(&column, field)?;
            let len = u32::try_from(bytes.len()).map_err(|_| "a column larger than 4 GiB")?;
            packed.extend_from_slice(&len.to_le_bytes());
            packed.extend_from_slice(&bytes);
        }
        packed.extend_from_slice(&data[whole..]);
        Ok(packed)
    }

    fn decompress(&self, mut packed: &[u8], len: usize, schema: &Schema) -> Outcome<Vec<u8>> {
        let stride = schema.stride();
        let whole = len - len % stride;
        let mut data = vec![0; len];
        for field in schema.fields() {
            let (head, rest) = packed.split_first_chunk::<4>().ok_or("cut short")?;
            let (column, rest) =
                rest.split_at_checked(u32::from_le_bytes(*head) as usize).ok_or("cut short")?;
            let column = unpack(column, field, whole / stride)?;
            if column.len() != whole / stride * field.dtype.size() {
                return Err("a column of a wrong length".into());
            }
            scatter(&column, &mut data[..whole], stride, field);
            packed = rest;
        }
        if packed.len() != len - whole {
            return Err("a tail of a wrong length".into());
        }
        data[whole..].copy_from_slice(packed);
        Ok(data)
    }
}

/// The little-endian bytes of one column.
fn gather(records: &[u8], stride: usize, field: &Field) -> Vec<u8> {
    let (offset, size) = (field.offset as usize, field.dtype.size());
    let mut column = Vec::with_capacity(records.len() / stride * size);
    for record in records.chunks_exact(stride) {
        let start = column.len();
        column.extend_from_slice(&record[offset..offset + size]);
        if field.big_endian {
            column[start..].reverse();
        }
    }
    column
}

fn scatter(column: &[u8], records: &mut [u8], stride: usize, field: &Field) {
    let (offset, size) = (field.offset as usize, field.dtype.size());
    for (record, value) in records.chunks_exact_mut(stride).zip(column.chunks_exact(size)) {
        let place = &mut record[offset..offset + size];
        place.copy_from_slice(value);
        if field.big_endian {
            place.reverse();
        }
    }
}

fn numbers<T: Number, const N: usize>(column: &[u8], from: fn([u8; N]) -> T) -> Outcome<Vec<u8>> {
    let (values, _) = column.as_chunks::<N>();
    let values: Vec<T> = values.iter().map(|&v| from(v)).collect();
    Ok(simple_compress(&values, &ChunkConfig::default().with_compression_level(12))?)
}

fn column<T: Number, const N: usize>(packed: &[u8], to: fn(T) -> [u8; N]) -> Outcome<Vec<u8>> {
    Ok(simple_decompress::<T>(packed)?.into_iter().flat_map(to).collect())
}

fn pack(bytes: &[u8], field: &Field) -> Outcome<Vec<u8>> {
    match field.dtype {
        DType::U8 | DType::I8 | DType::Bool => Ok(zstd::bulk::compress(bytes, 19)?),
        DType::U16 | DType::Bf16 => numbers(bytes, u16::from_le_bytes),
        DType::I16 => numbers(bytes, i16::from_le_bytes),
        DType::F16 => numbers(bytes, half::f16::from_le_bytes),
        DType::U32 => numbers(bytes, u32::from_le_bytes),
        DType::I32 => numbers(bytes, i32::from_le_bytes),
        DType::F32 => numbers(bytes, f32::from_le_bytes),
        DType::U64 => numbers(bytes, u64::from_le_bytes),
        DType::I64 => numbers(bytes, i64::from_le_bytes),
        DType::F64 => numbers(bytes, f64::from_le_bytes),
    }
}

fn unpack(packed: &[u8], field: &Field, n: usize) -> Outcome<Vec<u8>> {
    match field.dtype {
        DType::U8 | DType::I8 | DType::Bool => Ok(zstd::bulk::decompress(packed, n)?),
        DType::U16 | DType::Bf16 => column(packed, u16::to_le_bytes),
        DType::I16 => column(packed, i16::to_le_bytes),
        DType::F16 => column(packed, half::f16::to_le_bytes),
        DType::U32 => column(packed, u32::to_le_bytes),
        DType::I32 => column(packed, i32::to_le_bytes),
        DType::F32 => column(packed, f32::to_le_bytes),
        DType::U64 => column(packed, u64::to_le_bytes),
        DType::I64 => column(packed, i64::to_le_bytes),
        DType::F64 => column(packed, f64::to_le_bytes),
    }
}
