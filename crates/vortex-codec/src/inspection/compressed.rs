//! A compressed file: members, blocks, and the cost of each symbol of the largest member.

use std::cmp::Reverse;
use std::io::{Read, Seek};
use std::sync::Arc;

use vortex_coder::container::{IndexedReader, MemberInfo, Method};
use vortex_coder::cost::COST_ONE_BIT;
use vortex_coder::{AdaptiveModel, Model, Schema};

use super::costs::costs_by_role;
use super::fields::{FieldRow, field_rows};
use crate::error::{Error, ErrorKind, Result};

/// Number of original bytes, from the start of a member, whose costs are measured.
const SAMPLE_BYTES: u64 = 4 << 20;

/// What the parts of a compressed file say, and the costs of the symbols of its largest member.
pub struct Compressed {
    /// Original bytes of all members.
    pub original_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The members, in the order of the file.
    pub members: Vec<MemberInfo>,
    /// The blocks of each member.
    pub counts: Vec<BlockCounts>,
    /// The number of the largest member, and its costs or why they are not known; `None` for a file
    /// without members.
    pub costs: Option<(usize, Result<MemberCosts>)>,
}

impl Compressed {
    /// Reads the headers, and decodes the first 4 MiB of the largest member. `threads` is 0 for one
    /// thread per core.
    ///
    /// # Errors
    /// Those of reading. A model that is missing or cannot be used is no error here.
    pub fn of<R: Read + Seek>(reader: &mut IndexedReader<R>, threads: usize) -> Result<Self> {
        let members: Vec<MemberInfo> = reader.members().cloned().collect();
        let counts = (0..members.len()).map(|number| count_blocks(reader, number));
        let counts = counts.collect::<Result<_>>()?;
        let mut costs = None;
        if let Some(number) = largest_member(reader) {
            let of_member = match predictor_of(reader, number) {
                Ok(model) => Ok(member_costs(reader, number, &*model, threads)?),
                Err(error) if is_of_a_model(&error) => Err(error),
                Err(error) => return Err(error),
            };
            costs = Some((number, of_member));
        }
        let (original_bytes, file_bytes) = (reader.len(), reader.file_bytes());
        Ok(Self { original_bytes, file_bytes, members, counts, costs })
    }
}

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
fn largest_member<R: Read + Seek>(reader: &IndexedReader<R>) -> Option<usize> {
    let members = reader.members().enumerate();
    members.min_by_key(|(_, member)| Reverse(member.original_bytes)).map(|(number, _)| number)
}

/// The predictor of the blocks of a member; the built-in predictor for a member without one.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] for a member that does not exist; the errors of models
/// that are not found or not usable.
pub(crate) fn predictor_of<R: Read + Seek>(
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
fn member_costs<R: Read + Seek>(
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

/// Whether the error comes from the model or from running it, so that the rest of the file can
/// still be described.
fn is_of_a_model(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::MissingModel
            | ErrorKind::WrongModel
            | ErrorKind::UnusableModel
            | ErrorKind::UnsupportedVersion
            | ErrorKind::SelfTest
    )
}
