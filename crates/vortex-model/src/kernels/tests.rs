//! Compares CPU loops with the definitions in tensor operations, and hand-written gradients with
//! autodiff.

use burn::backend::{Autodiff, Flex, NdArray};
use burn::tensor::{Tensor, TensorData};

use super::*;

type Checked = Autodiff<Flex>;
/// Double precision, because in single precision this backend uses reciprocals of twelve bits on
/// processors with AVX2.
type Definition = Autodiff<NdArray<f64>>;

/// Sums of four uniform numbers, different for each `salt`.
fn random(shape: [usize; 2], salt: usize) -> TensorData {
    let mut state = salt as u64 + 1;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5
    };
    let values: Vec<f32> =
        (0..shape[0] * shape[1]).map(|_| uniform() + uniform() + uniform() + uniform()).collect();
    TensorData::new(values, shape)
}

fn close(a: &TensorData, b: &TensorData, what: &str) {
    let values = |t: &TensorData| t.iter::<f64>().collect::<Vec<_>>();
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(&b).enumerate() {
        assert!((a - b).abs() < 2e-4 * (1.0 + b.abs()), "{what}[{i}]: {a} for {b}");
    }
}

/// Output and gradients of `f` for inputs of a backend, weighted at random.
fn run<B: burn::tensor::backend::AutodiffBackend>(
    inputs: &[TensorData],
    weights: &TensorData,
    f: impl Fn(&[Tensor<B, 2>]) -> Tensor<B, 2>,
) -> Vec<TensorData> {
    let device = Default::default();
    let inputs: Vec<Tensor<B, 2>> =
        inputs.iter().map(|d| Tensor::from_data(d.clone(), &device).require_grad()).collect();
    let y = f(&inputs);
    let grads = (y.clone() * Tensor::from_data(weights.clone(), &device)).sum().backward();
    let mut out = vec![y.into_data()];
    out.extend(inputs.iter().map(|x| x.grad(&grads).unwrap().into_data()));
    out
}

/// The fused operation on `Flex` and on a backend with default implementations, and the plain
/// definition under autodiff, all agree in value and gradients.
fn agree<const N: usize>(
    shapes: [[usize; 2]; N],
    output: [usize; 2],
    fused: impl Fn(&[Tensor<Checked, 2>]) -> Tensor<Checked, 2>,
    default: impl Fn(&[Tensor<Definition, 2>]) -> Tensor<Definition, 2>,
    definition: impl Fn(&[Tensor<Definition, 2>]) -> Tensor<Definition, 2>,
) {
    let inputs: Vec<TensorData> =
        shapes.into_iter().enumerate().map(|(i, s)| random(s, i)).collect();
    let weights = random(output, 9);
    let fused = run(&inputs, &weights, fused);
    let default = run(&inputs, &weights, default);
    let definition = run(&inputs, &weights, definition);
    for (i, want) in definition.iter().enumerate() {
        close(&default[i], want, &format!("default, output or gradient {i}"));
        close(&fused[i], want, &format!("fused, output or gradient {i}"));
    }
}

#[test]
fn rms_norm_agrees() {
    agree(
        [[7, 24]],
        [7, 24],
        |x| rms_norm(x[0].clone()),
        |x| rms_norm(x[0].clone()),
        |x| wrap(reference::rms_norm::<Definition>(unwrap(x[0].clone()))),
    );
}

#[test]
fn swiglu_agrees() {
    agree(
        [[5, 38]],
        [5, 19],
        |x| swiglu(x[0].clone()),
        |x| swiglu(x[0].clone()),
        |x| wrap(reference::swiglu::<Definition>(unwrap(x[0].clone()))),
    );
}

#[test]
fn gather_sum_agrees() {
    let mut plan = GatherPlan::builder(4, 6);
    for row in [&[(0, 1), (2, 0)][..], &[], &[(1, 1), (1, 1), (4, 2)], &[(2, 0)]] {
        row.iter().for_each(|&(t, s)| plan.push(t, s));
        plan.end_row();
    }
    let plan = plan.finish();
    agree(
        [[5, 20], [3, 20]],
        [4, 20],
        |x| gather_sum(x[0].clone(), x[1].clone(), &plan),
        |x| gather_sum(x[0].clone(), x[1].clone(), &plan),
        |x| {
            let (table, scale) = (unwrap(x[0].clone()), unwrap(x[1].clone()));
            wrap(reference::gather_sum::<Definition>(table, scale, &plan))
        },
    );
}

#[test]
fn attention_agrees() {
    // Head widths with and without a loop of their own; windows shorter and longer than a block.
    for (width, tokens, window) in [(8, 40, 35), (16, 9, 3), (6, 7, 4)] {
        let plan = AttentionPlan::sliding(2, tokens, 2, window);
        let (rows, d) = (2 * tokens, 2 * width);
        agree(
            [[rows, d], [rows, 2 * d]],
            [rows, d],
            |x| attend(x[0].clone(), x[1].clone(), &plan),
            |x| attend(x[0].clone(), x[1].clone(), &plan),
            |x| {
                let (q, kv) = (unwrap(x[0].clone()), unwrap(x[1].clone()));
                wrap(reference::attend::<Definition>(q, kv, &plan))
            },
        );
    }
}

#[test]
fn attention_over_nothing_is_zero() {
    let plan = AttentionPlan::memory(1, 9, 1, 4, 2, 3);
    assert_eq!(
        &plan.range[..],
        [(0, 0); 4].into_iter().chain([(0, 2); 4]).chain([(1, 4)]).collect::<Vec<_>>()
    );
    let device = Default::default();
    let q = Tensor::<Flex, 2>::from_data(random([9, 8], 1), &device);
    let kv = Tensor::<Flex, 2>::from_data(random([4, 16], 2), &device);
    let y = attend(q, kv, &plan).narrow(0, 0, 4).into_data();
    assert_eq!(y.to_vec::<f32>().unwrap(), [0.0; 32]);
}

