//! Keys and values of all lanes of a layer, laid out for the kernels, and attention over them.

use super::dense::reserve;
use crate::cpu::kernels::{Isa, Matrix};
use crate::cpu::quads::{Block, COLUMNS};

/// Space for `capacity` slots per lane and head. Slots are written in any order, because integer
/// sums do not depend on it.
pub struct Store {
    n_heads: usize,
    channels: usize,
    /// Blocks of 16 slots.
    slot_blocks: usize,
    /// `[lane][head][channels / 4][slots / 16]`.
    keys: Vec<Block>,
    /// `[lane][head][slots / 4][channels / 16]`.
    values: Vec<Block>,
}

/// Reused buffers of [`Store::attend`].
#[derive(Default)]
pub struct AttendScratch {
    query: Vec<i8>,
    scores: Vec<i32>,
    weights: Vec<u8>,
    sums: Vec<i32>,
}

impl Store {
    pub fn new(lanes: usize, n_heads: usize, channels: usize, capacity: usize) -> Self {
        let slot_blocks = capacity.div_ceil(COLUMNS);
        let key_blocks = channels.div_ceil(4) * slot_blocks;
        let value_blocks = slot_blocks * 4 * channels.div_ceil(COLUMNS);
        let zero = Block([0; 64]);
        Self {
            n_heads,
            channels,
            slot_blocks,
            keys: vec![zero; lanes * n_heads * key_blocks],
            values: vec![zero; lanes * n_heads * value_blocks],
        }
    }

    /// Bytes of all lanes.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        (self.keys.len() + self.values.len()) * size_of::<Block>()
    }

    fn key_blocks(&self) -> usize {
        self.channels.div_ceil(4) * self.slot_blocks
    }

    fn value_stride(&self) -> usize {
        self.channels.div_ceil(COLUMNS)
    }

    /// Writes a slot: `key` and `value` hold all heads one after the other.
    #[inline(always)]
    pub fn put<I: Isa>(&mut self, lane: usize, slot: usize, key: &[i8], value: &[i8]) {
        let (key_blocks, value_stride) = (self.key_blocks(), self.value_stride());
        let value_blocks = self.slot_blocks * 4 * value_stride;
        let (slot_block, slot_column) = (slot / COLUMNS, slot % COLUMNS);
        for head in 0..self.n_heads {
            let at = lane * self.n_heads + head;
            let keys = &mut self.keys[at * key_blocks..(at + 1) * key_blocks];
            let values = &mut self.values[at * value_blocks..(at + 1) * value_blocks];
            let row = &mut values[slot / 4 * value_stride..(slot / 4 + 1) * value_stride];
            let range = head * self.channels..(head + 1) * self.channels;
            for (i, (&k, &v)) in key[range.clone()].iter().zip(&value[range]).enumerate() {
                let block = &mut keys[i / 4 * self.slot_blocks + slot_block];
                block.0[slot_column * 4 + i % 4] = k ^ I::KEY_FLIP;
                row[i / COLUMNS].0[i % COLUMNS * 4 + slot % 4] = v;
            }
        }
    }

    /// Softmax attention of one head over the first `used` slots of a lane (at least one), to
    /// `out[..channels]`; `docs/numerics.md`, "attend".
    ///
    /// # Safety
    /// The processor has the instructions of `I`.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn attend<I: Isa>(
        &self,
        lane: usize,
        head: usize,
        used: usize,
        query: &[i8],
        score_shift: u32,
        table: &[u32; 32],
        s: &mut AttendScratch,
        out: &mut [i32],
    ) {
        let at = lane * self.n_heads + head;
        let (key_blocks, value_stride) = (self.key_blocks(), self.value_stride());
        let value_blocks = self.slot_blocks * 4 * value_stride;
        let blocks = used.div_ceil(COLUMNS);
        let keys = Matrix {
            data: &self.keys[at * key_blocks..(at + 1) * key_blocks],
            groups: self.channels.div_ceil(4),
            stride: self.slot_blocks,
            blocks,
        };
        let values = Matrix {
            data: &self.values[at * value_blocks..(at + 1) * value_blocks],
            groups: used.div_ceil(4),
            stride: value_stride,
            blocks: value_stride,
        };
        let padded = reserve(&mut s.query, keys.groups * 4);
        padded[..self.channels].copy_from_slice(&query[..self.channels]);
        let scores = reserve(&mut s.scores, blocks * COLUMNS);
        let weights = reserve(&mut s.weights, blocks * COLUMNS);
        let sums = reserve(&mut s.sums, value_stride * COLUMNS);
        // SAFETY: promised by the caller.
        unsafe { I::scores(padded, keys, scores) };
        let mut best = i32::MIN;
        for &v in &scores[..used] {
            best = best.max(v);
        }
        scores[used..].fill(best);
        // SAFETY: promised by the caller.
        unsafe { I::attention_weights(scores, best, score_shift, table, weights) };
        weights[used..].fill(0);
        let mut total = 0i32;
        for &w in &*weights {
            total += i32::from(w);
        }
        let reciprocal = (1 << 24) / total;
        // SAFETY: promised by the caller.
        unsafe { I::mix(weights, values, sums) };
        for (out, &sum) in out[..self.channels].iter_mut().zip(&*sums) {
            *out = (sum * reciprocal + (1 << 23)) >> 24;
        }
    }
}
