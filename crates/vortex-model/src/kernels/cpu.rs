//! The fused operations as loops over slices, for burn's `Flex` backend.
//!
//! Every loop is written so that the compiler vectorises it; [`vectorised`] compiles each for the
//! SIMD levels of the machine and chooses at run time. Work is not split into threads here: the trainer
//! gives every thread its own part of the batch.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::math::{exp2, round, sigmoid, vectorised};
use super::{AttentionPlan, FusedOps, GatherPlan, LossPlan, NORM_EPSILON, reference};

/// Lanes of the accumulators: one AVX-512 register.
const LANES: usize = 16;

fn matrix(values: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

fn vector(values: Vec<f32>) -> FlexTensor {
    let n = values.len();
    FlexTensor::from_data(TensorData::new(values, [n]))
}

/// Rows and columns of a matrix.
fn dims(x: &FlexTensor) -> [usize; 2] {
    let shape = x.layout().shape();
    [shape[0], shape[1]]
}

/// The values of a tensor in row-major order.
fn read<R>(x: &FlexTensor, f: impl FnOnce(&[f32]) -> R) -> R {
    match x.as_slice::<f32>() {
        Some(values) => f(values),
        None => f(x.to_contiguous().storage::<f32>()),
    }
}

/// Values to change in place, copied only when somebody else holds them.
fn into_values(x: FlexTensor) -> Vec<f32> {
    x.to_contiguous().into_data().into_vec().expect("the tensors of a model are f32")
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane = a.mul_add(b, *lane);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    rest + lanes.iter().sum::<f32>()
}

#[inline(always)]
fn add_scaled(y: &mut [f32], factor: f32, x: &[f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = factor.mul_add(x, *y);
    }
}

#[inline(always)]
fn add_product(y: &mut [f32], a: &[f32], b: &[f32]) {
    for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
        *y = a.mul_add(b, *y);
    }
}

