//! Where every bit of a compressed file went.

use serde::Serialize;

use super::Results;

/// What wrote the payloads of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// A predictor with a cross-entropy.
    #[default]
    Predictor,
    /// Columns, each written as a whole: only the bytes of a field are known, not the bits of its
    /// symbols.
    Columns,
    /// No predictor: nothing is known of fields.
    Plain,
}

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
    /// What wrote the payloads.
    pub coding: Coding,
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
    /// The columns as they are written; no cross-entropy.
    Columns,
    /// Payloads that no predictor made; no loss.
    Payload,
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
    /// the columns or the payloads as they are written, the others are losses. `Float` and `Integers` stand for `Predictor` where the network was
    /// measured in floating point.
    pub fn ledger(&self) -> Vec<(Cause, f64)> {
        let mut ledger = Vec::new();
        let bits = |bytes: u64| bytes as f64 * 8.0;
        let (information, payload) = (self.cross_entropy_bits, bits(self.stored.payload));
        match (self.stored.coding, self.float_bits) {
            (Coding::Predictor, Some(float)) if information > 0.0 => {
                ledger.extend([(Cause::Float, float), (Cause::Integers, information - float)]);
            }
            (Coding::Predictor, _) => ledger.push((Cause::Predictor, information)),
            (Coding::Columns, _) => ledger.push((Cause::Columns, information)),
            (Coding::Plain, _) => ledger.push((Cause::Payload, payload)),
        }
        if self.stored.coding != Coding::Plain {
            ledger.push((Cause::Coder, payload - information));
        }
        ledger.push((Cause::Container, bits(self.stored.container)));
        if self.stored.model > 0 {
            ledger.push((Cause::Model, bits(self.stored.model)));
        }
        ledger
    }
}
