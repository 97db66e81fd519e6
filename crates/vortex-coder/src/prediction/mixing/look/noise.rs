//! Finds symbols of records that cannot be predicted: they are coded as raw bits, without the
//! model.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::super::bits::{Bits, Cost};
use super::super::block::Block;
use super::super::code_records::Records;
use super::super::record_contexts::Partners;
use super::sums::{least_cost, may_be_noise};
use crate::error::Result;
use crate::layout::RecordLayout;

/// Share of the block that is analysed, and its bytes.
const SHARE: usize = 16;
const MOST_BYTES: usize = 512 << 10;
/// Least records for deciding about noise.
const LEAST_RECORDS: usize = 1500;
/// Contexts and slots of the first look.
pub(super) const CONTEXTS: usize = 8;
pub(super) const SLOTS_LOG2: u32 = 16;
/// If more than one in this number of records repeats, their bytes are modelled although they look
/// like noise.
pub(super) const REPEATS: usize = 200;
/// With fewer symbols of noise in a record than this, a repeat cannot be distinguished from chance.
const TOO_FEW: usize = 5;

/// For each role, whether it is noise.
pub(super) fn find(layout: &RecordLayout, partners: &Partners, bytes: &[u8]) -> Result<Vec<bool>> {
    let stride = layout.stride();
    let roles = layout.roles().len();
    let none = vec![false; roles];
    let n = bytes.len() / stride;
    let looked_at = (n / SHARE).max(LEAST_RECORDS).min(MOST_BYTES / stride);
    if looked_at < LEAST_RECORDS || n < looked_at {
        return Ok(none);
    }
    // The sample is from the middle, because the start is often special.
    let start = (n - looked_at) / 2 * stride;
    let sample = &bytes[start..start + looked_at * stride];
    let uneven = uneven(layout, sample);
    if uneven.iter().all(|&uneven| uneven) {
        return Ok(none);
    }
    let half = looked_at / 2;
    let mut at_half = none.iter().map(|_| 0).collect::<Vec<u64>>();
    let mut bits = Bits::Weigh(Cost::new(roles));
    let loop_ = Records {
        layout,
        // What is uneven is no noise; coding it would take most of the time.
        flat: &uneven,
        partners,
        contexts: CONTEXTS,
        slots_log2: SLOTS_LOG2,
        block: Block::Known(sample),
        bits: &mut bits,
        adviser: None,
        after: &mut |done, bits| {
            if let (Bits::Weigh(cost), true) = (bits, done == half * stride) {
                at_half.copy_from_slice(cost.by_role());
            }
        },
    };
    loop_.code()?;
    let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
    // At first the model still learns and costs are too high, so only the second half counts.
    let least = least_cost(looked_at - half);
    let costs = cost.by_role().iter().zip(at_half).map(|(all, first)| all - first);
    let flat: Vec<bool> =
        costs.zip(&uneven).map(|(cost, uneven)| !uneven && cost >= least).collect();
    Ok(if repeats(layout, &flat, bytes) { none } else { flat })
}

/// For each role, whether its symbols are unevenly distributed.
fn uneven(layout: &RecordLayout, sample: &[u8]) -> Vec<bool> {
    let mut counts = vec![[0u32; 256]; layout.roles().len()];
    let mut symbols = vec![0; counts.len()];
    let mut before = None;
    for record in sample.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        counts.iter_mut().zip(&symbols).for_each(|(counts, &s)| counts[usize::from(s)] += 1);
    }
    counts.iter().map(|counts| !may_be_noise(counts)).collect()
}

/// Whether noise occurs twice: then a match predicts it, however far away the first one is.
fn repeats(layout: &RecordLayout, flat: &[bool], bytes: &[u8]) -> bool {
    let noise: Vec<usize> = (0..flat.len()).filter(|&role| flat[role]).collect();
    if noise.len() < TOO_FEW {
        return false;
    }
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let n = bytes.len() / layout.stride();
    let mut seen = HashSet::with_capacity(n);
    let mut symbols = vec![0; layout.roles().len()];
    let mut again = 0;
    for record in bytes.chunks_exact(layout.stride()) {
        layout.to_symbols(None, record, &mut symbols);
        let values: Vec<u8> = noise.iter().map(|&role| symbols[role]).collect();
        again += usize::from(!seen.insert(hasher.hash_one(values)));
    }
    again > n / REPEATS
}
