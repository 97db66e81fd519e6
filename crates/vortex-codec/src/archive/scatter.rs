//! Stored rows become rows of the output, as their bytes come.

use std::ops::Range;

/// Bytes of a stored row, and their place in a row of the output.
pub(super) struct Move {
    pub(super) from: Range<usize>,
    pub(super) to: usize,
}

/// Takes stored rows in pieces of any length, and fills the rows of the output.
pub(super) struct Scatter<'a> {
    /// Bytes of a stored row.
    stored: usize,
    moves: &'a [Move],
    /// The rows that are not filled yet.
    out: &'a mut [u8],
    /// Bytes of a row of the output.
    step: usize,
    /// The start of a row whose end has not come.
    begun: Vec<u8>,
}

impl<'a> Scatter<'a> {
    /// The output has as many rows as will come.
    pub(super) fn new(stored: usize, moves: &'a [Move], out: &'a mut [u8], step: usize) -> Self {
        Self { stored, moves, out, step, begun: Vec::new() }
    }

    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        if self.is_copy() {
            return self.fill(bytes.len()).copy_from_slice(bytes);
        }
        if !self.begun.is_empty() {
            let missing = (self.stored - self.begun.len()).min(bytes.len());
            self.begun.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.begun.len() < self.stored {
                return;
            }
            let row = std::mem::take(&mut self.begun);
            self.rows(&row);
        }
        let whole = bytes.len() / self.stored * self.stored;
        self.rows(&bytes[..whole]);
        self.begun.extend_from_slice(&bytes[whole..]);
    }

    /// Whether the output is as what is stored.
    fn is_copy(&self) -> bool {
        matches!(self.moves, [one] if one.from.len() == self.stored && self.step == self.stored)
    }

    fn rows(&mut self, stored: &[u8]) {
        let (n, step, moves) = (stored.len() / self.stored, self.step, self.moves);
        let rows = stored.chunks_exact(self.stored);
        for (row, out) in rows.zip(self.fill(n * step).chunks_exact_mut(step)) {
            for Move { from, to } in moves {
                out[*to..to + from.len()].copy_from_slice(&row[from.clone()]);
            }
        }
    }

    /// The next bytes of the output.
    fn fill(&mut self, n: usize) -> &'a mut [u8] {
        let (now, later) = std::mem::take(&mut self.out).split_at_mut(n);
        self.out = later;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_pieces_of_any_length() {
        let stored: Vec<u8> = (0..60).collect();
        let moves = [Move { from: 4..6, to: 0 }, Move { from: 0..1, to: 2 }];
        let wanted: Vec<u8> = stored.chunks(6).flat_map(|row| [row[4], row[5], row[0]]).collect();
        for piece in 1..=60 {
            let mut out = vec![0; 30];
            let mut scatter = Scatter::new(6, &moves, &mut out, 3);
            stored.chunks(piece).for_each(|bytes| scatter.take(bytes));
            assert_eq!(out, wanted, "{piece}");
        }
    }
}
