//! Columns that are the momenta of particles: transverse momentum, pseudorapidity and azimuth, with energy or mass.

use std::f64::consts::PI;

use vortex_coder::schema::Expression;

use super::columns::{Columns, FIRST, KEPT};
use super::quantities::{Momentum, energy_of};

/// Columns before and after a pseudorapidity among which the others of its particle are.
const REACH: usize = 6;
/// Deviation of the square of an energy, in units of its last place.
const TOLERANCE: f64 = 64.0;
/// Share of the values that must lie in the range of their kind.
const MOST_VALUES: f64 = 0.9;
/// A particle, a jet, or the sum of several.
pub(super) struct Vector {
    pub pt: usize,
    pub eta: usize,
    pub phi: usize,
    pub energy: Option<usize>,
    pub mass: Option<usize>,
}

impl Vector {
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        [self.pt, self.eta, self.phi].into_iter().chain(self.energy).chain(self.mass)
    }

    /// Its pseudorapidity and azimuth.
    pub fn direction(&self, columns: &Columns) -> [Expression; 2] {
        [self.eta, self.phi].map(|c| columns.x(c))
    }

    /// Its momentum, as an expression of its columns.
    pub fn momentum(&self, columns: &Columns) -> Momentum {
        let [pt, eta, phi] = [self.pt, self.eta, self.phi].map(|c| columns.x(c));
        let energy = match (self.energy, self.mass) {
            (Some(energy), _) => Some(columns.x(energy)),
            (None, Some(mass)) => Some(energy_of(&columns.x(mass), &pt, &eta)),
            (None, None) => None,
        };
        Momentum { energy, ..Momentum::polar(&pt, &eta, &phi) }
    }
}

/// Most particles that are looked at together.
const MOST_TOGETHER: usize = 24;

/// The first of many particles: sums, choices and distances of more are too many to try.
pub(super) fn together(vectors: &[Vector]) -> &[Vector] {
    &vectors[..vectors.len().min(MOST_TOGETHER)]
}

/// All that are found, in the order of their columns.
pub(super) fn find(columns: &Columns) -> Vec<Vector> {
    let kinds: Vec<Kind> = (0..columns.len()).map(|c| Kind::of(columns, c)).collect();
    let mut found: Vec<Vector> = Vec::new();
    for eta in 0..columns.len() {
        if !kinds[eta].pseudorapidity {
            continue;
        }
        let free = |c: &usize| !found.iter().any(|v| v.columns().any(|used| used == *c));
        let near: Vec<usize> = columns.around(eta, REACH).filter(free).collect();
        let positive: Vec<usize> = near.iter().copied().filter(|&c| kinds[c].positive).collect();
        let phi = near.iter().copied().filter(|&c| kinds[c].angle);
        let Some(phi) = phi.min_by_key(|&c| (c.abs_diff(eta), c)) else { continue };
        let massive = positive.iter().flat_map(|&pt| {
            let pairs = positive.iter().flat_map(|&e| positive.iter().map(move |&m| (e, m)));
            pairs.map(move |(energy, mass)| (pt, energy, mass))
        });
        let massive = massive.filter(|&(pt, energy, mass)| {
            pt != energy
                && pt != mass
                && energy != mass
                && phi != pt
                && phi != mass
                && phi != energy
        });
        let closest = |&(a, b, c): &(usize, usize, usize)| {
            a.abs_diff(eta) + b.abs_diff(eta) + c.abs_diff(eta)
        };
        let relation = massive
            .filter(|&(pt, energy, mass)| on_shell(columns, pt, eta, energy, mass))
            .min_by_key(closest);
        match relation {
            Some((pt, energy, mass)) => {
                found.push(Vector { pt, eta, phi, energy: Some(energy), mass: Some(mass) });
            }
            // Nothing says which one is the momentum, but this is how they are written.
            None if eta > 0 && phi == eta + 1 && positive.contains(&(eta - 1)) => {
                // The next one may be the momentum of the next particle.
                let is = |c: usize, like: fn(&Kind) -> bool| kinds.get(c).is_some_and(like);
                let next = is(eta + 3, |k| k.pseudorapidity) && is(eta + 4, |k| k.angle);
                let after = Some(eta + 2).filter(|c| positive.contains(c) && !next);
                let mass = after.filter(|&c| lighter(columns, c, eta - 1));
                let energy = after.filter(|_| mass.is_none());
                found.push(Vector { pt: eta - 1, eta, phi, energy, mass });
            }
            None => {}
        }
    }
    found
}

struct Kind {
    positive: bool,
    pseudorapidity: bool,
    angle: bool,
}

impl Kind {
    fn of(columns: &Columns, column: usize) -> Self {
        let share = |like: fn(f64) -> bool| columns.share(column, like);
        let both_signs = (0.2..=0.8).contains(&share(|x| x < 0.0));
        Self {
            positive: share(|x| x > 0.0) > MOST_VALUES,
            pseudorapidity: both_signs
                && share(|x| x.abs() < 15.0) > MOST_VALUES
                && share(|x| x.abs() < 4.0) > 0.5,
            angle: both_signs
                && share(|x| x.abs() <= PI * (1.0 + 1e-6)) > MOST_VALUES
                && share(|x| x.abs() > 2.0) > 0.1,
        }
    }
}

/// Whether `E^2 = m^2 + (pt cosh(eta))^2` in most records, and not because the mass is too small to be seen.
fn on_shell(columns: &Columns, pt: usize, eta: usize, energy: usize, mass: usize) -> bool {
    let value = |c: usize, r: usize| columns.values[c][r];
    let unit = TOLERANCE * columns.last_place(energy).max(columns.last_place(pt));
    let (mut holds, mut seen, mut n) = (0, 0, 0);
    for r in columns.some(FIRST) {
        let p = value(pt, r) * value(eta, r).cosh();
        let (e, m) = (value(energy, r).powi(2), value(mass, r).powi(2));
        holds += usize::from((e - p * p - m).abs() <= unit * e);
        seen += usize::from(m > 10.0 * unit * e);
        n += 1;
        if n >= 6 && holds * 3 < n {
            return false;
        }
    }
    let least = KEPT * n as f64;
    holds as f64 >= least && seen as f64 >= least
}

fn lighter(columns: &Columns, a: usize, b: usize) -> bool {
    columns.share_of_first(|&r| columns.values[a][r] < columns.values[b][r]) > 0.5
}
