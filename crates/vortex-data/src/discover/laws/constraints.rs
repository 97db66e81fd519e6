//! Fields of which one follows because something that they make up is constant: the sum of two, or the mass of a decaying particle.

use vortex_coder::schema::{Binary, DType, Expression, Formula, Predicted};

use super::columns::{Columns, FIRST};
use super::median::{median, of_small_parts};
use super::{MOST_OF_A_FIELD, Proposal};

/// Masses of charged particles that live long enough to be seen, in GeV (Particle Data Group).
const MASSES: [f64; 5] = [0.000_510_999, 0.105_658_4, 0.139_570_4, 0.493_677, 0.938_272_1];
/// Units of momenta, in parts of a GeV.
const UNITS: [f64; 2] = [1000.0, 1.0];
/// How near to its median a mass must be, as a share of it, and in what share of the records.
const NARROW: f64 = 3e-4;
const OFTEN: f64 = 0.5;
/// Records that show whether a mass is constant.
const SHOWN: usize = 200;
/// Most momenta of a table among which decays are looked for.
const MOST_MOMENTA: usize = 8;
/// Records that show that a sum is not constant.
const FEW: usize = 5;
/// How near to its median a sum must be, as a share of its parts.
const SAME: f64 = 1e-6;

pub(super) fn find(columns: &Columns) -> Vec<Proposal> {
    let mut found = sums(columns);
    let momenta = momenta(columns);
    for (i, a) in momenta.iter().enumerate() {
        for (j, b) in momenta.iter().enumerate().skip(i + 1) {
            found.extend(decay(columns, &[*a, *b]));
            for c in &momenta[j + 1..] {
                found.extend(decay(columns, &[*a, *b, *c]));
            }
        }
    }
    found
}

/// Columns that add up to a constant, wherever they are.
fn sums(columns: &Columns) -> Vec<Proposal> {
    let mut found = Vec::new();
    let records: Vec<usize> = columns.some(FIRST).collect();
    let value = |c: usize, r: usize| columns.values[c][r];
    let mut partners = vec![0; columns.len()];
    for a in 0..columns.len() {
        for b in a + 1..columns.len() {
            // Of many that differ by constants a few say it all.
            if partners[a] >= MOST_OF_A_FIELD || partners[b] >= MOST_OF_A_FIELD {
                continue;
            }
            for minus in [false, true] {
                let sum = |r: usize| {
                    if minus { value(a, r) - value(b, r) } else { value(a, r) + value(b, r) }
                };
                let size = |r: usize| value(a, r).abs().max(value(b, r).abs());
                // One of the first may break the law, so that two begin.
                let agree = |first: usize| {
                    let constant = sum(records[first]);
                    let near = |r: &&usize| (sum(**r) - constant).abs() <= SAME * size(**r);
                    let n = records.iter().take(FEW).filter(near).count();
                    n > FEW / 2 && constant.is_finite() && constant != 0.0
                };
                if !agree(0) && !agree(1) {
                    continue;
                }
                partners[a] += 1;
                partners[b] += 1;
                let sums = (0..columns.records).map(|r| (sum(r), size(r))).collect();
                let Some(constant) = of_small_parts(sums) else { continue };
                let c = Expression::constant(constant);
                let mut propose = |column: usize, expression: Expression| {
                    Proposal::unless_far(columns, column, &expression, &mut found);
                };
                if minus {
                    propose(a, columns.x(b) + c.clone());
                    propose(b, columns.x(a) - c);
                } else {
                    propose(b, c.clone() - columns.x(a));
                    propose(a, c - columns.x(b));
                }
            }
        }
    }
    found
}

/// Three components of a momentum, one after the other.
fn momenta(columns: &Columns) -> Vec<[usize; 3]> {
    let both_signs = |c: usize| (0.25..=0.75).contains(&columns.share(c, |x| x < 0.0));
    let mut found = Vec::new();
    let mut first = 0;
    while first + 3 <= columns.len() && found.len() < MOST_MOMENTA {
        let three = [first, first + 1, first + 2];
        let together = columns.field[first + 2] == columns.field[first] + 2;
        if together && both_signs(first) && both_signs(first + 1) {
            found.push(three);
            first += 3;
        } else {
            first += 1;
        }
    }
    found
}

