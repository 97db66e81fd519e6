//! Whether the network of a model is mixed with contexts, which learn from the file itself.

use std::borrow::Cow;
use std::sync::Arc;

use vortex_coder::Model;
use vortex_coder::mixing::MixedModel;

use crate::error::Result;
use crate::level::Level;
use crate::look::{SAMPLE_BYTES, cost_of, costs_of, trial};
use crate::models::TrainedModel;

/// Whether a model is mixed with contexts. The mixed predictor is smaller where the file repeats
/// itself or differs from what the model was trained on; it codes a block in one lane, which takes
/// longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mix {
    /// A sample decides: mixed where that makes it smaller by 1 % or more. Not mixed if the model runs
    /// on a GPU, because contexts are coded symbol by symbol on the CPU.
    #[default]
    Auto,
    /// Always mixed.
    Always,
    /// The model alone.
    Never,
}

/// Mixing must make the sample smaller than this share of what the model alone does, in thousandths.
const WORTH_IT: u64 = 990;

/// What codes records with `model` and contexts; `None` for the model alone. `sample` is the start of the records, and only
/// read for [`Mix::Auto`].
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] for [`Mix::Always`] and a model that cannot be mixed.
pub(crate) fn choose<'a>(
    mix: Mix,
    level: Level,
    model: &TrainedModel,
    sample: impl FnOnce() -> Result<Cow<'a, [u8]>>,
) -> Result<Option<Arc<dyn Model>>> {
    let network = model.predictor();
    let on_gpu = model.network().is_some_and(|network| !network.on_cpu());
    if mix == Mix::Never || (mix == Mix::Auto && (on_gpu || network.lanes_predictor().is_none())) {
        return Ok(None);
    }
    let mixed = MixedModel::new(Arc::clone(&network), level.of_mixing())?;
    let mixed: Arc<dyn Model> = Arc::new(mixed);
    if mix == Mix::Always {
        return Ok(Some(mixed));
    }
    let sample = sample()?;
    let sample = &sample[..sample.len().min(SAMPLE_BYTES)];
    let records = trial(sample, model.schema().stride());
    let costs = costs_of(&[network, Arc::clone(&mixed)], |model| cost_of(&**model, records))?;
    let gains = costs[1] < costs[0] / 1000 * WORTH_IT;
    Ok(gains.then_some(mixed))
}
