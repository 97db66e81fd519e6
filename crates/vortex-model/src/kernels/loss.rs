use super::Shared;

/// What each row of logits is to predict.
#[derive(Clone, Debug)]
pub struct LossPlan {
    /// Row of the bias matrix.
    pub role: Shared<u32>,
    /// Symbol that the copy output speaks for.
    pub reference: Shared<u8>,
    /// Symbol that came.
    pub target: Shared<u8>,
    /// Rows of the bias matrix.
    pub n_roles: usize,
}
