//! Coding of one symbol as eight binary decisions, each with a mix of the predictions of all
//! contexts.

use super::advice::{ADVICE_INPUTS, Advice, Split};
use super::bits::Bits;
use super::correction::Correction;
use super::curves::{Curves, STRETCH_LIMIT};
use super::forecast::{Forecasts, Interval};
use super::mixer::{Gains, Mixer, ONE};
use super::node::{self, Node, Steps};
use super::slots::Slots;

/// Most contexts of a symbol.
pub(super) const MAX_CONTEXTS: usize = 28;
/// Most forecasts of a number.
pub(super) const MAX_FORECASTS: usize = 6;
/// Inputs of the mixers besides contexts and forecasts: two of a match and one constant.
const OTHER_INPUTS: usize = 3;
pub(super) const MAX_INPUTS: usize = 32;
/// Most contexts of a symbol of a record beside a network, whose inputs take the place of others.
pub(super) const MIXED_CONTEXTS: usize = MAX_INPUTS - OTHER_INPUTS - ADVICE_INPUTS;
/// The constant input.
const CONSTANT: i16 = 80;
/// Mixers; the last one only beside a network.
const MIXERS: usize = 5;
/// Inputs of the final mixer: the outputs of the mixers, the constant, and the network's.
const FINAL_INPUTS: usize = MIXERS + 1 + ADVICE_INPUTS;
/// Classes of symbols; see [`Situation::class`].
pub(super) const CLASSES: usize = 64;
/// Largest number of roles with their own weights; further roles share them.
pub(super) const MAX_ROLES: usize = 1024;
/// Classes of the length of a match.
const MATCH_CLASSES: usize = 16;
/// Number of contexts whose experience selects a set of weights.
const KEY_CONTEXTS: usize = 5;
/// Contexts of the second correction.
const HASHED_CORRECTIONS: usize = 1 << 12;
/// Spreads a node of a symbol's tree over 32 bits.
const NODE_SALT: u32 = 0x9e37_79b1;
/// Classes of the network's prediction of a decision, and ranks, for the weights of the last mixer.
const ADVICE_CLASSES: usize = 25;
const RANKS: usize = 16;
/// Rates, as shifts.
const MIXER_RATE: u32 = 3;
const FINAL_RATE: u32 = 3;
const ADVISED_RATE: u32 = 4;
const MATCH_RATE: u32 = 6;
/// How much faster a set of weights learns at first.
const BOOST: i32 = 60;

/// The sizes of an engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub contexts: usize,
    pub forecasts: usize,
    pub roles: usize,
    pub slots_log2: u32,
}

impl Shape {
    /// Inputs of the mixers.
    pub(super) fn inputs(&self, advised: bool) -> usize {
        let advice = if advised { ADVICE_INPUTS } else { 0 };
        self.contexts + self.forecasts + OTHER_INPUTS + advice
    }

    /// The weights of the mixers at the start. The network is trusted first: it has learnt.
    fn first_weights<const N: usize>(&self, advised: bool) -> [i32; N] {
        let n = self.inputs(advised);
        std::array::from_fn(|i| match n.checked_sub(i + 1) {
            None => 0,
            Some(_) if !advised => ONE / 8,
            Some(0) => 0,
            Some(1) => ONE / 4 * 3,
            Some(_) => ONE / 16,
        })
    }
}

/// The weights of the final mixer at the start.
fn first_last_weights(advised: bool) -> [i32; FINAL_INPUTS] {
    let (fourth, eighth) = (ONE / 4, ONE / 8);
    match advised {
        true => [eighth, eighth, eighth, eighth, fourth, eighth, ONE / 2, 0],
        false => [fourth, fourth, fourth, fourth, fourth, 0, 0, 0],
    }
}

