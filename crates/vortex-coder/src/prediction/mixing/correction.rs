//! What a probability turned out to be worth: a curve for each small context, learnt, and read
//! between its points.

use super::curves::{Curves, STRETCH_LIMIT};

/// Points of a curve: 24 steps of 256.
const POINTS: usize = 25;
const STEP_BITS: u32 = 8;

pub(super) struct Correction {
    curves: Vec<[u16; POINTS]>,
    start: [u16; POINTS],
    at: (usize, usize),
    rate: u32,
}

impl Correction {
    pub(super) fn new(curves: &Curves, contexts: usize, rate: u32) -> Self {
        let start = std::array::from_fn(|i| {
            u16::try_from(curves.squash(((i as i32) << STEP_BITS) - STRETCH_LIMIT)).expect("16 bits")
        });
        Self { curves: vec![start; contexts], start, at: (0, 0), rate }
    }

    pub(super) fn clear(&mut self) {
        self.curves.fill(self.start);
    }

    #[inline(always)]
    pub(super) fn refine(&mut self, context: usize, stretched: i32) -> u32 {
        let x = (stretched + STRETCH_LIMIT).clamp(0, 2 * STRETCH_LIMIT - 1);
        let (low, part) = ((x >> STEP_BITS) as usize, (x & 255) as u32);
        let curve = &self.curves[context];
        let p = (u32::from(curve[low]) * (256 - part) + u32::from(curve[low + 1]) * part) >> 8;
        self.at = (context, low + usize::from(part >= 128));
        p
    }

    #[inline(always)]
    pub(super) fn update(&mut self, bit: u32) {
        let p = &mut self.curves[self.at.0][self.at.1];
        let error = ((bit << 16) as i32 - bit as i32) - i32::from(*p);
        *p = (i32::from(*p) + (error >> self.rate)) as u16;
    }
}
