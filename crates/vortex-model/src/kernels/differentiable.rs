//! The fused operations as nodes of burn's autodiff graph.

use std::sync::Arc;

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::ops::FloatTensor;

use super::{AttentionPlan, FusedOps, GatherPlan, LossPlan};

#[derive(Debug)]
struct RmsNorm;
#[derive(Debug)]
struct SwiGlu;
#[derive(Debug)]
struct FakeQuantise;
#[derive(Debug)]
struct GatherSum;
#[derive(Debug)]
struct Attend;
#[derive(Debug)]
struct SymbolLoss;

impl<B: FusedOps> Backward<B, 1> for RmsNorm {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let [x] = ops.parents;
        if let Some(x) = x {
            grads.register::<B>(x.id, B::rms_norm_backward(ops.state, grad));
        }
    }
}

impl<B: FusedOps> Backward<B, 1> for SwiGlu {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let [x] = ops.parents;
        if let Some(x) = x {
            grads.register::<B>(x.id, B::swiglu_backward(ops.state, grad));
        }
    }
}

impl<B: FusedOps> Backward<B, 1> for FakeQuantise {
    type State = (FloatTensor<B>, Arc<[f32]>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (values, scale) = ops.state;
        let [x] = ops.parents;
        if let Some(x) = x {
            grads.register::<B>(x.id, B::fake_quantise_backward(values, &scale, grad));
        }
    }
}

impl<B: FusedOps> Backward<B, 2> for GatherSum {
    type State = (FloatTensor<B>, FloatTensor<B>, GatherPlan);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (table, scale, plan) = ops.state;
        let (d_table, d_scale) = B::gather_sum_backward(table, scale, &plan, grad);
        let [table, scale] = ops.parents;
        if let Some(table) = table {
            grads.register::<B>(table.id, d_table);
        }
        if let Some(scale) = scale {
            grads.register::<B>(scale.id, d_scale);
        }
    }
}

impl<B: FusedOps> Backward<B, 2> for Attend {
    type State = (FloatTensor<B>, FloatTensor<B>, AttentionPlan);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (q, kv, plan) = ops.state;
        let (d_q, d_kv) = B::attend_backward(q, kv, &plan, grad);
        let [q, kv] = ops.parents;
        if let Some(q) = q {
            grads.register::<B>(q.id, d_q);
        }
        if let Some(kv) = kv {
            grads.register::<B>(kv.id, d_kv);
        }
    }
}

impl<B: FusedOps> Backward<B, 3> for SymbolLoss {
    type State = (FloatTensor<B>, LossPlan);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (probabilities, plan) = ops.state;
        let by_parent = B::symbol_loss_backward(probabilities, &plan, grad);
        for (parent, grad) in ops.parents.into_iter().zip(by_parent) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, grad);
            }
        }
    }
}

impl<B: FusedOps, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn rms_norm(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let y = B::rms_norm(x.primitive.clone());
        match RmsNorm.prepare::<C>([Arc::clone(&x.node)]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(x.primitive, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn swiglu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let y = B::swiglu(x.primitive.clone());
        match SwiGlu.prepare::<C>([Arc::clone(&x.node)]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(x.primitive, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn fake_quantise(x: FloatTensor<Self>, scale: &Arc<[f32]>) -> FloatTensor<Self> {
        let y = B::fake_quantise(x.primitive.clone(), scale);
        match FakeQuantise.prepare::<C>([Arc::clone(&x.node)]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x.primitive, Arc::clone(scale)), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn gather_sum(
        table: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        plan: &GatherPlan,
    ) -> FloatTensor<Self> {
        let y = B::gather_sum(table.primitive.clone(), scale.primitive.clone(), plan);
        let nodes = [Arc::clone(&table.node), Arc::clone(&scale.node)];
        match GatherSum.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                prep.finish((table.primitive, scale.primitive, plan.clone()), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn attend(
        q: FloatTensor<Self>,
        kv: FloatTensor<Self>,
        plan: &AttentionPlan,
    ) -> FloatTensor<Self> {
        let y = B::attend(q.primitive.clone(), kv.primitive.clone(), plan);
        let nodes = [Arc::clone(&q.node), Arc::clone(&kv.node)];
        match Attend.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((q.primitive, kv.primitive, plan.clone()), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn symbol_loss(
        logits: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        copy: FloatTensor<Self>,
        plan: &LossPlan,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [Arc::clone(&logits.node), Arc::clone(&bias.node), Arc::clone(&copy.node)];
        let (bits, p) = B::symbol_loss(logits.primitive, bias.primitive, copy.primitive, plan);
        let distributions = <Self as burn::tensor::backend::AutodiffBackend>::from_inner(p.clone());
        let bits = match SymbolLoss.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((p, plan.clone()), bits),
            OpsKind::UnTracked(prep) => prep.finish(bits),
        };
        (bits, distributions)
    }
}
