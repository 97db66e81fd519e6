//! What is computed for many records at a time has the same bits as what is computed for each.

use super::super::super::bit_patterns::{any_bits, special};
use super::*;
use proptest::prelude::*;
use pulp::NullaryFnOnce;
use vortex_base::dtype::DType;

/// Writes the values of a field.
type Load<'a> = &'a dyn Fn(u16, &mut Batch);

/// The expressions of a group for some values of fields, with all instructions that this machine has.
fn computed(shared: &Shared, fields: &[Batch]) -> Vec<Vec<Batch>> {
    let values = |vectorize: &dyn Fn(Steps<'_, Load<'_>>)| {
        let mut batches = Batches::new(shared);
        let load: Load<'_> = &|index, values| *values = fields[usize::from(index)];
        vectorize(Steps { shared, group: 0, registers: &mut batches.registers, load });
        (0..shared.values(0).len()).map(|i| *batches.values(0, i)).collect()
    };
    let mut all = vec![values(&|steps| steps.call())];
    #[cfg(target_arch = "x86_64")]
    {
        all.extend(pulp::x86::V3::try_new().map(|v3| values(&|steps| v3.vectorize(steps))));
        all.extend(pulp::x86::V4::try_new().map(|v4| values(&|steps| v4.vectorize(steps))));
    }
    all.push(values(&|steps| pulp::Arch::new().dispatch(steps)));
    all
}

fn check(expressions: &[Expression], fields: &[Batch]) {
    let shared = Shared::new(std::iter::once(expressions));
    for all in computed(&shared, fields) {
        for (expression, values) in expressions.iter().zip(&all) {
            for (record, value) in values.iter().enumerate() {
                let of = |index: u16| fields[usize::from(index)][record];
                let expected = expression.evaluate(of);
                let same =
                    value.to_bits() == expected.to_bits() || value.is_nan() && expected.is_nan();
                assert!(same, "{:?} of {:e}, {:e}: {value:e}", expression.ops(), of(0), of(1));
            }
        }
    }
}

/// All functions of fields 0 to 2.
fn functions() -> Vec<Expression> {
    let x = Expression::field;
    let unary = Unary::ALL.iter().map(|&function| x(0).apply(function));
    let binary = Binary::ALL.iter().map(|&function| x(0).with(function, x(1)));
    let ranked = (0..4).map(|rank| Expression::ranked(rank, [x(1), x(0), x(2), -x(0)]));
    unary.chain(binary).chain(ranked).collect()
}

/// Numbers at which definitions take another way, with their neighbours, and special ones.
fn turns() -> Vec<f64> {
    let at = [
        0.35,
        0.5,
        1.0,
        2.0,
        22.0,
        40.0,
        700.0,
        709.78,
        710.0,
        711.0,
        745.13,
        746.0,
        0.25,
        1.5,
        std::f64::consts::FRAC_PI_4,
        std::f64::consts::SQRT_2,
        std::f64::consts::FRAC_PI_2,
        std::f64::consts::PI,
        std::f64::consts::TAU,
        3.0,
        1e300,
        1e-300,
    ];
    let powers = [
        -1074, -1030, -1022, -600, -401, -400, -399, -56, -55, -54, -29, -28, -27, 19, 20, 21, 44,
        45, 46, 51, 52, 53, 499, 500, 501,
    ];
    let powers = powers.map(|k| 2f64.powi(k));
    let numbers =
        at.into_iter().chain(powers).chain(special(DType::F64).into_iter().map(f64::from_bits));
    numbers.flat_map(|x| [x.next_down(), x, x.next_up()]).flat_map(|x| [x, -x]).collect()
}

#[test]
fn where_definitions_turn() {
    let turns = turns();
    let functions = functions();
    for start in (0..turns.len()).step_by(BATCH) {
        for by in [0, 1, 7, 40, 101] {
            let batch = |by: usize| std::array::from_fn(|i| turns[(start + i + by) % turns.len()]);
            check(&functions, &[batch(0), batch(by), batch(2 * by + 1)]);
        }
    }
}

#[test]
fn several_batches_and_a_part() {
    let x = Expression::field;
    let expression = (x(0).apply(Unary::Sinh) * x(1)).square() + x(0).apply(Unary::Cos);
    let fields: [Vec<f64>; 2] =
        [0.01, 3.0].map(|f| (0..150).map(|i| f64::from(i) * f - 2.0).collect());
    let all = expression.evaluate_all(150, |index| &fields[usize::from(index)]);
    for (i, value) in all.iter().enumerate() {
        assert_eq!(*value, expression.evaluate(|index| fields[usize::from(index)][i]));
    }
    assert_eq!(all.len(), 150);
    assert!(expression.evaluate_all(0, |_| &[]).is_empty());
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => any_bits(DType::F64).prop_map(f64::from_bits),
        4 => -8.0..8.0,
        2 => -1.0..1.0,
        2 => -1e3..1e3,
        1 => (any::<bool>(), -1080.0..1024.0).prop_map(|(minus, k): (bool, f64)| {
            let x = k.exp2();
            if minus { -x } else { x }
        }),
    ]
}

fn any_batch() -> impl Strategy<Value = Batch> {
    let any = prop::collection::vec(any_float(), BATCH);
    // All of moderate size, so that none goes through the definition.
    let moderate = prop::collection::vec(-3.0..3.0, BATCH);
    prop_oneof![any, moderate].prop_map(|values| std::array::from_fn(|i| values[i]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_values(a in any_batch(), b in any_batch(), c in any_batch()) {
        check(&functions(), &[a, b, c]);
        let inside = a.map(|x| x.rem_euclid(2.0) - 1.0);
        check(&functions(), &[inside, b, c]);
    }
}
