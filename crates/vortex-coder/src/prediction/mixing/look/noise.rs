//! Symbols that nothing predicts: they are coded as they are, without running the model.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::super::bits::{Bits, Cost};
use super::super::block::Block;
use super::super::code_records::Records;
use super::super::code_regions::Regions;
use super::super::numbers::Numbers;
use super::super::record_contexts::Partners;
use super::super::regions::{Content, Region};
use crate::cost::COST_ONE_BIT;
use crate::error::Result;
use crate::layout::RecordLayout;

/// Share of the block that is looked at, and bytes.
const SHARE: usize = 16;
const MOST_BYTES: usize = 512 << 10;
/// Records without which nothing is called noise.
const LEAST_RECORDS: usize = 1500;
/// What a symbol of noise costs the model, in thousandths of 8 bits, or more.
const NOISE: u64 = 998;
/// Contexts and slots of the look.
const CONTEXTS: usize = 8;
const SLOTS_LOG2: u32 = 16;
/// Numbers without which nothing is called noise, share of the numbers that is looked at, and how many at most.
const LEAST_NUMBERS: usize = 16_384;
const NUMBERS_SHARE: usize = 32;
const MOST_NUMBERS: usize = 8192;
/// Records of which one in so many may repeat before their bytes are modelled after all.
const REPEATS: usize = 200;
/// Symbols of a record that are too few to tell a repeat from chance.
const TOO_FEW: usize = 5;

/// By role: whether it is noise.
pub(super) fn find(layout: &RecordLayout, partners: &Partners, bytes: &[u8]) -> Result<Vec<bool>> {
    let stride = layout.stride();
    let roles = layout.roles().len();
    let none = vec![false; roles];
    let n = bytes.len() / stride;
    let looked_at = (n / SHARE).max(LEAST_RECORDS).min(MOST_BYTES / stride);
    if looked_at < LEAST_RECORDS || n < looked_at {
        return Ok(none);
    }
    // From the middle, which is rarely as special as the start.
    let start = (n - looked_at) / 2 * stride;
    let sample = &bytes[start..start + looked_at * stride];
    let half = looked_at / 2;
    let mut at_half = none.iter().map(|_| 0).collect::<Vec<u64>>();
    let mut bits = Bits::Weigh(Cost::new(roles));
    let loop_ = Records {
        layout,
        flat: &none,
        partners,
        contexts: CONTEXTS,
        slots_log2: SLOTS_LOG2,
        block: Block::Known(sample),
        bits: &mut bits,
        after: &mut |record, bits| {
            if let (Bits::Weigh(cost), true) = (bits, record + 1 == half) {
                at_half.copy_from_slice(cost.by_role());
            }
        },
    };
    pulp::Arch::new().dispatch(loop_)?;
    let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
    // While the model learns, everything costs too much: the second half counts.
    let least = 8 * u64::from(COST_ONE_BIT) * (looked_at - half) as u64 * NOISE / 1000;
    let flat: Vec<bool> =
        cost.by_role().iter().zip(at_half).map(|(all, first)| all - first >= least).collect();
    Ok(if repeats(layout, &flat, bytes) { none } else { flat })
}

/// How many low bytes of the numbers at `start..end` are noise.
///
/// # Errors
/// Those of coding a sample, which are none in practice.
pub(super) fn low_bytes(bytes: &[u8], start: usize, end: usize, lie: &Numbers) -> Result<usize> {
    let width = lie.width;
    let n = (end - start) / width;
    if n < LEAST_NUMBERS || width == 1 {
        return Ok(0);
    }
    let looked_at = (n / NUMBERS_SHARE).clamp(LEAST_NUMBERS / 8, MOST_NUMBERS);
    let begin = start + (n - looked_at) / 2 * width;
    let halves = [looked_at / 2, looked_at].map(|n| begin + n * width);
    let [first, all] = halves.map(|end| cost_by_rank(&bytes[begin..end], lie));
    let (first, all) = (first?, all?);
    // While the model learns, everything costs too much: the second half counts.
    let least = 8 * u64::from(COST_ONE_BIT) * (looked_at - looked_at / 2) as u64 * NOISE / 1000;
    let noise = |rank: &usize| all[*rank] - first[*rank] >= least;
    Ok((0..width).rev().take_while(noise).count())
}

/// What the numbers of a sample cost, by rank.
fn cost_by_rank(sample: &[u8], lie: &Numbers) -> Result<Vec<u64>> {
    let far = lie.far.map(|far| if far < sample.len() { far } else { 0 });
    let content = Content::Numbers(Numbers { far, ..*lie });
    let mut bits = Bits::Weigh(Cost::new(lie.width));
    pulp::Arch::new().dispatch(Regions {
        regions: &[Region { bytes: sample.len(), content }],
        contexts: CONTEXTS,
        slots_log2: SLOTS_LOG2,
        block: Block::Known(sample),
        bits: &mut bits,
    })?;
    let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
    Ok(cost.into_roles())
}

/// Whether noise comes twice: then a match predicts it, however far away the first one is.
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
