//! The definition of the integer network: `docs/numerics.md`, step by step, for one lane, without
//! optimisations.
//!
//! It is slow on purpose. Every fast kernel is tested for equality with it.

use std::collections::VecDeque;

use crate::arithmetic::{ATTENTION_REACH, OUTPUT_REACH, clamp8, isqrt, rs};
use crate::spec::{Layer, Linear, Memory, Network, Norm, SwiGlu, Tables};
use vortex_coder::cdf::Cdf;
use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::{Coding, Predictor};

/// `y[o] = rs(sum_i weight[o][i] * q[i] + bias[o], shift[o])`.
pub fn linear(m: &Linear, q: &[i8]) -> Vec<i32> {
    assert_eq!(q.len(), m.n_in);
    (0..m.n_out)
        .map(|o| {
            let row = &m.weight[o * m.n_in..(o + 1) * m.n_in];
            let bias = m.bias.get(o).copied().unwrap_or(0);
            rs(dot(row, q) + bias, u32::from(m.shift[o]))
        })
        .collect()
}

/// [`linear`], saturated to eight bits.
pub fn linear8(m: &Linear, q: &[i8]) -> Vec<i8> {
    linear(m, q).into_iter().map(clamp8).collect()
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// RMS normalisation to eight bits.
pub fn norm(n: Norm, x: &[i32]) -> Vec<i8> {
    let squares: u64 = x.iter().map(|&v| u64::from(v.unsigned_abs()).pow(2)).sum();
    let inv = i64::from(n.numerator) / (isqrt(squares) as i64 + 1);
    x.iter().map(|&v| clamp8(((i64::from(v) * inv + (1 << 19)) >> 20) as i32)).collect()
}

/// The residual update of a SwiGLU block.
pub fn swiglu(f: &SwiGlu, x: &[i32]) -> Vec<i32> {
    let q = norm(f.norm, x);
    let (a, b) = (linear8(&f.gate, &q), linear8(&f.up, &q));
    let h: Vec<i8> = a
        .iter()
        .zip(&b)
        .map(|(&a, &b)| {
            let silu = i32::from(f.silu[(i32::from(a) + 128) as usize]);
            clamp8(rs(silu * i32::from(b), u32::from(f.hidden_shift)))
        })
        .collect();
    linear(&f.down, &h)
}

/// Adds `table[class][symbol] * scale` to `sum`.
fn embed(t: &Tables, class: u8, symbol: u8, scale: &[i16], sum: &mut [i32]) {
    let start = (usize::from(class) * 256 + usize::from(symbol)) * t.width;
    let row = &t.table[start..start + t.width];
    for ((s, &e), &scale) in sum.iter_mut().zip(row).zip(scale) {
        *s += i32::from(e) * i32::from(scale);
    }
}

/// Key and value of one token or memory slot, with all heads: `[d_model]` each.
#[derive(Clone)]
struct KeyValue {
    key: Vec<i8>,
    value: Vec<i8>,
}

/// Softmax attention of one head over `slots`; zero if there are none.
fn attend<'a>(
    net: &Network,
    score_shift: u8,
    q: &[i8],
    head: usize,
    slots: impl Iterator<Item = &'a KeyValue> + Clone,
) -> Vec<i32> {
    let channels = q.len();
    let range = head * channels..(head + 1) * channels;
    let scores: Vec<i32> = slots.clone().map(|s| dot(q, &s.key[range.clone()])).collect();
    let Some(&best) = scores.iter().max() else { return vec![0; channels] };
    let weights: Vec<i32> = scores
        .iter()
        .map(|&s| {
            let distance = (best - s) >> score_shift;
            if distance >= ATTENTION_REACH {
                0
            } else {
                i32::from(net.att_pow2[(distance & 31) as usize]) >> (distance >> 5)
            }
        })
        .collect();
    let reciprocal = (1 << 24) / weights.iter().sum::<i32>();
    (0..channels)
        .map(|i| {
            let sum: i32 = slots
                .clone()
                .zip(&weights)
                .map(|(s, &w)| w * i32::from(s.value[head * channels + i]))
                .sum();
            (sum * reciprocal + (1 << 23)) >> 24
        })
        .collect()
}

/// State of one layer of one lane.
#[derive(Clone, Default)]
struct LayerState {
    /// The last `window` tokens.
    window: VecDeque<KeyValue>,
    /// The attention inputs of the segment so far.
    segment: Vec<Vec<i8>>,
    /// The compressive memory, oldest first.
    slots: VecDeque<KeyValue>,
}

/// One lane of the network.
pub struct Lane<'a> {
    net: &'a Network,
    layout: &'a RecordLayout,
    /// Tokens so far.
    token: usize,
    previous_record: Vec<u8>,
    record: Vec<u8>,
    /// Next role.
    role: usize,
    layers: Vec<LayerState>,
    /// The head's input for the field in progress.
    z0: Vec<i32>,
}

