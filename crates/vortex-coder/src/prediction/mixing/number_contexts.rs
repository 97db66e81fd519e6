//! Contexts and forecasts of consecutive numbers of one width.

use super::engine::{MAX_CONTEXTS, MAX_FORECASTS};
use super::forecast::{Forecasts, Spread};
use super::hash::{Hash, mix};
use super::numbers::{Form, Numbers};

/// Contexts of a symbol, the most useful ones first.
pub(super) const NUMBER_CONTEXTS: usize = 17;
/// Widest number in bytes.
const MAX_WIDTH: usize = 8;
/// Number of previous numbers that are used.
const LAST: usize = 4;

/// The information of the previous numbers about the next one.
pub(super) struct NumberContexts {
    numbers: Numbers,
    /// The recent errors of each rule, by width.
    spreads: [[Spread; MAX_FORECASTS]; MAX_WIDTH],
    /// The number that each rule expects.
    expected: [u64; MAX_FORECASTS],
    forecasts: Forecasts,
    levels: [u32; MAX_FORECASTS],
    last: [u64; LAST],
    /// The number at the first distance back; without a distance, the third last number.
    far: u64,
    hashes: [u32; LAST],
    far_hash: u32,
}

/// Whether the known part of a number repeats the last number, and the number far back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RepeatsNumber {
    pub last: bool,
    pub far: bool,
}

impl NumberContexts {
    pub(super) fn new() -> Self {
        Self {
            numbers: Numbers {
                width: 1,
                big_endian: false,
                form: Form::Unsigned,
                far: [0; 2],
                flat: 0,
            },
            spreads: Default::default(),
            expected: Default::default(),
            forecasts: Default::default(),
            levels: Default::default(),
            last: Default::default(),
            far: 0,
            hashes: Default::default(),
            far_hash: 0,
        }
    }

    /// Continues with numbers of another layout.
    pub(super) fn change(&mut self, numbers: Numbers) {
        self.numbers = numbers;
    }

    /// Reads the previous numbers for the next number, which begins where `bytes` ends.
    pub(super) fn begin(&mut self, bytes: &[u8]) {
        let numbers = self.numbers;
        let width = numbers.width;
        let back = |distance: usize| {
            bytes.len().checked_sub(distance).map_or(0, |place| numbers.at(bytes, place))
        };
        let mask = numbers.mask();
        self.last = [1, 2, 3, 4].map(|n| back(n * width));
        let [a, b, c, _] = self.last;
        let [near, further] = numbers.far.map(|far| {
            // Without its own distance, a rule uses the second and third last numbers.
            let far = if far == 0 { 2 * width } else { far };
            (back(far), back(far + width))
        });
        self.far = if numbers.far[0] == 0 { c } else { near.0 };
        self.expected = [
            a,
            go_on(a, a, b, mask),
            near.0,
            go_on(a, near.0, near.1, mask),
            further.0,
            go_on(a, further.0, further.1, mask),
        ];
        let spreads = &self.spreads[width - 1];
        let unseen = self.unseen_bits();
        self.forecasts = Forecasts::new(spreads, self.expected.map(|expected| expected >> unseen));
        self.levels = spreads.map(Spread::level);
        self.hashes = self.last.map(fold);
        self.far_hash = fold(self.far);
    }

    /// Updates the state with the number.
    pub(super) fn end(&mut self, number: u64) {
        let unseen = self.unseen_bits();
        let spreads = &mut self.spreads[self.numbers.width - 1];
        for (spread, expected) in spreads.iter_mut().zip(self.expected) {
            spread.learn((number >> unseen).abs_diff(expected >> unseen));
        }
    }

    pub(super) fn forecasts(&self) -> Forecasts {
        self.forecasts
    }

    /// Number of low bits that forecasts ignore, so that their differences stay far below 2^63.
    pub(super) fn unseen_bits(&self) -> u32 {
        if self.numbers.width == MAX_WIDTH { 8 } else { 0 }
    }

    /// The contexts of the symbol with this rank, in a number whose known part is `so_far`.
    #[allow(clippy::cast_possible_truncation)] // parts of hashes and of numbers
    pub(super) fn contexts(
        &self,
        rank: usize,
        so_far: u64,
        out: &mut [u32; MAX_CONTEXTS],
    ) -> RepeatsNumber {
        let width = self.numbers.width;
        let below = 8 * (width - 1 - rank);
        let known = mix(fold(so_far), rank as u32 + 1);
        let byte = |number: u64| (number >> below) as u32 & 255;
        let top = |number: u64| (number >> (8 * width - 8)) as u32;
        let prefix = |number: u64| (number >> below).checked_shr(8).unwrap_or(0);
        let same = |number: u64| prefix(number) == so_far;
        let [a, b, c, _] = self.last;
        let [ha, hb, hc, hd] = self.hashes;
        let (far, hf) = (self.far, self.far_hash);
        let repeats = RepeatsNumber { last: same(a), far: same(far) };
        let flag = u32::from;
        // The expected symbol of a rule, its error in the known part, and its recent errors.
        let rule = |i: usize| {
            let expected = self.expected[i];
            let off = so_far.wrapping_sub(prefix(expected)).cast_signed().clamp(-2, 2) as u32;
            let finer = if below >= 8 { (expected >> (below - 2)) as u32 & 3 } else { 0 };
            mix(mix(off, byte(expected) << 2 | finer), self.levels[i] >> 1)
        };
        let list: [u32; NUMBER_CONTEXTS] = [
            known,
            mix(known, ha),
            mix(
                mix(flag(same(a)) * 4 + flag(same(b)) * 2 + flag(same(c)), byte(a)),
                mix(byte(b), byte(c)),
            ),
            mix(mix(known, hf), ha),
            mix(rule(0), 0),
            mix(flag(same(a)), byte(a)),
            mix(rule(3), 3),
            mix(mix(known, hf), 3),
            mix(rule(2), 2),
            mix(mix(known, top(a)), top(b)),
            mix(rule(1), 1),
            mix(mix(known, ha), hb),
            mix(rule(4), 4),
            mix(mix(flag(same(far)) * 2 + flag(same(a)), byte(far)), byte(a)),
            mix(rule(5), 5),
            mix(known, hb),
            mix(mix(mix(mix(known, ha), hb), hc), hd),
        ];
        let hash = Hash::new(16 * width + rank);
        for (i, (out, context)) in out.iter_mut().zip(list).enumerate() {
            *out = hash.of(i, context);
        }
        repeats
    }
}

#[allow(clippy::cast_possible_truncation)] // both halves
fn fold(number: u64) -> u32 {
    mix(mix(number as u32, (number >> 32) as u32), 7)
}

/// `a + (n - m)`, limited to 0..=`mask`.
fn go_on(a: u64, n: u64, m: u64, mask: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(n);
    match (sum.checked_sub(m), carry) {
        (Some(x), false) => x.min(mask),
        (None, true) => sum.wrapping_sub(m).min(mask),
        (Some(_), true) => mask,
        (None, false) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_continued_within_the_type() {
        assert_eq!(go_on(10, 7, 5, 255), 12);
        assert_eq!(go_on(1, 5, 9, 255), 0);
        assert_eq!(go_on(200, 100, 5, 255), 255);
        assert_eq!(go_on(u64::MAX, u64::MAX, 1, u64::MAX), u64::MAX);
        assert_eq!(go_on(u64::MAX, u64::MAX, u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(go_on(u64::MAX - 3, 10, 9, u64::MAX), u64::MAX - 2);
    }
}
