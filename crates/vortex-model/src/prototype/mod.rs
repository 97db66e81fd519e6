//! Checkpoints of the Python prototype of this project, as models of this crate.
//!
//! The prototype's `CompressiveTransformer` and `OptimisedCompressiveTransformer` predict single
//! bytes. Without memories (the default call, and the one for coding), they are special cases of
//! [`ProductionModel`], exact up to float rounding:
//!
//! - A token is a byte and the trunk sees only the previous byte
//!   ([`ModelConfig::reference_input`] is off): a record is [`Prototype::stride`] fields of one byte.
//! - Positions are the prototype's own table, as learned positions.
//! - Gains of RMSNorm belong to the rows of the next matrix; layer normalisations are those of the
//!   reference model.
//! - The prototype's layer normalisation adds 1e-5 to the variance and ours another number.
//!   Everything that writes to the residual stream is multiplied by the root of their ratio; then
//!   the normalised stream is the same.
//! - The linear head is a byte head as wide as the trunk whose input is the identity, whose feed-forward part,
//!   reference and copy add nothing, and whose logits are in bits.
//!
//! The memory is left out: its scorer has no rectifier and looks ahead, its keys and values have matrices and
//! a normalisation of their own, and its gate acts only if there are slots. The memory of this crate cannot
//! express this, so it is not imported.
//!
//! `docs/checkpoints.md` has the table of names; `convert` is that table as code.

mod convert;
mod state_dict;

use std::path::Path;

use burn::tensor::backend::Backend;
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, FieldCoding, Schema};

use crate::config::{Architecture, EmbeddingKind, HeadConfig, ModelConfig, PositionKind};
use crate::error::{Error, Result};
#[cfg(doc)]
use crate::kernels::NORM_EPSILON;
use crate::production::ProductionModel;
use crate::record::RecordSpec;
use crate::tdt;

use state_dict::StateDict;

/// Width of the head's feed-forward part, which adds nothing at first: the smallest allowed width.
const HEAD_FF: usize = 8;
/// Parts of a layer's attention that belong to the memory.
const MEMORY: [&str; 4] = ["mem_mgr.", "mem_kv.", "infini_beta", "mem_gate"];

/// Settings that a state dict does not contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Tokens that attention looks back.
    pub window: usize,
    /// Attention heads, if the gates of the memory do not give the number.
    pub heads: Option<usize>,
    /// Bytes per record; 4 for the typed embedding and 1 for the plain one if it is not given.
    pub stride: Option<usize>,
}

impl Default for Options {
    /// The prototype's defaults.
    fn default() -> Self {
        Self { window: 512, heads: None, stride: None }
    }
}

/// An open checkpoint of the prototype whose weights are not read yet.
#[derive(Debug)]
pub struct Prototype {
    state: StateDict,
    config: ModelConfig,
    stride: usize,
    left_out: Vec<String>,
}

impl Prototype {
    /// Opens a `.pt` file: a state dict, alone or inside the structure that the prototype saves
    /// (`{"epoch", "model", "optimizer", "bpd"}`).
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file is not such a checkpoint, [`Error::Config`] for sizes out
    /// of range.
    pub fn open(path: &Path, options: &Options) -> Result<Self> {
        let mut state = StateDict::open(path)?;
        let left_out = state.remove(|name| {
            let part = name.strip_prefix("layers.").and_then(|n| n.split_once(".attn."));
            part.is_some_and(|(_, part)| MEMORY.iter().any(|memory| part.starts_with(memory)))
        });
        let tdt = state.has("embed.type_scale");
        let period = if tdt { tdt::TABLES } else { 1 };
        let stride = options.stride.unwrap_or(period);
        let config = config(&state, &left_out, options, tdt)?;
        config.validate()?;
        if !stride.is_multiple_of(period) || !(1..=1 << 16).contains(&stride) {
            let allowed = format!("1 to 65536 and a multiple of {period}, for this embedding");
            return Err(Error::config("bytes a record", stride, &allowed));
        }
        let left_out = left_out.into_iter().map(|(name, _)| name).collect();
        Ok(Self { state, config, stride, left_out })
    }

    /// Sizes, from the shapes of the tensors.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Bytes a record.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Tensors of the memory, which is not imported.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Records of single bytes, because the model works on bytes.
    ///
    /// # Panics
    /// Never: the stride was checked.
    pub fn schema(&self) -> Schema {
        if self.stride == 1 {
            return Schema::bytes();
        }
        let byte = |i: usize| Field {
            coding: FieldCoding::Raw,
            ..Field::new(format!("byte_{i}"), DType::U8, i as u32)
        };
        Schema::new(self.stride, (0..self.stride).map(byte).collect()).expect("a checked stride")
    }

    /// The model; parameters that add nothing to its output are random.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] names what is missing, left over or of another shape.
    pub fn into_model<B: Backend>(self, device: &B::Device) -> Result<ProductionModel<B>> {
        let spec = RecordSpec::new(RecordLayout::new(self.schema()));
        let model = ProductionModel::<B>::init(&self.config, &spec, device)?;
        let tensors = convert::convert(self.state, &self.config, model.to_tensors())?;
        model.load_tensors(tensors)
    }
}

/// Sizes of the model from the shapes of its tensors.
fn config(
    state: &StateDict,
    memory: &[(String, Vec<usize>)],
    options: &Options,
    tdt: bool,
) -> Result<ModelConfig> {
    let norm = |kind: &str| state.has(&format!("layers.0.ln1.{kind}"));
    let architecture = match (norm("scale"), norm("weight")) {
        (true, false) => Architecture::Optimised,
        (false, true) => Architecture::Reference,
        _ => {
            let found = state.some_names();
            return Err(state.error(format!(
                "neither layers.0.ln1.scale (OptimisedCompressiveTransformer) nor layers.0.ln1.weight \
                 (CompressiveTransformer) is there: not a checkpoint of the prototype; it holds {found}"
            )));
        }
    };
    let gates = memory
        .iter()
        .find(|(name, _)| name.ends_with(".attn.infini_beta") || name.ends_with(".attn.mem_gate"));
    let heads = gates.and_then(|(_, shape)| shape.first().copied()).or(options.heads);
    let heads = heads.ok_or_else(|| {
        state.error(
            "there are no memory gates that give the number of attention heads; give the number"
                .into(),
        )
    })?;
    let embedding = if tdt { "embed.embeds.0.weight" } else { "embed.weight" };
    let d_model = state.rows_or_columns(embedding, 1)?;
    Ok(ModelConfig {
        architecture,
        d_model,
        n_layers: state.layers(),
        n_heads: heads,
        d_ff: state.rows_or_columns("layers.0.ff.gate.weight", 0)?,
        window: options.window,
        embedding: if tdt { EmbeddingKind::Tdt } else { EmbeddingKind::Standard },
        positions: PositionKind::Learned,
        reference_input: false,
        head: HeadConfig { d_model, d_ff: HEAD_FF },
        memory: None,
    })
}