impl<'a> Lane<'a> {
    /// A cold lane. `net` must have passed [`crate::bounds::check`].
    pub fn new(net: &'a Network, layout: &'a RecordLayout) -> Self {
        let n_roles = layout.roles().len();
        Self {
            net,
            layout,
            token: 0,
            previous_record: vec![0; n_roles],
            record: vec![0; n_roles],
            role: 0,
            layers: vec![LayerState::default(); net.layers.len()],
            z0: Vec::new(),
        }
    }

    /// Symbols of the token `distance` before the one in progress.
    fn symbols_before(&self, distance: usize) -> (usize, &[u8]) {
        let field = usize::from(self.layout.roles()[self.role].field);
        let n_fields = self.layout.n_fields();
        let (record, f) = if distance <= field {
            (&self.record, field - distance)
        } else {
            (&self.previous_record, n_fields + field - distance)
        };
        (f, &record[self.layout.roles_of(f)])
    }

    /// The weights of the next symbol, `None` for a flat role.
    pub fn weights(&mut self) -> Option<Vec<u32>> {
        let role = self.layout.roles()[self.role];
        if role.rank == 0 {
            self.z0 = self.trunk();
        }
        if self.net.flat[self.role] {
            return None;
        }
        let logits = self.head();
        let best = logits.iter().copied().max()?;
        Some(
            logits
                .iter()
                .map(|&l| {
                    let distance = best - l;
                    if distance >= OUTPUT_REACH {
                        0
                    } else {
                        self.net.out_pow2[(distance & 31) as usize] >> (distance >> 5)
                    }
                })
                .collect(),
        )
    }

    /// The next symbol.
    pub fn push(&mut self, symbol: u8) {
        self.record[self.role] = symbol;
        self.role += 1;
        let ended = self.role == self.layout.roles().len();
        if ended {
            self.role = 0;
            std::mem::swap(&mut self.record, &mut self.previous_record);
        }
        if self.layout.roles()[self.role].rank == 0 {
            self.token += 1;
        }
    }

    /// All layers for the token in progress; returns the head's input.
    fn trunk(&mut self) -> Vec<i32> {
        let (net, d) = (self.net, self.net.d_model);
        let field = usize::from(self.layout.roles()[self.role].field);
        let e = &net.embedding;
        let mut sum = vec![0; d];
        let scale = |all: &'a [i16], role: usize| &all[role * d..(role + 1) * d];
        let (previous, symbols) = self.symbols_before(1);
        for (role, &s) in self.layout.roles_of(previous).zip(symbols) {
            embed(&e.tables, net.class[role], s, scale(&e.prev_scale, role), &mut sum);
        }
        let (_, symbols) = self.symbols_before(usize::from(net.lag[field]));
        for (role, &s) in self.layout.roles_of(field).zip(symbols) {
            embed(&e.tables, net.class[role], s, scale(&e.ref_scale, role), &mut sum);
        }
        let place = self.token % net.segment;
        let mut x: Vec<i32> = (0..d)
            .map(|i| {
                rs(sum[i], u32::from(e.tables.shift))
                    + e.field_bias[field * d + i]
                    + e.position[place * d + i]
            })
            .collect();
        let segment_ends = place + 1 == net.segment;
        for (layer, state) in net.layers.iter().zip(&mut self.layers) {
            layer_step(net, layer, state, &mut x);
            if let (Some(memory), true) = (&layer.memory, segment_ends) {
                compress(net, layer, memory, state);
            }
        }
        linear(&net.head.input, &norm(net.head.norm_in, &x))
    }

    /// Logits of the next symbol in 1/32 bits.
    fn head(&self) -> Vec<i32> {
        let (net, h) = (self.net, &self.net.head);
        let role = self.layout.roles()[self.role];
        let (field, rank) = (usize::from(role.field), usize::from(role.rank));
        let width = h.own.width;
        let first = self.role - rank;
        let (_, reference) = self.symbols_before(usize::from(net.lag[field]));
        let known = &self.record[first..self.role];
        let matched = usize::from(known == &reference[..rank]);

        let mut own = vec![0; width];
        for (b, &s) in known.iter().enumerate() {
            let r = first + b;
            embed(&h.own, net.class[r], s, &h.own_scale[r * width..(r + 1) * width], &mut own);
        }
        let mut refs = vec![0; width];
        let class = usize::from(net.class[self.role]);
        let scale = &h.ref_scale[self.role * width..(self.role + 1) * width];
        embed(&h.reference, net.class[self.role], reference[rank], scale, &mut refs);
        let bias = &h.role_bias[(self.role * 2 + matched) * width..];
        let mut z: Vec<i32> = (0..width)
            .map(|i| {
                self.z0[i]
                    + rs(own[i], u32::from(h.own.shift))
                    + rs(refs[i], u32::from(h.reference.shift))
                    + bias[i]
            })
            .collect();
        let update = swiglu(&h.ffn, &z);
        for (z, y) in z.iter_mut().zip(update) {
            *z += y;
        }
        let q = norm(h.norm_out, &z);
        let mut logits = linear(&h.out[class], &q);
        for (l, &b) in logits.iter_mut().zip(&h.out_bias[self.role * 256..]) {
            *l += i32::from(b);
        }
        logits[usize::from(reference[rank])] += rs(
            dot(&h.copy[class * width..(class + 1) * width], &q),
            u32::from(h.copy_shift[class]),
        ) + i32::from(h.copy_bias[self.role * 2 + matched]);
        logits.truncate(usize::from(role.alphabet));
        logits
    }
}