/// The laws of particles that come from one of a constant mass, if these do.
fn decay(columns: &Columns, momenta: &[[usize; 3]]) -> Vec<Proposal> {
    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    let hypotheses = (0..MASSES.len().pow(momenta.len() as u32)).map(|mut which| {
        let mass = |_: &[usize; 3]| {
            let mass = MASSES[which % MASSES.len()];
            which /= MASSES.len();
            mass
        };
        momenta.iter().map(mass).collect::<Vec<f64>>()
    });
    for masses in hypotheses {
        for unit in UNITS {
            let masses: Vec<f64> = masses.iter().map(|m| m * unit).collect();
            let mut invariant: Vec<f64> =
                columns.some(SHOWN).map(|r| mass(columns, momenta, &masses, r)).collect();
            let Some(middle) = median(&mut invariant) else { continue };
            let near = invariant.iter().filter(|m| (*m - middle).abs() <= NARROW * middle).count();
            let share = near as f64 / invariant.len() as f64;
            // Where all are at rest nothing is narrow but the sum of the masses.
            let moves = middle > 1.001 * masses.iter().sum::<f64>();
            if moves && share >= OFTEN && best.as_ref().is_none_or(|(most, ..)| share > *most) {
                best = Some((share, middle, masses));
            }
        }
    }
    let Some((_, middle, masses)) = best else { return Vec::new() };
    let mut near: Vec<f64> =
        (0..columns.records).map(|r| mass(columns, momenta, &masses, r)).collect();
    near.retain(|m| (m - middle).abs() <= NARROW * middle);
    let Some(parent) = median(&mut near) else { return Vec::new() };
    let mut found = Vec::new();
    for particle in 0..momenta.len() {
        for component in 0..3 {
            let column = momenta[particle][component];
            let roots = solved(columns, momenta, &masses, parent, particle, component);
            let values = roots.each_ref().map(|root| columns.values_of(root));
            let left = columns.left(column, |r| {
                let value = columns.values[column][r];
                let [a, b] = values.each_ref().map(|values| values[r]);
                if (a - value).abs() < (b - value).abs() { a } else { b }
            });
            let reach = if columns.dtype(column) == DType::F64 { 40 } else { 16 };
            let predicted = Predicted::Formula(Formula { any_of: roots.into(), reach });
            found.push(Proposal { column, predicted, left: left + 1.0 });
        }
    }
    found
}

/// The invariant mass of particles with these momenta and masses.
fn mass(columns: &Columns, momenta: &[[usize; 3]], masses: &[f64], record: usize) -> f64 {
    let (mut energy, mut sum) = (0.0, [0.0; 3]);
    for (momentum, mass) in momenta.iter().zip(masses) {
        let p = momentum.map(|c| columns.values[c][record]);
        energy += (p.iter().map(|x| x * x).sum::<f64>() + mass * mass).sqrt();
        sum.iter_mut().zip(p).for_each(|(sum, p)| *sum += p);
    }
    (energy * energy - sum.iter().map(|x| x * x).sum::<f64>()).sqrt()
}

/// One component `u` of a momentum, from all others and the mass `M` of the sum: both solutions of
/// `E sqrt(u^2 + t^2) = k + U u`, with `E` and `U` of the other particles, `t^2 = v^2 + w^2 + m^2` of this one, and
/// `k = (M^2 - (E^2 - P^2) - m^2) / 2 + v V + w W`.
fn solved(
    columns: &Columns,
    momenta: &[[usize; 3]],
    masses: &[f64],
    parent: f64,
    particle: usize,
    component: usize,
) -> [Expression; 2] {
    let x = |c: usize| columns.x(c);
    let number = Expression::constant;
    let others: Vec<usize> = (0..momenta.len()).filter(|&i| i != particle).collect();
    let sum = |axis: usize| {
        let parts = others.iter().map(|&i| x(momenta[i][axis]));
        parts.reduce(|sum, next| sum + next).expect("two particles or more")
    };
    let square_of = |i: usize| {
        let [a, b, c] = momenta[i].map(|c| x(c).square());
        a + b + c
    };
    let energies = others.iter().map(|&i| (square_of(i) + number(masses[i] * masses[i])).sqrt());
    let energy = energies.reduce(|sum, next| sum + next).expect("two particles or more");
    let [v, w] = [1, 2].map(|step| (component + step) % 3);
    let own = momenta[particle];
    let mass = masses[particle];
    let transverse = x(own[v]).square() + x(own[w]).square() + number(mass * mass);
    let invariant = energy.clone().square() - (sum(0).square() + sum(1).square() + sum(2).square());
    let constant = number((parent * parent - mass * mass) / 2.0);
    let k = constant - invariant * number(0.5) + x(own[v]) * sum(v) + x(own[w]) * sum(w);
    let along = sum(component);
    let a = energy.clone().square() - along.clone().square();
    let under = (k.clone().square() - a.clone() * transverse).with(Binary::Max, number(0.0));
    let root = energy * under.sqrt();
    [(k.clone() * along.clone() + root.clone()) / a.clone(), (k * along - root) / a]
}
