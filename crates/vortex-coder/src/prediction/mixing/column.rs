//! Contexts of numbers of one width that follow each other.

use super::engine::MAX_CONTEXTS;
use super::forecast::{Forecast, Spread};
use super::hash::mix;

pub(super) const RULES: usize = 6;

/// How the numbers of a region lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Kind {
    pub width: usize,
    pub float: bool,
    pub signed: bool,
    pub big_endian: bool,
    /// Distances in bytes, 0 for none.
    pub far: [usize; 2],
}

impl Kind {
    pub(super) fn value(&self, bytes: &[u8], at: usize) -> u64 {
        let b = &bytes[at..at + self.width];
        let raw = if self.big_endian { b.iter().fold(0, |v, &x| v << 8 | u64::from(x)) } else { b.iter().rev().fold(0, |v, &x| v << 8 | u64::from(x)) };
        self.ordered(raw)
    }
    pub(super) fn ordered(&self, raw: u64) -> u64 {
        let sign = 1u64 << (8 * self.width - 1);
        let mask = u64::MAX >> (64 - 8 * self.width);
        if self.float { if raw & sign != 0 { !raw & mask } else { raw ^ sign } } else if self.signed { raw ^ sign } else { raw }
    }
    pub(super) fn raw(&self, ordered: u64) -> u64 {
        let sign = 1u64 << (8 * self.width - 1);
        let mask = u64::MAX >> (64 - 8 * self.width);
        if self.float { if ordered & sign == 0 { !ordered & mask } else { ordered ^ sign } } else if self.signed { ordered ^ sign } else { ordered }
    }
}

pub(super) struct Columns {
    spreads: [[Spread; RULES]; 9],
    pub centers: [u64; RULES],
    pub forecasts: [Forecast; RULES],
    levels: [u32; RULES],
    last: [u64; 4],
    n_far: u64,
    used: usize,
    shift: u32,
    whole: [u32; 5],
}

impl Columns {
    pub(super) fn new() -> Self {
        Self { spreads: [[Spread::default(); RULES]; 9], centers: [0; RULES], forecasts: [Forecast::default(); RULES], levels: [0; RULES], last: [0; 4], n_far: 0, used: 0, shift: 0, whole: [0; 5] }
    }

    /// Looks back from the number at `at`; `start` is where the region began.
    pub(super) fn begin(&mut self, kind: &Kind, bytes: &[u8], at: usize, _start: usize) {
        let w = kind.width;
        let back = |d: usize| if d != 0 && at >= d { kind.value(bytes, at - d) } else { 0 };
        let mask = u64::MAX >> (64 - 8 * w);
        self.last = [back(w), back(2 * w), back(3 * w), back(4 * w)];
        let [a, b, ..] = self.last;
        self.used = 2;
        self.centers[0] = a;
        self.centers[1] = extrapolate(a, a, b, mask);
        for (i, &far) in kind.far.iter().enumerate() {
            if far > 0 {
                let (n, nw) = (back(far), back(far + w));
                self.centers[self.used] = n;
                self.centers[self.used + 1] = extrapolate(a, n, nw, mask);
                self.used += 2;
                if i == 0 { self.n_far = n; }
            }
        }
        if kind.far[0] == 0 { self.n_far = self.last[2]; }
        // Eight-byte numbers lose their last byte, so that differences fit.
        self.shift = if w == 8 { 8 } else { 0 };
        for i in 0..RULES {
            if i < self.used {
                let s = &self.spreads[w][i];
                self.forecasts[i] = s.forecast((self.centers[i] >> self.shift) as i64);
                self.levels[i] = s.level();
            } else {
                self.forecasts[i] = Forecast::default();
            }
        }
        let fold = |v: u64| mix(mix(v as u32, (v >> 32) as u32), 7);
        self.whole = [fold(self.last[0]), fold(self.last[1]), fold(self.last[2]), fold(self.n_far), fold(self.last[3])];
    }

    pub(super) fn end(&mut self, kind: &Kind, value: u64) {
        for i in 0..self.used {
            let error = (value >> self.shift) as i64 - (self.centers[i] >> self.shift) as i64;
            self.spreads[kind.width][i].update(error);
        }
    }

    pub(super) fn shift(&self) -> u32 { self.shift }

    /// `so_far`: the bytes known.
    pub(super) fn all(&self, kind: &Kind, rank: usize, so_far: u64, out: &mut [u32; MAX_CONTEXTS]) -> usize {
        let w = kind.width;
        let low = 8 * (w - 1 - rank) as u32;
        let known = mix(mix(so_far as u32, (so_far >> 32) as u32), rank as u32 + 1);
        let byte = |v: u64| (v >> low) as u32 & 255;
        let prefix = |v: u64| if rank == 0 { 0 } else { v >> low >> 8 };
        let [a, b, c, d] = self.last;
        let same = |v: u64| u32::from(prefix(v) == so_far);
        let n = self.n_far;
        let mut k = 0;
        let mut add = |h: u32| { out[k] = h; k += 1; };
        add(known);
        add(mix(same(a), byte(a)));
        add(mix(known, self.whole[0]));
        add(mix(mix(known, self.whole[0]), self.whole[1]));
        add(mix(mix(known, (a >> (8 * w - 8)) as u32 & 255), (b >> (8 * w - 8)) as u32 & 255));
        add(mix(mix(same(a) * 4 + same(b) * 2 + same(c), byte(a)), mix(byte(b), byte(c))));
        add(mix(known, self.whole[1]));
        add(mix(mix(known, self.whole[3]), 3));
        add(mix(mix(known, self.whole[3]), self.whole[0]));
        add(mix(mix(mix(mix(known, self.whole[0]), self.whole[1]), self.whole[2]), self.whole[4]));
        add(mix(mix(same(n) * 2 + same(a), byte(n)), byte(a)));
        let _ = d;
        for i in 0..RULES {
            if i < self.used {
                let p = self.centers[i];
                let diff = (so_far as i64).wrapping_sub(prefix(p) as i64).clamp(-2, 2) as u32;
                let finer = if low >= 8 { (p >> (low - 2)) as u32 & 3 } else { 0 };
                add(mix(mix(diff, byte(p) << 2 | finer), self.levels[i] >> 1));
            } else {
                add(mix(mix(known, self.whole[2]), i as u32));
            }
        }
        k
    }
}

/// `a + (n - m)`, kept within the type.
fn extrapolate(a: u64, n: u64, m: u64, mask: u64) -> u64 {
    let x = i128::from(a) + i128::from(n) - i128::from(m);
    x.clamp(0, i128::from(mask)) as u64
}
