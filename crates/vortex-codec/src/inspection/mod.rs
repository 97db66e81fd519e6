//! Inspection of files: the cost of the symbols of raw data without context, and the cost of the
//! symbols of a compressed file under its predictor.

mod compressed;
mod fields;
mod raw;
mod values;

use std::cmp::Reverse;
use std::io::{Read, Seek};
use std::sync::Arc;

use vortex_coder::container::{IndexedReader, MemberInfo, Method};
use vortex_coder::cost::COST_ONE_BIT;
use vortex_coder::{AdaptiveModel, Model, RecordLayout, Schema};

use crate::error::{Error, Result};
use crate::evaluation::costs_by_role;

pub use compressed::Compressed;
pub use fields::{FieldRow, field_rows};
pub use raw::RawData;
pub use values::{ValueEntropy, value_entropies};

/// Number of original bytes, from the start of a member, whose costs are measured.
const SAMPLE_BYTES: u64 = 4 << 20;

/// Blocks of a member by method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Coded with the predictor.
    pub modelled: usize,
    /// zstd frames.
    pub zstd: usize,
    /// Stored unchanged.
    pub raw: usize,
    /// Bytes of their payloads altogether, without headers.
    pub payload_bytes: u64,
}

/// The costs of the symbols of a member under its predictor.
#[derive(Clone, Debug)]
pub struct MemberCosts {
    /// Schema of the records.
    pub schema: Schema,
    /// Number of bytes that were measured, from the start of the member.
    pub sample_bytes: u64,
    /// Mean bits of each symbol of each field, in coding order; `None` for a member without a
    /// predictor.
    pub bits: Option<Vec<Vec<f64>>>,
    /// What is known of each field, with entropies of the same bytes.
    pub fields: Vec<FieldRow>,
}

/// Counts the blocks of a member.
///
/// # Errors
/// As for reading.
pub fn count_blocks<R: Read + Seek>(
    reader: &mut IndexedReader<R>,
    member: usize,
) -> Result<BlockCounts> {
    let mut counts = BlockCounts::default();
    for block in reader.blocks(member)? {
        *match block.header.method {
            Method::Modelled => &mut counts.modelled,
            Method::Zstd => &mut counts.zstd,
            Method::Raw => &mut counts.raw,
        } += 1;
        counts.payload_bytes += u64::from(block.header.payload_bytes);
    }
    Ok(counts)
}

/// The member with the most original bytes: for an archive of datasets it shows more than the
/// manifest.
pub fn largest_member<R: Read + Seek>(reader: &IndexedReader<R>) -> Option<usize> {
    let members = reader.members().enumerate();
    members.min_by_key(|(_, member)| Reverse(member.original_bytes)).map(|(number, _)| number)
}

/// The predictor of the blocks of a member; the built-in predictor for a member without one.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] for a member that does not exist; the errors of models
/// that are not found or not usable.
pub fn predictor_of<R: Read + Seek>(
    reader: &mut IndexedReader<R>,
    member: usize,
) -> Result<Arc<dyn Model>> {
    let info = member_of(reader, member)?;
    if let Some(model) = reader.model(member)? {
        return Ok(model);
    }
    let schema = info.schema.as_deref().cloned();
    Ok(Arc::new(AdaptiveModel::new(schema.unwrap_or_else(Schema::bytes))))
}

/// Measures the first bytes of a member.
///
/// # Errors
/// As [`predictor_of`] and for reading.
pub fn member_costs<R: Read + Seek>(
    reader: &mut IndexedReader<R>,
    member: usize,
    model: &dyn Model,
    threads: usize,
) -> Result<MemberCosts> {
    let info = member_of(reader, member)?;
    let layout = model.layout();
    let stride = layout.stride() as u64;
    let sample = info.original_bytes.min(SAMPLE_BYTES);
    let sample_bytes = if sample < stride { sample } else { sample - sample % stride };
    // At most a few MiB.
    let bytes = reader.read_range(info.original_offset, sample_bytes as usize)?;
    let costs = match info.predictor {
        Some(_) => Some(costs_by_role(&bytes, model, info.block_bytes, threads)?),
        None => None,
    };
    let records = (sample_bytes / stride).max(1) as f64;
    let bits = costs.map(|costs| {
        let bits = |role: usize| costs[role] as f64 / f64::from(COST_ONE_BIT) / records;
        (0..layout.n_fields()).map(|field| layout.roles_of(field).map(bits).collect()).collect()
    });
    let fields = field_rows(&bytes, layout.schema());
    Ok(MemberCosts { schema: layout.schema().clone(), sample_bytes, bits, fields })
}

fn member_of<R: Read + Seek>(reader: &IndexedReader<R>, member: usize) -> Result<MemberInfo> {
    let missing = || {
        let n = reader.members().len();
        Error::invalid_argument(format!("member {member}; the file has {n}, counted from 0"))
    };
    reader.members().nth(member).cloned().ok_or_else(missing)
}

/// Entropy in bits of each symbol of each field over the whole records of `bytes`, without context.
pub fn entropies(bytes: &[u8], schema: &Schema) -> Vec<Vec<f64>> {
    let layout = RecordLayout::new(schema.clone());
    let n_roles = layout.roles().len();
    let mut counts = vec![[0u64; 256]; n_roles];
    let mut symbols = vec![0; n_roles];
    let mut before = None;
    for record in bytes.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        for (counts, &symbol) in counts.iter_mut().zip(&symbols) {
            counts[usize::from(symbol)] += 1;
        }
    }
    (0..layout.n_fields())
        .map(|field| layout.roles_of(field).map(|role| entropy(&counts[role])).collect())
        .collect()
}

fn entropy(counts: &[u64; 256]) -> f64 {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| n as f64 / total * (total / n as f64).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::{DType, Field};

    #[test]
    fn entropies_of_known_columns() {
        let schema = Schema::new(
            3,
            vec![Field::new("constant", DType::U8, 0), Field::new("counter", DType::U16, 1)],
        )
        .unwrap();
        let bytes: Vec<u8> =
            (0..512u16).flat_map(|i| [7, i.to_le_bytes()[0], i.to_le_bytes()[1]]).collect();
        let bits = entropies(&bytes, &schema);
        assert_eq!(bits[0], [0.0]);
        // Most significant first: two values of the high byte, 256 of the low one.
        assert!((bits[1][0] - 1.0).abs() < 1e-12 && (bits[1][1] - 8.0).abs() < 1e-12, "{bits:?}");
        assert!(entropies(b"", &Schema::bytes())[0][0] == 0.0);
    }
}
