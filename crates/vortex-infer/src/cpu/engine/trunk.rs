//! The transformer: one token of every active lane.

use super::dense::{add_linear, linear, linear8, norm, reserve, swiglu};
use super::packed::{Packed, PackedLayer, PackedMemory, embed};
use super::state::{Buffers, LayerState, State};
use crate::arithmetic::{clamp8, rs};
use crate::cpu::kernels::Isa;

/// Runs all layers for the token of the next role and leaves the head's input in `z0`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn step<I: Isa>(p: &Packed, s: &mut State) {
    let (n, d) = (s.active, p.net.d_model);
    let field = usize::from(p.layout.roles()[s.role].field);
    let mut x = std::mem::take(&mut s.buffers.x);
    embed_token(p, field, s.token, &s.record, &s.previous_record, reserve(&mut x, n * d));
    s.buffers.x = x;
    // SAFETY: promised by the caller.
    unsafe { layers::<I>(p, s, 1) };
    s.own.fill(0);
    s.matched.fill(true);
}

/// The input of the trunk for one token of each lane, `x: [lane][d]`: the embeddings of the token
/// before and of the reference. `now` holds the symbols of the current record before the token, and
/// `previous` those of the previous record, `[lane][role]`.
#[inline(always)]
pub fn embed_token(
    p: &Packed,
    field: usize,
    token: usize,
    now: &[u8],
    previous: &[u8],
    x: &mut [i32],
) {
    let (d, n_roles) = (p.net.d_model, p.layout.roles().len());
    let e = &p.net.embedding;
    let (before, before_previous) = State::token_before(p, field, 1);
    let (reference, ref_previous) = State::token_before(p, field, usize::from(p.net.lag[field]));
    let ref_roles = p.layout.roles_of(reference);
    let place = token % p.net.segment;
    let position = &e.position[place * d..(place + 1) * d];
    let bias = &e.field_bias[field * d..(field + 1) * d];
    let symbols = |lane: usize, previous_record: bool| {
        &(if previous_record { previous } else { now })[lane * n_roles..][..n_roles]
    };
    for (lane, x) in x.chunks_exact_mut(d).enumerate() {
        x.fill(0);
        let before_symbols = symbols(lane, before_previous);
        for role in p.layout.roles_of(before) {
            let scale = &e.prev_scale[role * d..(role + 1) * d];
            embed(&e.tables, p.net.class[role], before_symbols[role], scale, x);
        }
        let ref_symbols = &symbols(lane, ref_previous)[ref_roles.clone()];
        for (role, &symbol) in p.layout.roles_of(field).zip(ref_symbols) {
            let scale = &e.ref_scale[role * d..(role + 1) * d];
            embed(&e.tables, p.net.class[role], symbol, scale, x);
        }
        for ((x, &position), &bias) in x.iter_mut().zip(position).zip(bias) {
            *x = rs(*x, e.tables.shift.into()) + bias + position;
        }
    }
}

/// All layers for the next `tokens` tokens of each lane, `[token][lane]`, whose inputs are in `x`; the
/// head's inputs go into `z0`. The tokens are in one segment.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn layers<I: Isa>(p: &Packed, s: &mut State, tokens: usize) {
    let (n, d, width) = (s.active, p.net.d_model, p.net.head.own.width);
    let rows = tokens * n;
    let last = s.token % p.net.segment + tokens == p.net.segment;
    let State { layers, buffers, token, remembered, .. } = s;
    for (layer, state) in p.layers.iter().zip(layers) {
        // SAFETY: promised by the caller.
        unsafe { layer_step::<I>(p, layer, state, buffers, [tokens, n], *token, *remembered) };
        if let (Some(memory), true) = (&layer.memory, last) {
            // SAFETY: promised by the caller.
            unsafe { compress::<I>(p, memory, state, buffers, n, *remembered) };
        }
    }
    if let (Some(shape), true) = (p.net.memory, last) {
        s.remembered += p.net.segment / shape.rate;
    }
    let b = &mut s.buffers;
    norm(p.net.head.norm_in.numerator as i32, &b.x[..rows * d], d, &mut b.eight);
    // SAFETY: promised by the caller.
    let z0 = unsafe { linear::<I>(&p.head_input, &b.eight, rows, &mut b.sums) };
    let to = reserve(&mut s.z0, rows * width);
    for (to, from) in to.chunks_exact_mut(width).zip(z0.chunks_exact(p.head_input.width())) {
        to.copy_from_slice(&from[..width]);
    }
}

