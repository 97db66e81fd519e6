//! The network with its matrices laid out for the kernels.

use std::sync::Arc;

use crate::cpu::kernels::{Matrix, SiluTable};
use crate::cpu::quads::{COLUMNS, Quads};
use crate::execution::Checked;
use crate::spec::{Layer, Linear, Memory, Network, SwiGlu, Tables};
use vortex_coder::layout::RecordLayout;

/// One or more [`Linear`]s with the same input, side by side.
pub struct PackedLinear {
    quads: Quads,
    /// Sum of the weights of each output channel.
    pub column_sums: Vec<i32>,
    /// Rounding shift of each output channel.
    pub shift: Vec<i32>,
    /// The sum that is added before the shift: half a unit for rounding, and the bias.
    pub addend: Vec<i32>,
}

impl PackedLinear {
    pub fn new(parts: &[&Linear]) -> Self {
        let n_in = parts[0].n_in;
        let n_out = parts.iter().map(|m| m.n_out).sum();
        let mut quads = Quads::zeros(n_in, n_out);
        let width = quads.blocks * COLUMNS;
        let (mut column_sums, mut shift) = (vec![0; width], vec![0; width]);
        let rows = parts.iter().flat_map(|m| m.weight.chunks_exact(n_in).zip(&m.shift));
        for (column, (row, &s)) in rows.enumerate() {
            for (i, &w) in row.iter().enumerate() {
                quads.set(i, column, w);
            }
            column_sums[column] = row.iter().map(|&w| i32::from(w)).sum();
            shift[column] = i32::from(s);
        }
        let mut addend: Vec<i32> = shift.iter().map(|&s| (1 << s) >> 1).collect();
        let mut start = 0;
        for m in parts {
            for (a, &bias) in addend[start..].iter_mut().zip(&m.bias) {
                *a += bias;
            }
            start += m.n_out;
        }
        Self { quads, column_sums, shift, addend }
    }

    #[inline(always)]
    pub fn matrix(&self) -> Matrix<'_> {
        let Quads { groups, blocks, data } = &self.quads;
        Matrix { data, groups: *groups, stride: *blocks, blocks: *blocks }
    }

    /// Columns of the product, padding included.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.quads.blocks * COLUMNS
    }
}

/// See [`SwiGlu`].
pub struct PackedSwiGlu {
    pub numerator: i32,
    pub hidden: usize,
    pub gate_up: PackedLinear,
    pub silu: SiluTable,
    pub hidden_shift: u32,
    pub down: PackedLinear,
}

impl PackedSwiGlu {
    fn new(f: &SwiGlu) -> Self {
        Self {
            numerator: f.norm.numerator as i32,
            hidden: f.gate.n_out,
            gate_up: PackedLinear::new(&[&f.gate, &f.up]),
            silu: std::array::from_fn(|i| f.silu.get(i).copied().unwrap_or(0)),
            hidden_shift: f.hidden_shift.into(),
            down: PackedLinear::new(&[&f.down]),
        }
    }
}

/// See [`Memory`].
pub struct PackedMemory {
    /// `[kernel][d]`.
    pub conv: Vec<i32>,
    pub conv_shift: Vec<u8>,
    pub point: Vec<i32>,
    pub proj: PackedLinear,
    pub numerator: i32,
    pub key_value: PackedLinear,
    pub gate: Vec<i32>,
}

impl PackedMemory {
    fn new(m: &Memory, layer: &Layer, d: usize) -> Self {
        let kernel = m.conv.len() / d;
        let tap = |at: usize| i32::from(m.conv[at % d * kernel + at / d]);
        Self {
            conv: (0..m.conv.len()).map(tap).collect(),
            conv_shift: m.conv_shift.clone(),
            point: m.point.iter().map(|&p| i32::from(p)).collect(),
            proj: PackedLinear::new(&[&m.proj]),
            numerator: m.norm.numerator as i32,
            key_value: PackedLinear::new(&[&layer.wk, &layer.wv]),
            gate: m.gate.iter().map(|&g| i32::from(g)).collect(),
        }
    }
}

/// See [`Layer`].
pub struct PackedLayer {
    pub numerator: i32,
    pub query_key_value: PackedLinear,
    pub score_shift: u32,
    pub output: PackedLinear,
    pub memory: Option<PackedMemory>,
    pub ffn: PackedSwiGlu,
}

/// Output of one class of roles.
pub struct PackedOutput {
    pub logits: PackedLinear,
    pub copy: Vec<i8>,
    pub copy_shift: u32,
}

/// Everything a lane needs, shared by threads.
pub struct Packed {
    pub net: Arc<Network>,
    pub layout: Arc<RecordLayout>,
    pub layers: Vec<PackedLayer>,
    pub head_input: PackedLinear,
    pub head_ffn: PackedSwiGlu,
    pub outputs: Vec<PackedOutput>,
    pub att_pow2: [u32; 32],
    pub out_pow2: [u32; 32],
}

impl Packed {
    pub fn new(checked: &Checked) -> Self {
        let net = checked.network();
        let (h, width) = (&net.head, net.head.own.width);
        let layer = |l: &Layer| PackedLayer {
            numerator: l.norm.numerator as i32,
            query_key_value: PackedLinear::new(&[&l.wq, &l.wk, &l.wv]),
            score_shift: l.score_shift.into(),
            output: PackedLinear::new(&[&l.wo]),
            memory: l.memory.as_ref().map(|m| PackedMemory::new(m, l, net.d_model)),
            ffn: PackedSwiGlu::new(&l.ffn),
        };
        let output = |(class, m): (usize, &Linear)| PackedOutput {
            logits: PackedLinear::new(&[m]),
            copy: h.copy[class * width..(class + 1) * width].to_vec(),
            copy_shift: h.copy_shift[class].into(),
        };
        Self {
            layers: net.layers.iter().map(layer).collect(),
            head_input: PackedLinear::new(&[&h.input]),
            head_ffn: PackedSwiGlu::new(&h.ffn),
            outputs: h.out.iter().enumerate().map(output).collect(),
            att_pow2: std::array::from_fn(|f| net.att_pow2[f].into()),
            out_pow2: std::array::from_fn(|f| net.out_pow2[f]),
            net: Arc::clone(net),
            layout: Arc::clone(checked.layout()),
        }
    }
}

/// Adds `table[class][symbol] * scale` to `sum`.
#[inline(always)]
pub fn embed(t: &Tables, class: u8, symbol: u8, scale: &[i16], sum: &mut [i32]) {
    let start = (usize::from(class) * 256 + usize::from(symbol)) * t.width;
    let row = &t.table[start..start + t.width];
    for ((s, &e), &scale) in sum.iter_mut().zip(row).zip(scale) {
        *s += i32::from(e) * i32::from(scale);
    }
}
