//! The number of parameters of a model, and the memory of a training step.
//!
//! These are counts and not measurements: they count every tensor that the backward pass needs, in
//! the order of the forward pass. `examples/step_memory.rs` of vortex-train compares them with the
//! real memory of a step.

use burn::tensor::backend::Backend;

use crate::config::{Architecture, EmbeddingKind, ModelConfig, PositionKind};
use crate::production::ProductionModel;
use crate::record::RecordSpec;
use crate::tdt;

const GIB: f64 = (1u64 << 30) as f64;
/// Bytes of a number in training.
const FLOAT: usize = 4;

/// Memory of a training step in GiB, of 32-bit numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryEstimate {
    /// Weights, and values that are computed from them for the step.
    pub parameters_gb: f64,
    /// Tensors for the backward pass, and their gradients that exist at the same time.
    pub activations_gb: f64,
    /// Gradients of the weights and both averages of AdamW.
    pub optimiser_gb: f64,
}

impl MemoryEstimate {
    /// The sum.
    pub fn total_gb(&self) -> f64 {
        self.parameters_gb + self.activations_gb + self.optimiser_gb
    }
}

fn gb(numbers: usize) -> f64 {
    (numbers * FLOAT) as f64 / GIB
}

/// How a backend computes the fused operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// In one pass: the CPU backend `Flex`.
    Loops,
    /// As tensor operations, with every intermediate result in memory: all other backends.
    Tensors,
}

/// Sizes of a batch.
struct Load {
    /// Tokens.
    tokens: usize,
    /// Symbols.
    symbols: usize,
    /// Symbols of the class that has most.
    largest_class: usize,
    sequences: usize,
    /// Tokens of a sequence.
    length: usize,
}

impl ModelConfig {
    /// Parameters of a model for these records.
    pub fn parameter_count(&self, spec: &RecordSpec) -> usize {
        let (d, e) = (self.d_model, self.head.d_model);
        let (fields, roles) = (spec.n_fields(), spec.n_roles());
        let classes = self.n_classes(spec);
        let reference = self.architecture == Architecture::Reference;
        let scales = |sets: usize, width: usize| match self.embedding {
            EmbeddingKind::Typed => sets * roles * width,
            EmbeddingKind::Tdt => sets * tdt::TABLES,
            EmbeddingKind::Standard => 0,
        };
        let embedding = |sets, width, scale| classes * 256 * width + scales(sets, scale);
        let sets = 1 + usize::from(self.reference_input);
        let positions = match self.positions {
            PositionKind::Sinusoidal => 0,
            PositionKind::Learned => self.window_and_segment(fields).1,
        };
        let trunk = embedding(sets, d, if reference { 1 } else { d }) + (fields + positions) * d;
        let memory = self.memory.as_ref().map_or(0, |m| (m.kernel + 1 + d) * d + self.n_heads);
        let norms = if reference { 2 * (2 * self.n_layers + 1) * d } else { 0 };
        let layers = self.n_layers * (4 * d * d + 3 * d * self.d_ff + memory) + norms;
        let ffn = 3 * e * self.head.d_ff;
        let outputs = classes * 257 * e + roles * (256 + 2);
        let head = d * e + 2 * embedding(1, e, e) + 2 * roles * e + ffn + outputs;
        trunk + layers + head
    }

    fn n_classes(&self, spec: &RecordSpec) -> usize {
        match self.embedding {
            EmbeddingKind::Typed => spec.n_classes,
            EmbeddingKind::Tdt => tdt::TABLES.min(spec.n_roles()),
            EmbeddingKind::Standard => 1,
        }
    }

    /// Memory of one training step in floating point, of `batch_size` sequences of `seq_len` tokens, each rounded to
    /// whole records of these.
    pub fn memory_estimate(
        &self,
        spec: &RecordSpec,
        batch_size: usize,
        seq_len: usize,
        kernels: Kernels,
    ) -> MemoryEstimate {
        let load = self.load(spec, batch_size, seq_len);
        let parameters = self.parameter_count(spec);
        MemoryEstimate {
            parameters_gb: gb(parameters + self.computed_weights()),
            activations_gb: gb(self.kept(&load) + self.passing(&load, kernels)),
            optimiser_gb: gb(3 * parameters),
        }
    }

