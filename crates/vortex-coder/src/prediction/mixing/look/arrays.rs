//! Decides whether a block of numbers is read as records or as an array.
//!
//! Records of one number have decimals and distances from the schema. An array has rows and planes that
//! resemble each other, and may change its type along the way. The cheaper one is the one that makes a
//! sample smaller.

use super::super::bits::{Bits, Cost};
use super::super::block::Block;
use super::super::model::code;
use super::super::numbers::Numbers;
use super::super::plan::{Plan, Reading, most_slots_log2};
use super::super::regions::{Content, Region};
use crate::error::Result;
use crate::layout::RecordLayout;

/// Share of the block that is coded both ways, and bounds on its bytes.
const SHARE: usize = 64;
const SAMPLE_BYTES: std::ops::RangeInclusive<usize> = 32 << 10..=128 << 10;
/// Of a short block at most this share is coded, or this number of bytes.
const SHORT_SHARE: usize = 4;
const SHORT_BYTES: usize = 4 << 10;
/// The sample holds this number of the longest distances: rows or planes.
const ROWS: usize = 4;
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
    let n = (bytes.len() / SHARE)
        .clamp(*SAMPLE_BYTES.start(), *SAMPLE_BYTES.end())
        .min((bytes.len() / SHORT_SHARE).max(SHORT_BYTES))
        .max(ROWS * furthest(&as_array))
        .min(bytes.len());
    let (n, half) = (n / stride * stride, n / 2 / stride * stride);
    let start = (bytes.len() - n) / 2 / stride * stride;
    let sample = &bytes[start..start + n];
    let cost = |plan: &Plan| {
        let slots_log2 = SLOTS_LOG2.min(most_slots_log2(n, plan.contexts));
        let reading = match &plan.reading {
            Reading::Regions(regions) => {
                let part = |part| within(regions, part, n);
                Reading::Regions(
                    [part(start..start + half), part(start + half..start + n)].concat(),
                )
            }
            records @ Reading::Records { .. } => records.clone(),
        };
        second_half(layout, &Plan { slots_log2, reading, ..*plan }, sample, half)
    };
    let array_is_smaller = cost(&as_array)? < cost(&as_records)?;
    Ok(if array_is_smaller { as_array } else { as_records })
}

/// The longest distance of an array in bytes, 0 without one.
fn furthest(as_array: &Plan) -> usize {
    let Reading::Regions(regions) = &as_array.reading else { return 0 };
    let of_region = |region: &Region| match region.content {
        Content::Numbers(numbers) => numbers.far[0].max(numbers.far[1]),
        Content::Bytes => 0,
    };
    regions.iter().map(of_region).max().unwrap_or(0)
}

/// The cost of a sample from `half` on, in units of 2^-16 bits. Before that the model still learns, and costs are too high.
fn second_half(layout: &RecordLayout, plan: &Plan, sample: &[u8], half: usize) -> Result<u64> {
    let sum = |cost: &Cost| cost.by_role().iter().sum::<u64>();
    let mut first = 0;
    let mut bits = Bits::Weigh(Cost::new(layout.roles().len()));
    let mut after = |done: usize, bits: &Bits<'_>| {
        if let (Bits::Weigh(cost), true) = (bits, done <= half) {
            first = sum(cost);
        }
    };
    code(layout, plan, Block::Known(sample), &mut bits, None, &mut after)?;
    let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
    Ok(sum(&cost) - first)
}

/// The regions of a part of the block. Numbers that the part cuts are bytes, and distances of `furthest` bytes and more are
/// left out.
fn within(regions: &[Region], part: std::ops::Range<usize>, furthest: usize) -> Vec<Region> {
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
        let far = numbers.far.map(|far| if far < furthest { far } else { 0 });
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
    use crate::mixing::Level;
    use crate::schema::{DType, Field, Schema};

    fn numbers(bytes: usize, far: [usize; 2]) -> Region {
        Region { bytes, content: Content::Numbers(Numbers { far, ..as_bits(4, false) }) }
    }

    #[test]
    fn parts_of_regions_cover_the_part() {
        let text = Region { bytes: 10, content: Content::Bytes };
        let all = [text, numbers(40, [8, 0]), numbers(48, [96, 12])];
        for start in 0..98 {
            for end in start + 1..=98 {
                let inside = within(&all, start..end, 50);
                let mut at = start;
                for region in inside {
                    if let Content::Numbers(numbers) = region.content {
                        // Whole numbers of the region that begins at byte 10 or 50.
                        assert!(region.bytes.is_multiple_of(4) && (at - 10).is_multiple_of(4));
                        assert_eq!(numbers.far, if at < 50 { [8, 0] } else { [0, 12] });
                    }
                    at += region.bytes;
                }
                assert_eq!(at, end);
            }
        }
        assert_eq!(within(&all, 0..98, 97), all);
        assert_eq!(within(&all, 10..50, 98), [numbers(40, [8, 0])]);
    }

    #[test]
    fn rows_longer_than_a_share_of_the_block_are_seen() {
        let schema = Schema::new(4, vec![Field::new("x", DType::F32, 0)]).unwrap();
        let mut state = 1u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        // Each row has other values than its neighbours in the row, and nearly those of the row before.
        let mut row: Vec<u32> = (0..5000).map(|_| 0x4200_0000 + draw() % 0x40_0000).collect();
        let mut bytes = Vec::new();
        for _ in 0..52 {
            row.iter_mut().for_each(|value| *value += draw() % 16);
            bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
        }
        let layout = RecordLayout::new(schema);
        let plan = super::super::plan_array(Level::DEFAULT, &layout, &bytes).unwrap();
        assert!(furthest(&plan) >= 20_000, "{plan:?}");
    }
}
