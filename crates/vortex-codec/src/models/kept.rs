//! A cache of models for the next file.

use super::TrainedModel;

/// Models are kept as long as their networks together have at most this number of bytes; the latest
/// one is always kept.
const KEPT_BYTES: u64 = 256 << 20;

/// The last used models, with the latest at the end, and the sizes of their networks.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<(u64, TrainedModel)>);

impl Kept {
    pub(super) fn get(&mut self, digest: [u8; 32]) -> Option<TrainedModel> {
        let at = self.0.iter().position(|(_, model)| model.is(digest))?;
        let found = self.0.remove(at);
        let model = found.1.clone();
        self.0.push(found);
        Some(model)
    }

    pub(super) fn insert(&mut self, bytes: u64, model: TrainedModel) {
        self.0.push((bytes, model));
        let mut sum: u64 = self.0.iter().map(|(bytes, _)| bytes).sum();
        while sum > KEPT_BYTES && self.0.len() > 1 {
            sum -= self.0.remove(0).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use vortex_coder::{BlockCoder, Identity, Model, RecordLayout, Schema};

    struct Named([u8; 32], RecordLayout);

    impl Model for Named {
        fn identity(&self) -> Identity {
            Identity::Network(self.0)
        }
        fn layout(&self) -> &RecordLayout {
            &self.1
        }
        fn coder(&self) -> Box<dyn BlockCoder + '_> {
            unreachable!("only kept")
        }
    }

    #[test]
    fn models_are_kept_while_there_is_room_and_the_oldest_go_first() {
        let mut kept = Kept::default();
        let insert = |kept: &mut Kept, bytes: u64, name: u8| {
            let layout = RecordLayout::new(Schema::bytes());
            let model = TrainedModel::of(Arc::new(Named([name; 32], layout))).unwrap();
            kept.insert(bytes, model);
            kept.0.iter().map(|(_, model)| model.digest()[0]).collect::<Vec<_>>()
        };
        assert_eq!(insert(&mut kept, KEPT_BYTES / 4, 1), [1]);
        assert_eq!(insert(&mut kept, KEPT_BYTES / 4, 2), [1, 2]);
        assert_eq!(insert(&mut kept, KEPT_BYTES / 4, 3), [1, 2, 3]);
        // A used model moves to the end.
        assert!(kept.get([1; 32]).is_some() && kept.get([9; 32]).is_none());
        assert_eq!(insert(&mut kept, KEPT_BYTES / 2, 4), [3, 1, 4]);
        assert_eq!(insert(&mut kept, KEPT_BYTES * 2, 5), [5]);
    }
}