/// Everything that is known before a symbol.
pub(super) struct Situation {
    /// A hash for each context; the first ones of [`Shape::contexts`] are used.
    pub contexts: [u32; MAX_CONTEXTS],
    /// Below [`Shape::roles`].
    pub role: usize,
    /// Below [`CLASSES`]: the rank of the symbol in its number, and whether it repeats.
    pub class: usize,
    /// Whether the known part of the number repeats earlier numbers, 0 to 3.
    pub equal: usize,
    /// The symbol that the match expects.
    pub expected: Option<u8>,
    /// The length of the match.
    pub match_len: u32,
    /// The forecasts of the number, if there are rules for it.
    pub forecasts: Option<Forecasts>,
    /// The number so far.
    pub so_far: u64,
    /// Number of bits of the number that forecasts know below this symbol; negative if they do not
    /// reach it.
    pub below: i32,
    /// What the network says about the symbol.
    pub advice: Advice,
}

/// An engine with `N` inputs of the mixers; `ADVISED` if there may be the advice of a network. Inputs beyond contexts, forecasts and [`OTHER_INPUTS`]
/// stay zero, so that the compiler knows the length of the loops over them.
pub(super) struct Engine<const N: usize, const ADVISED: bool> {
    shape: Shape,
    curves: Box<Curves>,
    slots: Slots,
    /// Selected by role and bit; by class and node; by match, bit and repeat; by experience; by the
    /// network's prediction and rank.
    mixers: [Mixer<N>; MIXERS],
    last: Mixer<FINAL_INPUTS>,
    /// Selected by role and bit; by the first context and node.
    corrections: [Correction; 2],
    /// Probability that a match continues, by its length, bit and repeat.
    match_p: Vec<u16>,
    gains: Gains,
    no_gains: Gains,
    nodes: Steps,
    /// The state of a linear congruential generator, with one step per decision.
    chance: u32,
}

/// One decision of a symbol.
#[derive(Clone, Copy)]
struct Decision {
    /// The bits so far, after a leading 1.
    node: usize,
    bit: u32,
    split: Split,
}

/// The values that were looked up for one decision.
struct Looked<const N: usize> {
    nodes: [Node; N],
    inputs: [i16; N],
}

impl<const N: usize, const ADVISED: bool> Engine<N, ADVISED> {
    pub(super) fn new(shape: Shape) -> Self {
        assert!(shape.inputs(ADVISED) <= N && N <= MAX_INPUTS, "{shape:?} in {N} inputs");
        let curves = Curves::new();
        let roles = shape.roles.min(MAX_ROLES);
        let weights = shape.first_weights(ADVISED);
        let mixer = |sets| Mixer::new(weights, sets);
        let mixers = [
            mixer(roles * 8),
            mixer(CLASSES * 256),
            mixer(MATCH_CLASSES * 8 * 4),
            mixer(1 << (2 * KEY_CONTEXTS)),
            mixer(if ADVISED { ADVICE_CLASSES * 8 * RANKS } else { 0 }),
        ];
        let corrections = [roles * 8, HASHED_CORRECTIONS].map(|n| Correction::new(&curves, n));
        Self {
            shape: Shape { roles, ..shape },
            slots: Slots::new(shape.slots_log2),
            mixers,
            last: Mixer::new(first_last_weights(ADVISED), roles * 8),
            corrections,
            match_p: vec![1 << 15; MATCH_CLASSES * 8 * 4],
            gains: Gains::new(BOOST),
            no_gains: Gains::new(0),
            nodes: Steps::new(),
            chance: 1,
            curves,
        }
    }

    /// Codes one symbol and returns it.
    #[inline(always)]
    pub(super) fn code(&mut self, bits: &mut Bits<'_>, s: &Situation, symbol: u8) -> u8 {
        let mut places = [0; MAX_CONTEXTS];
        // The bits so far, after a leading 1.
        let mut node = 1usize;
        let contexts = self.shape.contexts.min(MAX_CONTEXTS).min(N);
        let mut split = s.advice.start();
        let mut interval = self.interval(s);
        for nibble in [4, 0] {
            let places = &mut places[..contexts];
            self.slots.find(&s.contexts[..contexts], node, places);
            for bit in (nibble..nibble + 4).rev() {
                if ADVISED {
                    s.advice.split(&mut split, node, bit);
                }
                let decision = Decision { node, bit, split };
                let y = self.decide(bits, s, symbol, decision, places, &mut interval);
                if ADVISED {
                    split.take(y);
                }
                node = node * 2 + y as usize;
            }
        }
        u8::try_from(node & 255).expect("8 bits")
    }

