//! Whether the network of a model is mixed with contexts, which learn from the file itself.

use std::sync::Arc;

use vortex_coder::container::Coder;
use vortex_coder::mixing::MixedModel;
use vortex_coder::{Model, Schema};

use crate::error::Result;
use crate::level::Level;
use crate::look::{cost_of, trial};
use crate::models::TrainedModel;

/// Whether a model is mixed with contexts. The mixed predictor is smaller where the file repeats
/// itself or differs from what the model was trained on; it codes a block in one lane, which takes
/// longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mix {
    /// A sample decides: mixed where that makes it smaller by 1 % or more; otherwise the model or
    /// the contexts alone, whichever is smaller.
    #[default]
    Auto,
    /// Always mixed.
    Always,
    /// The model alone.
    Never,
}

/// Mixing must make the sample smaller than this share of the smaller of both alone, in thousandths.
const WORTH_IT: u64 = 990;

/// What codes the records of a model.
pub(crate) enum Choice {
    /// The model alone.
    Network,
    /// The model mixed with contexts.
    Mixed(Arc<dyn Model>),
    /// The contexts alone, which need no model.
    Contexts(Arc<dyn Model>),
}

/// What codes records with `model`; `sample` is their start, and only read for [`Mix::Auto`].
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] for [`Mix::Always`] and a model that cannot be mixed.
pub(crate) fn choose(
    mix: Mix,
    level: Level,
    model: &TrainedModel,
    sample: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Choice> {
    if mix == Mix::Never {
        return Ok(Choice::Network);
    }
    let network = model.predictor();
    if mix == Mix::Auto && network.lanes_predictor().is_none() {
        return Ok(Choice::Network);
    }
    let mixed = MixedModel::new(Arc::clone(&network), level.of_mixing())?;
    let mixed: Arc<dyn Model> = Arc::new(mixed);
    if mix == Mix::Always {
        return Ok(Choice::Mixed(mixed));
    }
    let sample = sample()?;
    let records = trial(&sample, model.schema().stride());
    let contexts = contexts(level, model.schema().clone());
    let [alone, mixed_cost, of_contexts] = costs([&*network, &*mixed, &*contexts], records)?;
    let smaller = alone.min(of_contexts);
    Ok(if mixed_cost < smaller / 1000 * WORTH_IT {
        Choice::Mixed(mixed)
    } else if of_contexts < alone {
        Choice::Contexts(contexts)
    } else {
        Choice::Network
    })
}

/// The built-in contexts for the records of a model.
fn contexts(level: Level, schema: Schema) -> Arc<dyn Model> {
    match Coder::mixing(schema, level.of_mixing()) {
        Coder::Model(model) => model,
        Coder::Classic(_) => unreachable!("a predictor"),
    }
}

/// What each model makes of the records, in 2^-16 bits.
fn costs(models: [&dyn Model; 3], records: &[u8]) -> Result<[u64; 3]> {
    let mut costs = [0; 3];
    std::thread::scope(|scope| {
        let trials = models.map(|model| scope.spawn(move || cost_of(model, records)));
        for (cost, trial) in costs.iter_mut().zip(trials) {
            *cost = trial.join().expect("a trial does not panic")?;
        }
        Ok(costs)
    })
}
