//! Weighted sums of stretched probabilities, with weights that learn.

/// A weight of 1, in the 32 bits that weights have; products take the upper 16.
pub(super) const ONE: i32 = 1 << 28;
/// Bits below the point of a weight's upper half.
const ONE_BITS: u32 = 12;

/// Sets of weights for the same inputs; one set is in use at a time.
pub(super) struct Mixer {
    inputs: usize,
    /// Upper and lower halves of the weights.
    high: Vec<i16>,
    low: Vec<u16>,
    first: i16,
    /// Start of the set in use.
    at: usize,
    /// What it said: stretched, and as a probability.
    pub said: i32,
    seen: Vec<u8>,
}

impl Mixer {
    pub(super) fn new(inputs: usize, sets: usize, first: i32) -> Self {
        Self { inputs, high: vec![(first >> 16) as i16; inputs * sets], low: vec![0; inputs * sets], first: (first >> 16) as i16, at: 0, said: 0, seen: vec![0; sets] }
    }

    pub(super) fn clear(&mut self) {
        self.high.fill(self.first);
        self.low.fill(0);
        self.seen.fill(0);
    }

    #[inline(always)]
    pub(super) fn dot(&mut self, set: usize, inputs: &[i16]) -> i32 {
        self.at = set;
        let sum = dot(&self.high[set * self.inputs..][..self.inputs], &inputs[..self.inputs]);
        self.said = (sum >> ONE_BITS).clamp(-super::curves::STRETCH_LIMIT, super::curves::STRETCH_LIMIT);
        self.said
    }

    /// `error` is the decision less the probability, 16 bits; `rate` a power of two.
    #[inline(always)]
    pub(super) fn update(&mut self, inputs: &[i16], error: i32, shift: u32, boost: i32) {
        let seen = &mut self.seen[self.at];
        let n = i32::from(*seen);
        *seen = seen.saturating_add(1).min(254);
        let error = error + error * boost / (n + 16);
        let error = ((error + (1 << (shift - 1))) >> shift).clamp(-32767, 32767);
        let at = self.at * self.inputs;
        train(&mut self.high[at..][..self.inputs], &mut self.low[at..][..self.inputs], &inputs[..self.inputs], error as i16);
    }
}

#[inline(always)]
fn dot(weights: &[i16], inputs: &[i16]) -> i32 {
    weights.iter().zip(inputs).fold(0i32, |sum, (&w, &x)| sum.wrapping_add(i32::from(w) * i32::from(x)))
}

/// Adds `input * error` to each weight of 32 bits, kept in two halves.
#[inline(always)]
fn train(high: &mut [i16], low: &mut [u16], inputs: &[i16], error: i16) {
    for ((h, l), &x) in high.iter_mut().zip(low).zip(inputs) {
        let product = i32::from(x) * i32::from(error);
        let sum = l.wrapping_add(product as u16);
        let carry = i16::from(sum < *l);
        *l = sum;
        *h = h.wrapping_add((product >> 16) as i16).wrapping_add(carry);
    }
}
