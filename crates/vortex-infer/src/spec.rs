//! The integer network as plain data: the contents of a `.vxm`, which `docs/numerics.md` uses.

use vortex_coder::schema::Schema;

/// `i8` matrix with a rounding shift, and perhaps a bias, for each output channel.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Linear {
    /// Output channels.
    pub n_out: usize,
    /// Input channels.
    pub n_in: usize,
    /// `[n_out][n_in]`, -127..=127.
    pub weight: Vec<i8>,
    /// `[n_out]`, 0..=30.
    pub shift: Vec<u8>,
    /// Added to the sum before the shift, `[n_out]`; empty for none.
    pub bias: Vec<i32>,
}

/// RMS normalisation constant; see `docs/numerics.md`, "Norm".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Norm {
    /// `isqrt(d << (2 * (20 + A)))` for a result with `A` fractional bits.
    pub numerator: u32,
}

/// SwiGLU with its residual output.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SwiGlu {
    /// Normalises the input.
    pub norm: Norm,
    /// `[d_ff][d]`.
    pub gate: Linear,
    /// `[d_ff][d]`.
    pub up: Linear,
    /// `silu[a + 128]`, `[256]`.
    pub silu: Vec<i16>,
    /// Brings `silu * up` back to eight bits.
    pub hidden_shift: u8,
    /// `[d][d_ff]`, to the scale of the residual stream.
    pub down: Linear,
}

/// Learnable token eviction of one layer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Memory {
    /// Depthwise kernel over time, `[d][kernel]`.
    pub conv: Vec<i8>,
    /// `[d]`.
    pub conv_shift: Vec<u8>,
    /// Pointwise scorer, `[d]`.
    pub point: Vec<i8>,
    /// 1x1 projection, `[d][d]`, to RES.
    pub proj: Linear,
    /// Norm of the projection.
    pub norm: Norm,
    /// Share of the memory stream per head, 0..=256.
    pub gate: Vec<u16>,
}

/// One pre-norm transformer block.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layer {
    /// Norm before attention.
    pub norm: Norm,
    /// `[d][d]`, eight-bit outputs.
    pub wq: Linear,
    /// `[d][d]`, eight-bit outputs.
    pub wk: Linear,
    /// `[d][d]`, eight-bit outputs.
    pub wv: Linear,
    /// Brings scores to 1/32 bits.
    pub score_shift: u8,
    /// `[d][d]`, to RES.
    pub wo: Linear,
    /// Compressive memory, if the model has one (all layers or none).
    pub memory: Option<Memory>,
    /// Feed-forward part.
    pub ffn: SwiGlu,
}

/// Shared embedding tables, `i8[n_tables][256][width]`, with `class[role]` the table of a role.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tables {
    /// Number of tables.
    pub n_tables: usize,
    /// Channels.
    pub width: usize,
    /// `[n_tables][256][width]`.
    pub table: Vec<i8>,
    /// Brings `table * scale` to RES.
    pub shift: u8,
}

/// The trunk's input.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TrunkEmbedding {
    /// Shared by predecessor and reference.
    pub tables: Tables,
    /// `[n_roles][d]`: scale of a role as predecessor.
    pub prev_scale: Vec<i16>,
    /// `[n_roles][d]`: scale of a role as reference.
    pub ref_scale: Vec<i16>,
    /// `[n_fields][d]` at RES.
    pub field_bias: Vec<i32>,
    /// `[segment][d]` at RES.
    pub position: Vec<i32>,
}

/// The byte head.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Head {
    /// Norm of the trunk's output.
    pub norm_in: Norm,
    /// `[e][d]`, to RES.
    pub input: Linear,
    /// Known symbols of the field itself.
    pub own: Tables,
    /// `[n_roles][e]`.
    pub own_scale: Vec<i16>,
    /// The reference's symbol of the same rank.
    pub reference: Tables,
    /// `[n_roles][e]`.
    pub ref_scale: Vec<i16>,
    /// `[n_roles][2][e]` at RES: not matched, matched so far.
    pub role_bias: Vec<i32>,
    /// Feed-forward part.
    pub ffn: SwiGlu,
    /// Norm before the output.
    pub norm_out: Norm,
    /// One `[256][e]` matrix per class, to 1/32 bits.
    pub out: Vec<Linear>,
    /// `[n_roles][256]` in 1/32 bits.
    pub out_bias: Vec<i16>,
    /// `[n_tables][e]`: one more output, added to the reference's symbol.
    pub copy: Vec<i8>,
    /// `[n_tables]`.
    pub copy_shift: Vec<u8>,
    /// `[n_roles][2]` in 1/32 bits.
    pub copy_bias: Vec<i16>,
}

