//! The fused operations in tensor operations: their definition, and the version for any backend.
//!
//! In half precision the mean squares of norms, the softmax of scores, the costs and the sums over many rows are
//! computed in 32 bits; matrix products and the values kept for the backward pass stay in half precision.

use burn::tensor::ops::FloatTensor;
use burn::tensor::{DType, Int, Tensor, TensorData, activation, backend::Backend};

use super::{AttentionPlan, GatherPlan, LossPlan, NORM_EPSILON, unwrap, wrap};

const LN_2: f32 = std::f32::consts::LN_2;
/// Added to scores of keys that are out of range.
const MASKED: f32 = -1e9;

/// At least 32 bits.
fn wide<B: Backend, const D: usize>(x: Tensor<B, D>) -> Tensor<B, D> {
    match x.dtype() {
        DType::F16 | DType::BF16 => x.cast(DType::F32),
        _ => x,
    }
}

pub fn rms_norm<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let x = wrap::<B, 2>(x);
    let dtype = x.dtype();
    let x = wide(x);
    let inverse = inverse_rms(&x);
    unwrap((x * inverse).cast(dtype))
}

fn inverse_rms<B: Backend>(x: &Tensor<B, 2>) -> Tensor<B, 2> {
    (x.clone() * x.clone()).mean_dim(1).add_scalar(NORM_EPSILON).sqrt().recip()
}

pub fn rms_norm_backward<B: Backend>(x: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let (x, grad) = (wrap::<B, 2>(x), wrap::<B, 2>(grad));
    let dtype = x.dtype();
    let (x, grad) = (wide(x), wide(grad));
    let inverse = inverse_rms(&x);
    let y = x * inverse.clone();
    let along = (grad.clone() * y.clone()).mean_dim(1);
    unwrap(((grad - y * along) * inverse).cast(dtype))
}

pub fn swiglu<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let [a, b] = halves(wrap::<B, 2>(x));
    unwrap(activation::silu(a) * b)
}

fn halves<B: Backend>(x: Tensor<B, 2>) -> [Tensor<B, 2>; 2] {
    let [_, width] = x.dims();
    [x.clone().narrow(1, 0, width / 2), x.narrow(1, width / 2, width / 2)]
}

pub fn swiglu_backward<B: Backend>(x: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let grad = wrap::<B, 2>(grad);
    let [a, b] = halves(wrap::<B, 2>(x));
    let s = activation::sigmoid(a.clone());
    let silu = a * s.clone();
    // d silu / d a = s + a s (1 - s)
    let slope = s.clone() + silu.clone() * (s.neg() + 1.0);
    unwrap(Tensor::cat(vec![grad.clone() * b * slope, grad * silu], 1))
}

fn row<B: Backend>(values: &[f32], device: &B::Device) -> Tensor<B, 2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len()]), device)
}

pub fn fake_quantise<B: Backend>(x: FloatTensor<B>, scale: &[f32]) -> FloatTensor<B> {
    let x = wrap::<B, 2>(x);
    let scale = row(scale, &x.device());
    unwrap((x * scale.clone()).round().clamp(-127.0, 127.0) / scale)
}

pub fn fake_quantise_backward<B: Backend>(
    x: FloatTensor<B>,
    scale: &[f32],
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    let x = wrap::<B, 2>(x);
    let scale = row(scale, &x.device());
    unwrap(wrap::<B, 2>(grad).mask_fill((x * scale).abs().greater_elem(127.5), 0.0))
}