    /// Codes one bit of a symbol.
    #[inline(always)]
    fn decide(
        &mut self,
        bits: &mut Bits<'_>,
        s: &Situation,
        symbol: u8,
        decision: Decision,
        places: &[u32],
        interval: &mut Option<Interval>,
    ) -> u32 {
        let Decision { node, bit, split } = decision;
        let (n, rules) = (places.len(), self.shape.forecasts);
        let role = s.role % self.shape.roles;
        let leaf = leaf(node, bit);
        let mut looked = self.look_up(places, leaf);
        let x = &mut looked.inputs;
        let (match_class, expected) = matched(s, node, bit);
        let match_at = (match_class * 8 + bit as usize) * 4 + s.equal;
        if let Some(bit) = expected {
            let p = self.match_p[match_at];
            let sign = if bit == 1 { 1 } else { -1 };
            let sure = i16::try_from((i32::from(p) - (1 << 15)) >> 6).expect("10 bits");
            (x[n], x[n + 1]) = (sign * self.curves.stretch(p.into()), sign * sure);
        }
        x[n + 2] = CONSTANT;
        if let (Some(interval), Some(forecasts)) = (&mut *interval, &s.forecasts) {
            let said = interval.stretched(forecasts, &self.curves, half(s, bit));
            x[n + 3..][..rules].copy_from_slice(&said[..rules]);
        }
        let mut said = [0; FINAL_INPUTS];
        said[4] = CONSTANT;
        let mut heard = 0;
        if ADVISED {
            let advice = split.inputs(&self.curves);
            said[MIXERS + 1..].copy_from_slice(&advice);
            x[n + 3 + rules..][..ADVICE_INPUTS].copy_from_slice(&advice);
            heard = (advice_class(advice[0]) * 8 + bit as usize) * RANKS + s.class / 4 % RANKS;
        }
        let hashed = (s.contexts[0] ^ u32::try_from(node).expect("8 bits").wrapping_mul(NODE_SALT))
            .wrapping_mul(0x85eb_ca6b)
            >> (32 - HASHED_CORRECTIONS.ilog2());
        let experience = experience(&looked.nodes[..n.min(KEY_CONTEXTS)]);
        let place = role * 8 + bit as usize;
        let sets = [place, s.class * 256 + node, match_at, experience, heard];
        let (curve_a, curve_b) = (place, hashed as usize);
        let (a, b) = (self.corrections[0].curve(curve_a), self.corrections[1].curve(curve_b));
        let mixers = if ADVISED { MIXERS } else { MIXERS - 1 };
        for i in 0..mixers {
            said[place_of(i)] = self.mixers[i].predict(sets[i], &looked.inputs);
        }
        let stretched = self.last.predict(place, &said).into();
        let p = self.curves.squash(stretched);
        let (a, at_a) = a.refine(curve_a, stretched);
        let (b, at_b) = b.refine(curve_b, stretched);
        let y = bits.code(u32::from(symbol) >> bit & 1, ((2 * p + a + b) >> 2).clamp(1, 65_535));

        let target = if y == 1 { 65_535 } else { 0 };
        for i in 0..mixers {
            let error = target - self.curves.squash(said[place_of(i)].into()).cast_signed();
            self.mixers[i].learn(sets[i], &looked.inputs, error, MIXER_RATE, &self.gains);
        }
        let error = target - p.cast_signed();
        let rate = if ADVISED { ADVISED_RATE } else { FINAL_RATE };
        self.last.learn(place, &said, error, rate, &self.no_gains);
        self.corrections[0].learn(at_a, target);
        self.corrections[1].learn(at_b, target);
        self.learn_nodes(&mut looked, places, leaf, y);
        if let Some(expected) = expected {
            let p = &mut self.match_p[match_at];
            let hit = if expected == y { 65_535 } else { 0 };
            let moved = i32::from(*p) + ((hit - i32::from(*p)) >> MATCH_RATE);
            *p = u16::try_from(moved).expect("between two numbers of 16 bits");
        }
        if let Some(interval) = interval {
            interval.take(y, half(s, bit));
        }
        y
    }

