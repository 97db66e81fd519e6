//! Whether the network of a model is mixed with contexts, which learn from the file itself.

use std::sync::Arc;

use vortex_coder::Model;
use vortex_coder::mixing::MixedModel;

use crate::error::Result;
use crate::level::Level;
use crate::look::{cost_of, trial};
use crate::models::TrainedModel;

/// Whether a model is mixed with contexts. The mixed predictor is smaller where the file repeats
/// itself or differs from what the model was trained on; it codes a block in one lane, which takes
/// longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mix {
    /// A sample decides: mixed where that makes it smaller by 1 % or more.
    #[default]
    Auto,
    /// Always mixed.
    Always,
    /// The model alone.
    Never,
}

/// Mixing must make the sample smaller than this share of what the model alone does, in thousandths.
const WORTH_IT: u64 = 990;

/// What codes the records of a model.
pub(crate) enum Choice {
    /// The model alone.
    Network,
    /// The model mixed with contexts.
    Mixed(Arc<dyn Model>),
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
    let [alone, with_contexts] = costs([&*network, &*mixed], records)?;
    let gains = with_contexts < alone / 1000 * WORTH_IT;
    Ok(if gains { Choice::Mixed(mixed) } else { Choice::Network })
}

/// What each model makes of the records, in 2^-16 bits.
fn costs(models: [&dyn Model; 2], records: &[u8]) -> Result<[u64; 2]> {
    let mut costs = [0; 2];
    std::thread::scope(|scope| {
        let trials = models.map(|model| scope.spawn(move || cost_of(model, records)));
        for (cost, trial) in costs.iter_mut().zip(trials) {
            *cost = trial.join().expect("a trial does not panic")?;
        }
        Ok(costs)
    })
}
