//! The places of the tensors of a safetensors file, from its header only.
//!
//! The file: the length of the header as `u64`, the header, JSON, and the data. The data must be
//! complete, but gaps, unknown types and bytes after the last tensor are allowed and kept.

use std::io::Read;

use serde_json::{Map, Value};

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};

/// Longest header that is read, as in the safetensors library.
pub const MAX_HEADER_BYTES: u64 = 100_000_000;

/// A run of bytes with one meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Name of the tensor; none for gaps.
    pub name: Option<String>,
    pub dtype: DType,
    /// `None` for all bytes up to the end of the file.
    pub bytes: Option<u64>,
    /// Values per row, 0 without rows.
    pub row: usize,
    /// Offset of the same tensor in the base.
    pub base: Option<u64>,
}

impl Segment {
    /// Bytes up to the end of the file.
    pub(crate) fn rest(dtype: DType) -> Self {
        Self { name: None, dtype, bytes: None, row: 0, base: None }
    }

    /// Bytes that do not belong to a tensor.
    pub(crate) fn gap(bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..Self::rest(DType::Bytes) }
    }
}

/// The start of a safetensors file.
#[derive(Debug)]
pub(crate) struct Header {
    /// Length and JSON, unchanged.
    pub bytes: Vec<u8>,
    /// The segments after the header, in order; the last one has no end.
    pub segments: Vec<Segment>,
}

/// Reads only the header.
pub(crate) fn read_header(source: &mut dyn Read) -> Result<Header> {
    let foreign = |why: String| {
        Error::new(ErrorKind::NotSafetensors, format!("is not a safetensors file: {why}"))
    };
    let mut bytes = Vec::new();
    source.take(8).read_to_end(&mut bytes)?;
    let Ok(length) = <[u8; 8]>::try_from(&bytes[..]) else {
        return Err(foreign(format!("it has {} bytes", bytes.len())));
    };
    let length = u64::from_le_bytes(length);
    if !(2..=MAX_HEADER_BYTES).contains(&length) {
        return Err(foreign(format!(
            "its header would have {length} bytes, but 2 to {MAX_HEADER_BYTES} are possible"
        )));
    }
    source.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length + 8 {
        return Err(foreign(format!(
            "its header should have {length} bytes, but ends after {}",
            bytes.len() - 8
        )));
    }
    let header: Map<String, Value> = serde_json::from_slice(&bytes[8..])
        .map_err(|e| foreign(format!("its header is not a JSON object ({e})")))?;
    let mut tensors = Vec::new();
    for (name, value) in header {
        if name != "__metadata__" {
            let tensor = Tensor::of(&value)
                .ok_or_else(|| foreign(format!("the entry of tensor {name} is incomplete")))?;
            tensors.push((tensor, name));
        }
    }
    tensors.sort_by_key(|(tensor, _)| (tensor.begin, tensor.end));
    let mut segments = Vec::new();
    let mut at = 0;
    for (tensor, name) in tensors {
        // Overlapping tensors are not allowed, but their bytes must be kept too.
        if tensor.begin < at || tensor.begin == tensor.end {
            continue;
        }
        if tensor.begin > at {
            segments.push(Segment::gap(tensor.begin - at));
        }
        at = tensor.end;
        segments.push(Segment {
            name: Some(name),
            dtype: tensor.dtype,
            bytes: Some(tensor.end - tensor.begin),
            row: tensor.row,
            base: None,
        });
    }
    Ok(Header { bytes, segments })
}

/// A tensor that the header of a safetensors file lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// Its name.
    pub name: String,
    /// Its type, as in the header.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// Offset of its bytes in the file.
    pub offset: u64,
    /// Number of its bytes.
    pub bytes: u64,
}

/// The tensors that a file lists, in the order of their bytes; `source` reads the file from its
/// start.
pub(crate) fn entries(source: &mut dyn Read) -> Result<Vec<TensorEntry>> {
    let header = read_header(source)?;
    let json: Map<String, Value> = serde_json::from_slice(&header.bytes[8..]).unwrap_or_default();
    let mut offset = header.bytes.len() as u64;
    let mut entries = Vec::new();
    for segment in header.segments {
        let bytes = segment.bytes.unwrap_or(0);
        if let Some(name) = segment.name {
            let entry = json.get(&name);
            let dtype = entry.and_then(|e| e.get("dtype")?.as_str()).unwrap_or_default().into();
            let shape = entry.and_then(|e| e.get("shape")?.as_array());
            let shape = shape.into_iter().flatten().filter_map(Value::as_u64).collect();
            entries.push(TensorEntry { name, dtype, shape, offset, bytes });
        }
        offset = offset.saturating_add(bytes);
    }
    Ok(entries)
}

struct Tensor {
    begin: u64,
    end: u64,
    dtype: DType,
    row: usize,
}

impl Tensor {
    fn of(entry: &Value) -> Option<Self> {
        let offsets = entry.get("data_offsets")?.as_array()?;
        let [begin, end] = &offsets[..] else { return None };
        let (begin, end) = (begin.as_u64()?, end.as_u64()?);
        // Unknown types are treated as bytes.
        let dtype = DType::parse(entry.get("dtype")?.as_str()?).unwrap_or(DType::Bytes);
        let shape: Option<Vec<u64>> =
            entry.get("shape")?.as_array()?.iter().map(Value::as_u64).collect();
        let row = match &shape?[..] {
            [_, row @ ..] if !row.is_empty() => {
                row.iter().try_fold(1u64, |product, &n| product.checked_mul(n)).unwrap_or(0)
            }
            _ => 0,
        };
        let row = usize::try_from(row).unwrap_or(0);
        (begin <= end).then_some(Self { begin, end, dtype, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(json: &str) -> Vec<u8> {
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes
    }

    #[test]
    fn tensors_in_order_and_gaps() {
        let json = r#"{"b":{"dtype":"F4","shape":[8],"data_offsets":[20,24]},"__metadata__":{"x":"y"},
            "a":{"dtype":"BF16","shape":[2,1,2],"data_offsets":[0,8]},"e":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#;
        let header = read_header(&mut &file(json)[..]).unwrap();
        let segments: Vec<_> =
            header.segments.iter().map(|s| (s.name.as_deref(), s.dtype, s.bytes, s.row)).collect();
        assert_eq!(
            segments,
            [
                (Some("a"), DType::Bf16, Some(8), 2),
                (None, DType::Bytes, Some(12), 0),
                (Some("b"), DType::Bytes, Some(4), 0),
            ]
        );
        assert_eq!(header.bytes, file(json));
    }

    #[test]
    fn other_files_are_refused() {
        let cases: [&[u8]; 7] = [
            b"",
            b"hello",
            b"hello world, this is no header",
            &file("[]"),
            &file("{\"a\":1}"),
            &file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#),
            &[255; 16],
        ];
        for case in cases {
            let error = read_header(&mut &case[..]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotSafetensors, "{error}");
        }
        let cut = file("{}         ");
        assert!(read_header(&mut &cut[..cut.len() - 1]).is_err());
    }
}
