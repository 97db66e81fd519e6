//! Weighted sums of stretched probabilities, with weights that learn.

use super::curves::STRETCH_LIMIT;

/// A weight of 1. Weights have 32 bits, of which products take the upper 16.
pub(super) const ONE: i32 = 1 << 28;
/// Bits after the point in the upper half of a weight.
const ONE_BITS: u32 = 12;

/// Sets of weights for the same inputs; one set is in use at a time.
pub(super) struct Mixer {
    inputs: usize,
    /// The weights' upper and lower halves.
    high: Vec<i16>,
    low: Vec<u16>,
    /// How often each set learnt, up to a limit.
    seen: Vec<u8>,
    /// The set in use.
    set: usize,
}

impl Mixer {
    /// All weights are `first`, whose lower half is not used.
    pub(super) fn new(inputs: usize, sets: usize, first: i32) -> Self {
        let high = i16::try_from(first >> 16).expect("a shift leaves 16 bits");
        Self {
            inputs,
            high: vec![high; inputs * sets],
            low: vec![0; inputs * sets],
            seen: vec![0; sets],
            set: 0,
        }
    }

    /// The stretched probability that a set says.
    #[inline(always)]
    pub(super) fn predict(&mut self, set: usize, inputs: &[i16]) -> i16 {
        self.set = set;
        let weights = &self.high[set * self.inputs..][..self.inputs];
        let sum = dot(weights, &inputs[..self.inputs]);
        let limit = STRETCH_LIMIT;
        i16::try_from((sum >> ONE_BITS).clamp(-limit, limit)).expect("clamped")
    }

    /// Moves the weights of the set in use. `error` is the decision less the probability, in 16 bits.
    #[inline(always)]
    pub(super) fn learn(&mut self, inputs: &[i16], error: i32, rate: u32, boost: i32) {
        let seen = &mut self.seen[self.set];
        let error = error + error * boost / (i32::from(*seen) + 16);
        *seen = seen.saturating_add(1);
        let error = ((error + (1 << (rate - 1))) >> rate).clamp(-32_767, 32_767);
        let error = i16::try_from(error).expect("clamped");
        let at = self.set * self.inputs..(self.set + 1) * self.inputs;
        train(&mut self.high[at.clone()], &mut self.low[at], &inputs[..self.inputs], error);
    }
}

/// The sum of products modulo 2^32.
#[inline(always)]
fn dot(weights: &[i16], inputs: &[i16]) -> i32 {
    let products = weights.iter().zip(inputs).map(|(&w, &x)| i32::from(w) * i32::from(x));
    products.fold(0, i32::wrapping_add)
}

/// Adds `input * error` to each weight, modulo 2^32.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // halves of 32 bits
fn train(high: &mut [i16], low: &mut [u16], inputs: &[i16], error: i16) {
    for ((high, low), &x) in high.iter_mut().zip(low).zip(inputs) {
        let product = i32::from(x) * i32::from(error);
        let sum = low.wrapping_add(product as u16);
        let carry = i16::from(sum < *low);
        *low = sum;
        *high = high.wrapping_add((product >> 16) as i16).wrapping_add(carry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_one_weight() {
        let mut state = 7u32;
        let mut weight = ONE;
        let (mut high, mut low) = ([(ONE >> 16) as i16], [0u16]);
        for _ in 0..100_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, error) = ((state >> 20) as i16 - 2048, (state as u16).cast_signed());
            train(&mut high, &mut low, &[x], error);
            weight = weight.wrapping_add(i32::from(x) * i32::from(error));
            assert_eq!(i32::from(high[0]) << 16 | i32::from(low[0]), weight);
        }
    }

    #[test]
    fn weights_move_towards_the_input_that_is_right() {
        let mut mixer = Mixer::new(8, 1, ONE / 16);
        let inputs = [1000, -1000, 0, 0, 0, 0, 0, 0];
        for _ in 0..100 {
            mixer.predict(0, &inputs);
            mixer.learn(&inputs, 40_000, 3, 30);
        }
        assert!(mixer.high[0] > 300 && mixer.high[1] < 200, "{:?}", &mixer.high[..2]);
        assert_eq!(mixer.high[2], 256);
    }
}
