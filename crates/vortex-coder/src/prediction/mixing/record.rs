//! Contexts of the symbols of records.
use super::hash::mix;
use crate::layout::RecordLayout;
use super::engine::MAX_CONTEXTS;

pub(super) struct RecordContexts<'a> {
    layout: &'a RecordLayout,
    pub now: Vec<u8>,
    pub before: [Vec<u8>; 3],
    pub history: u64,
}

pub(super) const RECORD_CONTEXTS: usize = 23;

impl<'a> RecordContexts<'a> {
    pub(super) fn new(layout: &'a RecordLayout) -> Self {
        let n = layout.roles().len();
        Self { layout, now: vec![0; n], before: std::array::from_fn(|_| vec![0; n]), history: 0 }
    }
    pub(super) fn set(&mut self, role: usize, symbol: u8) {
        self.now[role] = symbol;
        self.history = self.history << 8 | u64::from(symbol);
    }
    pub(super) fn next_record(&mut self) {
        self.before.rotate_right(1);
        std::mem::swap(&mut self.before[0], &mut self.now);
        let n = self.now.len();
        self.now.copy_from_slice(&self.before[0][..n]);
    }
    pub(super) fn all(&self, role: usize, out: &mut [u32; MAX_CONTEXTS]) -> usize {
        let this = self.layout.roles()[role];
        let rank = usize::from(this.significance);
        let f = usize::from(this.field);
        let roles = self.layout.roles_of(f);
        let (first, w) = (roles.start, roles.len());
        let (now, p1, p2, p3) = (&self.now, &self.before[0], &self.before[1], &self.before[2]);
        let known = now[first..role].iter().fold(0, |h, &s| mix(h, u32::from(s) + 1));
        let same = now[first..role] == p1[first..role];
        let same2 = now[first..role] == p2[first..role];
        let up = p1[first..=role].iter().fold(0, |h, &s| mix(h, u32::from(s) + 1));
        let upall = p1[first..first + w].iter().fold(0, |h, &s| mix(h, u32::from(s) + 1));
        let field = |back: usize| -> (u32, u32, u32) {
            if f < back { return (0, 0, 0); }
            let r = self.layout.roles_of(f - back);
            let v = &now[r];
            let one = u32::from(v[0]) + 1;
            let two = if v.len() > 1 { mix(one, u32::from(v[1]) + 1) } else { one };
            (one, two, v.iter().fold(0, |h, &s| mix(h, u32::from(s) + 1)))
        };
        let (w1, w2, wall) = field(1);
        let (ww1, _, wwall) = field(2);
        let (_, w3, _) = field(3);
        let value = |r: &[u8]| r[first..first + w].iter().fold(0u64, |v, &s| v << 8 | u64::from(s));
        let (v1, v2) = (value(p1), value(p2));
        let pd = v1.wrapping_mul(2).wrapping_sub(v2);
        let sofar = now[first..role].iter().fold(0u64, |v, &s| v << 8 | u64::from(s));
        let shift = 8 * (w - rank - 1);
        let pdtop = if shift >= 64 { 0 } else { pd >> shift };
        let mask = if rank >= 8 { u64::MAX } else { (1 << (8 * rank)) - 1 };
        let d = |x: u64| ((sofar & mask) as i64 - (x & mask) as i64).clamp(-2, 2) as i32 as u32;
        let dd = d(pdtop >> 8);
        let d1 = d((v1 >> shift) >> 8);
        let (s, s2) = (u32::from(same), u32::from(same2));
        let (a1, a2, a3) = (u32::from(p1[role]), u32::from(p2[role]), u32::from(p3[role]));
        let h = self.history;
        let list = [
            known,
            mix(s, a1),
            mix(known, a1),
            mix(known, up),
            mix(known, w1),
            mix(known, w2),
            mix(mix(known, w1), ww1),
            mix(mix(s * 2 + s2, a1), a2),
            mix(mix(known, w1), a1),
            (h & 0xffff) as u32,
            mix((h & 0xff_ffff) as u32, 0),
            mix(h as u32, 0),
            mix(known, wall),
            mix(known, upall),
            mix(dd, (pdtop & 255) as u32),
            mix(d1, a1),
            mix(known, ww1),
            mix(known, wwall),
            mix(known, w3),
            mix(mix(known, wall), wwall),
            mix(mix(known, wall), upall),
            mix(mix(mix(known, w1), ww1), w3),
            mix(mix(known, a1), mix(a2, a3)),
        ];
        out[..list.len()].copy_from_slice(&list);
        list.len()
    }
    pub(super) fn equal(&self, role: usize) -> (bool, bool) {
        let this = self.layout.roles()[role];
        let first = role - usize::from(this.significance);
        (self.now[first..role] == self.before[0][first..role], self.now[first..role] == self.before[1][first..role])
    }
}
