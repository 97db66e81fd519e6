//! Fused operations of the model: a backend extension with a definition in tensor operations for
//! every backend and one-pass loops for the CPU.
//!
//! If softmax, SiLU and norms need many passes over memory, training on a CPU spends most of its
//! time outside the matrix products. Each operation here has a forward and a hand-written backward
//! pass; `reference` holds both in tensor operations, `cpu` as loops, and `differentiable`
//! registers them with burn's autodiff.

mod attention;
mod cpu;
mod devices;
mod differentiable;
mod gather;
mod heads;
mod loss;
mod math;
mod reference;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use burn::tensor::ops::FloatTensor;
use burn::tensor::{Tensor, TensorPrimitive, backend::Backend};

pub use attention::AttentionPlan;
pub use gather::{GatherPlan, GatherPlanBuilder};
pub use loss::LossPlan;

/// Added to the mean square of a vector before its root is taken.
pub const NORM_EPSILON: f32 = 1e-6;

/// A backend with the fused operations. Matrices are `[rows, channels]`.
pub trait FusedOps: Backend {
    /// `x / sqrt(mean(x^2) + eps)` for each row; `[n, d]`.
    fn rms_norm(x: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::rms_norm::<Self>(x)
    }
    /// Gradient of [`Self::rms_norm`] by `x`.
    fn rms_norm_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::rms_norm_backward::<Self>(x, grad)
    }
    /// `silu(x[.., ..f]) * x[.., f..]`; `[n, 2 f] -> [n, f]`.
    fn swiglu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::swiglu::<Self>(x)
    }
    /// Gradient of [`Self::swiglu`] by `x`.
    fn swiglu_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::swiglu_backward::<Self>(x, grad)
    }
    /// `clamp(round(x * scale), -127, 127) / scale`, one scale per column; `[n, c]`.
    fn fake_quantise(x: FloatTensor<Self>, scale: &Arc<[f32]>) -> FloatTensor<Self> {
        reference::fake_quantise::<Self>(x, scale)
    }
    /// Straight-through gradient of [`Self::fake_quantise`]: zero for clamped values.
    fn fake_quantise_backward(
        x: FloatTensor<Self>,
        scale: &Arc<[f32]>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::fake_quantise_backward::<Self>(x, scale, grad)
    }
    /// Sums of scaled table rows; `table [t, m]`, `scale [s, m]` -> `[plan.rows(), m]`.
    fn gather_sum(
        table: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        plan: &GatherPlan,
    ) -> FloatTensor<Self> {
        reference::gather_sum::<Self>(table, scale, plan)
    }
    /// Gradients of [`Self::gather_sum`] by `table` and `scale`.
    fn gather_sum_backward(
        table: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        plan: &GatherPlan,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::gather_sum_backward::<Self>(table, scale, plan, grad)
    }
    /// Attention with base-2 softmax over a range of keys for each query;
    /// `q [s * t, d]`, `kv [s * keys, 2 d]` -> `[s * t, d]`.
    fn attend(
        q: FloatTensor<Self>,
        kv: FloatTensor<Self>,
        plan: &AttentionPlan,
    ) -> FloatTensor<Self> {
        reference::attend::<Self>(q, kv, plan)
    }
    /// Gradients of [`Self::attend`] by `q` and `kv`.
    fn attend_backward(
        q: FloatTensor<Self>,
        kv: FloatTensor<Self>,
        plan: &AttentionPlan,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::attend_backward::<Self>(q, kv, plan, grad)
    }
    /// Cost of the targets in bits `[n]`, in at least 32 bits, and the distributions `[n, 256]`,
    /// from logits in bits `[n, 256]`, a bias per role `[r, 256]`, and what the reference's symbol
    /// gets on top `[n, 1]`.
    fn symbol_loss(
        logits: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        copy: FloatTensor<Self>,
        plan: &LossPlan,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::symbol_loss::<Self>(logits, bias, copy, plan)
    }
    /// Gradients of the bits of [`Self::symbol_loss`] by `logits`, `bias` and `copy`, from the
    /// distributions and the gradient `[n]`.
    fn symbol_loss_backward(
        probabilities: FloatTensor<Self>,
        plan: &LossPlan,
        grad: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 3] {
        reference::symbol_loss_backward::<Self>(probabilities, plan, grad)
    }
}

fn wrap<B: Backend, const D: usize>(tensor: FloatTensor<B>) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(tensor))
}

fn unwrap<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}

/// [`FusedOps::rms_norm`] on tensors.
pub fn rms_norm<B: FusedOps>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    wrap(B::rms_norm(unwrap(x)))
}

/// [`FusedOps::swiglu`] on tensors.
pub fn swiglu<B: FusedOps>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    wrap(B::swiglu(unwrap(x)))
}

/// [`FusedOps::fake_quantise`] on tensors.
pub fn fake_quantise<B: FusedOps>(x: Tensor<B, 2>, scale: &Arc<[f32]>) -> Tensor<B, 2> {
    wrap(B::fake_quantise(unwrap(x), scale))
}

/// [`FusedOps::gather_sum`] on tensors.
pub fn gather_sum<B: FusedOps>(
    table: Tensor<B, 2>,
    scale: Tensor<B, 2>,
    plan: &GatherPlan,
) -> Tensor<B, 2> {
    wrap(B::gather_sum(unwrap(table), unwrap(scale), plan))
}

/// [`FusedOps::attend`] on tensors.
pub fn attend<B: FusedOps>(
    q: Tensor<B, 2>,
    kv: Tensor<B, 2>,
    plan: &AttentionPlan,
) -> Tensor<B, 2> {
    wrap(B::attend(unwrap(q), unwrap(kv), plan))
}

/// [`FusedOps::symbol_loss`] on tensors: bits `[n]`.
pub fn symbol_loss<B: FusedOps>(
    logits: Tensor<B, 2>,
    bias: Tensor<B, 2>,
    copy: Tensor<B, 2>,
    plan: &LossPlan,
) -> Tensor<B, 1> {
    wrap(B::symbol_loss(unwrap(logits), unwrap(bias), unwrap(copy), plan).0)
}

/// Index lists are shared by forward and backward passes.
type Shared<T> = Arc<[T]>;
