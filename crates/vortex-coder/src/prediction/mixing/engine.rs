//! One symbol: eight binary decisions, each mixed from what every context says about it.

use super::bits::BitCoder;
use super::correction::Correction;
use super::forecast::Forecast;
use super::curves::{Curves, STRETCH_LIMIT};
use super::mixer::{Mixer, ONE};
use super::slots::Slots;

/// Most contexts of a symbol.
pub(super) const MAX_CONTEXTS: usize = 28;
/// Most forecasts of a number.
pub(super) const FORECASTS: usize = 6;
/// Inputs of the mixers: three a context, two of a match, one constant; a multiple of 8.
const INPUTS_EACH: usize = 1;

/// Numbers that say how fast things adapt.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// A slot's probability moves by 1/(n + 1.5), n up to this.
    pub limit: u8,
    pub history_rate: u32,
    pub mixer_shift: u32,
    pub mixer_boost: i32,
    pub final_shift: u32,
    pub correction_rate: u32,
    pub slots_log2: u32,
    pub first: i32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { limit: 120, history_rate: 6, mixer_shift: 3, mixer_boost: 30, final_shift: 4, correction_rate: 5, slots_log2: 20, first: ONE / 16 }
    }
}

/// All that is known before a symbol.
pub(super) struct Situation {
    pub contexts: [u32; MAX_CONTEXTS],
    /// Which of the weights' sets, by role.
    pub role: usize,
    /// Rank of the symbol in its field, up to 7, with other small things: < 64
    pub class: usize,
    /// The symbol that followed the last time, if a match goes on, and how long it is.
    pub expected: Option<u8>,
    pub match_len: u32,
    pub equal: usize,
    /// Forecasts of the number, what is known of it, and bits below this symbol.
    pub forecasts: [Forecast; FORECASTS],
    pub so_far: i64,
    pub below: i32,
}

pub(super) struct Engine {
    n: usize,
    forecasts: usize,
    inputs_len: usize,
    curves: Box<Curves>,
    slots: Slots,
    mixers: [Mixer; 4],
    last: Mixer,
    corrections: [Correction; 2],
    match_p: Vec<[u16; 2]>,
    reciprocals: [u16; 256],
    t: Tuning,
    key: [usize; 5],
}

impl Engine {
    pub(super) fn new(n: usize, forecasts: usize, roles: usize, key: [usize; 5], t: Tuning) -> Self {
        let curves = Curves::new();
        let inputs_len = (n * INPUTS_EACH + 3 + forecasts).next_multiple_of(8);
        let first = t.first;
        let mixers = [
            Mixer::new(inputs_len, roles * 8, first),
            Mixer::new(inputs_len, 64 * 256, first),
            Mixer::new(inputs_len, 16 * 64, first),
            Mixer::new(inputs_len, 1024, first),
        ];
        let last = Mixer::new(8, roles * 8, ONE / 4);
        let corrections = [
            Correction::new(&curves, roles * 256, t.correction_rate),
            Correction::new(&curves, 65536, t.correction_rate),
        ];
        let reciprocals = std::array::from_fn(|n| (4_096 * 2 / (2 * n as u32 + 3)) as u16);
        Self {
            n, forecasts, inputs_len, curves, slots: Slots::new(t.slots_log2), mixers, last, corrections,
            match_p: vec![[1 << 15; 2]; 64 * 16], reciprocals, t, key,
        }
    }

