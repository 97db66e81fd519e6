//! The byte head: codes the symbols of a field one after the other.

use burn::module::{Module, Param};
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData, backend::Backend};

use crate::batch::ClassRows;
use crate::concatenate::concatenate;
use crate::config::{EmbeddingKind, HeadConfig};
use crate::embedding::{ByteEmbedding, ByteEmbeddingConfig};
use crate::kernels::{FusedOps, gather_sum, rms_norm, symbol_loss};
use crate::quant::{Numerics, Output};
use crate::record::RecordSpec;
use crate::swiglu::{SwiGlu, SwiGluConfig, matrix, plus};

/// Configuration of a [`ByteHead`].
#[derive(Clone, Debug)]
pub struct ByteHeadConfig {
    /// Width of the trunk.
    pub d_trunk: usize,
    /// Sizes of the head.
    pub head: HeadConfig,
    /// How symbols become vectors.
    pub embedding: EmbeddingKind,
}

/// `z = input(rms_norm(x)) + own + reference + role bias`, one SwiGLU part, and one output matrix
/// per class with a bias per role.
///
/// One more output, *copy*, is added to the logit of the symbol that the reference has at this
/// rank. All logits are in bits (base 2).
#[derive(Module, Debug)]
pub struct ByteHead<B: Backend> {
    /// `[d_trunk, e]`.
    pub input: Param<Tensor<B, 2>>,
    /// `[1, e]`, if a layer normalisation is folded into `input`.
    pub(crate) input_bias: Option<Tensor<B, 2>>,
    /// Known symbols of the field itself.
    pub own: ByteEmbedding<B>,
    /// The reference's symbol of the same rank.
    pub reference: ByteEmbedding<B>,
    /// `[2 * roles, e]`: row `2 r` before, `2 r + 1` after all symbols so far matched.
    pub role_bias: Param<Tensor<B, 2>>,
    /// Feed-forward part.
    pub ffn: SwiGlu<B>,
    /// One `[e, 256]` for each class.
    pub out: Vec<Param<Tensor<B, 2>>>,
    /// `[roles, 256]`.
    pub out_bias: Param<Tensor<B, 2>>,
    /// One `[e, 1]` for each class.
    pub copy: Vec<Param<Tensor<B, 2>>>,
    /// `[2 * roles, 1]`.
    pub copy_bias: Param<Tensor<B, 2>>,
}

impl ByteHeadConfig {
    /// Random weights; the output starts at each role's own frequencies.
    pub fn init<B: Backend>(&self, spec: &RecordSpec, device: &B::Device) -> ByteHead<B> {
        let e = self.head.d_model;
        let n_roles = spec.n_roles();
        let embedding = ByteEmbeddingConfig {
            kind: self.embedding,
            uniform: false,
            n_classes: spec.n_classes,
            n_roles,
            n_sets: 1,
            width: e,
            deviation: 0.5,
        };
        let bias: Vec<f32> = spec.log_frequency.iter().flatten().copied().collect();
        let out_bias = Tensor::from_data(TensorData::new(bias, [n_roles, 256]), device);
        ByteHead {
            input: matrix([self.d_trunk, e], 1.0, device),
            input_bias: None,
            own: embedding.init(device),
            reference: embedding.init(device),
            role_bias: Param::from_tensor(Tensor::zeros([2 * n_roles, e], device)),
            ffn: SwiGluConfig { d_model: e, d_ff: self.head.d_ff, branches: 1 }.init(device),
            out: (0..spec.n_classes).map(|_| matrix([e, 256], 0.1, device)).collect(),
            out_bias: Param::from_tensor(out_bias),
            copy: (0..spec.n_classes).map(|_| matrix([e, 1], 0.1, device)).collect(),
            copy_bias: Param::from_tensor(Tensor::zeros([2 * n_roles, 1], device)),
        }
    }
}

/// The embedding table and scales of the head, which all rows of a pass share.
#[derive(Clone, Debug)]
pub struct HeadTables<B: Backend> {
    table: Tensor<B, 2>,
    scale: Tensor<B, 2>,
}