#[test]
fn symbol_loss_agrees() {
    let plan = LossPlan {
        role: [0, 1, 1].into(),
        reference: [3, 255, 9].into(),
        target: [3, 0, 200].into(),
        n_roles: 2,
    };
    fn bits<B: FusedOps>(x: &[Tensor<B, 2>], plan: &LossPlan) -> Tensor<B, 2> {
        symbol_loss(x[0].clone(), x[1].clone(), x[2].clone(), plan).unsqueeze_dim(1)
    }
    agree(
        [[3, 256], [2, 256], [3, 1]],
        [3, 1],
        |x| bits(x, &plan),
        |x| bits(x, &plan),
        |x| {
            let inputs = [0, 1, 2].map(|i| unwrap(x[i].clone()));
            let [logits, bias, copy] = inputs;
            let (bits, _) = reference::symbol_loss::<Definition>(logits, bias, copy, &plan);
            wrap::<Definition, 1>(bits).unsqueeze_dim(1)
        },
    );
}

#[test]
fn fake_quantisation_rounds_clamps_and_passes_gradients() {
    fn check<B: burn::tensor::backend::AutodiffBackend + FusedOps>() {
        let x = TensorData::from([[0.3f32, 40.0], [-0.3, 0.26], [9.0, -0.24]]);
        let scale = [2.0, 4.0].into();
        let ones = TensorData::from([[1.0f32; 2]; 3]);
        let out = run::<B>(&[x], &ones, |x| fake_quantise(x[0].clone(), &scale));
        let values: Vec<f32> = out[0].iter().collect();
        assert_eq!(values, [0.5, 31.75, -0.5, 0.25, 9.0, -0.25]);
        assert_eq!(out[1].iter::<f32>().collect::<Vec<_>>(), [1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    }
    check::<Checked>();
    check::<Definition>();
}

/// `[rows, columns]` of a backend in half precision.
fn half(shape: [usize; 2], salt: usize, dtype: burn::tensor::DType) -> Tensor<Flex, 2> {
    Tensor::<Flex, 2>::from_data(random(shape, salt), &Default::default()).cast(dtype)
}

/// The definitions in half precision: the results are those of 32 bits up to rounding, and costs are not rounded.
#[test]
fn definitions_hold_in_half_precision() {
    use burn::tensor::DType;
    type Pass = fn(Vec<Tensor<Flex, 2>>) -> Vec<Tensor<Flex, 2>>;
    let passes: [(&str, Vec<[usize; 2]>, Pass); 6] = [
        ("rms_norm", vec![[5, 64]], |x| {
            vec![wrap(reference::rms_norm::<Flex>(unwrap(x[0].clone())))]
        }),
        ("rms_norm_backward", vec![[5, 64], [5, 64]], |x| {
            let [x, grad] = [&x[0], &x[1]].map(|x| unwrap(x.clone()));
            vec![wrap(reference::rms_norm_backward::<Flex>(x, grad))]
        }),
        ("attend", vec![[12, 8], [12, 16]], |x| {
            let [q, kv] = [&x[0], &x[1]].map(|x| unwrap(x.clone()));
            vec![wrap(reference::attend::<Flex>(q, kv, &AttentionPlan::sliding(2, 6, 2, 4)))]
        }),
        ("attend_backward", vec![[12, 8], [12, 16], [12, 8]], |x| {
            let [q, kv, grad] = [&x[0], &x[1], &x[2]].map(|x| unwrap(x.clone()));
            let plan = AttentionPlan::sliding(2, 6, 2, 4);
            let (dq, dkv) = reference::attend_backward::<Flex>(q, kv, &plan, grad);
            vec![wrap(dq), wrap(dkv)]
        }),
        ("symbol_loss", vec![[4, 256], [3, 256], [4, 1]], |x| {
            let [logits, bias, copy] = [&x[0], &x[1], &x[2]].map(|x| unwrap(x.clone()));
            let (bits, p) = reference::symbol_loss::<Flex>(logits, bias, copy, &half_loss_plan());
            let bits: Tensor<Flex, 1> = wrap(bits);
            assert_eq!(bits.dtype(), DType::F32);
            vec![bits.unsqueeze_dim(1), wrap(p)]
        }),
        ("symbol_loss_backward", vec![[4, 256], [4, 1]], |x| {
            let grad = x[1].clone().cast(DType::F32).squeeze_dim::<1>(1);
            let p = unwrap(x[0].clone());
            let out = reference::symbol_loss_backward::<Flex>(p, &half_loss_plan(), unwrap(grad));
            out.map(wrap).to_vec()
        }),
    ];
    for (name, shapes, pass) in passes {
        for dtype in [DType::F16, DType::BF16] {
            let inputs = |dtype| {
                shapes
                    .iter()
                    .enumerate()
                    .map(move |(i, &s)| half(s, i, DType::F16).cast(DType::BF16).cast(dtype))
            };
            let want = pass(inputs(DType::F32).collect());
            let got = pass(inputs(dtype).collect());
            for (want, got) in want.into_iter().zip(got) {
                let error = (got.cast(DType::F32) - want.clone()).abs().max().into_scalar();
                let size = want.abs().max().into_scalar();
                assert!(error < 0.02 * size, "{name} in {dtype:?}: {error} of {size}");
            }
        }
    }
}

fn half_loss_plan() -> LossPlan {
    LossPlan {
        role: vec![0, 2, 1, 2].into(),
        reference: vec![0, 7, 7, 255].into(),
        target: vec![1, 7, 9, 255].into(),
        n_roles: 3,
    }
}
