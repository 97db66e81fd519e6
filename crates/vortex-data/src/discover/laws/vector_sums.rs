//! Columns that follow from momenta: of one particle, and of sums of two to four.

use super::Proposal;
use super::columns::Columns;
use super::quantities::{Momentum, decay_angle, differences, energy_of, momentum_of};
use super::vectors::{Vector, together};
use vortex_coder::schema::{Expression, Unary};

/// Particles of which three and four are added.
const MOST_OF_SUMS: usize = 8;

/// Quantities of each particle, and of sums of the first of many.
pub(super) fn find(columns: &Columns, vectors: &[Vector]) -> Vec<Proposal> {
    let mut found = Vec::new();
    let mut try_out = |expression: Expression| {
        Proposal::wherever(columns, &expression, &mut found);
    };
    let x = |c: usize| columns.x(c);
    for vector in vectors {
        let p = momentum_of(&x(vector.pt), &x(vector.eta));
        if let (Some(energy), Some(mass)) = (vector.energy, vector.mass) {
            let (e, m) = (x(energy), x(mass));
            try_out((e.clone().square() - p.clone().square()).sqrt());
            try_out(((e.clone() - p.clone()) * (e.clone() + p.clone())).sqrt());
            try_out(energy_of(&m, &x(vector.pt), &x(vector.eta)));
            let pt = (e.square() - m.square()).sqrt() / x(vector.eta).apply(Unary::Cosh);
            try_out(pt);
        }
        try_out(p);
        unnamed(vector.momentum(columns).quantities()).for_each(&mut try_out);
    }
    let vectors = together(vectors);
    let momenta: Vec<Momentum> = vectors.iter().map(|v| v.momentum(columns)).collect();
    for (parent, of_parent) in vectors.iter().zip(&momenta) {
        let Some(mass) = parent.mass.map(x) else { continue };
        for child in momenta.iter().filter(|child| !std::ptr::eq(*child, of_parent)) {
            let angles = decay_angle(of_parent, &mass, child);
            unnamed(angles.into_iter().flatten()).for_each(&mut try_out);
        }
    }
    for set in subsets(vectors.len()) {
        let parts: Vec<&Momentum> = set.iter().map(|&i| &momenta[i]).collect();
        let parent = Momentum::sum(&parts);
        unnamed(parent.quantities()).for_each(&mut try_out);
        if let [a, b] = set[..] {
            let angles = parent.mass().and_then(|m| decay_angle(&parent, &m, &momenta[a]));
            unnamed(angles.into_iter().flatten()).for_each(&mut try_out);
            let [a, b] = [a, b].map(|i| vectors[i].direction(columns));
            unnamed(differences(a.each_ref(), b.each_ref())).for_each(&mut try_out);
        }
    }
    found
}

/// Expressions without their names.
fn unnamed(
    expressions: impl IntoIterator<Item = (&'static str, Expression)>,
) -> impl Iterator<Item = Expression> {
    expressions.into_iter().map(|(_, expression)| expression)
}

/// Sets of two to four of the first `n`, of many only pairs.
pub(super) fn subsets(n: usize) -> Vec<Vec<usize>> {
    let largest = if n <= MOST_OF_SUMS { 4 } else { 2 };
    let mut sets: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    let mut from = 0;
    for _ in 1..largest {
        let end = sets.len();
        for set in from..end {
            let next = sets[set].last().expect("not empty") + 1;
            for i in next..n {
                sets.push([&sets[set][..], &[i]].concat());
            }
        }
        from = end;
    }
    sets.retain(|set| set.len() > 1);
    sets
}
