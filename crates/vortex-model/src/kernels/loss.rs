use super::Shared;

/// The targets of the rows of logits.
#[derive(Clone, Debug)]
pub struct LossPlan {
    /// Row of the bias matrix.
    pub role: Shared<u32>,
    /// Symbol to which the copy output is added.
    pub reference: Shared<u8>,
    /// The true symbol.
    pub target: Shared<u8>,
    /// Rows of the bias matrix.
    pub n_roles: usize,
}
