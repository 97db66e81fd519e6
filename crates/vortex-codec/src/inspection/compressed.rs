//! A compressed file: members, blocks, and the cost of each symbol of the largest member.

use std::io::{Read, Seek};

use vortex_coder::container::{BlockInfo, IndexedReader, MemberInfo};

use super::{BlockCounts, MemberCosts, count_blocks, largest_member, member_costs, predictor_of};
use crate::error::{Error, ErrorKind, Result};

/// An open compressed file, and what its parts say without being decoded.
pub struct Compressed<R: Read + Seek> {
    reader: IndexedReader<R>,
    /// The members, in the order of the file.
    pub members: Vec<MemberInfo>,
    /// The blocks of each member.
    pub counts: Vec<BlockCounts>,
    /// The largest member, and the costs of its symbols under its predictor, or why they are not
    /// known; `None` for a file without members.
    pub costs: Option<(usize, Result<MemberCosts>)>,
}

impl<R: Read + Seek> Compressed<R> {
    /// Reads the index and measures the first bytes of the largest member.
    ///
    /// # Errors
    /// Those of reading. A model that is missing or cannot be used is no error here.
    pub fn of(mut reader: IndexedReader<R>, threads: usize) -> Result<Self> {
        let members: Vec<MemberInfo> = reader.members().cloned().collect();
        let counts = (0..members.len()).map(|number| count_blocks(&mut reader, number));
        let counts = counts.collect::<Result<_>>()?;
        let mut costs = None;
        if let Some(number) = largest_member(&reader) {
            let of_member = match predictor_of(&mut reader, number) {
                Ok(model) => Ok(member_costs(&mut reader, number, &*model, threads)?),
                Err(error) if is_of_a_model(&error) => Err(error),
                Err(error) => return Err(error),
            };
            costs = Some((number, of_member));
        }
        Ok(Self { reader, members, counts, costs })
    }

    /// Number of original bytes of all members.
    pub fn original_bytes(&self) -> u64 {
        self.reader.len()
    }

    /// Number of bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.reader.file_bytes()
    }

    /// The blocks of a member.
    ///
    /// # Errors
    /// Those of reading.
    pub fn blocks(&mut self, member: usize) -> Result<Vec<BlockInfo>> {
        Ok(self.reader.blocks(member)?)
    }
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
