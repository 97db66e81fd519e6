//! Times from lengths and momenta, energies from masses and boosts: `target = a sqrt(alpha + beta (u^2 + v^2))`.

use vortex_coder::schema::Expression;

use super::Proposal;
use super::columns::{Columns, FIRST, KEPT};

/// Columns before and after that a column is compared with.
const REACH: usize = 12;
/// Lines of a column that are followed up.
const MOST_LINES: usize = 16;
/// How near to a line squares must be, as a share of them.
const LINE: f64 = 2e-3;
/// The same for slopes through two records each, which deviations turn.
const ROUGHLY: f64 = 0.3;
/// Pairs of records that show that most squares lie on no line.
const PAIRS: usize = 4;
/// Slopes that are tried: quantiles of those of all records. Where a particle loses energy, most lie at one end.
const SLOPES: [f64; 4] = [0.1, 0.25, 0.5, 0.75];
/// Digits of the speed of light.
const LIGHT: f64 = 2.997_924_58;

/// Squares of a column in few records.
type Squares = [f64; 2 * PAIRS];

pub(super) fn find(columns: &Columns) -> Vec<Proposal> {
    let square = |column| columns.few(column).map(|x| x * x);
    let squares: Vec<Squares> = (0..columns.len()).map(square).collect();
    let differences: Vec<[f64; PAIRS]> = squares.iter().map(pairwise).collect();
    let mut found = Vec::new();
    for target in 0..columns.len() {
        let near: Vec<usize> = columns.around(target, REACH).collect();
        let mut tries = MOST_LINES;
        for &a in &near {
            let ratios: Squares = std::array::from_fn(|i| squares[target][i] / squares[a][i]);
            let rise = pairwise(&ratios);
            for (i, &u) in near.iter().enumerate() {
                for &v in &near[i..] {
                    let run: [f64; PAIRS] = std::array::from_fn(|pair| {
                        let v = if u == v { 0.0 } else { differences[v][pair] };
                        differences[u][pair] + v
                    });
                    if tries > 0 && u != a && v != a && straight(&rise, &run) {
                        let line = Line { target, a, u, v };
                        tries -= usize::from(line.follow(columns, &mut found));
                    }
                }
            }
        }
    }
    found
}

fn pairwise(values: &Squares) -> [f64; PAIRS] {
    std::array::from_fn(|pair| values[2 * pair] - values[2 * pair + 1])
}

/// Whether few records lie on a line: of those through two of them each, two must be nearly the same.
fn straight(rise: &[f64; PAIRS], run: &[f64; PAIRS]) -> bool {
    let slopes: [f64; PAIRS] = std::array::from_fn(|pair| rise[pair] / run[pair]);
    let same = |a: f64, b: f64| a > 0.0 && (a - b).abs() <= ROUGHLY * a;
    (1..PAIRS).any(|i| slopes[..i].iter().any(|&before| same(before, slopes[i])))
}

/// The columns of `target = a sqrt(alpha + beta (u^2 + v^2))`, or of `u^2` alone where `v` is `u`.
struct Line {
    target: usize,
    a: usize,
    u: usize,
    v: usize,
}

impl Line {
    /// Proposes it with slopes that records have; whether most of the first records lie on a line.
    fn follow(&self, columns: &Columns, found: &mut Vec<Proposal>) -> bool {
        let &Self { target, a, u, v } = self;
        let value = |c: usize, r: usize| columns.values[c][r];
        let square = |r: usize| (value(target, r) / value(a, r)).powi(2);
        let p = |r: usize| {
            let [x, y] = [u, v].map(|c| value(c, r).powi(2));
            if u == v { x } else { x + y }
        };
        let Some((alpha, beta)) = line(columns.some(FIRST), p, square) else { return false };
        let holds = |r: &usize| (alpha + beta * p(*r) - square(*r)).abs() <= LINE * square(*r);
        let curved = |r: &usize| beta * p(*r) > LINE * alpha && alpha > LINE * beta * p(*r);
        if columns.share_of_first(holds) < KEPT || columns.share_of_first(curved) < KEPT {
            return false;
        }
        let alpha = light(alpha);
        let slopes = (0..columns.records).map(|r| (square(r) - alpha) / p(r));
        let mut slopes: Vec<f64> = slopes.filter(|x| *x > 0.0).collect();
        slopes.sort_by(f64::total_cmp);
        let squares = if u == v {
            columns.x(u).square()
        } else {
            columns.x(u).square() + columns.x(v).square()
        };
        for share in SLOPES.into_iter().filter(|_| !slopes.is_empty()) {
            let beta = slopes[(share * (slopes.len() - 1) as f64) as usize];
            let root = Expression::constant(alpha) + Expression::constant(beta) * squares.clone();
            let expression = columns.x(a) * root.sqrt();
            Proposal::unless_far(columns, target, &expression, found);
        }
        true
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
