//! Keys and values of the last tokens, for stepwise passes.

use burn::tensor::{Tensor, backend::Backend};

use crate::kernels::AttentionPlan;

/// The last tokens (or memory slots) of all lanes, oldest first; a FIFO of bounded length.
#[derive(Clone, Debug)]
pub struct KvCache<B: Backend> {
    limit: usize,
    /// `[lanes, length, 2 d]`.
    kv: Option<Tensor<B, 3>>,
}

impl<B: Backend> KvCache<B> {
    /// An empty cache of at most `limit` entries per lane.
    pub fn new(limit: usize) -> Self {
        Self { limit, kv: None }
    }

    /// Entries per lane.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.kv.as_ref().map_or(0, |kv| kv.dims()[1])
    }

    /// Appends entries and drops the oldest beyond the limit.
    ///
    /// # Shapes
    /// - kv: `[lanes, new, 2 d]`
    pub fn push(&mut self, kv: Tensor<B, 3>) {
        let kv = match self.kv.take() {
            Some(old) => Tensor::cat(vec![old, kv], 1),
            None => kv,
        };
        let excess = kv.dims()[1].saturating_sub(self.limit);
        self.kv = Some(kv.slice_dim(1, excess..));
    }

    /// All entries, for one query per lane.
    ///
    /// # Shapes
    /// - output: `[lanes * length, 2 d]`
    pub fn view(&self, heads: usize) -> Option<(Tensor<B, 2>, AttentionPlan)> {
        let kv = self.kv.as_ref()?;
        let [lanes, keys, width] = kv.dims();
        let range = [(0, keys as u32)].into();
        let plan = AttentionPlan { sequences: lanes, heads, keys, range };
        Some((kv.clone().reshape([lanes * keys, width]), plan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::backend::Flex;

    #[test]
    fn keeps_the_last_entries_in_order() {
        let mut cache = KvCache::<Flex>::new(3);
        assert!(cache.view(1).is_none());
        for t in 0..5 {
            let entry = [[[t as f32, 0.0]], [[t as f32 + 10.0, 0.0]]];
            cache.push(Tensor::from_data(entry, &Default::default()));
        }
        assert_eq!(cache.len(), 3);
        let (kv, plan) = cache.view(1).unwrap();
        let first = kv.narrow(1, 0, 1).into_data().to_vec::<f32>().unwrap();
        assert_eq!(first, [2.0, 3.0, 4.0, 12.0, 13.0, 14.0]);
        assert_eq!((plan.keys, &plan.range[..]), (3, &[(0, 3)][..]));
    }
}
