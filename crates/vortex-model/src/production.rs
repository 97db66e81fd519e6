//! The whole model.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData, backend::Backend};

use crate::batch::Batch;
use crate::block::{Block, BlockConfig};
use crate::concatenate::concatenate;
use crate::config::{Architecture, EmbeddingKind, ModelConfig, PositionKind};
use crate::embedding::{ByteEmbedding, ByteEmbeddingConfig};
use crate::error::{Error, Result};
use crate::head::{ByteHead, ByteHeadConfig};
use crate::kernels::{FusedOps, GatherPlan, gather_sum};
use crate::quant::{Numerics, Observer, QuantSpec, host};
use crate::record::RecordSpec;
use crate::reference::LayerNorms;
use crate::tdt;

/// Compressive transformer over fields with a byte head: the production model, and with layer
/// normalisations the reference.
#[derive(Module, Debug)]
pub struct ProductionModel<B: Backend> {
    /// Symbols of the predecessor (scale set 0) and, if it is an input, of the reference (set 1).
    pub embedding: ByteEmbedding<B>,
    /// `[n_fields, d_model]`.
    pub field_bias: Param<Tensor<B, 2>>,
    /// `[segment, d_model]`, if positions are learned.
    pub position: Option<Param<Tensor<B, 2>>>,
    /// The trunk.
    pub layers: Vec<Block<B>>,
    /// The byte head.
    pub head: ByteHead<B>,
    /// Layer normalisations of the reference model.
    pub layer_norms: Option<LayerNorms<B>>,
    #[module(skip)]
    config: Arc<ModelConfig>,
    #[module(skip)]
    spec: Arc<RecordSpec>,
}

/// The cost of a batch.
#[derive(Clone, Debug)]
pub struct LossOutput<B: Backend> {
    /// Mean over all symbols of `-log2 p`, `[1]`. Flat symbols count 8.
    pub mean_bits: Tensor<B, 1>,
    /// Mean bits of each role.
    pub role_bits: Vec<f64>,
}

impl<B: Backend> ProductionModel<B> {
    /// A model with random weights.
    ///
    /// # Errors
    /// If the configuration or the specification is not consistent.
    pub fn init(config: &ModelConfig, spec: &RecordSpec, device: &B::Device) -> Result<Self> {
        config.validate()?;
        let spec = prepare(config, spec)?;
        let reference = config.architecture == Architecture::Reference;
        let embedding = ByteEmbeddingConfig {
            kind: config.embedding,
            uniform: reference,
            n_classes: spec.n_classes,
            n_roles: spec.n_roles(),
            n_sets: 1 + usize::from(config.reference_input),
            width: config.d_model,
            deviation: 0.5,
        };
        let head = ByteHeadConfig {
            d_trunk: config.d_model,
            head: config.head.clone(),
            embedding: config.embedding,
        };
        let field_bias = crate::swiglu::matrix([spec.n_fields(), config.d_model], 1.0, device);
        let block = BlockConfig::new(config);
        let position = (config.positions == PositionKind::Learned).then(|| {
            let (_, segment) = config.window_and_segment(spec.n_fields());
            let start = crate::position::sinusoids(segment, config.d_model);
            let start = TensorData::new(start, [segment, config.d_model]);
            Param::from_tensor(Tensor::from_data(start, device))
        });
        Ok(Self {
            embedding: embedding.init(device),
            field_bias,
            position,
            layers: (0..config.n_layers).map(|_| block.init(device)).collect(),
            head: head.init(&spec, device),
            layer_norms: reference.then(|| LayerNorms::init(config, device)),
            config: Arc::new(config.clone()),
            spec: Arc::new(spec),
        })
    }

    /// Sizes.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Records.
    pub fn spec(&self) -> &RecordSpec {
        &self.spec
    }

    pub(crate) fn shared_spec(&self) -> Arc<RecordSpec> {
        Arc::clone(&self.spec)
    }

