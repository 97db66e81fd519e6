use super::Shared;

/// Which keys each query attends to; the same for all sequences.
#[derive(Clone, Debug)]
pub struct AttentionPlan {
    /// Sequences.
    pub sequences: usize,
    /// Heads.
    pub heads: usize,
    /// Keys (and values) of one sequence.
    pub keys: usize,
    /// Query `t` of a sequence attends to the keys `range[t].0..range[t].1` (empty: result 0).
    pub range: Shared<(u32, u32)>,
}

impl AttentionPlan {
    /// The last `window` tokens, the query's own included.
    pub fn sliding(sequences: usize, tokens: usize, heads: usize, window: usize) -> Self {
        let range = (0..tokens).map(|t| ((t + 1).saturating_sub(window) as u32, t as u32 + 1));
        Self { sequences, heads, keys: tokens, range: range.collect() }
    }

    /// For tokens of segment `s` of length `segment`: the slots of earlier segments (`keep` each),
    /// at most the last `slots` of them. Only complete segments have slots.
    pub fn memory(
        sequences: usize,
        tokens: usize,
        heads: usize,
        segment: usize,
        keep: usize,
        slots: usize,
    ) -> Self {
        let range = (0..tokens).map(|t| {
            let end = t / segment * keep;
            (end.saturating_sub(slots) as u32, end as u32)
        });
        Self { sequences, heads, keys: tokens / segment * keep, range: range.collect() }
    }

    /// Queries of one sequence.
    pub fn queries(&self) -> usize {
        self.range.len()
    }
}
