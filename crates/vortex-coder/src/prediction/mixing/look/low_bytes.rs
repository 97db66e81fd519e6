//! Finds low bytes of numbers that cannot be predicted: they are coded as raw bits, without the
//! model.

use super::super::bits::{Bits, Cost};
use super::super::block::Block;
use super::super::code_regions::Regions;
use super::super::numbers::Numbers;
use super::super::regions::{Content, Region};
use super::noise::{CONTEXTS, REPEATS, SLOTS_LOG2};
use super::sums::{least_cost, may_be_noise};
use crate::error::Result;

/// Least numbers for deciding about noise, share of the numbers that is analysed, and their
/// maximum.
const LEAST_NUMBERS: usize = 16_384;
const SHARE: usize = 32;
const MOST_NUMBERS: usize = 8192;
/// log2 of the number of pairs of numbers that are stored.
const PAIRS_LOG2: u32 = 20;

/// How many low bytes of the numbers at `start..end` are noise.
///
/// # Errors
/// The errors of coding a sample, which do not occur in practice.
pub(super) fn find(bytes: &[u8], start: usize, end: usize, lie: &Numbers) -> Result<usize> {
    let width = lie.width;
    let n = (end - start) / width;
    if n < LEAST_NUMBERS || width == 1 {
        return Ok(0);
    }
    let looked_at = (n / SHARE).clamp(LEAST_NUMBERS / 8, MOST_NUMBERS);
    let begin = start + (n - looked_at) / 2 * width;
    let sample = &bytes[begin..begin + looked_at * width];
    let mut counts = [0; 256];
    sample.chunks_exact(width).for_each(|number| counts[usize::from(lowest(number, lie))] += 1);
    if !may_be_noise(&counts) {
        return Ok(0);
    }
    let half = looked_at / 2;
    let cost = cost_of_second_half(sample, half * width, lie)?;
    let least = least_cost(looked_at - half);
    Ok(cost.iter().rev().take_while(|&&cost| cost >= least).count())
}

/// The lowest byte of a number.
fn lowest(number: &[u8], lie: &Numbers) -> u8 {
    number[if lie.big_endian { lie.width - 1 } else { 0 }]
}

/// The cost of the numbers of a sample from the byte `half` on, by rank. Before that the model still learns, and costs are
/// too high.
fn cost_of_second_half(sample: &[u8], half: usize, lie: &Numbers) -> Result<Vec<u64>> {
    let far = lie.far.map(|far| if far < sample.len() { far } else { 0 });
    let content = Content::Numbers(Numbers { far, ..*lie });
    let regions = [half, sample.len() - half].map(|bytes| Region { bytes, content });
    let mut at_half = vec![0; lie.width];
    let mut bits = Bits::Weigh(Cost::new(lie.width));
    let loop_ = Regions {
        regions: &regions,
        contexts: CONTEXTS,
        slots_log2: SLOTS_LOG2,
        block: Block::Known(sample),
        bits: &mut bits,
        adviser: None,
        after: &mut |done, bits| {
            if let (Bits::Weigh(cost), true) = (bits, done == half) {
                at_half.copy_from_slice(cost.by_role());
            }
        },
    };
    loop_.code()?;
    let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
    Ok(cost.by_role().iter().zip(at_half).map(|(all, first)| all - first).collect())
}

/// The pairs of consecutive numbers that were seen.
pub(super) struct Seen(Vec<u32>);

impl Seen {
    pub(super) fn new() -> Self {
        Self(vec![0; 1 << PAIRS_LOG2])
    }

    /// How many of the `flat` low bytes of the numbers at `start..end` are also noise there: evenly
    /// distributed, and not copies of earlier bytes, which a match would predict.
    pub(super) fn still_noise(
        &mut self,
        bytes: &[u8],
        start: usize,
        end: usize,
        lie: &Numbers,
        flat: usize,
    ) -> usize {
        let (mut again, mut before) = (0, 0);
        let mut counts = [[0u32; 256]; 8];
        for at in (start..end).step_by(lie.width) {
            let number = lie.at(bytes, at);
            for (count, byte) in counts[..flat].iter_mut().zip(number.to_le_bytes()) {
                count[usize::from(byte)] += 1;
            }
            again += usize::from(self.replace(number, before));
            before = number;
        }
        if again > (end - start) / lie.width / REPEATS {
            return 0;
        }
        counts[..flat].iter().take_while(|counts| may_be_noise(counts)).count()
    }

    /// Stores a pair, and returns whether it was already the last one in its place.
    #[allow(clippy::cast_possible_truncation)] // parts of a hash
    fn replace(&mut self, number: u64, before: u64) -> bool {
        let hash = (number ^ before.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let tag = hash as u32 | 1;
        std::mem::replace(&mut self.0[(hash >> (64 - PAIRS_LOG2)) as usize], tag) == tag
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::as_bits;
    use super::*;

    /// Four-byte numbers with two upper bytes of few values and two random lower bytes.
    fn noise(seed: u32) -> Vec<u8> {
        let number = |i: u32| {
            (i.wrapping_add(seed)).wrapping_mul(0x9e37_79b1) >> 13 & 0xffff | (i % 7) << 20
        };
        let mix = |x: u32| (x ^ (x >> 7)).wrapping_mul(0x85eb_ca6b) & 0xffff | x & 0xffff_0000;
        (0..20_000).flat_map(|i| mix(number(i * i + i)).to_le_bytes()).collect()
    }

    #[test]
    fn noise_is_noise_but_not_the_second_time_nor_where_it_is_uneven() {
        let lie = as_bits(4, false);
        let bytes = noise(1);
        let mut seen = Seen::new();
        assert_eq!(seen.still_noise(&bytes, 0, bytes.len(), &lie, 2), 2);
        assert_eq!(seen.still_noise(&bytes, 0, bytes.len(), &lie, 2), 0);
        let mut uneven = noise(77_777);
        uneven.iter_mut().skip(1).step_by(4).for_each(|byte| *byte &= 0xfe);
        assert_eq!(seen.still_noise(&uneven, 0, uneven.len(), &lie, 2), 1);
    }
}
