//! The first look at a block: it finds the contents of the block and the contexts that are worth
//! their time. Only the encoder does this; it stores its decisions in the block's [`Plan`].

mod alignment;
mod arrays;
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
use super::numbers::{Form, Numbers};
use super::plan::{Plan, Reading, bytes_are_symbols, most_slots_log2};
use super::record_contexts::Partners;
use super::regions::{Content, Region};
use crate::cdf::Cdf;
use crate::error::Result;
use crate::layout::RecordLayout;
use crate::predictor::{Coding, Predictor};

/// The plan of a block of whole records.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn plan(level: Level, layout: &RecordLayout, bytes: &[u8]) -> Result<Plan> {
    if layout.stride() == 1 { regions(level, bytes) } else { records(level, layout, bytes) }
}

/// The plan of a block of whole records of one number.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn plan_array(level: Level, layout: &RecordLayout, bytes: &[u8]) -> Result<Plan> {
    let [as_records, as_array] = [records(level, layout, bytes)?, regions(level, bytes)?];
    arrays::cheaper(layout, as_records, as_array, bytes)
}

fn regions(level: Level, bytes: &[u8]) -> Result<Plan> {
    let regions = segments::find(bytes)?;
    let floats: usize = regions.iter().filter(|region| is_float(region)).map(|r| r.bytes).sum();
    let contexts = level.region_contexts(2 * floats > bytes.len());
    Ok(with_slots(level, contexts, bytes, Reading::Regions(regions)))
}

fn is_float(region: &Region) -> bool {
    matches!(region.content, Content::Numbers(Numbers { form: Form::Float, .. }))
}

fn records(level: Level, layout: &RecordLayout, bytes: &[u8]) -> Result<Plan> {
    let (flat, partners) = look_at_records(layout, bytes)?;
    let reading = Reading::Records { flat, partners };
    Ok(with_slots(level, level.record_contexts(), bytes, reading))
}

/// The plan of a block of whole records with a network beside the contexts.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn plan_mixed(
    level: Level,
    layout: &RecordLayout,
    network: &mut dyn Predictor,
    bytes: &[u8],
) -> Result<Plan> {
    if bytes_are_symbols(layout) {
        // The network predicts bytes in their order.
        let text = Region { bytes: bytes.len(), content: Content::Bytes };
        let reading = Reading::Regions(if bytes.is_empty() { vec![] } else { vec![text] });
        return Ok(with_slots(level, level.region_contexts(false), bytes, reading));
    }
    let (mut flat, partners) = look_at_records(layout, bytes)?;
    // Training saw more records than the look does.
    for (flat, noise) in flat.iter_mut().zip(flat_roles(layout, network)) {
        *flat &= noise;
    }
    let reading = Reading::Records { flat, partners };
    Ok(with_slots(level, level.mixed_contexts(), bytes, reading))
}

/// The plan of a block that is read in this way, with as many slots as the level has and the block fills.
fn with_slots(level: Level, contexts: usize, bytes: &[u8], reading: Reading) -> Plan {
    let slots_log2 = level.slots_log2().min(most_slots_log2(bytes.len(), contexts));
    Plan { slots_log2, contexts, reading }
}

/// The roles that are noise, and the partners of the fields.
fn look_at_records(layout: &RecordLayout, bytes: &[u8]) -> Result<(Vec<bool>, Partners)> {
    let partners = partners::find(layout, bytes);
    Ok((noise::find(layout, &partners, bytes)?, partners))
}

/// For each role, whether the network has no prediction.
fn flat_roles(layout: &RecordLayout, network: &mut dyn Predictor) -> Vec<bool> {
    let mut cdf = [Cdf::default()];
    network.begin(1);
    let flat = |_| {
        let flat = network.predict(1, &mut cdf) == Coding::Flat;
        network.update(&[0]);
        flat
    };
    layout.roles().iter().map(flat).collect()
}
