//! Columns that are one of several quantities: the largest momentum, the distance of some pair of jets; and their means and sums.

use vortex_coder::schema::{Expression, Formula, MAX_FORMULAS, Predicted, Unary};

use super::columns::{Columns, FIRST};
use super::quantities::differences;
use super::vectors::Vector;
use super::{MOST_OF_A_FIELD, Proposal};

/// Most particles of which one is chosen.
const MOST_PARTICLES: usize = 6;
/// Largest deviation from the quantity that is chosen, as a share of the value.
const SAME: f64 = 1e-6;
/// Share of the records in which one of the quantities must be it.
const COVERED: f64 = 0.8;
/// Share of the records in which a quantity must be it to stay among the choices.
const CHOSEN: f64 = 0.004;
/// Share of the records in which a column must be the same as another.
const COPIED: f64 = 0.6;
/// Bits around each quantity: it has no deviation but that of rounding.
const REACH: u8 = 16;

pub(super) fn find(columns: &Columns, vectors: &[Vector]) -> Vec<Proposal> {
    let mut found = copies(columns);
    for run in runs(vectors) {
        found.extend(ranks_and_means(columns, run));
    }
    found.extend(pairs(columns, vectors));
    found
}

/// Neighbouring particles, few before many.
fn runs(vectors: &[Vector]) -> impl Iterator<Item = &[Vector]> {
    (2..=MOST_PARTICLES.min(vectors.len())).flat_map(|n| vectors.windows(n))
}

/// Columns that are the same in most records.
fn copies(columns: &Columns) -> Vec<Proposal> {
    let mut found = Vec::new();
    let records: Vec<usize> = columns.some(FIRST).collect();
    for target in 0..columns.len() {
        let own = &columns.values[target];
        // Frequent values are equal by chance.
        let often = |x: f64| records.iter().filter(|&&r| own[r] == x).count() > FIRST / 4;
        let mut same_columns = 0;
        for other in (0..columns.len()).filter(|&c| c != target) {
            if same_columns == MOST_OF_A_FIELD {
                break;
            }
            let same =
                records.iter().filter(|&&r| own[r] == columns.values[other][r] && !often(own[r]));
            if same.count() as f64 >= COPIED * records.len() as f64 {
                same_columns += 1;
                let left = columns.left(target, |r| columns.values[other][r]);
                found.extend(Proposal::formulas(columns, target, &columns.x(other), left));
            }
        }
    }
    found
}

/// The k-th of a quantity of the particles, its sum and its mean.
fn ranks_and_means(columns: &Columns, run: &[Vector]) -> Vec<Proposal> {
    let mut found = Vec::new();
    let mut try_out = |expression: Expression| {
        Proposal::wherever(columns, &expression, &mut found);
    };
    let parts: [fn(&Vector) -> Option<usize>; 4] =
        [|v| Some(v.pt), |v| v.energy, |v| v.mass, |v| Some(v.eta)];
    for part in parts {
        let Some(each) = run.iter().map(part).collect::<Option<Vec<usize>>>() else { continue };
        let values = || each.iter().map(|&c| columns.x(c));
        let sizes = || values().map(|x| x.apply(Unary::Abs));
        for rank in 0..run.len() as u8 {
            try_out(Expression::ranked(rank, values()));
        }
        let signed = each.iter().any(|&c| columns.share(c, |x| x < 0.0) > 0.0);
        let sum_of_sizes = if signed { sizes().reduce(|a, b| a + b) } else { None };
        for sum in values().reduce(|a, b| a + b).into_iter().chain(sum_of_sizes) {
            try_out(sum.clone() / Expression::constant(run.len() as f64));
            try_out(sum);
        }
    }
    found
}

/// Columns that are the distance of some pair of particles, which one differs from record to record.
fn pairs(columns: &Columns, vectors: &[Vector]) -> Vec<Proposal> {
    let mut found: Vec<Proposal> = Vec::new();
    let kinds = if vectors.len() < 3 { 0 } else { 2 };
    // Of all pairs at once: [kind][pair][record].
    let mut all = vec![Vec::new(); kinds];
    let mut index = vec![vec![0; vectors.len()]; vectors.len()];
    let records: Vec<usize> = columns.some(FIRST).collect();
    for (b, second) in vectors.iter().enumerate().filter(|_| kinds > 0) {
        for (a, first) in vectors[..b].iter().enumerate() {
            index[a][b] = all[0].len();
            let [one, other] = [first, second].map(|vector| vector.direction(columns));
            let apart = differences(one.each_ref(), other.each_ref());
            for (of_kind, (_, expression)) in all.iter_mut().zip(apart) {
                let values = columns.first_of(&expression);
                of_kind.push((expression, values));
            }
        }
    }
    for of_kind in &all {
        for n in 3..=MOST_PARTICLES.min(vectors.len()) {
            for first in 0..=vectors.len() - n {
                let run = first..first + n;
                let of_run = run.clone().flat_map(|b| (first..b).map(move |a| (a, b)));
                let of_run: Vec<_> = of_run.map(|(a, b)| &of_kind[index[a][b]]).collect();
                for target in 0..columns.len() {
                    if found.iter().any(|f| f.column == target) {
                        continue;
                    }
                    let near = |place: usize| {
                        let value = columns.values[target][records[place]];
                        of_run.iter().any(|(_, values)| same(values[place], value))
                    };
                    let missed = (0..records.len()).filter(|&place| !near(place));
                    let most = ((1.0 - COVERED) * records.len() as f64) as usize;
                    if missed.take(most + 1).count() <= most {
                        let choices = of_run.iter().map(|(expression, _)| expression.clone());
                        found.extend(one_of(columns, target, choices.collect()));
                    }
                }
            }
        }
    }
    found
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * b.abs()
}

/// The law that a column is one of these, without those that it seldom is.
fn one_of(columns: &Columns, target: usize, mut choices: Vec<Expression>) -> Option<Proposal> {
    let own = &columns.values[target];
    let mut counts = vec![0usize; choices.len()];
    let values: Vec<_> = choices.iter().map(|choice| columns.values_of(choice)).collect();
    for (record, &value) in own.iter().enumerate() {
        let hit = values.iter().position(|expected| same(expected[record], value));
        hit.into_iter().for_each(|choice| counts[choice] += 1);
    }
    let n = columns.records as f64;
    let often = |count: &usize| *count as f64 >= CHOSEN * n;
    let mut kept = counts.iter().map(often);
    choices.retain(|_| kept.next().expect("one each"));
    let covered = counts.iter().filter(|c| often(c)).sum::<usize>() as f64 / n;
    if covered < COVERED || choices.is_empty() || choices.len() > MAX_FORMULAS {
        return None;
    }
    let which = counts.iter().filter(|c| often(c)).map(|&c| c as f64 / n);
    let bits: f64 = which.map(|share| -share * share.log2()).sum();
    let left = bits + (1.0 - covered) * columns.full(target);
    let predicted = Predicted::Formula(Formula { any_of: choices, reach: REACH });
    Some(Proposal { column: target, predicted, left })
}