fn indices<B: Backend>(values: impl Iterator<Item = u32>, device: &B::Device) -> Tensor<B, 1, Int> {
    let values: Vec<i32> = values.map(|v| v as i32).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

fn output_rows(plan: &GatherPlan) -> impl Iterator<Item = u32> {
    (0..plan.rows()).flat_map(|r| (plan.start[r]..plan.start[r + 1]).map(move |_| r as u32))
}

pub fn gather_sum<B: Backend>(
    table: FloatTensor<B>,
    scale: FloatTensor<B>,
    plan: &GatherPlan,
) -> FloatTensor<B> {
    let (table, scale) = (wrap::<B, 2>(table), wrap::<B, 2>(scale));
    let device = table.device();
    let [_, width] = table.dims();
    let entry = table.select(0, indices(plan.table_row.iter().copied(), &device))
        * scale.select(0, indices(plan.scale_row.iter().copied(), &device));
    unwrap(sum_at(entry, output_rows(plan), [plan.rows(), width]))
}

fn sum_at<B: Backend>(
    rows: Tensor<B, 2>,
    at: impl Iterator<Item = u32>,
    shape: [usize; 2],
) -> Tensor<B, 2> {
    let device = rows.device();
    let dtype = rows.dtype();
    let rows = wide(rows);
    let add = burn::tensor::IndexingUpdateOp::Add;
    let zeros = Tensor::zeros(shape, (&device, rows.dtype()));
    zeros.select_assign(0, indices(at, &device), rows, add).cast(dtype)
}

pub fn gather_sum_backward<B: Backend>(
    table: FloatTensor<B>,
    scale: FloatTensor<B>,
    plan: &GatherPlan,
    grad: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let (table, scale) = (wrap::<B, 2>(table), wrap::<B, 2>(scale));
    let device = table.device();
    let (table_shape, scale_shape) = (table.dims(), scale.dims());
    let grad = wrap::<B, 2>(grad).select(0, indices(output_rows(plan), &device));
    let table = table.select(0, indices(plan.table_row.iter().copied(), &device));
    let scale = scale.select(0, indices(plan.scale_row.iter().copied(), &device));
    let d_table = sum_at(grad.clone() * scale, plan.table_row.iter().copied(), table_shape);
    let d_scale = sum_at(grad * table, plan.scale_row.iter().copied(), scale_shape);
    (unwrap(d_table), unwrap(d_scale))
}

/// `[s, h, t, dh]` of a matrix `[s * t, h * dh]`.
fn split_heads<B: Backend>(x: Tensor<B, 2>, sequences: usize, heads: usize) -> Tensor<B, 4> {
    let [rows, width] = x.dims();
    x.reshape([sequences, rows / sequences, heads, width / heads]).swap_dims(1, 2)
}

fn join_heads<B: Backend>(x: Tensor<B, 4>) -> Tensor<B, 2> {
    let [sequences, heads, tokens, width] = x.dims();
    x.swap_dims(1, 2).reshape([sequences * tokens, heads * width])
}

/// Weights `[s, h, t, keys]` (rows of an empty range are 0), queries, keys and values.
fn attention_weights<B: Backend>(
    q: FloatTensor<B>,
    kv: FloatTensor<B>,
    plan: &AttentionPlan,
) -> [Tensor<B, 4>; 4] {
    let [k, v] = halves(wrap::<B, 2>(kv)).map(|x| split_heads(x, plan.sequences, plan.heads));
    let q = split_heads(wrap::<B, 2>(q), plan.sequences, plan.heads);
    let (queries, keys) = (plan.queries(), plan.keys);
    let inside = |&(lo, hi): &(u32, u32)| (0..keys as u32).map(move |j| (lo..hi).contains(&j));
    let open: Vec<f32> = plan.range.iter().flat_map(inside).map(f32::from).collect();
    let device = q.device();
    let scores = wide(q.clone().matmul(k.clone().swap_dims(2, 3)));
    let open = TensorData::new(open, [1, 1, queries, keys]);
    let open = Tensor::<B, 4>::from_data(open, (&device, scores.dtype()));
    let scores = scores + (open.clone() - 1.0) * -MASKED;
    let weights = activation::softmax(scores * LN_2, 3) * open;
    [weights.cast(q.dtype()), q, k, v]
}

pub fn attend<B: Backend>(
    q: FloatTensor<B>,
    kv: FloatTensor<B>,
    plan: &AttentionPlan,
) -> FloatTensor<B> {
    let [weights, _, _, v] = attention_weights::<B>(q, kv, plan);
    unwrap(join_heads(weights.matmul(v)))
}

pub fn attend_backward<B: Backend>(
    q: FloatTensor<B>,
    kv: FloatTensor<B>,
    plan: &AttentionPlan,
    grad: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [p, q, k, v] = attention_weights::<B>(q, kv, plan);
    let grad = split_heads(wrap::<B, 2>(grad), plan.sequences, plan.heads);
    let d_v = p.clone().swap_dims(2, 3).matmul(grad.clone());
    let d_p = grad.matmul(v.swap_dims(2, 3));
    let (p, d_p) = (wide(p), wide(d_p));
    let along = (p.clone() * d_p.clone()).sum_dim(3);
    let d_s = (p * (d_p - along) * LN_2).cast(q.dtype());
    let d_q = d_s.clone().matmul(k);
    let d_k = d_s.swap_dims(2, 3).matmul(q);
    let d_kv = Tensor::cat(vec![join_heads(d_k), join_heads(d_v)], 1);
    (unwrap(join_heads(d_q)), unwrap(d_kv))
}

/// `[n, 1]` indices of a list of symbols.
fn column<B: Backend>(symbols: &[u8], device: &B::Device) -> Tensor<B, 2, Int> {
    indices::<B>(symbols.iter().map(|&s| u32::from(s)), device).unsqueeze_dim(1)
}

pub fn symbol_loss<B: Backend>(
    logits: FloatTensor<B>,
    bias: FloatTensor<B>,
    copy: FloatTensor<B>,
    plan: &LossPlan,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let logits = wrap::<B, 2>(logits);
    let (device, dtype) = (logits.device(), logits.dtype());
    let add = burn::tensor::IndexingUpdateOp::Add;
    let bias = wrap::<B, 2>(bias).select(0, indices(plan.role.iter().copied(), &device));
    let (logits, copy) = (wide(logits) + wide(bias), wide(wrap(copy)));
    let logits = logits.scatter(1, column(&plan.reference, &device), copy, add);
    let log_p = activation::log_softmax(logits * LN_2, 1);
    let bits = log_p.clone().gather(1, column(&plan.target, &device)) * -std::f32::consts::LOG2_E;
    (unwrap(bits.squeeze_dim::<1>(1)), unwrap(log_p.exp().cast(dtype)))
}

pub fn symbol_loss_backward<B: Backend>(
    probabilities: FloatTensor<B>,
    plan: &LossPlan,
    grad: FloatTensor<B>,
) -> [FloatTensor<B>; 3] {
    let p = wrap::<B, 2>(probabilities);
    let (device, dtype) = (p.device(), p.dtype());
    let grad = wide(wrap::<B, 1>(grad)).unsqueeze_dim::<2>(1);
    let add = burn::tensor::IndexingUpdateOp::Add;
    let target = column(&plan.target, &device);
    let d_logits = (wide(p) * grad.clone()).scatter(1, target, grad.neg(), add);
    let d_bias = sum_at(d_logits.clone(), plan.role.iter().copied(), [plan.n_roles, 256]);
    let d_copy = d_logits.clone().gather(1, column(&plan.reference, &device));
    [d_logits, d_bias, d_copy].map(|gradient| unwrap(gradient.cast(dtype)))
}
