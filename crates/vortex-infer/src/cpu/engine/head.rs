//! The byte head: the distribution of the next symbol of every active lane.

use super::dense::{linear, norm, reserve, swiglu};
use super::packed::{Packed, embed};
use super::state::State;
use crate::arithmetic::rs;
use crate::cpu::kernels::Isa;
use vortex_coder::cdf::Cdf;

/// Fills `out[..active]` for the next role, which is not flat.
///
/// # Safety
/// The processor has the instructions of `I`.
#[inline(always)]
pub unsafe fn step<I: Isa>(p: &Packed, s: &mut State, out: &mut [Cdf]) {
    let h = &p.net.head;
    let (n, width, n_roles) = (s.active, h.own.width, p.layout.roles().len());
    let role = p.layout.roles()[s.role];
    let (class, alphabet) = (p.net.class[s.role], usize::from(role.alphabet));
    let (reference, previous) = reference(p, s);

    let mut z = std::mem::take(&mut s.buffers.z);
    let rows = reserve(&mut z, n * width);
    for (lane, z) in rows.chunks_exact_mut(width).enumerate() {
        let symbol = s.symbols(lane, n_roles, previous)[reference];
        z.fill(0);
        let scale = &h.ref_scale[s.role * width..(s.role + 1) * width];
        embed(&h.reference, class, symbol, scale, z);
        let at = (s.role * 2 + usize::from(s.matched[lane])) * width;
        let bias = &h.role_bias[at..at + width];
        let (z0, own) = (&s.z0[lane * width..], &s.own[lane * width..]);
        for (((z, &z0), &own), &bias) in z.iter_mut().zip(z0).zip(own).zip(bias) {
            let (known, reference) =
                (rs(own, h.own.shift.into()), rs(*z, h.reference.shift.into()));
            *z = z0 + known + reference + bias;
        }
    }
    let b = &mut s.buffers;
    // SAFETY: promised by the caller.
    unsafe { swiglu::<I>(&p.head_ffn, rows, width, &mut b.dense) };
    norm(h.norm_out.numerator as i32, rows, width, &mut b.eight);
    let output = &p.outputs[usize::from(class)];
    // SAFETY: promised by the caller.
    unsafe { linear::<I>(&output.logits, &b.eight, n, &mut b.sums) };

    let bias = &h.out_bias[s.role * 256..(s.role + 1) * 256];
    let padded = width.next_multiple_of(4);
    let mut sums = std::mem::take(&mut b.sums);
    let mut weights = std::mem::take(&mut b.weights);
    for (lane, (logits, cdf)) in sums.chunks_exact_mut(256).zip(&mut out[..n]).enumerate() {
        let q = &s.buffers.eight[lane * padded..][..width];
        let mut copy = 0;
        for (&w, &q) in output.copy.iter().zip(q) {
            copy += i32::from(w) * i32::from(q);
        }
        let copy_bias = h.copy_bias[s.role * 2 + usize::from(s.matched[lane])];
        let symbol = s.symbols(lane, n_roles, previous)[reference];
        let mut best = i32::MIN;
        for (l, &bias) in logits.iter_mut().zip(bias) {
            *l += i32::from(bias);
        }
        logits[usize::from(symbol)] += rs(copy, output.copy_shift) + i32::from(copy_bias);
        for &l in &logits[..alphabet] {
            best = best.max(l);
        }
        // Beyond the alphabet anything will do, if only it is not above the best.
        logits[alphabet..].fill(best);
        let weights = reserve(&mut weights, 256);
        // SAFETY: promised by the caller.
        unsafe { I::symbol_weights(logits, best, &p.out_pow2, weights) };
        cdf.set_weights(&weights[..alphabet]);
    }
    s.buffers.weights = weights;
    s.buffers.sums = sums;
    s.buffers.z = z;
}

/// The role of the reference's symbol of the same rank, and whether it lies in the record before.
#[inline(always)]
fn reference(p: &Packed, s: &State) -> (usize, bool) {
    let role = p.layout.roles()[s.role];
    let field = usize::from(role.field);
    let (source, previous) = State::token_before(p, field, usize::from(p.net.lag[field]));
    (p.layout.roles_of(source).start + usize::from(role.rank), previous)
}

/// Takes the symbols of the next role into the record and into what the head knows.
#[inline(always)]
pub fn take(p: &Packed, s: &mut State, symbols: &[u8]) {
    let h = &p.net.head;
    let (width, n_roles) = (h.own.width, p.layout.roles().len());
    let (reference, previous) = reference(p, s);
    let class = p.net.class[s.role];
    let scale = &h.own_scale[s.role * width..(s.role + 1) * width];
    // The last symbol of a field is nobody's condition in the head.
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
