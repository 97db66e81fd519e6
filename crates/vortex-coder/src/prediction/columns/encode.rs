//! A block of records to columns.

use zstd::bulk::Compressor;

use super::head::{Head, Method};
use super::level::Level;
use super::look::Look;
use super::pcodec;
use super::trial::Trial;
use crate::cost::COST_ONE_BIT;
use crate::error::Result;
use crate::layout::RecordLayout;

/// A column as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Coded {
    pub head: Head,
    pub bytes: Vec<u8>,
}

impl Coded {
    /// These bytes, and nothing special in the head.
    pub(super) fn of(method: Method, bytes: Vec<u8>) -> Self {
        Self { head: Head { method, bytes: bytes.len(), ..Head::constant(0) }, bytes }
    }

    /// Bytes of both.
    pub(super) fn size(&self) -> usize {
        let mut head = Vec::new();
        self.head.write_to(&mut head);
        head.len() + self.bytes.len()
    }
}

/// The columns of a block, in the order of the fields.
pub(super) struct Columns(Vec<Coded>);

/// Whole records as columns.
///
/// # Errors
/// Those of the codecs, of which there are none for what can be a block.
pub(super) fn encode(
    layout: &RecordLayout,
    level: Level,
    zstd: &mut Compressor<'_>,
    bytes: &[u8],
) -> Result<Columns> {
    let fields = layout.schema().fields();
    let columns = layout.to_columns(bytes);
    let look = Look::new(&columns, level);
    let mut coded: Vec<Option<Coded>> = vec![None; fields.len()];
    for (rank, &index) in look.order.iter().enumerate() {
        let mut trial = Trial { field: &fields[index], index, columns: &columns, level, zstd };
        coded[index] = Some(trial.best(&look, &look.order[..rank])?);
    }
    let coded = coded.into_iter().map(|coded| coded.expect("each has its turn"));
    Ok(Columns(coded.collect()))
}

impl Columns {
    /// The bytes of the block.
    pub(super) fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.iter().map(|column| 16 + column.bytes.len()).sum());
        pcodec::write_version(&mut out);
        self.0.iter().for_each(|column| column.head.write_to(&mut out));
        self.0.iter().for_each(|column| out.extend(&column.bytes));
        out
    }

    /// The bytes of each column, shared equally by the roles of its field, in units of 2^-16 bits.
    pub(super) fn costs(&self, layout: &RecordLayout) -> Vec<u64> {
        let mut costs = vec![0; layout.roles().len()];
        for (index, column) in self.0.iter().enumerate() {
            let roles = layout.roles_of(index);
            let bits = 8 * column.size() as u64 * u64::from(COST_ONE_BIT);
            let share = bits / roles.len() as u64;
            costs[roles].fill(share);
        }
        costs
    }
}