impl FusedOps for Flex {
    fn rms_norm(x: FlexTensor) -> FlexTensor {
        let shape = dims(&x);
        let mut y = vec![0.0; shape[0] * shape[1]];
        read(&x, |x| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_exact_mut(shape[1]).zip(x.chunks_exact(shape[1])) {
                        let inverse = inverse_rms(x);
                        y.iter_mut().zip(x).for_each(|(y, &x)| *y = x * inverse);
                    }
                },
            );
        });
        matrix(y, shape)
    }

    fn rms_norm_backward(x: FlexTensor, grad: FlexTensor) -> FlexTensor {
        let shape = dims(&x);
        let mut grad = into_values(grad);
        read(&x, |x| {
            vectorised(
                #[inline(always)]
                || {
                    for (g, x) in grad.chunks_exact_mut(shape[1]).zip(x.chunks_exact(shape[1])) {
                        let inverse = inverse_rms(x);
                        let along = dot(g, x) * inverse * inverse / shape[1] as f32;
                        for (g, &x) in g.iter_mut().zip(x) {
                            *g = (*g - along * x) * inverse;
                        }
                    }
                },
            );
        });
        matrix(grad, shape)
    }

    fn swiglu(x: FlexTensor) -> FlexTensor {
        let [rows, width] = dims(&x);
        let half = width / 2;
        let mut y = vec![0.0; rows * half];
        read(&x, |x| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_exact_mut(half).zip(x.chunks_exact(width)) {
                        let (a, b) = x.split_at(half);
                        for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                            *y = a * sigmoid(a) * b;
                        }
                    }
                },
            );
        });
        matrix(y, [rows, half])
    }

    fn swiglu_backward(x: FlexTensor, grad: FlexTensor) -> FlexTensor {
        let [rows, width] = dims(&x);
        let half = width / 2;
        let mut d_x = into_values(x);
        read(&grad, |grad| {
            vectorised(
                #[inline(always)]
                || {
                    for (x, g) in d_x.chunks_exact_mut(width).zip(grad.chunks_exact(half)) {
                        let (a, b) = x.split_at_mut(half);
                        for ((a, b), &g) in a.iter_mut().zip(b).zip(g) {
                            let s = sigmoid(*a);
                            let silu = *a * s;
                            *a = g * *b * (s + silu * (1.0 - s));
                            *b = g * silu;
                        }
                    }
                },
            );
        });
        matrix(d_x, [rows, width])
    }

    fn fake_quantise(x: FlexTensor, scale: &Arc<[f32]>) -> FlexTensor {
        let shape = dims(&x);
        let mut y = into_values(x);
        vectorised(
            #[inline(always)]
            || {
                for row in y.chunks_exact_mut(shape[1]) {
                    for (v, &scale) in row.iter_mut().zip(&**scale) {
                        *v = round(*v * scale).clamp(-127.0, 127.0) / scale;
                    }
                }
            },
        );
        matrix(y, shape)
    }

    fn fake_quantise_backward(x: FlexTensor, scale: &Arc<[f32]>, grad: FlexTensor) -> FlexTensor {
        let shape = dims(&x);
        let mut grad = into_values(grad);
        read(&x, |x| {
            vectorised(
                #[inline(always)]
                || {
                    for (g, x) in grad.chunks_exact_mut(shape[1]).zip(x.chunks_exact(shape[1])) {
                        for ((g, &x), &scale) in g.iter_mut().zip(x).zip(&**scale) {
                            *g = if (x * scale).abs() <= 127.5 { *g } else { 0.0 };
                        }
                    }
                },
            );
        });
        matrix(grad, shape)
    }

    fn gather_sum(table: FlexTensor, scale: FlexTensor, plan: &GatherPlan) -> FlexTensor {
        let [_, width] = dims(&table);
        let mut y = vec![0.0; plan.rows() * width];
        read(&table, |table| {
            read(&scale, |scale| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (y, range) in y.chunks_exact_mut(width).zip(plan.start.windows(2)) {
                            for entry in range[0] as usize..range[1] as usize {
                                let t = &table[plan.table_row[entry] as usize * width..][..width];
                                let s = &scale[plan.scale_row[entry] as usize * width..][..width];
                                add_product(y, t, s);
                            }
                        }
                    },
                );
            });
        });
        matrix(y, [plan.rows(), width])
    }

    fn gather_sum_backward(
        table: FlexTensor,
        scale: FlexTensor,
        plan: &GatherPlan,
        grad: FlexTensor,
    ) -> (FlexTensor, FlexTensor) {
        let (table_shape, scale_shape) = (dims(&table), dims(&scale));
        let width = table_shape[1];
        let mut d_table = vec![0.0; table_shape[0] * width];
        let mut d_scale = vec![0.0; scale_shape[0] * width];
        read(&table, |table| {
            read(&scale, |scale| {
                read(&grad, |grad| {
                    vectorised(
                        #[inline(always)]
                        || {
                            for (g, range) in grad.chunks_exact(width).zip(plan.start.windows(2)) {
                                for entry in range[0] as usize..range[1] as usize {
                                    let t_at = plan.table_row[entry] as usize * width;
                                    let s_at = plan.scale_row[entry] as usize * width;
                                    let d_t = &mut d_table[t_at..][..width];
                                    add_product(d_t, g, &scale[s_at..][..width]);
                                    let d_s = &mut d_scale[s_at..][..width];
                                    add_product(d_s, g, &table[t_at..][..width]);
                                }
                            }
                        },
                    );
                });
            });
        });
        (matrix(d_table, table_shape), matrix(d_scale, scale_shape))
    }

    fn attend(q: FlexTensor, kv: FlexTensor, plan: &AttentionPlan) -> FlexTensor {
        let shape = dims(&q);
        let context = read(&q, |q| {
            read(&kv, |kv| match shape[1] / plan.heads {
                8 => Some(forward_heads::<8>(q, kv, plan)),
                16 => Some(forward_heads::<16>(q, kv, plan)),
                32 => Some(forward_heads::<32>(q, kv, plan)),
                64 => Some(forward_heads::<64>(q, kv, plan)),
                _ => None,
            })
        });
        context.map_or_else(|| reference::attend::<Self>(q, kv, plan), |c| matrix(c, shape))
    }

    fn attend_backward(
        q: FlexTensor,
        kv: FlexTensor,
        plan: &AttentionPlan,
        grad: FlexTensor,
    ) -> (FlexTensor, FlexTensor) {
        let (q_shape, kv_shape) = (dims(&q), dims(&kv));
        let by_parent = read(&q, |q| {
            read(&kv, |kv| {
                read(&grad, |grad| match q_shape[1] / plan.heads {
                    8 => Some(backward_heads::<8>(q, kv, grad, plan)),
                    16 => Some(backward_heads::<16>(q, kv, grad, plan)),
                    32 => Some(backward_heads::<32>(q, kv, grad, plan)),
                    64 => Some(backward_heads::<64>(q, kv, grad, plan)),
                    _ => None,
                })
            })
        });
        match by_parent {
            Some((d_q, d_kv)) => (matrix(d_q, q_shape), matrix(d_kv, kv_shape)),
            None => reference::attend_backward::<Self>(q, kv, plan, grad),
        }
    }

    fn symbol_loss(
        logits: FlexTensor,
        bias: FlexTensor,
        copy: FlexTensor,
        plan: &LossPlan,
    ) -> (FlexTensor, FlexTensor) {
        let shape = dims(&logits);
        let mut p = into_values(logits);
        let mut bits = vec![0.0; shape[0]];
        read(&bias, |bias| {
            read(&copy, |copy| {
                vectorised(
                    #[inline(always)]
                    || {
                        let (rows, _) = p.as_chunks_mut::<256>();
                        let (bias, _) = bias.as_chunks::<256>();
                        for (r, row) in rows.iter_mut().enumerate() {
                            bits[r] = symbol_row(
                                row,
                                &bias[plan.role[r] as usize],
                                copy[r],
                                usize::from(plan.reference[r]),
                                usize::from(plan.target[r]),
                            );
                        }
                    },
                );
            });
        });
        (vector(bits), matrix(p, shape))
    }

    fn symbol_loss_backward(
        probabilities: FlexTensor,
        plan: &LossPlan,
        grad: FlexTensor,
    ) -> [FlexTensor; 3] {
        let shape = dims(&probabilities);
        let mut d_logits = into_values(probabilities);
        let mut d_bias = vec![0.0; plan.n_roles * 256];
        let mut d_copy = vec![0.0; shape[0]];
        read(&grad, |grad| {
            vectorised(
                #[inline(always)]
                || {
                    let (rows, _) = d_logits.as_chunks_mut::<256>();
                    let (d_bias, _) = d_bias.as_chunks_mut::<256>();
                    for (r, row) in rows.iter_mut().enumerate() {
                        row.iter_mut().for_each(|v| *v *= grad[r]);
                        row[usize::from(plan.target[r])] -= grad[r];
                        let d_bias = &mut d_bias[plan.role[r] as usize];
                        d_bias.iter_mut().zip(&*row).for_each(|(d, &v)| *d += v);
                        d_copy[r] = row[usize::from(plan.reference[r])];
                    }
                },
            );
        });
        [
            matrix(d_logits, shape),
            matrix(d_bias, [plan.n_roles, 256]),
            matrix(d_copy, [shape[0], 1]),
        ]
    }
}

