//! Weighted sums of stretched probabilities, with weights that learn.

use super::curves::STRETCH_LIMIT;

/// A weight of 1. Weights have 32 bits, and products use the upper 16.
pub(super) const ONE: i32 = 1 << 28;
/// Bits after the point in the upper half of a weight.
const ONE_BITS: u32 = 12;

/// Inputs that are multiplied at once; the size of a mixer is a multiple of it.
pub(super) const LANES: usize = 16;

/// Bits of fraction of a gain.
const GAIN_BITS: u32 = 12;

/// How much faster a set of weights learns at first, by the number of its updates.
pub(super) struct Gains([i32; 256]);

impl Gains {
    /// `1 + boost / (n + 16)`; `boost` at most 100, so that products stay below 2^31.
    pub(super) fn new(boost: i32) -> Self {
        let one = 1 << GAIN_BITS;
        Self(std::array::from_fn(|n| one + one * boost / (i32::try_from(n).expect("small") + 16)))
    }
}

/// Sets of weights for the same inputs, with space for `N` inputs.
pub(super) struct Mixer<const N: usize> {
    weights: Vec<[i32; N]>,
    /// Number of updates of each set, up to a limit.
    seen: Vec<u8>,
}

impl<const N: usize> Mixer<N> {
    /// All sets start with the weights `first`.
    pub(super) fn new(first: [i32; N], sets: usize) -> Self {
        Self { weights: vec![first; sets], seen: vec![0; sets] }
    }

    /// The stretched probability of a set.
    #[inline(always)]
    pub(super) fn predict(&self, set: usize, inputs: &[i16; N]) -> i16 {
        let sum = dot(&self.weights[set], inputs);
        let limit = STRETCH_LIMIT;
        i16::try_from((sum >> ONE_BITS).clamp(-limit, limit)).expect("clamped")
    }

    /// Moves the weights of a set. `error` is the decision minus the probability, in 16 bits; the
    /// gain of a set after `n` updates is `gains[n]`.
    #[inline(always)]
    pub(super) fn learn(
        &mut self,
        set: usize,
        inputs: &[i16; N],
        error: i32,
        rate: u32,
        gains: &Gains,
    ) {
        let seen = &mut self.seen[set];
        let error = (error * gains.0[usize::from(*seen)]) >> GAIN_BITS;
        *seen = seen.saturating_add(1);
        let error = ((error + (1 << (rate - 1))) >> rate).clamp(-32_767, 32_767);
        train(&mut self.weights[set], inputs, error);
    }
}

/// The sum of products of the weights' upper halves, modulo 2^32.
#[inline(always)]
fn dot<const N: usize>(weights: &[i32; N], inputs: &[i16; N]) -> i32 {
    let products = weights.iter().zip(inputs).map(|(w, x)| (w >> 16) * i32::from(*x));
    products.fold(0, i32::wrapping_add)
}

/// Adds `input * error` to each weight, modulo 2^32; `error` has 16 bits.
#[inline(always)]
fn train<const N: usize>(weights: &mut [i32; N], inputs: &[i16; N], error: i32) {
    // Work on a copy, because the compiler does not vectorise the change in place.
    let mut moved = *weights;
    for (w, x) in moved.iter_mut().zip(inputs) {
        *w = w.wrapping_add(i32::from(*x) * error);
    }
    *weights = moved;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_move_towards_the_input_that_is_right() {
        let first = std::array::from_fn(|i| if i < 3 { ONE / 16 } else { 0 });
        let mut mixer = Mixer::<LANES>::new(first, 1);
        let gains = Gains::new(30);
        let mut inputs = [0; LANES];
        (inputs[0], inputs[1]) = (1000, -1000);
        for _ in 0..100 {
            mixer.predict(0, &inputs);
            mixer.learn(0, &inputs, 40_000, 3, &gains);
        }
        assert!(mixer.weights[0][0] > ONE / 14 && mixer.weights[0][1] < ONE / 20);
        assert_eq!(mixer.weights[0][2..4], [ONE / 16, 0]);
    }
}
