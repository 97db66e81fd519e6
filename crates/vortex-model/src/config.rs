//! Sizes of the model, as in a configuration file.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Sizes of a model. The default is the small CPU model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// The architecture.
    pub architecture: Architecture,
    /// Width of the trunk.
    pub d_model: usize,
    /// Blocks of the trunk.
    pub n_layers: usize,
    /// Attention heads; divides `d_model`. (Head widths 8, 16, 32 and 64 train fastest.)
    pub n_heads: usize,
    /// Width of the trunk's feed-forward parts.
    pub d_ff: usize,
    /// Tokens that attention looks back, rounded up to whole records if a record fits.
    pub window: usize,
    /// How symbols become vectors.
    pub embedding: EmbeddingKind,
    /// How the trunk gets the position of a token in its segment.
    pub positions: PositionKind,
    /// Whether the trunk's input has the symbols of the reference in addition to those of the
    /// previous field.
    pub reference_input: bool,
    /// The byte head.
    pub head: HeadConfig,
    /// Compressive memory beyond the window; none by default.
    pub memory: Option<MemoryConfig>,
}

/// The two architectures. Both are coded with the same integer network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// The production model: RMS normalisation without gain, memory gates that start at -3.
    #[default]
    Optimised,
    /// The reference: layer normalisation with gain and bias, memory gates that start at 0.
    Reference,
}

impl Architecture {
    /// Share of the memory stream at the start of training, as a logit.
    pub fn initial_gate(self) -> f32 {
        match self {
            Self::Optimised => -3.0,
            Self::Reference => 0.0,
        }
    }
}

/// Sizes of the byte head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadConfig {
    /// Width.
    pub d_model: usize,
    /// Width of its feed-forward part.
    pub d_ff: usize,
}

/// Sizes of the compressive memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryConfig {
    /// One token of `rate` is kept when a segment ends.
    pub rate: usize,
    /// Total number of kept tokens; the oldest are dropped.
    pub slots: usize,
    /// Tokens that the scorer's depthwise kernel spans.
    pub kernel: usize,
}

/// How symbols become vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingKind {
    /// Tables shared by number type and rank, a scale and a shift per role.
    #[default]
    Typed,
    /// Four tables by position in the record modulo 4 with a softmax-gated scale.
    Tdt,
    /// One table for all symbols, without scales.
    Standard,
}

/// What tells the trunk where in a segment a token stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionKind {
    /// Sinusoids with the period of a segment.
    #[default]
    Sinusoidal,
    /// A learned vector for each position, initialised with the sinusoids.
    Learned,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            architecture: Architecture::default(),
            d_model: 64,
            n_layers: 2,
            n_heads: 4,
            d_ff: 160,
            window: 64,
            embedding: EmbeddingKind::Typed,
            positions: PositionKind::default(),
            reference_input: true,
            head: HeadConfig::default(),
            memory: None,
        }
    }
}

impl Default for HeadConfig {
    fn default() -> Self {
        Self { d_model: 64, d_ff: 128 }
    }
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { rate: 4, slots: 64, kernel: 4 }
    }
}

impl ModelConfig {
    /// The reference model with its own defaults.
    pub fn reference() -> Self {
        Self {
            architecture: Architecture::Reference,
            d_model: 512,
            n_layers: 8,
            n_heads: 8,
            d_ff: 2048,
            window: 512,
            embedding: EmbeddingKind::Typed,
            head: HeadConfig { d_model: 256, d_ff: 512 },
            memory: Some(MemoryConfig { rate: 4, slots: 512, kernel: 4 }),
            ..Self::default()
        }
    }

    /// Checks that the sizes fit together.
    ///
    /// # Errors
    /// [`Error::Config`] names the entry, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        let check = |ok: bool, name: &str, value: usize, allowed: &str| {
            if ok { Ok(()) } else { Err(Error::config(name, value, allowed)) }
        };
        let within = |name, value: usize, low: usize, high: usize| {
            check((low..=high).contains(&value), name, value, &format!("{low} to {high}"))
        };
        within("model.d_model", self.d_model, 8, 2048)?;
        within("model.n_layers", self.n_layers, 1, 64)?;
        within("model.n_heads", self.n_heads, 1, 64)?;
        within("model.d_ff", self.d_ff, 8, 8192)?;
        within("model.window", self.window, 1, 4096)?;
        within("model.head.d_model", self.head.d_model, 8, 2048)?;
        within("model.head.d_ff", self.head.d_ff, 8, 8192)?;
        let divides = self.d_model.is_multiple_of(self.n_heads);
        check(divides, "model.n_heads", self.n_heads, "a divisor of model.d_model")?;
        if self.architecture == Architecture::Reference {
            let even = self.d_model.is_multiple_of(2);
            check(even, "model.d_model", self.d_model, "even in the reference model")?;
        }
        if let Some(memory) = &self.memory {
            within("model.memory.rate", memory.rate, 1, self.window)?;
            within("model.memory.slots", memory.slots, 1, 4096)?;
            within("model.memory.kernel", memory.kernel, 1, 32)?;
        }
        Ok(())
    }

    /// Attention window and segment in tokens, for records of `n_fields` tokens.
    ///
    /// The segment is a whole number of records, at least the window; the window is also a whole
    /// number of records if one fits.
    pub fn window_and_segment(&self, n_fields: usize) -> (usize, usize) {
        if n_fields <= self.window {
            let segment = self.window.next_multiple_of(n_fields);
            (segment, segment)
        } else {
            (self.window, n_fields)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_records_where_one_fits() {
        let config = ModelConfig::default();
        assert_eq!(config.window_and_segment(12), (72, 72));
        assert_eq!(config.window_and_segment(1), (64, 64));
        assert_eq!(config.window_and_segment(119), (64, 119));
    }

    #[test]
    fn errors_name_entry_value_and_limit() {
        let config = ModelConfig { n_heads: 5, ..ModelConfig::default() };
        let text = config.validate().unwrap_err().to_string();
        assert_eq!(text, "model.n_heads is 5: it must be a divisor of model.d_model");
        assert!(ModelConfig::default().validate().is_ok());
        assert!(ModelConfig::reference().validate().is_ok());
    }
}
