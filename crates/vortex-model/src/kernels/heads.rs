//! Loops of attention over ranges of keys, one head of one sequence at a time.
//!
//! Scores are computed for many keys at once, from keys stored by channel. Sums over keys process
//! one row of a head at a time; they are written with explicit vectors, because the compiler would
//! otherwise gather across rows.

use pulp::{Arch, Simd, WithSimd};

use super::AttentionPlan;
use super::cpu::{LANES, dot};
use super::math::exp2;

/// Keys handled at once; scores of a block stay in registers.
const BLOCK: usize = 2 * LANES;

/// One head of one sequence, packed.
struct Head<const D: usize> {
    /// Keys.
    k: Vec<[f32; D]>,
    /// Values.
    v: Vec<[f32; D]>,
    /// Keys by channel, `[D][keys + BLOCK]`.
    k_by_channel: Vec<f32>,
    /// Values by channel.
    v_by_channel: Vec<f32>,
}

impl<const D: usize> Head<D> {
    #[inline(always)]
    fn pack(kv: &[f32], width: usize, head: usize, with_values: bool) -> Self {
        let channel = |start: usize| {
            kv.chunks_exact(width).map(move |row| {
                let mut out = [0.0; D];
                out.copy_from_slice(&row[start..][..D]);
                out
            })
        };
        let k: Vec<[f32; D]> = channel(head * D).collect();
        let v: Vec<[f32; D]> = channel(width / 2 + head * D).collect();
        let k_by_channel = by_channel(&k);
        let v_by_channel = if with_values { by_channel(&v) } else { Vec::new() };
        Self { k, v, k_by_channel, v_by_channel }
    }
}

#[inline(always)]
fn by_channel<const D: usize>(rows: &[[f32; D]]) -> Vec<f32> {
    let stride = rows.len() + BLOCK;
    let mut out = vec![0.0; D * stride];
    for (j, row) in rows.iter().enumerate() {
        for (i, &v) in row.iter().enumerate() {
            out[i * stride + j] = v;
        }
    }
    out
}

/// Dot products of `x` with the rows `lo..lo + out.len()`; `out` is a multiple of `BLOCK` long and
/// values after the last row are unspecified but finite.
#[inline(always)]
fn products<const D: usize>(x: &[f32; D], by_channel: &[f32], lo: usize, out: &mut [f32]) {
    let stride = by_channel.len() / D;
    let (blocks, _) = out.as_chunks_mut::<BLOCK>();
    for (b, block) in blocks.iter_mut().enumerate() {
        let mut sum = [0.0f32; BLOCK];
        for (i, &x) in x.iter().enumerate() {
            let keys = &by_channel[i * stride + lo + b * BLOCK..][..BLOCK];
            for (s, &k) in sum.iter_mut().zip(keys) {
                *s = x.mul_add(k, *s);
            }
        }
        *block = sum;
    }
}

/// Scores to weights that sum to 1; entries beyond `n` become 0.
#[inline(always)]
fn softmax2(scores: &mut [f32], n: usize) {
    scores[n..].fill(f32::MIN);
    let mut max = [f32::MIN; LANES];
    let (chunks, _) = scores.as_chunks_mut::<LANES>();
    for chunk in &*chunks {
        max.iter_mut().zip(chunk).for_each(|(m, &s)| *m = m.max(s));
    }
    let max = max.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = [0.0; LANES];
    for chunk in chunks {
        for (total, s) in sum.iter_mut().zip(chunk) {
            *s = exp2(*s - max);
            *total += *s;
        }
    }
    let inverse = 1.0 / sum.iter().sum::<f32>();
    scores.iter_mut().for_each(|w| *w *= inverse);
}

#[inline(always)]
fn array<const D: usize>(row: &[f32]) -> [f32; D] {
    let mut out = [0.0; D];
    out.copy_from_slice(&row[..D]);
    out
}

/// `y += factor * x`.
#[inline(always)]
fn add_scaled<S: Simd>(simd: S, y: &mut [f32], factor: f32, x: &[f32]) {
    let splat = simd.splat_f32s(factor);
    let (y_vectors, y_rest) = S::as_mut_simd_f32s(y);
    let (x_vectors, x_rest) = S::as_simd_f32s(x);
    for (y, &x) in y_vectors.iter_mut().zip(x_vectors) {
        *y = simd.mul_add_f32s(splat, x, *y);
    }
    for (y, &x) in y_rest.iter_mut().zip(x_rest) {
        *y = factor.mul_add(x, *y);
    }
}

/// `sum_j weight[j] * rows[j]`, in four chains to hide latency.
#[inline(always)]
fn weighted_sum<S: Simd, const D: usize>(simd: S, rows: &[[f32; D]], weights: &[f32]) -> [f32; D] {
    let mut sums = [[0.0f32; D]; 4];
    let (quads, rest) = rows.as_chunks::<4>();
    let (weight_quads, _) = weights.as_chunks::<4>();
    for (quad, weights) in quads.iter().zip(weight_quads) {
        for ((sum, row), &w) in sums.iter_mut().zip(quad).zip(weights) {
            add_scaled(simd, sum, w, row);
        }
    }
    for (row, &w) in rest.iter().zip(&weights[quads.len() * 4..]) {
        add_scaled(simd, &mut sums[0], w, row);
    }
    let [a, b, c, d] = sums;
    std::array::from_fn(|i| (a[i] + b[i]) + (c[i] + d[i]))
}

