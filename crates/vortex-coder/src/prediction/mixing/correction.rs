//! What a probability turned out to be worth: for each small context a curve that is learnt, and read
//! between its points.

use super::curves::{Curves, STRETCH_LIMIT};

/// Bits of the distance between two points, of stretched probabilities.
const STEP_BITS: u32 = 8;
const POINTS: usize = ((2 * STRETCH_LIMIT as usize) >> STEP_BITS) + 1;
/// How fast a point moves, as a shift.
const RATE: u32 = 6;

pub(super) struct Correction {
    curves: Vec<[u16; POINTS]>,
    /// The point next to the last probability: curve and place.
    at: (usize, usize),
}

impl Correction {
    pub(super) fn new(curves: &Curves, contexts: usize) -> Self {
        let mut start = [0; POINTS];
        for (x, point) in (-STRETCH_LIMIT..).step_by(1 << STEP_BITS).zip(&mut start) {
            *point = u16::try_from(curves.squash(x)).expect("16 bits");
        }
        Self { curves: vec![start; contexts], at: (0, 0) }
    }

    /// The probability that a stretched one is worth in this context.
    #[inline(always)]
    pub(super) fn refine(&mut self, context: usize, stretched: i32) -> u32 {
        let x = (stretched + STRETCH_LIMIT).clamp(0, 2 * STRETCH_LIMIT - 1).cast_unsigned();
        let (point, part) = ((x >> STEP_BITS) as usize, x & ((1 << STEP_BITS) - 1));
        let curve = &self.curves[context];
        let (a, b) = (u32::from(curve[point]), u32::from(curve[point + 1]));
        self.at = (context, point + usize::from(part >= 1 << (STEP_BITS - 1)));
        (a * ((1 << STEP_BITS) - part) + b * part) >> STEP_BITS
    }

    /// Moves the nearest point; `target` is 0 or 65,535.
    #[inline(always)]
    pub(super) fn learn(&mut self, target: i32) {
        let p = &mut self.curves[self.at.0][self.at.1];
        let moved = i32::from(*p) + ((target - i32::from(*p)) >> RATE);
        *p = u16::try_from(moved).expect("between two numbers of 16 bits");
    }
}