/// One layer for one token: updates `x` and the state.
fn layer_step(net: &Network, layer: &Layer, state: &mut LayerState, x: &mut [i32]) {
    let q0 = norm(layer.norm, x);
    let q = linear8(&layer.wq, &q0);
    state
        .window
        .push_back(KeyValue { key: linear8(&layer.wk, &q0), value: linear8(&layer.wv, &q0) });
    if state.window.len() > net.window {
        state.window.pop_front();
    }
    let channels = net.d_model / net.n_heads;
    let mut context = Vec::with_capacity(net.d_model);
    for head in 0..net.n_heads {
        let q = &q[head * channels..(head + 1) * channels];
        let local = attend(net, layer.score_shift, q, head, state.window.iter());
        match &layer.memory {
            None => context.extend(local.into_iter().map(clamp8)),
            Some(memory) => {
                let gate = i32::from(memory.gate[head]);
                let far = attend(net, layer.score_shift, q, head, state.slots.iter());
                context.extend(
                    local.iter().zip(far).map(|(&l, m)| clamp8(rs(l * (256 - gate) + m * gate, 8))),
                );
            }
        }
    }
    for (x, y) in x.iter_mut().zip(linear(&layer.wo, &context)) {
        *x += y;
    }
    let update = swiglu(&layer.ffn, x);
    for (x, y) in x.iter_mut().zip(update) {
        *x += y;
    }
    if layer.memory.is_some() {
        state.segment.push(q0);
    }
}

/// The end of a segment: its best tokens become memory slots.
fn compress(net: &Network, layer: &Layer, memory: &Memory, state: &mut LayerState) {
    let Some(shape) = net.memory else { return };
    let segment = std::mem::take(&mut state.segment);
    let score = |t: usize| -> i32 {
        (0..net.d_model)
            .map(|i| {
                let taps = &memory.conv[i * shape.kernel..(i + 1) * shape.kernel];
                let sum: i32 = taps
                    .iter()
                    .enumerate()
                    .filter_map(|(j, &w)| {
                        let at = (t + 1 + j).checked_sub(shape.kernel)?;
                        Some(i32::from(w) * i32::from(segment[at][i]))
                    })
                    .sum();
                let y = clamp8(rs(sum, u32::from(memory.conv_shift[i]))).max(0);
                i32::from(memory.point[i]) * i32::from(y)
            })
            .sum()
    };
    let mut order: Vec<(i32, usize)> = (0..segment.len()).map(|t| (score(t), t)).collect();
    order.sort_by_key(|&(score, t)| (std::cmp::Reverse(score), t));
    order.truncate(net.segment / shape.rate);
    order.sort_by_key(|&(_, t)| t);
    for (_, t) in order {
        let m = norm(memory.norm, &linear(&memory.proj, &segment[t]));
        state
            .slots
            .push_back(KeyValue { key: linear8(&layer.wk, &m), value: linear8(&layer.wv, &m) });
        if state.slots.len() > shape.slots {
            state.slots.pop_front();
        }
    }
}

/// The definition as a [`Predictor`]: any number of independent lanes.
pub struct Interpreter<'a> {
    net: &'a Network,
    layout: &'a RecordLayout,
    lanes: Vec<Lane<'a>>,
}

impl<'a> Interpreter<'a> {
    /// `layout` is the layout of `net.schema`; `net` must have passed [`crate::bounds::check`].
    pub fn new(net: &'a Network, layout: &'a RecordLayout) -> Self {
        Self { net, layout, lanes: Vec::new() }
    }
}

impl Predictor for Interpreter<'_> {
    fn lane_bytes(&self) -> usize {
        self.net.lane_bytes()
    }

    fn max_group(&self) -> usize {
        usize::MAX
    }

    fn begin(&mut self, lanes: usize) {
        self.lanes = (0..lanes).map(|_| Lane::new(self.net, self.layout)).collect();
    }

    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        for (lane, cdf) in self.lanes[..active].iter_mut().zip(out) {
            match lane.weights() {
                Some(weights) => cdf.set_weights(&weights),
                None => continue,
            }
        }
        let flat = self.lanes.first().is_some_and(|l| self.net.flat[l.role]);
        if flat { Coding::Flat } else { Coding::Modelled }
    }

    fn update(&mut self, symbols: &[u8]) {
        for (lane, &s) in self.lanes.iter_mut().zip(symbols) {
            lane.push(s);
        }
    }
}