fn longest_range(plan: &AttentionPlan) -> usize {
    plan.range.iter().map(|r| (r.1 - r.0) as usize).max().unwrap_or(0)
}

/// Contexts `[s * t, d]` of heads of `D` channels.
pub fn forward_heads<const D: usize>(q: &[f32], kv: &[f32], plan: &AttentionPlan) -> Vec<f32> {
    let mut context = vec![0.0; q.len()];
    Arch::new().dispatch(Forward::<D> { q, kv, plan, context: &mut context });
    context
}

struct Forward<'a, const D: usize> {
    q: &'a [f32],
    kv: &'a [f32],
    plan: &'a AttentionPlan,
    context: &'a mut [f32],
}

impl<const D: usize> WithSimd for Forward<'_, D> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let plan = self.plan;
        let d = plan.heads * D;
        let mut scores = vec![0.0; longest_range(plan).next_multiple_of(BLOCK)];
        for s in 0..plan.sequences {
            let first = s * plan.queries();
            let kv = &self.kv[s * plan.keys * 2 * d..][..plan.keys * 2 * d];
            for h in 0..plan.heads {
                let head = Head::<D>::pack(kv, 2 * d, h, false);
                for (t, &(lo, hi)) in plan.range.iter().enumerate() {
                    let (lo, hi) = (lo as usize, hi as usize);
                    if lo == hi {
                        continue;
                    }
                    let at = (first + t) * d + h * D;
                    let scores = &mut scores[..(hi - lo).next_multiple_of(BLOCK)];
                    products(&array::<D>(&self.q[at..]), &head.k_by_channel, lo, scores);
                    softmax2(scores, hi - lo);
                    let sum = weighted_sum(simd, &head.v[lo..hi], scores);
                    self.context[at..][..D].copy_from_slice(&sum);
                }
            }
        }
    }
}

/// Gradients by queries and by keys and values, of heads of `D` channels.
pub fn backward_heads<const D: usize>(
    q: &[f32],
    kv: &[f32],
    grad: &[f32],
    plan: &AttentionPlan,
) -> (Vec<f32>, Vec<f32>) {
    let mut d_q = vec![0.0; q.len()];
    let mut d_kv = vec![0.0; kv.len()];
    let arguments = Backward::<D> { q, kv, grad, plan, d_q: &mut d_q, d_kv: &mut d_kv };
    Arch::new().dispatch(arguments);
    (d_q, d_kv)
}

struct Backward<'a, const D: usize> {
    q: &'a [f32],
    kv: &'a [f32],
    grad: &'a [f32],
    plan: &'a AttentionPlan,
    d_q: &'a mut [f32],
    d_kv: &'a mut [f32],
}

impl<const D: usize> WithSimd for Backward<'_, D> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let plan = self.plan;
        let d = plan.heads * D;
        let scratch = longest_range(plan).next_multiple_of(BLOCK);
        let (mut weights, mut slopes) = (vec![0.0; scratch], vec![0.0; scratch]);
        let (mut d_k, mut d_v) = (vec![[0.0; D]; plan.keys], vec![[0.0; D]; plan.keys]);
        for s in 0..plan.sequences {
            let first = s * plan.queries();
            let of_sequence = s * plan.keys * 2 * d..(s + 1) * plan.keys * 2 * d;
            for h in 0..plan.heads {
                let head = Head::<D>::pack(&self.kv[of_sequence.clone()], 2 * d, h, true);
                d_k.fill([0.0; D]);
                d_v.fill([0.0; D]);
                for (t, &(lo, hi)) in plan.range.iter().enumerate() {
                    let (lo, hi) = (lo as usize, hi as usize);
                    if lo == hi {
                        continue;
                    }
                    let at = (first + t) * d + h * D;
                    let (q, g) = (array::<D>(&self.q[at..]), array::<D>(&self.grad[at..]));
                    let n = (hi - lo).next_multiple_of(BLOCK);
                    let (p, d_s) = (&mut weights[..n], &mut slopes[..n]);
                    products(&q, &head.k_by_channel, lo, p);
                    softmax2(p, hi - lo);
                    products(&g, &head.v_by_channel, lo, d_s);
                    let along = dot(p, d_s);
                    for (d_s, &p) in d_s.iter_mut().zip(&*p) {
                        *d_s = std::f32::consts::LN_2 * p * (*d_s - along);
                    }
                    let sum = weighted_sum(simd, &head.k[lo..hi], d_s);
                    self.d_q[at..][..D].copy_from_slice(&sum);
                    for (row, &d_s) in d_k[lo..hi].iter_mut().zip(&*d_s) {
                        add_scaled(simd, row, d_s, &q);
                    }
                    for (row, &p) in d_v[lo..hi].iter_mut().zip(&*p) {
                        add_scaled(simd, row, p, &g);
                    }
                }
                let rows = self.d_kv[of_sequence.clone()].chunks_exact_mut(2 * d);
                for (row, (d_k, d_v)) in rows.zip(d_k.iter().zip(&d_v)) {
                    row[h * D..][..D].copy_from_slice(d_k);
                    row[d + h * D..][..D].copy_from_slice(d_v);
                }
            }
        }
    }
}