#[inline(always)]
fn inverse_rms(row: &[f32]) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + NORM_EPSILON).sqrt()
}

/// Turns logits without bias into probabilities; returns the cost of the target in bits.
#[inline(always)]
fn symbol_row(
    row: &mut [f32; 256],
    bias: &[f32; 256],
    copy: f32,
    reference: usize,
    target: usize,
) -> f32 {
    for (l, &b) in row.iter_mut().zip(bias) {
        *l += b;
    }
    row[reference] += copy;
    let logit = row[target];
    let mut max = [f32::MIN; LANES];
    let (chunks, _) = row.as_chunks_mut::<LANES>();
    for chunk in &*chunks {
        max.iter_mut().zip(chunk).for_each(|(m, &l)| *m = m.max(l));
    }
    let max = max.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = [0.0; LANES];
    for chunk in chunks {
        for (s, l) in sum.iter_mut().zip(chunk) {
            *l = exp2(*l - max);
            *s += *l;
        }
    }
    let sum: f32 = sum.iter().sum();
    let inverse = 1.0 / sum;
    row.iter_mut().for_each(|p| *p *= inverse);
    sum.log2() + max - logit
}

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
/// what lies beyond the last row is unspecified but finite.
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

fn forward_heads<const D: usize>(q: &[f32], kv: &[f32], plan: &AttentionPlan) -> Vec<f32> {
    let d = plan.heads * D;
    let mut context = vec![0.0; q.len()];
    let scratch = longest_range(plan).next_multiple_of(BLOCK);
    vectorised(
        #[inline(always)]
        || {
            let mut scores = vec![0.0; scratch];
            let of_sequence = q
                .chunks_exact(plan.queries() * d)
                .zip(kv.chunks_exact(plan.keys * 2 * d))
                .zip(context.chunks_exact_mut(plan.queries() * d));
            for ((q, kv), context) in of_sequence {
                for h in 0..plan.heads {
                    let head = Head::<D>::pack(kv, 2 * d, h, false);
                    for (t, &(lo, hi)) in plan.range.iter().enumerate() {
                        let (lo, hi) = (lo as usize, hi as usize);
                        if lo == hi {
                            continue;
                        }
                        let at = t * d + h * D;
                        let scores = &mut scores[..(hi - lo).next_multiple_of(BLOCK)];
                        products(&array::<D>(&q[at..]), &head.k_by_channel, lo, scores);
                        softmax2(scores, hi - lo);
                        let sum = weighted_sum(&head.v[lo..hi], scores);
                        context[at..][..D].copy_from_slice(&sum);
                    }
                }
            }
        },
    );
    context
}