    /// The same weights with other roles coded flat.
    #[must_use]
    pub fn with_flat(mut self, flat: Vec<bool>) -> Self {
        assert_eq!(flat.len(), self.spec.n_roles());
        self.spec = Arc::new(RecordSpec { flat, ..(*self.spec).clone() });
        self
    }

    /// Index lists for `[sequences][1 + records][roles]` symbols; see [`Batch::new`].
    pub fn batch(&self, symbols: &[u8], sequences: usize) -> Batch {
        Batch::new(&self.config, &self.spec, symbols, sequences)
    }
}

/// Checks a specification and lets the embedding choose the classes.
fn prepare(config: &ModelConfig, spec: &RecordSpec) -> Result<RecordSpec> {
    let mut spec = spec.clone();
    let (fields, roles) = (spec.n_fields(), spec.n_roles());
    match config.embedding {
        EmbeddingKind::Typed => {}
        EmbeddingKind::Tdt => {
            spec.class = (0..roles).map(tdt::class).collect();
            spec.n_classes = tdt::TABLES.min(roles);
        }
        EmbeddingKind::Standard => {
            spec.class.fill(0);
            spec.n_classes = 1;
        }
    }
    let fail = |what: String| Err(Error::Spec(what));
    let lengths = [spec.class.len(), spec.flat.len(), spec.log_frequency.len()];
    if lengths.iter().any(|&n| n != roles) || spec.lag.len() != fields {
        return fail(format!("lists of {lengths:?} entries for {roles} roles, or lags missing"));
    }
    if let Some(class) = spec.class.iter().find(|&&c| usize::from(c) >= spec.n_classes) {
        return fail(format!("class {class}, but there are only {} classes", spec.n_classes));
    }
    for (field, &lag) in spec.lag.iter().enumerate() {
        let lag = usize::from(lag);
        if lag == 0 || lag > fields {
            return fail(format!("field {field} has lag {lag}: it must be 1 to {fields}"));
        }
        let source = (field + fields - lag) % fields;
        let widths = [source, field].map(|f| spec.layout.roles_of(f).len());
        if widths[0] != widths[1] {
            return fail(format!(
                "field {field} of {} symbols refers to field {source} of {}",
                widths[1], widths[0]
            ));
        }
    }
    Ok(spec)
}

impl<B: FusedOps> ProductionModel<B> {
    /// Cost of a batch; with `quant`, values are rounded as in the integer network.
    ///
    /// # Panics
    /// When `quant` was made by a model with other parts.
    pub fn loss(&self, batch: &Batch, quant: Option<&QuantSpec>) -> LossOutput<B> {
        self.folded().forward(batch, &Numerics::new(quant))
    }

    /// Chooses the activation scales from a batch.
    pub fn calibrate(&self, batch: &Batch) -> QuantSpec {
        let observer = Observer::default();
        self.folded().forward(batch, &Numerics::observing(&observer));
        observer.into_spec()
    }

    /// The trunk's input.
    ///
    /// # Shapes
    /// - output: `[plan.rows(), d_model]`
    pub(crate) fn embed(&self, plan: &GatherPlan, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        let table = numerics.table(self.embedding.table.val());
        let device = table.device();
        let [_, d] = table.dims();
        let table = concatenate(vec![table, self.field_bias.val(), self.positions()], 0);
        let ones = Tensor::ones([1, d], &device);
        let scale = concatenate(vec![self.trunk_scales(), ones], 0);
        gather_sum(table, scale, plan)
    }

    /// Scales of the predecessor's symbols, then of the reference's.
    ///
    /// # Shapes
    /// - output: `[2 * n_roles, d_model]`
    pub(crate) fn trunk_scales(&self) -> Tensor<B, 2> {
        let scales = self.embedding.scales();
        if self.config.reference_input {
            return scales;
        }
        let silent = scales.zeros_like();
        concatenate(vec![scales, silent], 0)
    }

