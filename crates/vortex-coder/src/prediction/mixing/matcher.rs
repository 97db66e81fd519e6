//! The longest recent repeat: what followed the last symbols the last time.

pub(super) struct Matcher {
    least: usize,
    seen: Vec<u8>,
    last_at: Vec<u32>,
    at: usize,
    len: u32,
}

impl Matcher {
    pub(super) fn new(least: usize, log2: u32) -> Self {
        Self { least, seen: Vec::new(), last_at: vec![0; 1 << log2], at: 0, len: 0 }
    }
    pub(super) fn expected(&self) -> Option<u8> {
        if self.len == 0 { None } else { self.seen.get(self.at).copied() }
    }
    pub(super) fn len(&self) -> u32 {
        self.len
    }
    pub(super) fn push(&mut self, symbol: u8, salt: u32) {
        if self.len > 0 && self.seen.get(self.at) == Some(&symbol) {
            self.len = (self.len + 1).min(65_535);
            self.at += 1;
        } else {
            self.len = 0;
        }
        self.seen.push(symbol);
        let n = self.seen.len();
        if n < self.least { return; }
        let hash = self.seen[n - self.least..].iter().fold(salt, |h, &b| super::hash::mix(h, b.into()));
        let slot = super::hash::finish(hash) as usize & (self.last_at.len() - 1);
        let place = &mut self.last_at[slot];
        if self.len == 0 {
            let at = *place as usize;
            if at > 0 {
                let common = self.seen[..at].iter().rev().zip(self.seen.iter().rev()).take(64).take_while(|(a, b)| a == b).count();
                if common >= self.least {
                    (self.at, self.len) = (at, common as u32);
                }
            }
        }
        *place = n as u32;
    }
}
