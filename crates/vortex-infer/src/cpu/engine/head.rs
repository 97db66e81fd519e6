//! The byte head: the distribution of the next symbol of every active lane.

use super::dense::{linear, norm, reserve, swiglu};
use super::packed::{Packed, embed};
use super::state::{Buffers, State};
use crate::arithmetic::rs;
use crate::cpu::kernels::Isa;
use vortex_coder::cdf::Cdf;

/// The inputs of the head for one lane at one role.
#[derive(Clone, Copy)]
pub struct Condition {
    pub role: usize,
    /// The reference's symbol of the same rank.
    pub reference: u8,
    /// Whether the field's known symbols all equal the reference's.
    pub matched: bool,
}

/// Fills `out[..active]` for the next role, which is not flat.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn step<I: Isa>(p: &Packed, s: &mut State, out: &mut [Cdf]) {
    let (n, width, n_roles) = (s.active, p.net.head.own.width, p.layout.roles().len());
    let (class, role) = (usize::from(p.net.class[s.role]), s.role);
    let (reference, previous) = reference(p, role);
    let condition = |s: &State, lane: usize| Condition {
        role,
        reference: s.symbols(lane, n_roles, previous)[reference],
        matched: s.matched[lane],
    };
    let mut z = std::mem::take(&mut s.buffers.z);
    let rows = reserve(&mut z, n * width);
    for (lane, z) in rows.chunks_exact_mut(width).enumerate() {
        let at = lane * width..(lane + 1) * width;
        embed_condition(p, condition(s, lane), &s.z0[at.clone()], &s.own[at], z);
    }
    // SAFETY: promised by the caller.
    unsafe { activations::<I>(p, rows, &mut s.buffers) };
    s.buffers.z = z;
    let b = &mut s.buffers;
    let (mut sums, mut weights) = (std::mem::take(&mut b.sums), std::mem::take(&mut b.weights));
    let eight = std::mem::take(&mut b.eight);
    // SAFETY: promised by the caller.
    let logits = unsafe { linear::<I>(&p.outputs[class].logits, &eight, n, &mut sums) };
    let rows = logits.chunks_exact_mut(256).zip(eight.chunks_exact(width.next_multiple_of(4)));
    for (lane, ((logits, q), cdf)) in rows.zip(&mut out[..n]).enumerate() {
        // SAFETY: promised by the caller.
        let weights =
            unsafe { symbol_weights::<I>(p, condition(s, lane), q, logits, &mut weights) };
        cdf.set_weights(weights);
    }
    let b = &mut s.buffers;
    (b.sums, b.weights, b.eight) = (sums, weights, eight);
}

/// The head's stream of one row, `z: [e]`, from the trunk's output and the embedding of the field's known
/// symbols.
#[inline(always)]
pub fn embed_condition(p: &Packed, c: Condition, z0: &[i32], own: &[i32], z: &mut [i32]) {
    let (h, width) = (&p.net.head, p.net.head.own.width);
    z.fill(0);
    let scale = &h.ref_scale[c.role * width..(c.role + 1) * width];
    embed(&h.reference, p.net.class[c.role], c.reference, scale, z);
    let at = (c.role * 2 + usize::from(c.matched)) * width;
    let bias = &h.role_bias[at..at + width];
    for (((z, &z0), &own), &bias) in z.iter_mut().zip(z0).zip(own).zip(bias) {
        let (known, reference) = (rs(own, h.own.shift.into()), rs(*z, h.reference.shift.into()));
        *z = z0 + known + reference + bias;
    }
}

/// The feed-forward part and the last norm of rows `z: [n][e]`, into `eight`.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn activations<I: Isa>(p: &Packed, z: &mut [i32], b: &mut Buffers) {
    let width = p.net.head.own.width;
    // SAFETY: promised by the caller.
    unsafe { swiglu::<I>(&p.head_ffn, z, width, &mut b.dense) };
    norm(p.net.head.norm_out.numerator as i32, z, width, &mut b.eight);
}

/// The weights of the role's symbols, from the activations `q` of a row and its logits without biases.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn symbol_weights<'w, I: Isa>(
    p: &Packed,
    c: Condition,
    q: &[i8],
    logits: &mut [i32],
    weights: &'w mut Vec<u32>,
) -> &'w [u32] {
    let h = &p.net.head;
    let output = &p.outputs[usize::from(p.net.class[c.role])];
    let alphabet = usize::from(p.layout.roles()[c.role].alphabet);
    let mut copy = 0;
    for (&w, &q) in output.copy.iter().zip(q) {
        copy += i32::from(w) * i32::from(q);
    }
    let copy_bias = h.copy_bias[c.role * 2 + usize::from(c.matched)];
    let mut best = i32::MIN;
    for (l, &bias) in logits.iter_mut().zip(&h.out_bias[c.role * 256..(c.role + 1) * 256]) {
        *l += i32::from(bias);
    }
    logits[usize::from(c.reference)] += rs(copy, output.copy_shift) + i32::from(copy_bias);
    for &l in &logits[..alphabet] {
        best = best.max(l);
    }
    // After the alphabet any values are possible, as long as they are not above the best.
    logits[alphabet..].fill(best);
    let weights = reserve(weights, 256);
    // SAFETY: promised by the caller.
    unsafe { I::symbol_weights(logits, best, &p.out_pow2, weights) };
    &weights[..alphabet]
}

/// The role of the reference's symbol of the same rank, and whether it is in the previous record.
#[inline(always)]
pub fn reference(p: &Packed, role: usize) -> (usize, bool) {
    let role = p.layout.roles()[role];
    let field = usize::from(role.field);
    let (source, previous) = State::token_before(p, field, usize::from(p.net.lag[field]));
    (p.layout.roles_of(source).start + usize::from(role.rank), previous)
}

/// Adds the symbols of the next role to the record and to the inputs of the head.
#[inline(always)]
pub fn take(p: &Packed, s: &mut State, symbols: &[u8]) {
    let h = &p.net.head;
    let (width, n_roles) = (h.own.width, p.layout.roles().len());
    let (reference, previous) = reference(p, s.role);
    let class = p.net.class[s.role];
    let scale = &h.own_scale[s.role * width..(s.role + 1) * width];
    // In the head, no symbol depends on the last symbol of a field.
    let last = (s.role + 1 == n_roles) || p.layout.roles()[s.role + 1].rank == 0;
    for (lane, &symbol) in symbols.iter().enumerate() {
        s.record[lane * n_roles + s.role] = symbol;
        s.matched[lane] &= symbol == s.symbols(lane, n_roles, previous)[reference];
        if !last {
            embed(&h.own, class, symbol, scale, &mut s.own[lane * width..(lane + 1) * width]);
        }
    }
    s.role += 1;
    if s.role == n_roles {
        s.role = 0;
        std::mem::swap(&mut s.record, &mut s.previous_record);
    }
    s.token += usize::from(last);
}