    /// Codes one symbol; returns it.
    #[inline(always)]
    pub(super) fn code<C: BitCoder>(&mut self, coder: &mut C, s: &Situation, symbol: u8) -> u8 {
        let mut node = 1usize;
        let mut places = [0u32; MAX_CONTEXTS];
        let mut nodes = [0u32; MAX_CONTEXTS];
        let mut inputs = [0i16; MAX_CONTEXTS * INPUTS_EACH + 20];
        let n = self.n;
        let bucket = match s.expected { None => 0, Some(_) => (s.match_len.min(15) as usize).max(1) };
        for bit in (0..8u32).rev() {
            if bit == 7 || bit == 3 {
                let salt = node as u32 * 0x2545_f491;
                self.slots.find(&s.contexts[..n], salt, &mut places[..n]);
            }
            let leaf = if bit >= 4 { node - 1 } else { (node & ((1 << (3 - bit)) - 1) | 1 << (3 - bit)) - 1 };
            for ((node, place), x) in nodes[..n].iter_mut().zip(&places).zip(&mut inputs) {
                *node = self.slots.get(*place).nodes[leaf];
                *x = if *node & 1023 == 0 { 0 } else { self.curves.stretch((*node >> 16) as u16) };
            }
            let mut key = 0;
            for &k in &self.key {
                let seen = if k < n { nodes[k] & 1023 } else { 0 };
                key = key * 4 + match seen { 0 => 0, 1..=3 => 1, 4..=30 => 2, _ => 3 };
            }
            let at = n * INPUTS_EACH;
            let expected = s.expected.filter(|&e| (usize::from(e) | 256) >> (bit + 1) == node).map(|e| u32::from(e) >> bit & 1);
            let match_at = (bucket << 3 | bit as usize) * 4 + s.equal.min(3);
            match expected {
                Some(e) => {
                    let p = self.match_p[match_at][0];
                    let x = self.curves.stretch(p);
                    let x = if e == 1 { x } else { -x };
                    inputs[at] = x;
                    inputs[at + 1] = if e == 1 { 1 } else { -1 } * ((i32::from(p) - 32768) >> 6) as i16;
                }
                None => {
                    inputs[at] = 0;
                    inputs[at + 1] = 0;
                }
            }
            inputs[at + 2] = 80;
            let below = s.below + bit as i32;
            let low = (s.so_far << 8 | ((node as i64) << (bit + 1) & 255)).checked_shl(s.below.max(0) as u32).unwrap_or(0) >> (-s.below).max(0);
            for (x, forecast) in inputs[at + 3..].iter_mut().zip(&s.forecasts[..self.forecasts]) {
                *x = if below < 0 { 0 } else { forecast.stretched(&self.curves, low, 1 << below) };
            }
            let x = &inputs[..self.inputs_len];
            let m = if expected.is_some() { bucket } else { 0 };
            let sets = [s.role * 8 + bit as usize, s.class * 256 + node, (m * 8 + bit as usize) * 8 + s.equal, key];
            let mut outs = [0i16; 8];
            for ((mixer, &set), out) in self.mixers.iter_mut().zip(&sets).zip(&mut outs) {
                *out = mixer.dot(set, x) as i16;
            }
            outs[4] = 80;
            let final_stretched = self.last.dot(s.role * 8 + bit as usize, &outs);
            let p = self.curves.squash(final_stretched);
            let a = self.corrections[0].refine(s.role * 256 + node, final_stretched);
            let b = self.corrections[1].refine(((s.contexts[0] ^ node as u32 * 0x9e37_79b1).wrapping_mul(0x85eb_ca6b) >> 16) as usize, final_stretched);
            let mixed = ((p * 2 + a + b) >> 2).clamp(1, 65_535);
            let y = coder.code(symbol as u32 >> bit & 1, mixed);
            // learn
            let target = (y << 16) as i32 - y as i32;
            for mixer in &mut self.mixers {
                let error = target - self.curves.squash(mixer.said) as i32;
                mixer.update(x, error, self.t.mixer_shift, self.t.mixer_boost);
            }
            self.last.update(&outs, target - p as i32, self.t.final_shift, 0);
            for correction in &mut self.corrections {
                correction.update(y);
            }
            let target = (y << 22) as i32 - y as i32;
            for (&node, &place) in nodes[..n].iter().zip(&places) {
                let seen = node & 1023;
                let p = (node >> 10) as i32;
                let step = ((target - p) >> 4) * i32::from(self.reciprocals[seen as usize & 255]) >> 8;
                self.slots.get_mut(place).nodes[leaf] = ((p + step) as u32) << 10 | (seen + u32::from(seen < u32::from(self.t.limit)));
            }
            if let Some(e) = expected {
                let p = &mut self.match_p[match_at][0];
                let hit = if e == y { 65_535 } else { 0 };
                *p = (i32::from(*p) + ((hit - i32::from(*p)) >> 6)) as u16;
            }
            node = node * 2 + y as usize;
        }
        (node & 255) as u8
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.mixers.iter_mut().for_each(Mixer::clear);
        self.last.clear();
        self.corrections.iter_mut().for_each(Correction::clear);
        self.match_p.fill([1 << 15; 2]);
        let _ = STRETCH_LIMIT;
    }
}


