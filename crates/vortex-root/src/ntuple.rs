//! RNTuples, ROOT's format since version 6.34: columns of elements in pages, described by
//! envelopes.

use crate::bytes::FileBytes;
use crate::error::{Fault, Outcome};
use crate::layout::Column;
use crate::limits::{MAX_EXPANSION, MIN_EXPANDED_BYTES};

mod anchor;
mod clusters;
mod elements;
mod encoding;
mod envelope;
mod frames;
mod pages;
mod plan;
mod schema;
#[cfg(test)]
mod tests;
mod widen;

pub(crate) use pages::Pages;

use anchor::Anchor;
use clusters::{Clusters, Run};
use envelope::{Envelope, Kind};
use plan::Plan;
use schema::Schema;

/// The description of an RNTuple.
#[derive(Debug)]
pub(crate) struct Ntuple {
    schema: Schema,
    clusters: Clusters,
    plans: Vec<Plan>,
}

impl Ntuple {
    /// Reads the description from the object in the file, and lists the columns.
    pub(crate) fn open(file: &FileBytes, object: &[u8]) -> Outcome<(Self, Vec<Column>)> {
        let anchor = Anchor::parse(object)?;
        let header = Envelope::read(file, anchor.header, Kind::Header)?;
        let mut schema = Schema::default();
        let mut frames = header.frames();
        frames.features()?;
        for _ in ["name", "description", "writer"] {
            frames.string()?;
        }
        schema.extend(&mut frames)?;

        let footer = Envelope::read(file, anchor.footer, Kind::Footer)?;
        let mut frames = footer.frames();
        frames.features()?;
        let checksum = frames.u64()?;
        if checksum != header.checksum {
            return Err(Fault::corrupt(format!(
                "the footer is for header {checksum:016x}, but this is {:016x}",
                header.checksum
            )));
        }
        let mut extension = frames.record()?;
        if !extension.is_empty() {
            schema.extend(&mut extension)?;
        }
        let clusters = Clusters::read(file, &mut frames, header.checksum)?;
        let (columns, plans) = plan::columns(&schema)?;
        let ntuple = Self { schema, clusters, plans };
        ntuple.check(file, anchor.max_key_bytes)?;
        Ok((ntuple, columns))
    }

    pub(crate) fn entries(&self) -> u64 {
        self.clusters.entries
    }

    /// Pages may share their bytes, so a small file can state many elements; a factor that no real
    /// file reaches bounds them.
    fn check(&self, file: &FileBytes, max_key_bytes: u64) -> Outcome<()> {
        let limit = file.len().saturating_mul(MAX_EXPANSION).max(MIN_EXPANDED_BYTES);
        let entries = self.clusters.entries;
        if entries > limit {
            return Err(Fault::limit("entries in a file of this size", entries, limit));
        }
        let mut bytes = 0u64;
        for cluster in 0..self.clusters.len() {
            let listed = self.clusters.n_columns(cluster);
            for (number, column) in self.schema.columns.iter().enumerate().take(listed) {
                let Run::Pages(pages) = self.clusters.run(cluster, number) else { continue };
                let Ok(encoding) = &column.encoding else { continue };
                for page in pages {
                    bytes = bytes
                        .saturating_add(u64::from(page.elements) * encoding.decoded_bytes() as u64);
                    // Some writers leave the largest key at zero.
                    if max_key_bytes > 0 && page.locator.size > max_key_bytes {
                        return Err(Fault::unsupported(format!(
                            "a page of {} bytes in several keys of at most {max_key_bytes}; \
                             rewrite the data with smaller pages",
                            page.locator.size
                        ))
                        .at(page.locator.offset));
                    }
                }
            }
        }
        if bytes > limit {
            return Err(Fault::limit("bytes of values in a file of this size", bytes, limit));
        }
        Ok(())
    }
}
