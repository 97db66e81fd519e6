//! Products and ratios of columns, and times from lengths and momenta.

use vortex_coder::schema::Expression;

use super::Proposal;
use super::columns::{Columns, FIRST, KEPT};
use super::median::median;

/// Columns before and after that a column is compared with.
const REACH: usize = 12;
/// Proposals of a column after which no more are looked for, and lines that are followed up.
const MOST_PRODUCTS: usize = 16;
/// How near to its median a ratio must be.
const SAME: f64 = 1e-4;
/// The same for squares that are fitted by a line, from few records.
const LINE: f64 = 2e-3;
/// The same for lines through two records each, which deviations turn.
const ROUGHLY: f64 = 0.3;
/// Slopes that are tried: quantiles of those of all records. Where a particle loses energy, most lie at one end.
const SLOPES: [f64; 4] = [0.1, 0.25, 0.5, 0.75];
/// Digits of the speed of light.
const LIGHT: f64 = 2.997_924_58;

pub(super) fn find(columns: &Columns) -> Vec<Proposal> {
    let mut found = Vec::new();
    for target in 0..columns.len() {
        let near: Vec<usize> = columns.around(target, REACH).collect();
        let before = found.len();
        for (i, &a) in near.iter().enumerate() {
            // Of many that are proportional a few say it all.
            if found.len() - before >= MOST_PRODUCTS {
                break;
            }
            let value = |c: usize, r: usize| columns.values[c][r];
            let mut with = |expression: &dyn Fn() -> Expression, of: &dyn Fn(usize) -> f64| {
                scaled(columns, target, expression, of, &mut found);
            };
            with(&|| columns.x(a), &|r| value(a, r));
            for &b in &near[i + 1..] {
                let (x, y) = (|| columns.x(a), || columns.x(b));
                with(&|| x() * y(), &|r| value(a, r) * value(b, r));
                with(&|| x() / y(), &|r| value(a, r) / value(b, r));
                with(&|| y() / x(), &|r| value(b, r) / value(a, r));
                let less = |e: Expression| Expression::constant(1.0) - e;
                with(&|| x() * less(y()), &|r| value(a, r) * (1.0 - value(b, r)));
                with(&|| y() * less(x()), &|r| value(b, r) * (1.0 - value(a, r)));
            }
        }
        let mut tries = MOST_PRODUCTS;
        for &a in &near {
            flights(columns, target, a, &near, &mut tries, &mut found);
        }
    }
    found
}

/// `target = k * expression`.
fn scaled(
    columns: &Columns,
    target: usize,
    expression: &dyn Fn() -> Expression,
    value: &dyn Fn(usize) -> f64,
    found: &mut Vec<Proposal>,
) {
    let own = &columns.values[target];
    let ratio = |r: usize| own[r] / value(r);
    let Some(k) = agreed(columns, ratio) else { return };
    let one = (k - 1.0).abs() < 1e-7;
    let expression = if one { expression() } else { Expression::constant(k) * expression() };
    Proposal::unless_far(columns, target, &expression, found);
}

/// What most records agree on, if they do.
fn agreed(columns: &Columns, number: impl Fn(usize) -> f64) -> Option<f64> {
    let first = columns.some(FIRST);
    let near = |a: f64, b: f64| (a - b).abs() <= 2.0 * SAME * b.abs();
    // Most candidates are wrong, which a few records show: with two of them or more, one of the first two must agree.
    let of_few = [0, 1, 2, 3].map(|i| columns.first(i).map_or(f64::NAN, &number));
    let agrees = |with: f64| of_few.iter().filter(|x| near(**x, with)).count() > 2;
    if !agrees(of_few[0]) && !agrees(of_few[1]) {
        return None;
    }
    let mut all: Vec<f64> = first.map(&number).filter(|x| x.is_finite() && *x != 0.0).collect();
    let middle = median(&mut all)?;
    let agree = all.iter().filter(|x| near(**x, middle)).count();
    if (agree as f64) < KEPT * columns.some(FIRST).count() as f64 {
        return None;
    }
    let mut all: Vec<f64> = (0..columns.records).map(number).collect();
    all.retain(|x| near(*x, middle));
    median(&mut all)
}

/// `target = a sqrt(alpha + beta (u^2 + v^2))`: a time is a length times energy over momentum, an energy is the mass times a boost.
fn flights(
    columns: &Columns,
    target: usize,
    a: usize,
    near: &[usize],
    tries: &mut usize,
    found: &mut Vec<Proposal>,
) {
    let own = &columns.values[target];
    let square = |r: usize| (own[r] / columns.values[a][r]).powi(2);
    for (i, &u) in near.iter().enumerate() {
        for &v in &near[i..] {
            if *tries == 0 {
                return;
            }
            if u == a || v == a {
                continue;
            }
            let p = |r: usize| {
                let [x, y] = [u, v].map(|c| columns.values[c][r].powi(2));
                if u == v { x } else { x + y }
            };
            if !straight(columns, p, square) {
                continue;
            }
            let Some((alpha, beta)) = line(columns.some(FIRST), p, square) else { continue };
            let holds = |r: &usize| (alpha + beta * p(*r) - square(*r)).abs() <= LINE * square(*r);
            let curved = |r: &usize| beta * p(*r) > LINE * alpha && alpha > LINE * beta * p(*r);
            if columns.share_of_first(holds) < KEPT || columns.share_of_first(curved) < KEPT {
                continue;
            }
            *tries -= 1;
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
                let expression = columns.x(a) * root.sqrt();
                Proposal::unless_far(columns, target, &expression, found);
            }
        }
    }
}

/// Whether few records lie on a line: of those through two of them each, two must be nearly the same.
fn straight(columns: &Columns, x: impl Fn(usize) -> f64, y: impl Fn(usize) -> f64) -> bool {
    let slope = |i: usize| {
        let [a, b] = [columns.first(i), columns.first(i + 1)];
        let (Some(a), Some(b)) = (a, b) else { return f64::NAN };
        (y(a) - y(b)) / (x(a) - x(b))
    };
    let same = |a: f64, b: f64| a > 0.0 && (a - b).abs() <= ROUGHLY * a;
    let mut slopes = [f64::NAN; 4];
    (0..slopes.len()).any(|i| {
        slopes[i] = slope(2 * i);
        slopes[..i].iter().any(|&before| same(before, slopes[i]))
    })
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
