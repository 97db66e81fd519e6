//! Products and ratios of columns, and times from lengths and momenta.

use vortex_coder::schema::Expression;

use super::Proposal;
use super::columns::{Columns, FIRST, KEPT};

/// Columns before and after that a column is compared with.
const REACH: usize = 12;
/// How near to its median a ratio must be.
const SAME: f64 = 1e-4;
/// The same for squares that are fitted by a line, from few records.
const LINE: f64 = 2e-3;
/// Slopes that are tried: quantiles of those of all records. Where a particle loses energy, most lie at one end.
const SLOPES: [f64; 4] = [0.1, 0.25, 0.5, 0.75];
/// Digits of the speed of light.
const LIGHT: f64 = 2.997_924_58;
/// Share of a value's bits that a law may leave.
const LEFT: f64 = 0.6;

pub(super) fn find(columns: &Columns) -> Vec<Proposal> {
    let mut found = Vec::new();
    for target in 0..columns.len() {
        let near: Vec<usize> = columns.around(target, REACH).collect();
        for (i, &a) in near.iter().enumerate() {
            scaled(columns, target, columns.x(a), |r| columns.values[a][r], &mut found);
            for &b in &near[i + 1..] {
                let value = |c: usize, r: usize| columns.values[c][r];
                let (x, y) = (|| columns.x(a), || columns.x(b));
                let one = || Expression::constant(1.0);
                scaled(columns, target, x() * y(), |r| value(a, r) * value(b, r), &mut found);
                scaled(columns, target, x() / y(), |r| value(a, r) / value(b, r), &mut found);
                scaled(columns, target, y() / x(), |r| value(b, r) / value(a, r), &mut found);
                for (c, d) in [(a, b), (b, a)] {
                    let less = columns.x(c) * (one() - columns.x(d));
                    scaled(
                        columns,
                        target,
                        less,
                        |r| value(c, r) * (1.0 - value(d, r)),
                        &mut found,
                    );
                }
            }
        }
        for &a in &near {
            flights(columns, target, a, &near, &mut found);
        }
    }
    found
}

/// `target = k * expression`.
fn scaled(
    columns: &Columns,
    target: usize,
    expression: Expression,
    value: impl Fn(usize) -> f64,
    found: &mut Vec<Proposal>,
) {
    let own = &columns.values[target];
    let ratio = |r: usize| own[r] / value(r);
    let Some(k) = agreed(columns, ratio) else { return };
    let expression =
        if (k - 1.0).abs() < 1e-7 { expression } else { Expression::constant(k) * expression };
    propose(columns, target, expression, found);
}

fn propose(columns: &Columns, target: usize, expression: Expression, found: &mut Vec<Proposal>) {
    let left = columns.left(target, |r| columns.evaluate(&expression, r));
    if left <= LEFT * columns.full(target) {
        found.extend(Proposal::formulas(columns, target, &expression, left));
    }
}

/// What most records agree on, if they do.
fn agreed(columns: &Columns, number: impl Fn(usize) -> f64) -> Option<f64> {
    let first = columns.some(FIRST);
    let of_few: Vec<f64> = first.clone().take(4).map(&number).collect();
    let pairs = (0..of_few.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let near = |a: f64, b: f64| (a - b).abs() <= 2.0 * SAME * b.abs();
    // Most candidates are wrong, which a few records show: nearly half of those pairs must agree.
    if pairs.filter(|&(i, j)| near(of_few[i], of_few[j])).count() < 2 {
        return None;
    }
    let mut all: Vec<f64> = first.map(&number).filter(|x| x.is_finite() && *x != 0.0).collect();
    let middle = median(&mut all)?;
    let agree = all.iter().filter(|x| near(**x, middle)).count();
    if (agree as f64) < KEPT * FIRST.min(columns.records) as f64 {
        return None;
    }
    let mut all: Vec<f64> = (0..columns.records).map(number).collect();
    all.retain(|x| near(*x, middle));
    median(&mut all)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// `target = a sqrt(alpha + beta (u^2 + v^2))`: a time is a length times energy over momentum, an energy is the mass times a boost.
fn flights(columns: &Columns, target: usize, a: usize, near: &[usize], found: &mut Vec<Proposal>) {
    let own = &columns.values[target];
    let square = |r: usize| (own[r] / columns.values[a][r]).powi(2);
    for (i, &u) in near.iter().enumerate() {
        for &v in &near[i..] {
            if u == a || v == a {
                continue;
            }
            let p = |r: usize| {
                let [x, y] = [u, v].map(|c| columns.values[c][r].powi(2));
                if u == v { x } else { x + y }
            };
            let Some((alpha, beta)) = line(columns.some(FIRST), p, square) else { continue };
            let holds = |r: &usize| (alpha + beta * p(*r) - square(*r)).abs() <= LINE * square(*r);
            let curved = |r: &usize| beta * p(*r) > LINE * alpha && alpha > LINE * beta * p(*r);
            let enough = |n: usize| n as f64 >= KEPT * FIRST as f64;
            let count = |like: &dyn Fn(&usize) -> bool| columns.some(FIRST).filter(like).count();
            if !enough(count(&holds)) || !enough(count(&curved)) {
                continue;
            }
            let alpha = light(alpha);
            let mut slopes: Vec<f64> = (0..columns.records)
                .map(|r| (square(r) - alpha) / p(r))
                .filter(|x| *x > 0.0)
                .collect();
            slopes.sort_by(f64::total_cmp);
            if slopes.is_empty() {
                continue;
            }
            let squares = if u == v {
                columns.x(u).square()
            } else {
                columns.x(u).square() + columns.x(v).square()
            };
            for share in SLOPES {
                let beta = slopes[(share * (slopes.len() - 1) as f64) as usize];
                let root =
                    Expression::constant(alpha) + Expression::constant(beta) * squares.clone();
                propose(columns, target, columns.x(a) * root.sqrt(), found);
            }
        }
    }
}

/// One over the square of the speed of light, where it is nearly that in some unit of lengths and times.
fn light(alpha: f64) -> f64 {
    let speed = alpha.powf(-0.5);
    let unit = 10f64.powf(speed.log10().floor());
    if (speed / unit / LIGHT - 1.0).abs() < 0.01 { (LIGHT * unit).powi(-2) } else { alpha }
}

/// The line `y = alpha + beta x` of least squares of relative deviations.
fn line(
    records: impl Iterator<Item = usize>,
    x: impl Fn(usize) -> f64,
    y: impl Fn(usize) -> f64,
) -> Option<(f64, f64)> {
    let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for r in records {
        let (x, y) = (x(r), y(r));
        let weight = 1.0 / (y * y);
        if !(weight.is_finite() && x.is_finite()) {
            continue;
        }
        n += weight;
        sx += weight * x;
        sy += weight * y;
        sxx += weight * x * x;
        sxy += weight * x * y;
    }
    let determinant = n * sxx - sx * sx;
    let beta = (n * sxy - sx * sy) / determinant;
    let alpha = (sy - beta * sx) / n;
    (alpha.is_finite() && beta.is_finite() && alpha > 0.0 && beta > 0.0).then_some((alpha, beta))
}