impl<B: FusedOps> ByteHead<B> {
    /// Tables of own symbols, reference symbols and biases as one.
    pub fn tables(&self, numerics: &Numerics<'_>) -> HeadTables<B> {
        let own = numerics.table(self.own.table.val());
        let reference = numerics.table(self.reference.table.val());
        let table = concatenate(vec![own, reference, self.role_bias.val()], 0);
        let [_, e] = table.dims();
        let ones = Tensor::ones([1, e], &table.device());
        let scale = concatenate(vec![self.own.scales(), self.reference.scales(), ones], 0);
        HeadTables { table, scale }
    }

    /// The input of the head from the trunk.
    ///
    /// # Shapes
    /// - x: `[tokens, d_trunk]`
    /// - output: `[tokens, e]`
    pub fn input(&self, x: Tensor<B, 2>, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        let [_, e] = self.input.dims();
        let q = numerics.activation("input", rms_norm(x));
        let z = q.matmul(numerics.weight(self.input.val(), "input", &[(Output::Residual, e)]));
        plus(z, self.input_bias.as_ref())
    }

    /// Logits without role bias `[n, 256]`, and the addition for the reference's symbol `[n, 1]`.
    ///
    /// # Shapes
    /// - z0: `[tokens, e]`
    pub(crate) fn logits(
        &self,
        z0: Tensor<B, 2>,
        tables: &HeadTables<B>,
        rows: &ClassRows,
        numerics: &Numerics<'_>,
    ) -> (Tensor<B, 2>, Tensor<B, 2>) {
        let device = z0.device();
        let index = |list: &[i32]| {
            Tensor::<B, 1, Int>::from_data(TensorData::new(list.to_vec(), [list.len()]), &device)
        };
        let z0 = match &rows.token {
            Some(token) => z0.select(0, index(token)),
            None => z0,
        };
        let z = z0 + gather_sum(tables.table.clone(), tables.scale.clone(), &rows.gather);
        let z = self.ffn.forward(z, &numerics.inside("ffn"));
        let q = numerics.activation("output", rms_norm(z));
        let outputs = [(Output::Logits, 256)];
        let out = numerics.weight(self.out[rows.class].val(), "output", &outputs);
        let copy = numerics.weight(self.copy[rows.class].val(), "output", &[(Output::Logits, 1)]);
        let copy_bias = self.copy_bias.val().select(0, index(&rows.matched));
        (q.clone().matmul(out), q.matmul(copy) + copy_bias)
    }

    /// Logits with the bias of their role and the addition for the reference's symbol.
    ///
    /// # Shapes
    /// - logits, output: `[n, 256]`
    /// - copy: `[n, 1]`
    pub(crate) fn with_bias(
        &self,
        logits: Tensor<B, 2>,
        copy: Tensor<B, 2>,
        rows: &ClassRows,
    ) -> Tensor<B, 2> {
        let device = logits.device();
        let index = |list: Vec<i32>| {
            let n = list.len();
            Tensor::<B, 1, Int>::from_data(TensorData::new(list, [n]), &device)
        };
        let role = index(rows.loss.role.iter().map(|&r| r as i32).collect());
        let reference = index(rows.loss.reference.iter().map(|&s| i32::from(s)).collect());
        let logits = logits + self.out_bias.val().select(0, role);
        logits.scatter(1, reference.unsqueeze_dim(1), copy, IndexingUpdateOp::Add)
    }

