//! The chunk scheduler: long sequences are cut into chunks, and memories and caches are carried
//! across them.

use std::ops::Deref;

use burn::tensor::{Tensor, backend::Backend};

use crate::batch::Batch;
use crate::carry::LayerCarry;
use crate::error::{Error, Result};
use crate::kernels::FusedOps;
use crate::production::{LossOutput, ProductionModel};
use crate::quant::{Numerics, QuantSpec};
use crate::tensors::NamedTensor;

/// Default chunk sizes in tokens, from which training chooses.
pub const CHUNK_SIZES: [usize; 3] = [128, 256, 512];

/// A model whose sequences are cut into chunks.
///
/// Every training pass takes one of a few chunk sizes at random, so that the model learns to use
/// both the carried state and the visible tokens. Other passes use the largest size, or the
/// requested one. Between chunks the past is carried without its gradient: costs do not depend on
/// the chunks (up to float rounding), but gradients and memory do.
///
/// The wrapper is transparent: it dereferences to the model and has the model's parameters under
/// the model's names.
#[derive(Clone, Debug)]
pub struct CatWrapper<B: Backend> {
    model: ProductionModel<B>,
    sizes: Vec<usize>,
}

impl<B: Backend> Deref for CatWrapper<B> {
    type Target = ProductionModel<B>;

    fn deref(&self) -> &ProductionModel<B> {
        &self.model
    }
}

impl<B: Backend> CatWrapper<B> {
    /// A wrapper with chunks of [`CHUNK_SIZES`] tokens.
    pub fn new(model: ProductionModel<B>) -> Self {
        Self { model, sizes: CHUNK_SIZES.to_vec() }
    }

    /// A wrapper with chunks of these numbers of tokens.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no size, or a size of 0.
    pub fn with_sizes(model: ProductionModel<B>, sizes: &[usize]) -> Result<Self> {
        if sizes.is_empty() {
            return Err(Error::config("the number of chunk sizes", 0, "at least 1"));
        }
        if sizes.contains(&0) {
            return Err(Error::config("a chunk size", 0, "at least 1"));
        }
        Ok(Self { model, sizes: sizes.to_vec() })
    }

    /// The model itself.
    pub fn into_inner(self) -> ProductionModel<B> {
        self.model
    }

    /// [`ProductionModel::load_tensors`].
    ///
    /// # Errors
    /// Those of [`ProductionModel::load_tensors`].
    pub fn load_tensors(self, tensors: Vec<NamedTensor>) -> Result<Self> {
        Ok(Self { model: self.model.load_tensors(tensors)?, sizes: self.sizes })
    }

    /// Tokens of a chunk for a training pass; `random` is any random number.
    pub fn sample(&self, random: u64) -> usize {
        self.sizes[(random % self.sizes.len() as u64) as usize]
    }

    /// Default number of tokens of a chunk.
    pub fn largest(&self) -> usize {
        self.sizes.iter().copied().max().unwrap_or(CHUNK_SIZES[2])
    }
}

impl<B: FusedOps> CatWrapper<B> {
    /// Cost of `[sequences][1 + records][roles]` symbols in chunks of about `chunk` tokens (whole
    /// records, at least one), the last chunk may be shorter; `None` is the largest size.
    ///
    /// # Panics
    /// As [`Batch::new`] and [`ProductionModel::loss`].
    pub fn loss(
        &self,
        symbols: &[u8],
        sequences: usize,
        chunk: Option<usize>,
        quant: Option<&QuantSpec>,
    ) -> LossOutput<B> {
        let model = self.model.folded();
        let (config, spec) = (model.config(), model.spec());
        let (n_fields, n_roles) = (spec.n_fields(), spec.n_roles());
        let step = (chunk.unwrap_or(self.largest()) / n_fields).max(1);
        let per_sequence = symbols.len() / sequences;
        let records = (per_sequence / n_roles).saturating_sub(1);
        assert!(records > 0, "a history record and at least one to predict");
        let numerics = Numerics::new(quant);
        let new = |_: &_| LayerCarry::new(config, n_fields, sequences);
        let mut carries: Vec<LayerCarry<B>> = model.layers.iter().map(new).collect();
        let mut total: Option<Tensor<B, 1>> = None;
        let mut role_bits = vec![0.0; n_roles];
        for first in (0..records).step_by(step) {
            let len = step.min(records - first);
            let range = first * n_roles..(first + len + 1) * n_roles;
            let piece: Vec<u8> = symbols
                .chunks_exact(per_sequence)
                .flat_map(|sequence| &sequence[range.clone()])
                .copied()
                .collect();
            let batch = Batch::starting_at(first * n_fields, config, spec, &piece, sequences);
            let mut x = model.embed(&batch.trunk, &numerics);
            for (l, (layer, carry)) in model.layers.iter().zip(&mut carries).enumerate() {
                x = layer.forward_chunk(x, carry, &numerics.inside(&format!("layers.{l}")));
            }
            let cost = model.cost(x, &batch, &numerics);
            let share = len as f64 / records as f64;
            for (sum, bits) in role_bits.iter_mut().zip(cost.role_bits) {
                *sum += bits * share;
            }
            let bits = cost.mean_bits * share;
            total = Some(match total {
                Some(total) => total + bits,
                None => bits,
            });
        }
        let mean_bits = total.expect("one chunk at least");
        LossOutput { mean_bits, role_bits }
    }
}
