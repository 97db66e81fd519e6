//! The match: it predicts the symbol that followed the last symbols at their previous occurrence.

use super::hash::{finish, mix};

/// Number of symbols that must repeat before a match is used.
const LEAST: usize = 6;
/// Number of symbols that are compared to find the length of a match.
const COMPARED: usize = 64;
/// Longer matches count as this.
const LONGEST: u32 = 65_535;
const MAX_TABLE_LOG2: u32 = 20;

pub(super) struct Matcher {
    seen: Vec<u8>,
    /// For each hash of the last symbols, the number of symbols at that time.
    last: Vec<u32>,
    /// Place of the expected symbol, and the length of the match; 0 for none.
    at: usize,
    len: u32,
}

impl Matcher {
    /// A matcher for this number of symbols.
    pub(super) fn new(symbols: usize) -> Self {
        let log2 = symbols.max(1).ilog2().clamp(8, MAX_TABLE_LOG2);
        Self { seen: Vec::with_capacity(symbols), last: vec![0; 1 << log2], at: 0, len: 0 }
    }

    /// The expected symbol.
    pub(super) fn expected(&self) -> Option<u8> {
        if self.len == 0 { None } else { self.seen.get(self.at).copied() }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Adds a symbol; `kind` is its role.
    #[allow(clippy::cast_possible_truncation)] // a block is shorter than 2^32
    pub(super) fn push(&mut self, symbol: u8, kind: usize) {
        if self.expected() == Some(symbol) {
            self.len = (self.len + 1).min(LONGEST);
            self.at += 1;
        } else {
            self.len = 0;
        }
        self.seen.push(symbol);
        let n = self.seen.len();
        let Some(recent) = n.checked_sub(LEAST).map(|start| &self.seen[start..]) else { return };
        let hash = recent.iter().fold(kind as u32, |h, &s| mix(h, s.into()));
        let place = finish(hash) as usize & (self.last.len() - 1);
        if self.len == 0 {
            let at = self.last[place] as usize;
            let pairs = self.seen[..at].iter().rev().zip(self.seen.iter().rev());
            let common = pairs.take(COMPARED).take_while(|(a, b)| a == b).count();
            if common >= LEAST {
                (self.at, self.len) = (at, common as u32);
            }
        }
        self.last[place] = n as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_is_expected() {
        let mut matcher = Matcher::new(100);
        for &byte in b"before it: seventeen, then seventee" {
            matcher.push(byte, 0);
        }
        assert_eq!((matcher.expected(), matcher.len()), (Some(b'n'), 9));
        matcher.push(b'n', 0);
        assert_eq!(matcher.expected(), Some(b','));
        matcher.push(b'!', 0);
        assert_eq!((matcher.expected(), matcher.len()), (None, 0));
    }
}
