//! The first look at a block: it finds the contents of the block and the contexts that are worth
//! their time. Only the encoder does this; it stores its decisions in the block's [`Plan`].

mod alignment;
mod distances;
mod form;
mod low_bytes;
mod noise;
mod partners;
mod segments;
mod sums;
mod words;

pub use words::{Stretch, stretches};

use super::level::Level;
use super::plan::{Plan, Reading, most_slots_log2};
use crate::error::Result;
use crate::layout::RecordLayout;

/// The plan of a block of whole records.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn plan(level: Level, layout: &RecordLayout, bytes: &[u8]) -> Result<Plan> {
    let slots_log2 = |contexts| level.slots_log2().min(most_slots_log2(bytes.len(), contexts));
    if layout.stride() == 1 {
        let contexts = level.region_contexts();
        let reading = Reading::Regions(segments::find(bytes)?);
        return Ok(Plan { slots_log2: slots_log2(contexts), contexts, reading });
    }
    let contexts = level.record_contexts();
    let partners = partners::find(layout, bytes);
    let flat = noise::find(layout, &partners, bytes)?;
    let reading = Reading::Records { flat, partners };
    Ok(Plan { slots_log2: slots_log2(contexts), contexts, reading })
}
