//! The prototype's embedding: four tables by position modulo 4, with a softmax-gated scale.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation, backend::Backend};

use crate::embedding::ByteEmbeddingConfig;

/// Tables of the prototype.
pub const TABLES: usize = 4;

/// `scale(role) = 4 softmax(gate)[role mod 4]`, the same for all channels: four byte positions
/// share a budget, and start at 1 each. In terms of the typed embedding: class `role mod 4`, a
/// scale without channels, no shift per role.
#[derive(Module, Debug)]
pub struct TdtScale<B: Backend> {
    /// `[n_sets, 4]`.
    pub gate: Param<Tensor<B, 2>>,
    #[module(skip)]
    n_roles: usize,
    #[module(skip)]
    width: usize,
}

impl<B: Backend> TdtScale<B> {
    /// Gates of 0.
    pub fn init(config: &ByteEmbeddingConfig, device: &B::Device) -> Self {
        let gate = Param::from_tensor(Tensor::zeros([config.n_sets, TABLES], device));
        Self { gate, n_roles: config.n_roles, width: config.width }
    }

    /// Scales of all roles.
    ///
    /// # Shapes
    /// - output: `[n_sets * n_roles, width]`
    pub fn scales(&self) -> Tensor<B, 2> {
        let shares = activation::softmax(self.gate.val(), 1) * TABLES as f32;
        let [n_sets, _] = shares.dims();
        let periods = self.n_roles.div_ceil(TABLES);
        let by_role = shares.repeat_dim(1, periods).narrow(1, 0, self.n_roles);
        by_role.reshape([n_sets * self.n_roles, 1]).expand([n_sets * self.n_roles, self.width])
    }
}

/// Table of a role.
pub fn class(role: usize) -> u8 {
    (role % TABLES) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EmbeddingKind;
    use burn::backend::Flex;

    #[test]
    fn starts_at_one_and_shares_a_budget() {
        let config = ByteEmbeddingConfig {
            kind: EmbeddingKind::Tdt,
            uniform: false,
            n_classes: TABLES,
            n_roles: 6,
            n_sets: 2,
            width: 3,
            deviation: 1.0,
        };
        let device = Default::default();
        let mut tdt = TdtScale::<Flex>::init(&config, &device);
        let all = tdt.scales().into_data().to_vec::<f32>().unwrap();
        assert_eq!(all, vec![1.0; 2 * 6 * 3]);
        tdt.gate = Param::from_data([[1.0f32, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]], &device);
        let scales = tdt.scales().into_data().to_vec::<f32>().unwrap();
        let of = |set: usize, role: usize| scales[(set * 6 + role) * 3];
        assert!((0..4).map(|r| of(0, r)).sum::<f32>() - 4.0 < 1e-5);
        assert_eq!(of(0, 4), of(0, 0));
        assert!(of(0, 0) > of(0, 1) && of(1, 3) > of(1, 5));
    }
}