    /// The same for a step that rounds weights and activations, as in the last phase of a run:
    /// rounded tensors are kept together with their unrounded values.
    pub fn quantised_estimate(
        &self,
        spec: &RecordSpec,
        batch_size: usize,
        seq_len: usize,
        kernels: Kernels,
    ) -> MemoryEstimate {
        let (d, f) = (self.d_model, self.d_ff);
        let (e, g) = (self.head.d_model, self.head.d_ff);
        let Load { tokens: n, symbols: m, .. } = self.load(spec, batch_size, seq_len);
        // Norm, queries, keys, values, context; norm, gate, up, hidden; with a memory also its
        // inputs and outputs.
        let layer = 6 * d + 3 * f + if self.memory.is_some() { 2 * d } else { 0 };
        let rounded = n * (self.n_layers * layer + d) + m * (2 * e + 3 * g);
        let plain = self.memory_estimate(spec, batch_size, seq_len, kernels);
        MemoryEstimate {
            parameters_gb: plain.parameters_gb + gb(self.parameter_count(spec)),
            activations_gb: plain.activations_gb + gb(rounded),
            ..plain
        }
    }

    /// Memory of a pass without gradients over such a batch, without the weights, in GiB.
    pub fn forward_gb(&self, spec: &RecordSpec, batch_size: usize, seq_len: usize) -> f64 {
        let (d, f) = (self.d_model, self.d_ff);
        let (e, g) = (self.head.d_model, self.head.d_ff);
        let load = self.load(spec, batch_size, seq_len);
        // The peak: stream, gate, up, hidden; or those of the head, and logits twice.
        let trunk = load.tokens * (2 * d + 3 * f.max(d));
        let head = load.tokens * e + load.largest_class * (2 * e + 3 * g).max(e + 2 * 256);
        gb(trunk.max(head))
    }

    /// Sizes of a batch, each sequence rounded to whole records.
    fn load(&self, spec: &RecordSpec, batch_size: usize, seq_len: usize) -> Load {
        let fields = spec.n_fields();
        let records = (seq_len / fields).max(1);
        let mut of_class = vec![0; spec.n_classes.max(1)];
        for (&class, &flat) in spec.class.iter().zip(&spec.flat) {
            of_class[usize::from(class)] += usize::from(!flat);
        }
        let modelled: usize = of_class.iter().sum();
        let largest = match self.embedding {
            EmbeddingKind::Typed => of_class.iter().copied().max().unwrap_or(0),
            EmbeddingKind::Tdt => modelled.div_ceil(self.n_classes(spec)),
            EmbeddingKind::Standard => modelled,
        };
        let all = batch_size * records;
        Load {
            tokens: all * fields,
            symbols: all * modelled,
            largest_class: all * largest,
            sequences: batch_size,
            length: records * fields,
        }
    }

    /// Weights that are computed for a step and stored: scaled queries, folded matrices.
    fn computed_weights(&self) -> usize {
        let (d, f) = (self.d_model, self.d_ff);
        self.n_layers
            * match self.architecture {
                Architecture::Optimised => d * d,
                Architecture::Reference => 5 * d * d + 3 * d * f,
            }
    }

    /// Numbers that are kept for the backward pass.
    fn kept(&self, load: &Load) -> usize {
        let (d, f) = (self.d_model, self.d_ff);
        let (e, g) = (self.head.d_model, self.head.d_ff);
        let Load { tokens: n, symbols: m, .. } = *load;
        // Stream, its norm, queries, keys, values, context; stream and norm; gate, up, hidden.
        let mut layer = n * (8 * d + 3 * f);
        if let Some(memory) = &self.memory {
            // Both contexts and their mixture; shifted inputs and scores; the slots.
            layer += n * d * (2 + memory.kernel + 1) + n / memory.rate * 6 * d;
        }
        // Per symbol: stream and norm twice; gate, up, hidden; the distribution.
        self.n_layers * layer + n * (2 * d + e) + m * (4 * e + 3 * g + 256)
    }

    /// Temporary numbers at the peak, which is the end of the forward pass.
    fn passing(&self, load: &Load, kernels: Kernels) -> usize {
        let head = load.largest_class * 256 * if kernels == Kernels::Tensors { 4 } else { 1 };
        let feed_forward = load.tokens * 3 * self.d_ff;
        let scores = match kernels {
            Kernels::Loops => 0,
            Kernels::Tensors => 4 * load.sequences * self.n_heads * load.length * load.length,
        };
        head.max(feed_forward).max(scores)
    }
}

impl<B: Backend> ProductionModel<B> {
    /// Most memory of one training step in GiB on a device whose backend computes with tensor operations;
    /// see [`ModelConfig::quantised_estimate`].
    pub fn vram_estimate_gb(&self, batch_size: usize, seq_len: usize) -> MemoryEstimate {
        self.config().quantised_estimate(self.spec(), batch_size, seq_len, Kernels::Tensors)
    }
}
