//! Weighted sums of stretched probabilities, with weights that learn.

use super::curves::STRETCH_LIMIT;

/// A weight of 1. Weights have 32 bits, of which products take the upper 16.
pub(super) const ONE: i32 = 1 << 28;
/// Bits after the point in the upper half of a weight.
const ONE_BITS: u32 = 12;

/// Inputs that are multiplied at once; mixers have a multiple of it.
pub(super) const LANES: usize = 16;

/// Bits of fraction of a gain.
const GAIN_BITS: u32 = 12;

/// How much faster a set of weights learns at first: by how often it did.
pub(super) struct Gains([i32; 256]);

impl Gains {
    /// `1 + boost / (n + 16)`; `boost` at most 100, so that products stay below 2^31.
    pub(super) fn new(boost: i32) -> Self {
        let one = 1 << GAIN_BITS;
        Self(std::array::from_fn(|n| one + one * boost / (i32::try_from(n).expect("small") + 16)))
    }
}

/// Sets of weights for the same inputs; one set is in use at a time.
pub(super) struct Mixer {
    inputs: usize,
    weights: Vec<i32>,
    /// How often each set learnt, up to a limit.
    seen: Vec<u8>,
    /// The set in use.
    set: usize,
}

impl Mixer {
    /// All weights are `first`.
    pub(super) fn new(inputs: usize, sets: usize, first: i32) -> Self {
        Self { inputs, weights: vec![first; inputs * sets], seen: vec![0; sets], set: 0 }
    }

    /// The stretched probability that a set says.
    #[inline(always)]
    pub(super) fn predict(&mut self, set: usize, inputs: &[i16]) -> i16 {
        self.set = set;
        let weights = &self.weights[set * self.inputs..][..self.inputs];
        let sum = dot(weights, &inputs[..self.inputs]);
        let limit = STRETCH_LIMIT;
        i16::try_from((sum >> ONE_BITS).clamp(-limit, limit)).expect("clamped")
    }

    /// Moves the weights of the set in use. `error` is the decision less the probability, in 16 bits; the gain of a set
    /// that learnt `n` times is `gains[n]`.
    #[inline(always)]
    pub(super) fn learn(&mut self, inputs: &[i16], error: i32, rate: u32, gains: &Gains) {
        let seen = &mut self.seen[self.set];
        let error = (error * gains.0[usize::from(*seen)]) >> GAIN_BITS;
        *seen = seen.saturating_add(1);
        let error = ((error + (1 << (rate - 1))) >> rate).clamp(-32_767, 32_767);
        let error = i16::try_from(error).expect("clamped");
        let weights = &mut self.weights[self.set * self.inputs..][..self.inputs];
        train(weights, &inputs[..self.inputs], error);
    }
}

/// The sum of products of the weights' upper halves, modulo 2^32.
#[inline(always)]
fn dot(weights: &[i32], inputs: &[i16]) -> i32 {
    let (weights, inputs) = (weights.as_chunks::<LANES>().0, inputs.as_chunks::<LANES>().0);
    let mut sums = [0i32; LANES];
    for (w, x) in weights.iter().zip(inputs) {
        for i in 0..LANES {
            sums[i] = sums[i].wrapping_add((w[i] >> 16) * i32::from(x[i]));
        }
    }
    sums.into_iter().fold(0, i32::wrapping_add)
}

/// Adds `input * error` to each weight, modulo 2^32.
#[inline(always)]
fn train(weights: &mut [i32], inputs: &[i16], error: i16) {
    let weights = weights.as_chunks_mut::<LANES>().0;
    for (w, x) in weights.iter_mut().zip(inputs.as_chunks::<LANES>().0) {
        for i in 0..LANES {
            w[i] = w[i].wrapping_add(i32::from(x[i]) * i32::from(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_move_towards_the_input_that_is_right() {
        let mut mixer = Mixer::new(LANES, 1, ONE / 16);
        let gains = Gains::new(30);
        let mut inputs = [0; LANES];
        (inputs[0], inputs[1]) = (1000, -1000);
        for _ in 0..100 {
            mixer.predict(0, &inputs);
            mixer.learn(&inputs, 40_000, 3, &gains);
        }
        assert!(mixer.weights[0] > ONE / 14 && mixer.weights[1] < ONE / 20);
        assert_eq!(mixer.weights[2], ONE / 16);
    }
}
