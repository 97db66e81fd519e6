//! Products and ratios of columns.

use vortex_coder::schema::Expression;

use super::Proposal;
use super::columns::{Columns, FIRST, KEPT};
use super::median::median;

/// Columns before and after that a column is compared with.
const REACH: usize = 12;
/// Proposals of a column after which no more are looked for.
const MOST_PRODUCTS: usize = 16;
/// How near to its median a ratio must be.
const SAME: f64 = 1e-4;
/// Records that show that most ratios are not constant.
const FEW: usize = 4;

/// A column in few records.
struct Few {
    value: [f64; FEW],
    /// One over the value, and one over one less the value.
    inverse: [f64; FEW],
    inverse_rest: [f64; FEW],
}

pub(super) fn find(columns: &Columns) -> Vec<Proposal> {
    let few: Vec<Few> = (0..columns.len()).map(|c| Few::new(columns.few(c))).collect();
    let mut found = Vec::new();
    for target in 0..columns.len() {
        let near: Vec<usize> = columns.around(target, REACH).collect();
        let before = found.len();
        let own = &few[target].value;
        // The target over each of them.
        let over: Vec<[f64; FEW]> = near.iter().map(|&c| times(own, &few[c].inverse)).collect();
        for (i, &a) in near.iter().enumerate() {
            // Of many that are proportional a few say it all.
            if found.len() - before >= MOST_PRODUCTS {
                break;
            }
            let mut with = |ratios: [f64; FEW], expression: &dyn Fn() -> Expression| {
                if some_agree(&ratios) {
                    scaled(columns, target, expression(), &mut found);
                }
            };
            with(over[i], &|| columns.x(a));
            for (j, &b) in near.iter().enumerate().skip(i + 1) {
                let (x, y) = (|| columns.x(a), || columns.x(b));
                let (of_a, of_b) = (&few[a], &few[b]);
                let less = |e: Expression| Expression::constant(1.0) - e;
                with(times(&over[i], &of_b.inverse), &|| x() * y());
                with(times(&over[i], &of_b.value), &|| x() / y());
                with(times(&over[j], &of_a.value), &|| y() / x());
                with(times(&over[i], &of_b.inverse_rest), &|| x() * less(y()));
                with(times(&over[j], &of_a.inverse_rest), &|| y() * less(x()));
            }
        }
    }
    found
}

impl Few {
    fn new(value: [f64; FEW]) -> Self {
        Self {
            value,
            inverse: value.map(|x| 1.0 / x),
            inverse_rest: value.map(|x| 1.0 / (1.0 - x)),
        }
    }
}

fn times(a: &[f64; FEW], b: &[f64; FEW]) -> [f64; FEW] {
    std::array::from_fn(|i| a[i] * b[i])
}

/// Whether three of four ratios are nearly the same. One of the first two must be among those.
fn some_agree(ratios: &[f64; FEW]) -> bool {
    let agrees = |with: f64| ratios.iter().filter(|x| near(**x, with)).count() > 2;
    agrees(ratios[0]) || agrees(ratios[1])
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 2.0 * SAME * b.abs()
}

/// `target = k * expression`.
fn scaled(columns: &Columns, target: usize, expression: Expression, found: &mut Vec<Proposal>) {
    let own = &columns.values[target];
    let over = |values: Vec<f64>, own: &mut dyn Iterator<Item = f64>| {
        own.zip(values).map(|(own, value)| own / value).collect()
    };
    let first = over(columns.first_of(&expression), &mut columns.some(FIRST).map(|r| own[r]));
    let all = || over(columns.values_of(&expression), &mut own.iter().copied());
    let Some(k) = agreed(columns, first, all) else { return };
    let one = (k - 1.0).abs() < 1e-7;
    let expression = if one { expression } else { Expression::constant(k) * expression };
    Proposal::unless_far(columns, target, &expression, found);
}

/// What most records agree on, if the first of them do.
fn agreed(columns: &Columns, mut first: Vec<f64>, all: impl FnOnce() -> Vec<f64>) -> Option<f64> {
    first.retain(|x| x.is_finite() && *x != 0.0);
    let middle = median(&mut first)?;
    let agree = first.iter().filter(|x| near(**x, middle)).count();
    if (agree as f64) < KEPT * columns.some(FIRST).count() as f64 {
        return None;
    }
    let mut all = all();
    all.retain(|x| near(*x, middle));
    median(&mut all)
}