    fn forward(&self, batch: &Batch, numerics: &Numerics<'_>) -> LossOutput<B> {
        let mut x = self.embed(&batch.trunk, numerics);
        for (l, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x, &batch.streams, &numerics.inside(&format!("layers.{l}")));
        }
        self.cost(x, batch, numerics)
    }

    /// The cost of a batch from the trunk's output.
    ///
    /// # Shapes
    /// - x: `[tokens, d_model]`
    pub(crate) fn cost(
        &self,
        x: Tensor<B, 2>,
        batch: &Batch,
        numerics: &Numerics<'_>,
    ) -> LossOutput<B> {
        let numerics = numerics.inside("head");
        let z0 = self.head.input(x, &numerics);
        let tables = self.head.tables(&numerics);
        let per_role = (batch.sequences * batch.records) as f64;
        let mut role_bits: Vec<f64> =
            self.spec.flat.iter().map(|&flat| if flat { 8.0 } else { 0.0 }).collect();
        let flat = self.spec.flat.iter().filter(|&&f| f).count() as f64 * per_role * 8.0;
        // Use the precision of the costs: sums of thousands would not fit in half precision.
        let mut total: Option<Tensor<B, 1>> = None;
        for rows in &batch.classes {
            let bits = self.head.bits(z0.clone(), &tables, rows, &numerics);
            for (&role, bits) in rows.loss.role.iter().zip(host(&bits)) {
                role_bits[role as usize] += f64::from(bits) / per_role;
            }
            total = Some(match total {
                Some(total) => total + bits.sum(),
                None => bits.sum(),
            });
        }
        let total = total.unwrap_or_else(|| Tensor::zeros([1], &z0.device()));
        LossOutput { mean_bits: total.add_scalar(flat) / batch.symbols as f64, role_bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MemoryConfig;
    use burn::backend::Flex;
    use vortex_coder::layout::RecordLayout;
    use vortex_coder::schema::{DType, Field, Schema};

    fn model(architecture: Architecture) -> ProductionModel<Flex> {
        let fields = vec![Field::new("a", DType::U16, 0), Field::new("b", DType::U16, 2)];
        let layout = RecordLayout::new(Schema::new(4, fields).unwrap());
        let spec = RecordSpec::from_sample(layout, &[1; 400]);
        let memory = Some(MemoryConfig::default());
        let config = ModelConfig { architecture, d_model: 16, memory, ..ModelConfig::default() };
        ProductionModel::init(&config, &spec, &Default::default()).unwrap()
    }

    #[test]
    fn memory_gates_start_at_minus_3_in_the_production_model() {
        let gates = |architecture| -> Vec<f32> {
            let model = model(architecture);
            assert_eq!(model.layers.len(), 2);
            let gate =
                |layer: &Block<Flex>| host(&layer.attention.memory.as_ref().unwrap().gate.val());
            model.layers.iter().flat_map(gate).collect()
        };
        assert_eq!(gates(Architecture::default()), [-3.0; 2 * 4]);
        assert_eq!(gates(Architecture::Reference), [0.0; 2 * 4]);
    }

    #[test]
    fn the_input_of_a_token_is_symbols_shift_of_the_field_and_position() {
        let model = model(Architecture::Optimised);
        let rows = crate::batch::trunk_rows(model.spec());
        let (d, unit) = (16, 2 * model.spec().n_roles());
        // Symbol 5 of role 1; the shift of field 1; position 3.
        let class = usize::from(model.spec().class[1]);
        let mut plan = GatherPlan::builder(1, 3);
        plan.push(256 * class + 5, 1);
        plan.push(rows.field + 1, unit);
        plan.push(rows.position + 3, unit);
        plan.end_row();
        let found = host(&model.embed(&plan.finish(), &Numerics::new(None)));
        let (table, scales) = (host(&model.embedding.table.val()), host(&model.trunk_scales()));
        let (bias, position) = (host(&model.field_bias.val()), host(&model.positions()));
        for (c, found) in found.iter().enumerate() {
            let symbol = table[(256 * class + 5) * d + c] * scales[d + c];
            let right = symbol + bias[d + c] + position[3 * d + c];
            assert!((right - found).abs() < 1e-5, "channel {c}: {right} and {found}");
        }
    }
}