    /// The numbers that are possible before the symbol; `None` without forecasts, or if they do not reach the symbol.
    #[inline(always)]
    fn interval(&self, s: &Situation) -> Option<Interval> {
        let forecasts =
            s.forecasts.as_ref().filter(|_| s.below >= 0 && self.shape.forecasts > 0)?;
        let low = (s.so_far << 8 << s.below).cast_signed();
        Some(Interval::new(forecasts, &self.curves, low, 256 << s.below))
    }

    /// The predictions of the contexts for a decision.
    #[inline(always)]
    fn look_up(&self, places: &[u32], leaf: usize) -> Looked<N> {
        let mut nodes = [0; N];
        self.slots.read(places, leaf, &mut nodes);
        let mut inputs = [0; N];
        for (x, node) in inputs.iter_mut().zip(nodes) {
            *x = node::stretched(node);
        }
        Looked { nodes, inputs }
    }

    /// Moves the nodes towards the decision.
    #[inline(always)]
    fn learn_nodes(&mut self, looked: &mut Looked<N>, places: &[u32], leaf: usize, y: u32) {
        self.chance = self.chance.wrapping_mul(0x2c92_77b5).wrapping_add(0xac56_4b05);
        let [_, _, low, high] = self.chance.to_le_bytes();
        self.nodes.learn(&mut looked.nodes, places.len(), y, u16::from_le_bytes([low, high]));
        self.slots.write(places, leaf, &looked.nodes);
    }
}

/// The class of the network's stretched probability.
#[inline(always)]
fn advice_class(stretched: i16) -> usize {
    let above = i32::from(stretched) + STRETCH_LIMIT;
    ((above + 128) >> 8).cast_unsigned() as usize
}

/// The place of a mixer's output among the inputs of the final mixer, after the constant for the last.
#[inline(always)]
const fn place_of(mixer: usize) -> usize {
    if mixer == MIXERS - 1 { mixer + 1 } else { mixer }
}

/// Place in a nibble's tree, from 0.
#[inline(always)]
fn leaf(node: usize, bit: u32) -> usize {
    if bit >= 4 { node - 1 } else { (node & ((1 << (3 - bit)) - 1) | 1 << (3 - bit)) - 1 }
}

/// The class of the match, 0 for none, and the bit that it expects.
#[inline(always)]
fn matched(s: &Situation, node: usize, bit: u32) -> (usize, Option<u32>) {
    match s.expected {
        Some(symbol) if (usize::from(symbol) | 256) >> (bit + 1) == node => {
            let class = (s.match_len as usize).clamp(1, MATCH_CLASSES - 1);
            (class, Some(u32::from(symbol) >> bit & 1))
        }
        _ => (0, None),
    }
}

/// Half of the numbers that are possible before a decision, which forecasts reach.
#[inline(always)]
fn half(s: &Situation, bit: u32) -> i64 {
    1 << (s.below + bit.cast_signed())
}

/// The number of the set of weights, from how often the first contexts were seen.
#[inline(always)]
fn experience(nodes: &[Node]) -> usize {
    nodes.iter().take(KEY_CONTEXTS).fold(0, |key, &node| {
        let class = match node::level(node) {
            0 => 0,
            1..=3 => 1,
            4..=9 => 2,
            _ => 3,
        };
        key * 4 + class
    })
}
