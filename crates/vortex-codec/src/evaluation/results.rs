//! The results of an evaluation, and values that follow from them.

use serde::Serialize;

use super::ledger::{Coding, Stored};
use crate::inspection::FieldRow;

/// One evaluation: one model (or none), one piece of data, all codecs.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// The data file.
    pub data: String,
    /// Which part of it was coded, such as `test part of 80/10/10`.
    pub part: String,
    /// Number of bytes that every codec got.
    pub bytes: u64,
    /// Their BLAKE3, in hexadecimal.
    pub blake3: String,
    /// Bytes per record.
    pub stride: usize,
    /// Fields per record.
    pub fields: usize,
    /// The model file, if one was used.
    pub model: Option<String>,
    /// Size of the model file.
    pub model_bytes: u64,
    /// Vortex first, then the baselines that gave back the same bytes.
    pub codecs: Vec<CodecRow>,
    /// The baselines that did not. Nothing is compared with them.
    pub failed: Vec<FailedCodec>,
    /// The bytes of Vortex's file by purpose.
    pub stored: Stored,
    /// The model's own cross-entropy over the bytes, in bits; for columns, what they take as they are
    /// written; 0 without a predictor.
    pub cross_entropy_bits: f64,
    /// The cross-entropy of the network in floating point, if it was measured.
    pub float_bits: Option<f64>,
    /// Cost of each role, in coding order.
    pub roles: Vec<RoleRow>,
    /// What is known of each field. Its entropies are those of the first [`Results::field_bytes`].
    pub by_field: Vec<FieldRow>,
    /// Bytes, from the start of those that every codec got, on which entropies were counted.
    pub field_bytes: u64,
}

/// A codec that gave an error, or other bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedCodec {
    /// The codec and its settings.
    pub name: String,
    /// What went wrong.
    pub reason: String,
}

/// One codec's result; decoded and compared.
#[derive(Clone, Debug, Serialize)]
pub struct CodecRow {
    /// The codec and its settings.
    pub name: String,
    /// Compressed bytes.
    pub bytes: u64,
    /// Seconds to encode.
    pub encode_s: f64,
    /// Seconds to decode.
    pub decode_s: f64,
}

#[cfg(feature = "baselines")]
impl From<crate::baselines::Measurement> for CodecRow {
    fn from(m: crate::baselines::Measurement) -> Self {
        Self {
            name: m.name,
            bytes: m.bytes,
            encode_s: m.encode.as_secs_f64(),
            decode_s: m.decode.as_secs_f64(),
        }
    }
}

/// The cost of one role under the model.
#[derive(Clone, Debug, Serialize)]
pub struct RoleRow {
    /// Name of the field.
    pub field: String,
    /// Rank of the symbol in the field; the first coded symbol has rank 0.
    pub significance: u8,
    /// Mean cost of one symbol in bits.
    pub bits: f64,
}

impl Results {
    /// Bits of the compressed file per byte of data, without the model.
    pub fn bits_per_byte(&self) -> f64 {
        let compressed = self.codecs.first().map_or(0, |vortex| vortex.bytes);
        compressed as f64 * 8.0 / self.bytes.max(1) as f64
    }

    /// Real size divided by cross-entropy, minus one; `None` where no predictor has a cross-entropy.
    pub fn overhead(&self) -> Option<f64> {
        let vortex = self.codecs.first()?;
        (self.stored.coding == Coding::Predictor && self.cross_entropy_bits > 0.0)
            .then(|| vortex.bytes as f64 * 8.0 / self.cross_entropy_bits - 1.0)
    }

    /// The smallest of the other codecs and the fraction of its size that Vortex saves; `None` if no other codec gave
    /// back the same bytes.
    pub fn against_best(&self) -> Option<(&str, f64)> {
        let (vortex, others) = self.codecs.split_first()?;
        let best = others.iter().min_by_key(|c| c.bytes)?;
        Some((&best.name, 1.0 - vortex.bytes as f64 / best.bytes.max(1) as f64))
    }

    /// The roles of each field, in coding order.
    pub fn roles_by_field(&self) -> impl Iterator<Item = &[RoleRow]> {
        // Field names are unique in a schema, and the roles of a field are adjacent.
        self.roles.chunk_by(|a, b| a.field == b.field)
    }
}
