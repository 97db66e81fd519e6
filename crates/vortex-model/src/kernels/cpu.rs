//! The fused operations as loops over slices, for burn's `Flex` backend.
//!
//! Every loop is written so that the compiler vectorises it; [`vectorised`] compiles each for the
//! sets of instructions of the machine and chooses at run time. This module uses no threads: the
//! trainer gives every thread its own part of the batch.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::heads::{backward_heads, forward_heads};
use super::math::{exp2, round, sigmoid, vectorised};
use super::{AttentionPlan, FusedOps, GatherPlan, LossPlan, NORM_EPSILON, reference};

/// Lanes of the accumulators: one AVX-512 register.
pub(super) const LANES: usize = 16;

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

/// Values to change in place; they are copied only if they are shared.
fn into_values(x: FlexTensor) -> Vec<f32> {
    x.into_data().into_vec().expect("the tensors of a model are f32")
}

#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
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
