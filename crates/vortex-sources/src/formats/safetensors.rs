//! safetensors: a header of names, types and offsets, then the tensors.
//!
//! The header is a dataset of bytes, `(header)`; together with the tensors in the order of their
//! offsets it restores the file, byte for byte.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vortex_coder::schema::{DType, Schema};

use crate::error::{Error, Result};
use crate::fields::Fields;
use crate::pieces::{open_with_length, stream_range};
use crate::source::{DatasetInfo, Origin, Sink, Source};

/// Longest header, as in the reference implementation.
const MAX_HEADER_BYTES: u64 = 100_000_000;

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// Tensors of a file.
#[derive(Debug)]
pub struct SafetensorsSource {
    path: PathBuf,
    datasets: Vec<DatasetInfo>,
    /// Offset of each dataset in the file.
    starts: Vec<u64>,
}

impl SafetensorsSource {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] unless the tensors cover the file without gaps, as the
    /// format requires.
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |what: String| Error::source(path, "header", what);
        let (mut file, len) = open_with_length(path)?;
        let mut word = [0; 8];
        file.read_exact(&mut word).map_err(|_| refuse(format!("{len} bytes are too few")))?;
        let header_bytes = u64::from_le_bytes(word);
        if header_bytes > MAX_HEADER_BYTES || header_bytes.saturating_add(8) > len {
            return Err(refuse(format!(
                "of {header_bytes} bytes in a file of {len}; at most {MAX_HEADER_BYTES} are allowed"
            )));
        }
        let mut text = Vec::new();
        (&mut file).take(header_bytes).read_to_end(&mut text).map_err(|e| Error::io(path, e))?;
        let entries: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&text).map_err(|e| refuse(e.to_string()))?;
        let mut tensors = Vec::new();
        for (name, value) in entries {
            if name == "__metadata__" {
                continue;
            }
            let tensor: Tensor = serde_json::from_value(value)
                .map_err(|e| refuse(format!("tensor {name:?}: {e}")))?;
            tensors.push((name, tensor));
        }
        tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);

        let data = 8 + header_bytes;
        let mut source = Self { path: path.to_owned(), datasets: Vec::new(), starts: Vec::new() };
        source.add(DatasetInfo::bytes("(header)".into(), data), 0);
        let mut at = 0;
        for (name, tensor) in tensors {
            let [start, end] = tensor.data_offsets;
            let bytes = end.checked_sub(start).filter(|_| start == at);
            let Some(bytes) = bytes.filter(|_| end <= len - data) else {
                return Err(refuse(format!(
                    "tensor {name:?} has bytes {start}..{end}; the one before ends at {at}, the \
                     file at {}",
                    len - data
                )));
            };
            let schema = schema_of(&tensor.dtype);
            let elements = tensor.shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
            let whole = elements.and_then(|n| n.checked_mul(schema.stride() as u64));
            // Types unknown here are read as bytes, for any width.
            let known = schema != Schema::bytes();
            if (known && whole != Some(bytes)) || !bytes.is_multiple_of(schema.stride() as u64) {
                return Err(refuse(format!(
                    "tensor {name:?} of shape {:?} and type {} has {bytes} bytes",
                    tensor.shape, tensor.dtype
                )));
            }
            let n_records = bytes / schema.stride() as u64;
            let (shape, origin) = (tensor.shape, Origin::bytes());
            let info = DatasetInfo { name, schema, n_records, records_per_event: 1, shape, origin };
            source.add(info, data + start);
            at = end;
        }
        if at != len - data {
            return Err(refuse(format!("the tensors end at {at}, the file at {}", len - data)));
        }
        Ok(source)
    }

    fn add(&mut self, info: DatasetInfo, start: u64) {
        self.datasets.push(info);
        self.starts.push(start);
    }
}

fn schema_of(dtype: &str) -> Schema {
    let dtype = match dtype {
        "F64" => DType::F64,
        "F32" => DType::F32,
        "F16" => DType::F16,
        "BF16" => DType::Bf16,
        "I64" => DType::I64,
        "I32" => DType::I32,
        "I16" => DType::I16,
        "I8" => DType::I8,
        "U64" => DType::U64,
        "U32" => DType::U32,
        "U16" => DType::U16,
        "BOOL" => DType::Bool,
        _ => return Schema::bytes(),
    };
    let mut fields = Fields::default();
    fields.push("value", dtype, false, 0);
    fields.schema(dtype.size() as u64)
}

impl Source for SafetensorsSource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        stream_range(&self.path, &info.name, self.starts[dataset], info.n_bytes(), sink)
    }
}
