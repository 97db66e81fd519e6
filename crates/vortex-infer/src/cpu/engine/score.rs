//! Known symbols: many tokens of each lane at once, and all symbols of their fields.
//!
//! With few lanes a step has few rows, and matrix products with few rows use only a small part of
//! the machine. If the symbols are known, consecutive tokens are rows of one product, and so are
//! the symbols of a field.

use super::dense::{linear, reserve};
use super::head::{Condition, activations, embed_condition, reference, symbol_weights};
use super::packed::{Packed, embed};
use super::state::State;
use super::trunk::{embed_token, layers};
use crate::cpu::kernels::Isa;
use vortex_coder::Cdf;
use vortex_coder::score::{Known, Score};

/// Rows of the trunk's products. More rows are not faster and do not fit in the cache.
const ROWS: usize = 32;

/// Number of records per lane that should be scored at once, for this number of lanes; 0 if a
/// single step has enough rows.
pub fn records(p: &Packed, lanes: usize) -> usize {
    if lanes >= ROWS { 0 } else { (8 * ROWS).div_ceil(lanes.max(1) * p.layout.n_fields()) }
}

/// Buffers of [`score`].
#[derive(Default)]
pub struct Scratch {
    /// Roles of the current tokens that are not flat, `(class, token, role)`, in the order of their
    /// rows.
    slots: Vec<(u8, usize, usize)>,
    /// For each token and rank of a symbol, its slot.
    slot_of: Vec<usize>,
    /// `[slot][lane]`.
    conditions: Vec<Condition>,
    own: Vec<i32>,
    cdf: Cdf,
}

/// Appends the scores of all symbols, `[record][role][lane]`, and advances the state past them.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn score<I: Isa>(p: &Packed, s: &mut State, known: Known<'_>, out: &mut Vec<Score>) {
    let (n, n_roles, n_fields) = (known.lanes(), p.layout.roles().len(), p.layout.n_fields());
    s.active = n;
    let start = out.len();
    out.resize(start + known.records() * n_roles * n, Score::Flat);
    let (mut token, tokens) = (0, known.records() * n_fields);
    while token < tokens {
        let left_in_segment = p.net.segment - s.token % p.net.segment;
        let chunk = (ROWS / n).clamp(1, left_in_segment).min(tokens - token);
        // SAFETY: promised by the caller.
        unsafe {
            trunk::<I>(p, s, known, token, chunk);
            head::<I>(p, s, known, token, chunk, &mut out[start..]);
        }
        token += chunk;
        s.token += chunk;
    }
    if let Some(last) = known.records().checked_sub(1) {
        s.previous_record[..n * n_roles].copy_from_slice(known.record_of_all(last));
    }
}

/// The symbols of a record of all lanes, `[lane][role]`, and of the record before.
#[inline(always)]
fn records_at<'a>(s: &'a State, known: Known<'a>, record: usize) -> (&'a [u8], &'a [u8]) {
    let previous = match record.checked_sub(1) {
        Some(previous) => known.record_of_all(previous),
        None => &s.previous_record,
    };
    (known.record_of_all(record), previous)
}

/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
unsafe fn trunk<I: Isa>(p: &Packed, s: &mut State, known: Known<'_>, first: usize, chunk: usize) {
    let (n, d, n_fields) = (known.lanes(), p.net.d_model, p.layout.n_fields());
    let mut x = std::mem::take(&mut s.buffers.x);
    for (i, x) in reserve(&mut x, chunk * n * d).chunks_exact_mut(n * d).enumerate() {
        let (record, field) = ((first + i) / n_fields, (first + i) % n_fields);
        let (now, previous) = records_at(s, known, record);
        embed_token(p, field, s.token + i, now, previous, x);
    }
    s.buffers.x = x;
    // SAFETY: promised by the caller.
    unsafe { layers::<I>(p, s, chunk) };
}