    /// Cost of each symbol in bits.
    ///
    /// # Shapes
    /// - z0: `[tokens, e]`
    /// - output: `[rows]`
    pub(crate) fn bits(
        &self,
        z0: Tensor<B, 2>,
        tables: &HeadTables<B>,
        rows: &ClassRows,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 1> {
        let (logits, copy) = self.logits(z0, tables, rows, numerics);
        symbol_loss(logits, self.out_bias.val(), copy, &rows.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{GatherPlan, LossPlan};
    use crate::quant::host;
    use burn::backend::Flex;
    use burn::tensor::Distribution;
    use vortex_coder::layout::RecordLayout;
    use vortex_coder::schema::{DType, Field, Schema};

    const REFERENCE: u8 = 9;

    fn head() -> (ByteHead<Flex>, RecordSpec) {
        let schema = Schema::new(1, vec![Field::new("a", DType::U8, 0)]).unwrap();
        let symbols: Vec<u8> = (0..4000u32).map(|i| (i * i % 23) as u8).collect();
        let spec = RecordSpec::from_sample(RecordLayout::new(schema), &symbols);
        let config = ByteHeadConfig {
            d_trunk: 12,
            head: HeadConfig { d_model: 10, d_ff: 16 },
            embedding: EmbeddingKind::Typed,
        };
        (config.init(&spec, &Default::default()), spec)
    }

    /// Bits of each possible symbol, after one token of the trunk.
    fn bits(
        head: &ByteHead<Flex>,
        spec: &RecordSpec,
        x: &Tensor<Flex, 2>,
        matched: i32,
    ) -> Vec<f32> {
        let mut gather = GatherPlan::builder(256, 256);
        for _ in 0..256 {
            gather.push(crate::batch::head_rows(spec).bias + matched as usize, 2 * spec.n_roles());
            gather.end_row();
        }
        let rows = ClassRows {
            class: 0,
            token: Some(vec![0; 256]),
            gather: gather.finish(),
            matched: vec![matched; 256],
            loss: LossPlan {
                role: vec![0; 256].into(),
                reference: vec![REFERENCE; 256].into(),
                target: (0..=255).collect(),
                n_roles: 1,
            },
        };
        let numerics = Numerics::new(None);
        let z0 = head.input(x.clone(), &numerics);
        host(&head.bits(z0, &head.tables(&numerics), &rows, &numerics))
    }

    fn trunk() -> Tensor<Flex, 2> {
        Tensor::random([1, 12], Distribution::Normal(0.0, 1.0), &Default::default())
    }

    #[test]
    fn probabilities_of_all_symbols_are_one_in_all() {
        let (head, spec) = head();
        for _ in 0..5 {
            let bits = bits(&head, &spec, &trunk(), 0);
            let sum: f64 = bits.iter().map(|&b| (-f64::from(b)).exp2()).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        }
    }

    #[test]
    fn the_start_is_the_frequencies_of_the_sample() {
        let (mut head, spec) = head();
        head.out[0] = head.out[0].clone().map(|w| w.zeros_like());
        head.copy[0] = head.copy[0].clone().map(|w| w.zeros_like());
        let bits = bits(&head, &spec, &trunk(), 0);
        let frequency = spec.log_frequency[0];
        let sum: f64 = frequency.iter().map(|&l| f64::from(l).exp2()).sum();
        for (bits, log) in bits.iter().zip(frequency) {
            let right = sum.log2() - f64::from(log);
            assert!((f64::from(*bits) - right).abs() < 1e-3, "{bits} bits, {right}");
        }
    }

    #[test]
    fn the_copy_output_speaks_for_the_symbol_of_the_reference_alone() {
        let (mut head, spec) = head();
        let x = trunk();
        let before = bits(&head, &spec, &x, 1);
        // The bias of a symbol after symbols that matched, and not of one after others.
        let raised = Tensor::<Flex, 2>::from_data([[0.0], [3.0]], &Default::default());
        head.copy_bias = Param::from_tensor(raised);
        let after = bits(&head, &spec, &x, 1);
        let reference = usize::from(REFERENCE);
        for other in [0, 8, 10, 255] {
            let odds = |bits: &[f32]| bits[other] - bits[reference];
            assert!((odds(&after) - odds(&before) - 3.0).abs() < 1e-3);
            let among = |bits: &[f32]| bits[other] - bits[1];
            assert!((among(&after) - among(&before)).abs() < 1e-3);
        }
        assert_eq!(bits(&head, &spec, &x, 0), {
            head.copy_bias = Param::from_tensor(Tensor::zeros([2, 1], &Default::default()));
            bits(&head, &spec, &x, 0)
        });
    }
}
