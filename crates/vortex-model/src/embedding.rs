//! Typed byte embedding: tables shared by number type and rank, scaled per role.

use std::marker::PhantomData;

use burn::module::{Module, Param};
use burn::tensor::{Distribution, Tensor, TensorData, backend::Backend};

use crate::concatenate::concatenate;
use crate::config::EmbeddingKind;
use crate::tdt::TdtScale;

/// Configuration of a [`ByteEmbedding`].
#[derive(Clone, Debug)]
pub struct ByteEmbeddingConfig {
    /// Kind of the scales.
    pub kind: EmbeddingKind,
    /// Whether typed scales are the same for all channels.
    pub uniform: bool,
    /// Tables.
    pub n_classes: usize,
    /// Roles.
    pub n_roles: usize,
    /// Sets of scales, one for each use of the tables.
    pub n_sets: usize,
    /// Channels.
    pub width: usize,
    /// Standard deviation of the entries at the start.
    pub deviation: f64,
}

/// `emb(role, value) = table[class(role)][value] * scale[set][role]`, elementwise.
///
/// The shift of a role is a bias of the consumer (field bias in the trunk, role bias in the head),
/// where one vector serves all symbols of a sum.
#[derive(Module, Debug)]
pub struct ByteEmbedding<B: Backend> {
    /// `[n_classes * 256, width]`.
    pub table: Param<Tensor<B, 2>>,
    /// Scales.
    pub scale: ScaleSet<B>,
}

/// The scales.
#[derive(Module, Debug)]
pub enum ScaleSet<B: Backend> {
    /// Learned for each role and channel.
    Typed(TypedScale<B>),
    /// Learned for each role.
    Uniform(UniformScale<B>),
    /// The scales of the prototype.
    Tdt(TdtScale<B>),
    /// None.
    Unit(UnitScale<B>),
}

/// A learned scale for each set and role. In the second set, the sign of every other channel is
/// flipped, so that one table serves as two tables that are orthogonal on average.
#[derive(Module, Debug)]
pub struct UniformScale<B: Backend> {
    /// `[n_sets * n_roles, 1]`.
    pub scale: Param<Tensor<B, 2>>,
    #[module(skip)]
    n_roles: usize,
    #[module(skip)]
    width: usize,
}

/// Scales of 1.
#[derive(Module, Debug)]
pub struct UnitScale<B: Backend> {
    #[module(skip)]
    rows: usize,
    #[module(skip)]
    width: usize,
    backend: PhantomData<B>,
}

/// A learned scale for each set, role and channel.
#[derive(Module, Debug)]
pub struct TypedScale<B: Backend> {
    /// `[n_sets * n_roles, width]`.
    pub scale: Param<Tensor<B, 2>>,
}

impl ByteEmbeddingConfig {
    /// Tables with normal entries. Scales start near 1; those of further sets with random signs per
    /// channel, so that one table serves as several that are nearly orthogonal.
    pub fn init<B: Backend>(&self, device: &B::Device) -> ByteEmbedding<B> {
        let normal = |shape: [usize; 2], deviation: f64| {
            Tensor::<B, 2>::random(shape, Distribution::Normal(0.0, deviation), device)
        };
        let scale = match self.kind {
            EmbeddingKind::Standard => ScaleSet::Unit(UnitScale {
                rows: self.n_sets * self.n_roles,
                width: self.width,
                backend: PhantomData,
            }),
            EmbeddingKind::Typed if self.uniform => {
                let scale = Param::from_tensor(normal([self.n_sets * self.n_roles, 1], 0.1) + 1.0);
                ScaleSet::Uniform(UniformScale { scale, n_roles: self.n_roles, width: self.width })
            }
            EmbeddingKind::Typed => {
                let sets = (0..self.n_sets).map(|set| {
                    let near_one = normal([self.n_roles, self.width], 0.1) + 1.0;
                    if set == 0 {
                        return near_one;
                    }
                    near_one * normal([1, self.width], 1.0).sign()
                });
                let scale = Param::from_tensor(concatenate(sets.collect(), 0));
                ScaleSet::Typed(TypedScale { scale })
            }
            EmbeddingKind::Tdt => ScaleSet::Tdt(TdtScale::init(self, device)),
        };
        let table = Param::from_tensor(normal([self.n_classes * 256, self.width], self.deviation));
        ByteEmbedding { table, scale }
    }
}