/// The head for all symbols of some tokens, whose trunk's outputs are in `z0`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
unsafe fn head<I: Isa>(
    p: &Packed,
    s: &mut State,
    known: Known<'_>,
    first: usize,
    chunk: usize,
    out: &mut [Score],
) {
    let (n, width, n_roles) = (known.lanes(), p.net.head.own.width, p.layout.roles().len());
    let n_fields = p.layout.n_fields();
    let mut t = std::mem::take(&mut s.scratch);
    let mut z = std::mem::take(&mut s.buffers.z);
    // Rows of one class are adjacent, because they are multiplied by the same matrix.
    t.slots.clear();
    for i in 0..chunk {
        let roles = p.layout.roles_of((first + i) % n_fields).filter(|&role| !p.net.flat[role]);
        t.slots.extend(roles.map(|role| (p.net.class[role], i, role)));
    }
    t.slots.sort_unstable();
    t.slot_of.clear();
    t.slot_of.resize(chunk * n_roles, 0);
    for (slot, &(_, i, role)) in t.slots.iter().enumerate() {
        t.slot_of[i * n_roles + role] = slot;
    }
    let rows = t.slots.len() * n;
    t.conditions.clear();
    t.conditions.resize(rows, Condition { role: 0, reference: 0, matched: true });
    let z_rows = reserve(&mut z, rows * width);
    let own = reserve(&mut t.own, width);
    for i in 0..chunk {
        let (record, field) = ((first + i) / n_fields, (first + i) % n_fields);
        let (now, previous) = records_at(s, known, record);
        for lane in 0..n {
            let (now, previous) =
                (&now[lane * n_roles..][..n_roles], &previous[lane * n_roles..][..n_roles]);
            let z0 = &s.z0[(i * n + lane) * width..][..width];
            own.fill(0);
            let mut matched = true;
            for role in p.layout.roles_of(field) {
                let (at, in_previous) = reference(p, role);
                let symbol = (if in_previous { previous } else { now })[at];
                if !p.net.flat[role] {
                    let row = t.slot_of[i * n_roles + role] * n + lane;
                    t.conditions[row] = Condition { role, reference: symbol, matched };
                    let z = &mut z_rows[row * width..(row + 1) * width];
                    embed_condition(p, t.conditions[row], z0, own, z);
                }
                matched &= now[role] == symbol;
                let scale = &p.net.head.own_scale[role * width..(role + 1) * width];
                embed(&p.net.head.own, p.net.class[role], now[role], scale, own);
            }
        }
    }
    // SAFETY: promised by the caller.
    unsafe { activations::<I>(p, z_rows, &mut s.buffers) };
    s.buffers.z = z;

    let b = &mut s.buffers;
    let padded = width.next_multiple_of(4);
    let mut done = 0;
    for slots in t.slots.chunk_by(|a, b| a.0 == b.0) {
        let output = &p.outputs[usize::from(slots[0].0)].logits;
        let class_rows = done..done + slots.len() * n;
        let q = &b.eight[class_rows.start * padded..class_rows.end * padded];
        let conditions = &t.conditions[class_rows.clone()];
        for ((q, conditions), at) in
            q.chunks(ROWS * padded).zip(conditions.chunks(ROWS)).zip(class_rows.step_by(ROWS))
        {
            let rows = conditions.len();
            // SAFETY: promised by the caller.
            let logits = unsafe { linear::<I>(output, q, rows, &mut b.sums) };
            let each = logits.chunks_exact_mut(256).zip(q.chunks_exact(padded)).zip(conditions);
            for (((logits, q), &condition), row) in each.zip(at..) {
                // SAFETY: promised by the caller.
                let weights =
                    unsafe { symbol_weights::<I>(p, condition, q, logits, &mut b.weights) };
                t.cdf.set_weights(weights);
                let (_, i, role) = t.slots[row / n];
                let (record, lane) = ((first + i) / n_fields, row % n);
                let interval = t.cdf.interval(known.record(record, lane)[role]);
                out[(record * n_roles + role) * n + lane] =
                    interval.map_or(Score::Impossible, Score::Modelled);
            }
        }
        done += slots.len() * n;
    }
    s.scratch = t;
}