/// `sum_j weight[j] * rows[j]`, in four chains to hide latency.
#[inline(always)]
fn weighted_sum<const D: usize>(rows: &[[f32; D]], weights: &[f32]) -> [f32; D] {
    let mut sums = [[0.0f32; D]; 4];
    let (quads, rest) = rows.as_chunks::<4>();
    let (weight_quads, _) = weights.as_chunks::<4>();
    for (quad, weights) in quads.iter().zip(weight_quads) {
        for ((sum, row), &w) in sums.iter_mut().zip(quad).zip(weights) {
            add_scaled(sum, w, row);
        }
    }
    for (row, &w) in rest.iter().zip(&weights[quads.len() * 4..]) {
        add_scaled(&mut sums[0], w, row);
    }
    let [a, b, c, d] = sums;
    std::array::from_fn(|i| (a[i] + b[i]) + (c[i] + d[i]))
}

fn longest_range(plan: &AttentionPlan) -> usize {
    plan.range.iter().map(|r| (r.1 - r.0) as usize).max().unwrap_or(0)
}

fn backward_heads<const D: usize>(
    q: &[f32],
    kv: &[f32],
    grad: &[f32],
    plan: &AttentionPlan,
) -> (Vec<f32>, Vec<f32>) {
    let d = plan.heads * D;
    let mut d_q = vec![0.0; q.len()];
    let mut d_kv = vec![0.0; kv.len()];
    let scratch = longest_range(plan).next_multiple_of(BLOCK);
    vectorised(
        #[inline(always)]
        || {
            let mut weights = vec![0.0; scratch];
            let mut slopes = vec![0.0; scratch];
            for s in 0..plan.sequences {
                let q_at = s * plan.queries() * d;
                let kv_at = s * plan.keys * 2 * d;
                for h in 0..plan.heads {
                    let kv = &kv[kv_at..][..plan.keys * 2 * d];
                    let head = Head::<D>::pack(kv, 2 * d, h, true);
                    let mut d_k = vec![[0.0; D]; plan.keys];
                    let mut d_v = vec![[0.0; D]; plan.keys];
                    for (t, &(lo, hi)) in plan.range.iter().enumerate() {
                        let (lo, hi) = (lo as usize, hi as usize);
                        if lo == hi {
                            continue;
                        }
                        let at = q_at + t * d + h * D;
                        let (q, g) = (array::<D>(&q[at..]), array::<D>(&grad[at..]));
                        let n = (hi - lo).next_multiple_of(BLOCK);
                        let (p, d_s) = (&mut weights[..n], &mut slopes[..n]);
                        products(&q, &head.k_by_channel, lo, p);
                        softmax2(p, hi - lo);
                        products(&g, &head.v_by_channel, lo, d_s);
                        let along = dot(p, d_s);
                        for (d_s, &p) in d_s.iter_mut().zip(&*p) {
                            *d_s = std::f32::consts::LN_2 * p * (*d_s - along);
                        }
                        let sum = weighted_sum(&head.k[lo..hi], d_s);
                        d_q[at..][..D].copy_from_slice(&sum);
                        let rows = d_k[lo..hi].iter_mut().zip(&mut d_v[lo..hi]);
                        for ((d_k, d_v), (&d_s, &p)) in rows.zip(d_s.iter().zip(&*p)) {
                            add_scaled(d_k, d_s, &q);
                            add_scaled(d_v, p, &g);
                        }
                    }
                    let d_kv = &mut d_kv[kv_at..][..plan.keys * 2 * d];
                    for (row, (d_k, d_v)) in d_kv.chunks_exact_mut(2 * d).zip(d_k.iter().zip(&d_v))
                    {
                        row[h * D..][..D].copy_from_slice(d_k);
                        row[d + h * D..][..D].copy_from_slice(d_v);
                    }
                }
            }
        },
    );
    (d_q, d_kv)
}
