//! The state of one binary decision in one context: a stretched probability, and a level for the
//! number of decisions seen.

/// The level in the upper 4 bits; in the lower 12 the stretched probability of a 1 in units of 1/256, in two's
/// complement. A new node is 0.
pub(super) type Node = u16;

/// The highest level.
const TOP: u16 = 15;
const STRETCHED_BITS: u32 = 12;
const STRETCHED: u16 = (1 << STRETCHED_BITS) - 1;
/// Largest stretched value.
const LIMIT: i16 = (STRETCHED >> 1).cast_signed();
/// Low bits of a stretched value that do not influence how far it moves.
const COARSE: u32 = 3;
/// At level `l`, the next decision moves the probability by `2 / TWICE_N[l]` of its distance from
/// the decision: approximately the mean of all decisions so far.
const TWICE_N: [u128; TOP as usize + 1] =
    [3, 5, 7, 9, 11, 15, 19, 27, 35, 51, 67, 99, 131, 195, 259, 387];
/// Bits of fraction of a step, in units of a stretched value.
const STEP_BITS: u32 = 4;

/// The stretched probability of a 1.
#[inline(always)]
pub(super) fn stretched(node: Node) -> i16 {
    (node << (16 - STRETCHED_BITS)).cast_signed() >> (16 - STRETCHED_BITS)
}

#[inline(always)]
pub(super) fn level(node: Node) -> u16 {
    node >> STRETCHED_BITS
}

/// How far nodes move.
pub(super) struct Steps {
    /// Indexed by the upper bits of a node: how far it moves after a 1, in 1/4096.
    rises: Box<[u16; 1 << (16 - COARSE)]>,
}

/// `exp(-1/4096)` in 32 bits of fraction, rounded to nearest.
const DECAY: u128 = 4_293_918_848;
/// Bits of fraction of a power, and how many there are: enough for the largest step.
const POWER_BITS: u32 = 40;
const POWERS: usize = 36_000;

impl Steps {
    pub(super) fn new() -> Self {
        // exp(-k/4096) for k = 0, 1, ...
        let smaller = |p: &u128| Some((p * DECAY) >> 32);
        let powers: Vec<u128> =
            std::iter::successors(Some(1 << POWER_BITS), smaller).take(POWERS).collect();
        let mut rises = Box::new([0; 1 << (16 - COARSE)]);
        for (upper, rise) in (0u16..).zip(rises.iter_mut()) {
            let node = upper << COARSE | 1 << (COARSE - 1);
            let s = i32::from(stretched(node));
            let power = powers[s.unsigned_abs() as usize * 16];
            // exp(s) : 1, scaled so that none is above 1.
            let (odds, one) =
                if s >= 0 { (1 << POWER_BITS, power) } else { (power, 1 << POWER_BITS) };
            let n2 = TWICE_N[usize::from(level(node))];
            // The odds become (n exp(s) + 1) / (n - 1).
            let (from, to) = (((n2 - 2) * odds) << POWER_BITS, n2 * odds + 2 * one);
            let steps = powers.partition_point(|p| p * to >= from) - 1;
            *rise = u16::try_from(steps).expect("below 36000");
        }
        Self { rises }
    }

    /// Moves the first `used` nodes towards a decision. `chance` is a pseudo-random number, the
    /// same for the encoder and the decoder. It rounds the steps, and it decides whether a level
    /// rises, with a probability that keeps the level close to the number of decisions seen.
    #[inline(always)]
    pub(super) fn learn<const N: usize>(
        &self,
        nodes: &mut [Node; N],
        used: usize,
        bit: u32,
        chance: u16,
    ) {
        // A step towards 0 mirrors a step towards 1.
        let mirror = if bit == 1 { 0 } else { STRETCHED };
        let mut rises = [0u16; N];
        for (node, rise) in nodes[..used].iter().zip(&mut rises) {
            *rise = self.rises[usize::from((node ^ mirror) >> COARSE)];
        }
        for (node, rise) in nodes.iter_mut().zip(rises) {
            let from = *node ^ mirror;
            let moved = ((rise + (chance >> (16 - STEP_BITS))) >> STEP_BITS).cast_signed();
            let to = (stretched(from) + moved).min(LIMIT).cast_unsigned() & STRETCHED;
            let level = level(*node);
            let rare = (1u16 << (level >> 1).saturating_sub(1)) - 1;
            let up = u16::from((chance & rare == 0) & (level < TOP));
            *node = (to ^ mirror) | (level + up) << STRETCHED_BITS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves one node.
    fn moved(steps: &Steps, node: Node, bit: u32, chance: u16) -> Node {
        let mut nodes = [node; 1];
        steps.learn(&mut nodes, 1, bit, chance);
        nodes[0]
    }

    #[test]
    fn steps_are_those_of_a_mean() {
        let steps = Steps::new();
        for (level, n2) in (0u16..).zip(TWICE_N) {
            let n = n2 as f64 / 2.0;
            for s in (-2044..2048).step_by(8) {
                let p = 1.0 / (1.0 + (-f64::from(s) / 256.0).exp());
                let p = p + (1.0 - p) / n;
                let exact = (p / (1.0 - p)).ln() * 4096.0 - f64::from(s) * 16.0;
                let node = level << 12 | (s as u16 & STRETCHED);
                let found = f64::from(steps.rises[usize::from(node >> COARSE)]);
                assert!((found - exact).abs() < 1.5, "level {level}, {s}: {found}, {exact}");
            }
        }
    }

    #[cfg(feature = "container")]
    #[test]
    fn steps_are_those_of_the_format() {
        let bytes: Vec<u8> =
            Steps::new().rises.iter().flat_map(|rise| rise.to_le_bytes()).collect();
        assert_eq!(crc32fast::hash(&bytes), 0x446a_af65);
    }

    #[test]
    fn every_node_moves_the_right_way_and_its_mirror_the_other() {
        let steps = Steps::new();
        for node in 0..=u16::MAX {
            for chance in [0, 0x7fff, 0xffff] {
                let (up, down) = (moved(&steps, node, 1, chance), moved(&steps, node, 0, chance));
                assert!(stretched(down) <= stretched(node) && stretched(node) <= stretched(up));
                assert_eq!(moved(&steps, node ^ STRETCHED, 0, chance), up ^ STRETCHED);
                assert!((level(node)..=level(node) + 1).contains(&level(up)));
            }
        }
    }

    #[test]
    fn a_node_comes_to_the_share_of_ones() {
        let steps = Steps::new();
        let (mut node, mut chance) = (0, 1u32);
        for i in 0..2000 {
            chance = chance.wrapping_mul(0x2c92_77b5).wrapping_add(0xac56_4b05);
            node = moved(&steps, node, u32::from(i % 4 == 0), (chance >> 16) as u16);
        }
        let p = 1.0 / (1.0 + (-f64::from(stretched(node)) / 256.0).exp());
        assert!((p - 0.25).abs() < 0.03 && level(node) == 15, "{p}, {}", level(node));
    }
}
