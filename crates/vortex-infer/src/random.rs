//! Random networks and inputs for tests, fuzzing, benchmarks and the self-test.

use vortex_base::random::SplitMix64;

use crate::arithmetic::{norm_numerator, pow2_table};
use crate::spec::{
    Head, Layer, Linear, Memory, MemoryShape, Network, Norm, SwiGlu, Tables, TrunkEmbedding,
};
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;

/// `len` values uniform in `low..=high`, which must fit `T`.
fn fill<T: TryFrom<i64>>(rng: &mut SplitMix64, len: usize, low: i64, high: i64) -> Vec<T> {
    (0..len).filter_map(|_| T::try_from(rng.range(low, high)).ok()).collect()
}

/// The symbols of `records` records: half of them repeat the previous record, so that both branches
/// of all comparisons with the reference are used.
pub fn symbols(layout: &RecordLayout, records: usize, seed: u64) -> Vec<u8> {
    let mut rng = SplitMix64::new(seed);
    let n = layout.roles().len();
    let mut out = vec![0u8; records * n];
    for i in 0..out.len() {
        let bits = rng.draw();
        let alphabet = u64::from(layout.roles()[i % n].alphabet);
        out[i] = if bits & 1 == 1 && i >= n { out[i - n] } else { ((bits >> 8) % alphabet) as u8 };
    }
    out
}

/// The sizes of a random network.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Width of the trunk; a multiple of `n_heads`.
    pub d_model: usize,
    /// Attention heads.
    pub n_heads: usize,
    /// Layers.
    pub n_layers: usize,
    /// Hidden width of the trunk's feed-forward parts.
    pub d_ff: usize,
    /// Width of the head.
    pub d_head: usize,
    /// Hidden width of the head's feed-forward part.
    pub d_head_ff: usize,
    /// Window in tokens.
    pub window: usize,
    /// Embedding tables.
    pub n_tables: usize,
    /// Compressive memory.
    pub memory: Option<MemoryShape>,
    /// Whether matrices have biases.
    pub biases: bool,
}

impl Sizes {
    /// The smallest shapes with several heads, without memory and biases: for tests that damage a
    /// file at every place.
    pub const SMALLEST: Self = Self {
        d_model: 8,
        n_heads: 2,
        n_layers: 1,
        d_ff: 8,
        d_head: 8,
        d_head_ff: 8,
        window: 4,
        n_tables: 2,
        memory: None,
        biases: false,
    };
}

impl Default for Sizes {
    /// The shapes of the default small model.
    fn default() -> Self {
        Self {
            d_model: 64,
            n_heads: 4,
            n_layers: 2,
            d_ff: 192,
            d_head: 64,
            d_head_ff: 128,
            window: 64,
            n_tables: 4,
            memory: None,
            biases: false,
        }
    }
}

/// A network of random weights that passes [`crate::bounds::check`], every tenth role flat.
pub fn network(schema: Schema, sizes: Sizes, seed: u64) -> Network {
    let layout = RecordLayout::new(schema.clone());
    let mut rng = SplitMix64::new(seed);
    let rng = &mut rng;
    let Sizes { d_model: d, d_head: e, n_tables, .. } = sizes;
    let (n_fields, n_roles) = (layout.n_fields(), layout.roles().len());
    let segment = sizes.window.div_ceil(n_fields) * n_fields;
    let same_width = |field: usize, lag: usize| {
        let source = (n_fields + field - lag) % n_fields;
        layout.roles_of(source).len() == layout.roles_of(field).len()
    };
    let lag = (0..n_fields)
        .map(|f| {
            let lag = rng.range(1, n_fields as i64) as usize;
            (if same_width(f, lag) { lag } else { n_fields }) as u16
        })
        .collect();
    let mut net = Network {
        lag,
        class: fill(rng, n_roles, 0, n_tables as i64 - 1),
        flat: (0..n_roles).map(|_| rng.range(0, 9) == 0).collect(),
        d_model: d,
        n_heads: sizes.n_heads,
        window: sizes.window,
        segment,
        memory: sizes.memory,
        att_pow2: pow2_table(255).iter().map(|&v| v as u8).collect(),
        out_pow2: pow2_table(1 << 22).to_vec(),
        embedding: TrunkEmbedding {
            tables: tables(rng, n_tables, d),
            prev_scale: fill(rng, n_roles * d, -900, 900),
            ref_scale: fill(rng, n_roles * d, -900, 900),
            field_bias: fill(rng, n_fields * d, -2000, 2000),
            position: fill(rng, segment * d, -2000, 2000),
        },
        layers: (0..sizes.n_layers)
            .map(|_| Layer {
                norm: norm(d),
                wq: linear(rng, d, d, 8),
                wk: linear(rng, d, d, 8),
                wv: linear(rng, d, d, 8),
                score_shift: 4,
                wo: linear(rng, d, d, 3),
                memory: sizes.memory.map(|shape| Memory {
                    conv: fill(rng, d * shape.kernel, -127, 127),
                    conv_shift: fill(rng, d, 5, 8),
                    point: fill(rng, d, -127, 127),
                    proj: linear(rng, d, d, 3),
                    norm: norm(d),
                    gate: fill(rng, sizes.n_heads, 0, 256),
                }),
                ffn: swiglu(rng, d, sizes.d_ff),
            })
            .collect(),
        head: Head {
            norm_in: norm(d),
            input: linear(rng, e, d, 3),
            own: tables(rng, n_tables, e),
            own_scale: fill(rng, n_roles * e, -900, 900),
            reference: tables(rng, n_tables, e),
            ref_scale: fill(rng, n_roles * e, -900, 900),
            role_bias: fill(rng, n_roles * 2 * e, -2000, 2000),
            ffn: swiglu(rng, e, sizes.d_head_ff),
            norm_out: norm(e),
            out: (0..n_tables).map(|_| linear(rng, 256, e, 8)).collect(),
            out_bias: fill(rng, n_roles * 256, -200, 200),
            copy: fill(rng, n_tables * e, -127, 127),
            copy_shift: fill(rng, n_tables, 7, 9),
            copy_bias: fill(rng, n_roles * 2, -100, 300),
        },
        schema,
    };
    if sizes.biases {
        for l in &mut net.layers {
            for m in [&mut l.wq, &mut l.wk, &mut l.wv, &mut l.ffn.gate, &mut l.ffn.up] {
                m.bias = fill(rng, m.n_out, -20_000, 20_000);
            }
        }
        net.head.input.bias = fill(rng, e, -20_000, 20_000);
    }
    net
}

fn norm(width: usize) -> Norm {
    Norm { numerator: norm_numerator(width, 5).unwrap_or(1) }
}

fn linear(rng: &mut SplitMix64, n_out: usize, n_in: usize, shift: i64) -> Linear {
    Linear {
        n_out,
        n_in,
        weight: fill(rng, n_out * n_in, -127, 127),
        shift: fill(rng, n_out, shift, shift + 1),
        bias: Vec::new(),
    }
}

fn tables(rng: &mut SplitMix64, n_tables: usize, width: usize) -> Tables {
    Tables { n_tables, width, table: fill(rng, n_tables * 256 * width, -127, 127), shift: 7 }
}

fn swiglu(rng: &mut SplitMix64, width: usize, hidden: usize) -> SwiGlu {
    SwiGlu {
        norm: norm(width),
        gate: linear(rng, hidden, width, 8),
        up: linear(rng, hidden, width, 8),
        silu: fill(rng, 256, -600, 16_000),
        hidden_shift: 12,
        down: linear(rng, width, hidden, 4),
    }
}