impl<B: Backend> ByteEmbedding<B> {
    /// All scales.
    ///
    /// # Shapes
    /// - output: `[n_sets * n_roles, width]`
    pub fn scales(&self) -> Tensor<B, 2> {
        let device = self.table.val().device();
        match &self.scale {
            ScaleSet::Unit(unit) => Tensor::ones([unit.rows, unit.width], &device),
            ScaleSet::Uniform(uniform) => {
                let [rows, _] = uniform.scale.dims();
                let turned = |i: usize| i / uniform.width >= uniform.n_roles && i % 2 == 1;
                let sign = (0..rows * uniform.width).map(|i| if turned(i) { -1.0f32 } else { 1.0 });
                let sign = TensorData::new(sign.collect::<Vec<_>>(), [rows, uniform.width]);
                uniform.scale.val() * Tensor::from_data(sign, &device)
            }
            ScaleSet::Typed(typed) => typed.scale.val(),
            ScaleSet::Tdt(tdt) => tdt.scales(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{GatherPlan, gather_sum};
    use crate::quant::host;
    use burn::backend::Flex;

    fn embedding(kind: EmbeddingKind, uniform: bool) -> ByteEmbedding<Flex> {
        ByteEmbeddingConfig {
            kind,
            uniform,
            n_classes: 2,
            n_roles: 3,
            n_sets: 2,
            width: 6,
            deviation: 0.5,
        }
        .init(&Default::default())
    }

    #[test]
    fn roles_of_a_class_share_a_table_and_differ_in_scale() {
        let embedding = embedding(EmbeddingKind::Typed, false);
        let (table, scales) = (embedding.table.val(), embedding.scales());
        assert_eq!((table.dims(), scales.dims()), ([512, 6], [6, 6]));
        // Two symbols of one field: value 7 of role 0 and value 9 of role 2, both of class 1.
        let mut plan = GatherPlan::builder(1, 2);
        plan.push(256 + 7, 0);
        plan.push(256 + 9, 2);
        plan.end_row();
        let sum = host(&gather_sum(table.clone(), scales.clone(), &plan.finish()));
        let (table, scales) = (host(&table), host(&scales));
        for (c, sum) in sum.iter().enumerate() {
            let of =
                |value: usize, role: usize| table[(256 + value) * 6 + c] * scales[role * 6 + c];
            assert!((sum - of(7, 0) - of(9, 2)).abs() < 1e-6);
        }
        assert_ne!(scales[..6], scales[12..18]);
    }

    #[test]
    fn scales_start_near_one_and_further_sets_with_other_signs() {
        let typed = host(&embedding(EmbeddingKind::Typed, false).scales());
        let (first, second) = typed.split_at(18);
        assert!(first.iter().all(|s| (s - 1.0).abs() < 0.7), "{first:?}");
        // The signs are those of the channels, for all roles.
        for role in second.chunks(6) {
            let signs = |row: &[f32]| row.iter().map(|s| s.is_sign_negative()).collect::<Vec<_>>();
            assert_eq!(signs(role), signs(&second[..6]));
            assert!(role.iter().all(|s| (s.abs() - 1.0).abs() < 0.7), "{role:?}");
        }

        let uniform = host(&embedding(EmbeddingKind::Typed, true).scales());
        for (row, scales) in uniform.chunks(6).enumerate() {
            for (c, scale) in scales.iter().enumerate() {
                let turned = row >= 3 && c % 2 == 1;
                assert_eq!(*scale, if turned { -scales[0] } else { scales[0] }, "row {row}");
            }
        }
        assert!(
            host(&embedding(EmbeddingKind::Standard, false).scales()).iter().all(|&s| s == 1.0)
        );
    }
}
