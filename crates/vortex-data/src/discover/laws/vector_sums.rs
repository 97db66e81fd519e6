//! Columns that follow from momenta: of one particle, and of sums of two to four.

use super::Proposal;
use super::columns::Columns;
use super::quantities::{Momentum, decay_angle, delta_phi, delta_r};
use super::vectors::{Vector, momentum};
use vortex_coder::schema::{Expression, Unary};

/// Particles of which three and four are added.
const MOST_OF_SUMS: usize = 8;

pub(super) fn find(columns: &Columns, vectors: &[Vector]) -> Vec<Proposal> {
    let mut found = Vec::new();
    let mut try_out = |expression: Expression| {
        for (column, left) in columns.explained(&expression) {
            found.extend(Proposal::formulas(columns, column, &expression, left));
        }
    };
    let x = |c: usize| columns.x(c);
    for vector in vectors {
        let p = momentum(&x(vector.pt), &x(vector.eta));
        if let (Some(energy), Some(mass)) = (vector.energy, vector.mass) {
            let (e, m) = (x(energy), x(mass));
            try_out((e.clone().square() - p.clone().square()).sqrt());
            try_out(((e.clone() - p.clone()) * (e.clone() + p.clone())).sqrt());
            try_out((m.clone().square() + p.clone().square()).sqrt());
            let pt = (e.square() - m.square()).sqrt() / x(vector.eta).apply(Unary::Cosh);
            try_out(pt);
        }
        try_out(p);
        vector.momentum(columns).quantities().into_iter().for_each(&mut try_out);
    }
    let momenta: Vec<Momentum> = vectors.iter().map(|v| v.momentum(columns)).collect();
    for (parent, of_parent) in vectors.iter().zip(&momenta) {
        let Some(mass) = parent.mass.map(x) else { continue };
        for child in momenta.iter().filter(|child| !std::ptr::eq(*child, of_parent)) {
            let angles = decay_angle(of_parent, &mass, child);
            angles.into_iter().flatten().for_each(&mut try_out);
        }
    }
    for set in subsets(vectors.len()) {
        let parts: Vec<&Momentum> = set.iter().map(|&i| &momenta[i]).collect();
        Momentum::sum(&parts).quantities().into_iter().for_each(&mut try_out);
        if let [a, b] = set[..] {
            let parent = Momentum::sum(&parts);
            let angles = parent.mass().and_then(|m| decay_angle(&parent, &m, &momenta[a]));
            angles.into_iter().flatten().for_each(&mut try_out);
            differences(columns, &vectors[a], &vectors[b]).into_iter().for_each(&mut try_out);
        }
    }
    found
}

/// What two particles are apart.
pub(super) fn differences(columns: &Columns, a: &Vector, b: &Vector) -> Vec<Expression> {
    let [eta_a, phi_a, eta_b, phi_b] = [a.eta, a.phi, b.eta, b.phi].map(|c| columns.x(c));
    let phi = delta_phi(&phi_a, &phi_b);
    let eta = eta_a.clone() - eta_b.clone();
    vec![
        delta_r([&eta_a, &phi_a], [&eta_b, &phi_b]),
        phi.clone().apply(Unary::Abs),
        phi,
        delta_phi(&phi_b, &phi_a),
        eta.clone().apply(Unary::Abs),
        eta,
        eta_b - eta_a,
    ]
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
