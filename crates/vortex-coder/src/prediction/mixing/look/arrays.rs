//! Decides whether a block of numbers is read as records or as an array.
//!
//! Records of one number have decimals and distances from the schema. An array has rows and planes that
//! resemble each other, and may change its type along the way. The cheaper one is the one that makes a
//! sample smaller.

use super::super::bits::{Bits, Cost};
use super::super::block::Block;
use super::super::code_records::Records;
use super::super::code_regions::Regions;
use super::super::numbers::Numbers;
use super::super::plan::{Plan, Reading, most_slots_log2};
use super::super::regions::{Content, Region};
use crate::error::Result;
use crate::layout::RecordLayout;

/// Share of the block that is coded both ways, and bounds on its bytes.
const SHARE: usize = 32;
const SAMPLE_BYTES: std::ops::RangeInclusive<usize> = 32 << 10..=256 << 10;
/// log2 of the most slots for a sample.
const SLOTS_LOG2: u32 = 18;

/// The plan that makes a sample from the middle of the block smaller.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn cheaper(
    layout: &RecordLayout,
    as_records: Plan,
    as_array: Plan,
    bytes: &[u8],
) -> Result<Plan> {
    let stride = layout.stride();
    let n = (bytes.len() / SHARE).clamp(*SAMPLE_BYTES.start(), *SAMPLE_BYTES.end());
    let n = n.min(bytes.len()) / stride * stride;
    let start = (bytes.len() - n) / 2 / stride * stride;
    // At first the model still learns and costs are too high, so only the second half counts.
    let half = start + n / 2 / stride * stride;
    let cost = |plan: &Plan| -> Result<u64> {
        let [all, first] = [start + n, half].map(|end| cost(layout, plan, bytes, start..end));
        Ok(all? - first?)
    };
    let smaller = cost(&as_array)? < cost(&as_records)?;
    Ok(if smaller { as_array } else { as_records })
}

/// Bits of a part of the block, in units of 2^-16 bits.
fn cost(
    layout: &RecordLayout,
    plan: &Plan,
    bytes: &[u8],
    part: std::ops::Range<usize>,
) -> Result<u64> {
    let sample = &bytes[part.clone()];
    let contexts = plan.contexts;
    let slots_log2 = SLOTS_LOG2.min(most_slots_log2(sample.len(), contexts));
    let mut bits = Bits::Weigh(Cost::new(layout.roles().len()));
    let (block, bits_) = (Block::Known(sample), &mut bits);
    match &plan.reading {
        Reading::Records { flat, partners } => {
            let after = &mut |_, _: &Bits<'_>| {};
            let adviser = None;
            Records {
                layout,
                flat,
                partners,
                contexts,
                slots_log2,
                block,
                bits: bits_,
                adviser,
                after,
            }
            .code()?;
        }
        Reading::Regions(regions) => {
            let regions = &within(regions, part);
            Regions { regions, contexts, slots_log2, block, bits: bits_, adviser: None }.code()?;
        }
    }
    let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
    Ok(cost.by_role().iter().sum())
}

/// The regions of a part of the block. Numbers that the part cuts are bytes.
fn within(regions: &[Region], part: std::ops::Range<usize>) -> Vec<Region> {
    let mut inside = Vec::new();
    let mut push = |bytes: usize, content: Content| {
        if bytes > 0 {
            inside.push(Region { bytes, content });
        }
    };
    let mut at = 0;
    for region in regions {
        let (from, to) = (at.max(part.start), (at + region.bytes).min(part.end));
        let region_start = at;
        at += region.bytes;
        if from >= to {
            continue;
        }
        let Content::Numbers(numbers) = region.content else {
            push(to - from, Content::Bytes);
            continue;
        };
        let width = numbers.width;
        let first = (region_start + (from - region_start).next_multiple_of(width)).min(to);
        let whole = (to - first) / width * width;
        let far = numbers.far.map(|far| if far < part.len() { far } else { 0 });
        push(first - from, Content::Bytes);
        push(whole, Content::Numbers(Numbers { far, ..numbers }));
        push(to - first - whole, Content::Bytes);
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::super::form::as_bits;
    use super::*;

    #[test]
    fn parts_of_regions_cover_the_part() {
        let numbers = |bytes, far| {
            let content = Content::Numbers(Numbers { far: [far, 0], ..as_bits(4, false) });
            Region { bytes, content }
        };
        let text = Region { bytes: 10, content: Content::Bytes };
        let all = [text, numbers(40, 8), numbers(48, 96)];
        for start in 0..98 {
            for end in start + 1..=98 {
                let inside = within(&all, start..end);
                assert_eq!(inside.iter().map(|region| region.bytes).sum::<usize>(), end - start);
                for region in inside {
                    if let Content::Numbers(numbers) = region.content {
                        assert!(region.bytes.is_multiple_of(4) && numbers.far[0] < end - start);
                    }
                }
            }
        }
        assert_eq!(within(&all, 0..98), all);
        assert_eq!(within(&all, 10..50), [numbers(40, 8)]);
    }
}
