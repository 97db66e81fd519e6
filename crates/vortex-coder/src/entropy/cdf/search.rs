//! Finds the interval that holds a target: two counts over a few vectors of numbers instead of a
//! binary search. The loops have no branches, and compilers turn them into the vector instructions
//! that every processor has (SSE2, NEON).

/// Symbols in a group.
pub(super) const GROUP: usize = 8;
/// Groups of 256 symbols.
pub(super) const GROUPS: usize = 32;

/// The number of ends (sorted, below 2^24) that are at or below the target, which is below the last
/// end. `N` is a multiple of 4.
#[inline(always)]
pub(super) fn holder<const N: usize>(ends: &[u32; N], target: u32) -> usize {
    // Counts the ends above the target by the sign of a difference, with one count per vector lane.
    let mut above = [0u32; 4];
    for quad in ends.as_chunks::<4>().0 {
        for (above, end) in above.iter_mut().zip(quad) {
            *above += target.wrapping_sub(*end) >> 31;
        }
    }
    (N - above.iter().sum::<u32>() as usize) % N
}

/// For a target inside a group with these frequencies: the rank of the symbol that holds it, and
/// the sums of the frequencies before and including this symbol.
#[inline(always)]
pub(super) fn place(freq: &[u32; GROUP], target: u32) -> (usize, u32, u32) {
    let pairs = [freq[0] + freq[1], freq[2] + freq[3], freq[4] + freq[5], freq[6] + freq[7]];
    let half = pairs[0] + pairs[1];
    let ends = [
        freq[0],
        pairs[0],
        pairs[0] + freq[2],
        half,
        half + freq[4],
        half + pairs[2],
        half + pairs[2] + freq[6],
        half + pairs[2] + pairs[3],
    ];
    let (mut rank, mut before, mut end) = (0, 0, u32::MAX);
    for i in 0..GROUP {
        rank += usize::from(ends[i] <= target);
        before = if ends[i] <= target { ends[i] } else { before };
        let from_back = ends[GROUP - 1 - i];
        end = if from_back > target { from_back } else { end };
    }
    (rank % GROUP, before, end)
}
