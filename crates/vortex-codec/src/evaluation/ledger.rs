//! Where every bit of a compressed file went.

use serde::Serialize;

use super::Results;

/// Bytes of a compressed file by their purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Payloads of all blocks.
    pub payload: u64,
    /// The model, if it is in the file.
    pub model: u64,
    /// Everything else: headers, the schema, checksums, the index, the footer.
    pub container: u64,
    /// Blocks that the predictor coded.
    pub modelled_blocks: usize,
    /// Blocks that zstd made smaller, or that are stored as they are.
    pub other_blocks: usize,
}

/// A cause of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The information that is left under the network in floating point.
    Float,
    /// What the integers of the network cost more.
    Integers,
    /// The information that is left under the predictor as it codes.
    Predictor,
    /// Payloads beyond that information: the range coder, the plans of blocks, and blocks that were
    /// not coded with the predictor. Below zero where such blocks are smaller.
    Coder,
    /// Headers, the schema, checksums, the index.
    Container,
    /// The embedded model.
    Model,
}

impl Results {
    /// The bits of the compressed file by cause; their sum is the file. The first is information,
    /// the others are losses. `Float` and `Integers` stand for `Predictor` where the network was
    /// measured in floating point.
    pub fn ledger(&self) -> Vec<(Cause, f64)> {
        let mut ledger = Vec::new();
        let information = self.cross_entropy_bits;
        match self.float_bits {
            Some(float) if information > 0.0 => {
                ledger.extend([(Cause::Float, float), (Cause::Integers, information - float)]);
            }
            _ => ledger.push((Cause::Predictor, information)),
        }
        let bits = |bytes: u64| bytes as f64 * 8.0;
        ledger.push((Cause::Coder, bits(self.stored.payload) - information));
        ledger.push((Cause::Container, bits(self.stored.container)));
        if self.stored.model > 0 {
            ledger.push((Cause::Model, bits(self.stored.model)));
        }
        ledger
    }
}