/// A whole network and its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The records.
    pub schema: Schema,
    /// Reference distance of each field in tokens, `1..=n_fields`.
    pub lag: Vec<u16>,
    /// Table of each role, below `n_tables`; the same for trunk, head and output.
    pub class: Vec<u8>,
    /// Roles coded with raw bits.
    pub flat: Vec<bool>,
    /// Width of the trunk.
    pub d_model: usize,
    /// Attention heads.
    pub n_heads: usize,
    /// Tokens a head can look back, itself included.
    pub window: usize,
    /// Period of the positions and length of a memory segment in tokens: a multiple of the number
    /// of fields, at least `window`.
    pub segment: usize,
    /// Memory: tokens kept per `rate`, and total slots. `None` without memory.
    pub memory: Option<MemoryShape>,
    /// `round(255 * 2^(-f/32))`, 32 entries.
    pub att_pow2: Vec<u8>,
    /// `round(2^22 * 2^(-f/32))`, 32 entries.
    pub out_pow2: Vec<u32>,
    /// Input of the trunk.
    pub embedding: TrunkEmbedding,
    /// Blocks of the trunk.
    pub layers: Vec<Layer>,
    /// The byte head.
    pub head: Head,
}

/// Sizes of the compressive memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryShape {
    /// `segment / rate` tokens of each segment are kept.
    pub rate: usize,
    /// Total number of slots.
    pub slots: usize,
    /// Length of the depthwise kernel.
    pub kernel: usize,
}

impl Layer {
    fn linears(&self) -> impl Iterator<Item = &Linear> {
        let memory = self.memory.as_ref().map(|m| &m.proj);
        [&self.wq, &self.wk, &self.wv, &self.wo].into_iter().chain(memory).chain(self.ffn.linears())
    }
}

impl SwiGlu {
    fn linears(&self) -> [&Linear; 3] {
        [&self.gate, &self.up, &self.down]
    }
}

impl Network {
    /// Bytes of keys, values and segment inputs of a lane, the same on every execution. It is part
    /// of the format (`docs/numerics.md`, "Bounds"), because it decides which models are refused.
    pub fn lane_bytes(&self) -> usize {
        let channels = self.d_model / self.n_heads;
        let slots = |n: usize| {
            self.n_heads * n.div_ceil(16) * (channels.div_ceil(4) + 4 * channels.div_ceil(16)) * 64
        };
        let far = self.memory.map_or(0, |m| slots(m.slots) + self.segment * self.d_model);
        self.layers.len() * (slots(self.window) + far)
    }

    /// Every matrix product.
    pub fn linears(&self) -> impl Iterator<Item = &Linear> {
        let head = std::iter::once(&self.head.input).chain(self.head.ffn.linears());
        self.layers.iter().flat_map(Layer::linears).chain(head).chain(&self.head.out)
    }

    /// Trained numbers: weights, tables, scales and biases.
    pub fn parameters(&self) -> usize {
        let (head, embedding) = (&self.head, &self.embedding);
        let memories = self.layers.iter().filter_map(|layer| layer.memory.as_ref());
        let memories = memories.map(|m| m.conv.len() + m.point.len() + m.gate.len());
        self.linears().map(|linear| linear.weight.len()).sum::<usize>()
            + memories.sum::<usize>()
            + embedding.tables.table.len()
            + embedding.prev_scale.len()
            + embedding.ref_scale.len()
            + embedding.field_bias.len()
            + head.own.table.len()
            + head.own_scale.len()
            + head.reference.table.len()
            + head.ref_scale.len()
            + head.role_bias.len()
            + head.out_bias.len()
            + head.copy.len()
            + head.copy_bias.len()
    }
}
