//! Typed byte embedding: tables shared by number type and significance, scaled per role.

use burn::module::{Module, Param};
use burn::tensor::{Distribution, Tensor, backend::Backend};

use crate::config::EmbeddingKind;
use crate::tdt::TdtScale;

/// Configuration of a [`ByteEmbedding`].
#[derive(Clone, Debug)]
pub struct ByteEmbeddingConfig {
    /// Where the scales come from.
    pub kind: EmbeddingKind,
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
/// The shift that belongs to a role is a bias of its consumer (field bias in the trunk, role bias
/// in the head): there one vector serves all symbols of a sum.
#[derive(Module, Debug)]
pub struct ByteEmbedding<B: Backend> {
    /// `[n_classes * 256, width]`.
    pub table: Param<Tensor<B, 2>>,
    /// Scales.
    pub scale: ScaleSet<B>,
}

/// Where scales come from.
#[derive(Module, Debug)]
pub enum ScaleSet<B: Backend> {
    /// Learned for each role and channel.
    Typed(TypedScale<B>),
    /// The prototype's.
    Tdt(TdtScale<B>),
}

/// A learned scale for each set, role and channel.
#[derive(Module, Debug)]
pub struct TypedScale<B: Backend> {
    /// `[n_sets * n_roles, width]`.
    pub scale: Param<Tensor<B, 2>>,
}

impl ByteEmbeddingConfig {
    /// Normal tables. Scales start near 1; those of further sets with random signs per channel, so
    /// that one table serves as several that are nearly orthogonal.
    pub fn init<B: Backend>(&self, device: &B::Device) -> ByteEmbedding<B> {
        let normal = |shape: [usize; 2], deviation: f64| {
            Tensor::<B, 2>::random(shape, Distribution::Normal(0.0, deviation), device)
        };
        let scale = match self.kind {
            EmbeddingKind::Typed => {
                let sets = (0..self.n_sets).map(|set| {
                    let near_one = normal([self.n_roles, self.width], 0.1) + 1.0;
                    if set == 0 {
                        return near_one;
                    }
                    near_one * normal([1, self.width], 1.0).sign()
                });
                let scale = Param::from_tensor(Tensor::cat(sets.collect(), 0));
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
        match &self.scale {
            ScaleSet::Typed(typed) => typed.scale.val(),
            ScaleSet::Tdt(tdt) => tdt.scales(),
        }
    }
}
