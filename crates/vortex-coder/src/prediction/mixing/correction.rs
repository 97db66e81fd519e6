//! Correction of probabilities: each small context has a learnt curve, which is read with
//! interpolation between its points.

use super::curves::{Curves, STRETCH_LIMIT};

/// Bits of the distance between two points, of stretched probabilities.
const STEP_BITS: u32 = 8;
const POINTS: usize = ((2 * STRETCH_LIMIT as usize) >> STEP_BITS) + 1;
/// How fast a point moves, as a shift.
const RATE: u32 = 7;

/// [`POINTS`] points, in a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Curve([u16; 32]);

pub(super) struct Correction {
    curves: Vec<Curve>,
}

/// A point of a curve.
#[derive(Clone, Copy)]
pub(super) struct Point {
    curve: usize,
    point: usize,
}

impl Correction {
    pub(super) fn new(curves: &Curves, contexts: usize) -> Self {
        let mut start = [0; 32];
        for (x, point) in (-STRETCH_LIMIT..).step_by(1 << STEP_BITS).zip(&mut start[..POINTS]) {
            *point = u16::try_from(curves.squash(x)).expect("16 bits");
        }
        Self { curves: vec![Curve(start); contexts] }
    }

    /// The curve of a context. Request it long before it is read, because it is rarely in the
    /// nearest cache.
    #[inline(always)]
    pub(super) fn curve(&self, context: usize) -> Curve {
        self.curves[context]
    }

    /// Moves the point next to the last probability; `target` is 0 or 65,535.
    #[inline(always)]
    pub(super) fn learn(&mut self, at: Point, target: i32) {
        let p = &mut self.curves[at.curve].0[at.point];
        let moved = i32::from(*p) + ((target - i32::from(*p)) >> RATE);
        *p = u16::try_from(moved).expect("between two numbers of 16 bits");
    }
}

impl Curve {
    /// The corrected probability of a stretched one, and the point that learns from the decision.
    #[inline(always)]
    pub(super) fn refine(&self, curve: usize, stretched: i32) -> (u32, Point) {
        let x = (stretched + STRETCH_LIMIT).clamp(0, 2 * STRETCH_LIMIT - 1).cast_unsigned();
        let (point, part) = ((x >> STEP_BITS) as usize, x & ((1 << STEP_BITS) - 1));
        let (a, b) = (u32::from(self.0[point]), u32::from(self.0[point + 1]));
        let at = Point { curve, point: point + usize::from(part >= 1 << (STEP_BITS - 1)) };
        ((a * ((1 << STEP_BITS) - part) + b * part) >> STEP_BITS, at)
    }
}