/// One layer for `[tokens, lanes]` rows: attention over the window and the memory, then the feed-forward
/// part.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
unsafe fn layer_step<I: Isa>(
    p: &Packed,
    layer: &PackedLayer,
    state: &mut LayerState,
    b: &mut Buffers,
    [tokens, n]: [usize; 2],
    token: usize,
    remembered: usize,
) {
    let (d, padded) = (p.net.d_model, p.net.d_model.next_multiple_of(4));
    let (channels, rows) = (d / p.net.n_heads, tokens * n);
    norm(layer.numerator, &b.x[..rows * d], d, &mut b.eight);
    if layer.memory.is_some() {
        let (segment, place) = (p.net.segment, token % p.net.segment);
        for (row, q) in b.eight[..rows * padded].chunks_exact(padded).enumerate() {
            let at = (row % n * segment + place + row / n) * d;
            state.segment[at..at + d].copy_from_slice(&q[..d]);
        }
    }
    let m = &layer.query_key_value;
    // SAFETY: promised by the caller.
    unsafe { linear8::<I>(m, &b.eight, rows, &mut b.sums, &mut b.query_key_value) };
    reserve(&mut b.context, rows * padded);
    reserve(&mut b.local, channels);
    reserve(&mut b.far, channels);
    for row in 0..rows {
        // A token sees those before it and itself.
        let (lane, token) = (row % n, token + row / n);
        let used = (token + 1).min(p.net.window);
        let context = &mut b.context[row * padded..(row + 1) * padded];
        let row = &b.query_key_value[row * m.width()..(row + 1) * m.width()];
        let (query, key, value) = (&row[..d], &row[d..2 * d], &row[2 * d..3 * d]);
        state.window.put::<I>(lane, token % p.net.window, key, value);
        for head in 0..p.net.n_heads {
            let range = head * channels..(head + 1) * channels;
            let q = &query[range.clone()];
            let (shift, table) = (layer.score_shift, &p.att_pow2);
            // SAFETY: promised by the caller.
            unsafe {
                let local = &mut b.local;
                state.window.attend::<I>(lane, head, used, q, shift, table, &mut b.attend, local);
            }
            if let (Some(memory), Some(slots), Some(shape)) =
                (&layer.memory, &state.slots, p.net.memory)
            {
                let gate = memory.gate[head];
                let used = remembered.min(shape.slots);
                if used > 0 {
                    let far = &mut b.far;
                    // SAFETY: promised by the caller.
                    unsafe {
                        slots.attend::<I>(lane, head, used, q, shift, table, &mut b.attend, far);
                    }
                } else {
                    b.far.fill(0);
                }
                for (local, &far) in b.local.iter_mut().zip(&b.far) {
                    *local = rs(*local * (256 - gate) + far * gate, 8);
                }
            }
            for (to, &from) in context[range].iter_mut().zip(&b.local) {
                *to = clamp8(from);
            }
        }
    }
    // SAFETY: promised by the caller.
    unsafe {
        add_linear::<I>(&layer.output, &b.context, &mut b.x[..rows * d], d, &mut b.sums);
        swiglu::<I>(&layer.ffn, &mut b.x[..rows * d], d, &mut b.dense);
    }
}

/// The end of a segment: each lane's best tokens become memory slots.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
unsafe fn compress<I: Isa>(
    p: &Packed,
    memory: &PackedMemory,
    state: &mut LayerState,
    b: &mut Buffers,
    n: usize,
    remembered: usize,
) {
    let (Some(shape), Some(slots)) = (p.net.memory, &mut state.slots) else { return };
    let (d, segment) = (p.net.d_model, p.net.segment);
    let (padded, keep) = (d.next_multiple_of(4), segment / shape.rate);
    let mut order = Vec::with_capacity(segment);
    let mut sum = vec![0i32; d];
    let mut eight = Vec::new();
    for lane in 0..n {
        let tokens = &state.segment[lane * segment * d..(lane + 1) * segment * d];
        order.clear();
        for t in 0..segment {
            sum.fill(0);
            for (j, taps) in memory.conv.chunks_exact(d).enumerate() {
                let Some(at) = (t + 1 + j).checked_sub(shape.kernel) else { continue };
                let q = &tokens[at * d..(at + 1) * d];
                for ((s, &w), &q) in sum.iter_mut().zip(taps).zip(q) {
                    *s += w * i32::from(q);
                }
            }
            let mut score = 0;
            for ((&s, &shift), &point) in sum.iter().zip(&memory.conv_shift).zip(&memory.point) {
                score += point * i32::from(clamp8(rs(s, shift.into())).max(0));
            }
            order.push((std::cmp::Reverse(score), t));
        }
        order.sort_unstable();
        order.truncate(keep);
        order.sort_unstable_by_key(|&(_, t)| t);
        let kept = reserve(&mut b.eight, keep * padded);
        for (to, &(_, t)) in kept.chunks_exact_mut(padded).zip(&order) {
            to[..d].copy_from_slice(&tokens[t * d..(t + 1) * d]);
        }
        // SAFETY: promised by the caller.
        let projected = unsafe { linear::<I>(&memory.proj, &b.eight, keep, &mut b.sums) };
        let rows: Vec<i32> = projected
            .chunks_exact(memory.proj.width())
            .flat_map(|row| &row[..d])
            .copied()
            .collect();
        norm(memory.numerator, &rows, d, &mut eight);
        let m = &memory.key_value;
        // SAFETY: promised by the caller.
        unsafe { linear8::<I>(m, &eight, keep, &mut b.sums, &mut b.query_key_value) };
        for (i, row) in b.query_key_value.chunks_exact(m.width()).take(keep).enumerate() {
            slots.put::<I>(lane, (remembered + i) % shape.slots, &row[..d], &row[d..2 * d]);
        }
    }
}
