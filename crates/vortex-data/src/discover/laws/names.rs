//! Formulas in the words of physicists: `m(h1_j1, h1_j2)`, the mass of two particles.

use vortex_coder::schema::{Binary, Expression, Field, Op, Predicted, Schema, Unary};

use super::quantities::{Momentum, decay_angle, differences, energy_of, momentum_of};

/// Longest text of an expression that has no name.
const LONGEST: usize = 160;

/// What the coding of a field says about its values, as [`Schema::describe`] has it, with names of known quantities in place
/// of their formulas.
pub fn describe(schema: &Schema, index: usize) -> String {
    let text = schema.describe(index);
    let Predicted::Formula(formula) = schema.fields()[index].coding.predicted() else {
        return text;
    };
    let before = text.split_once("near ").map_or("", |(before, _)| before);
    let mut names: Vec<String> =
        formula.any_of.iter().map(|expression| name(schema.fields(), expression)).collect();
    names.dedup();
    match &names[..] {
        [one] => format!("{before}near {one}"),
        several => format!("{before}near one of {}", several.join(", ")),
    }
}

fn name(fields: &[Field], expression: &Expression) -> String {
    let plain = expression.unrounded();
    known(fields, &plain).unwrap_or_else(|| {
        let text = plain.text(fields);
        if text.len() <= LONGEST {
            return text;
        }
        let mut names: Vec<&str> = Vec::new();
        for index in plain.fields() {
            let name = fields[usize::from(index)].name.as_str();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        format!("a formula of {}", names.join(", "))
    })
}

/// The name of an expression that the search proposes.
fn known(fields: &[Field], expression: &Expression) -> Option<String> {
    let used = in_order(expression.fields());
    if let [eta_a, eta_b, phi_a, phi_b] = used[..] {
        let [a, b] = [[eta_a, phi_a], [eta_b, phi_b]];
        let [x, y] = [a, b].map(|direction| direction.map(Expression::field));
        let apart = differences(x.each_ref(), y.each_ref());
        if let Some((name, _)) = apart.into_iter().find(|(_, e)| e == expression) {
            return Some(format!("{name}({}, {})", of(fields, &a), of(fields, &b)));
        }
    }
    let particles = Particle::all(expression);
    if particles.is_empty() {
        return None;
    }
    let own: Vec<u16> = particles.iter().flat_map(|p| p.fields()).collect();
    let rest: Vec<u16> = used.into_iter().filter(|field| !own.contains(field)).collect();
    let names: Vec<String> =
        particles.iter().map(|p| of(fields, &p.fields().collect::<Vec<u16>>())).collect();
    let is = |(_, e): &(&str, Expression)| e == expression;
    // The fields besides directions are energies, or masses.
    for massive in [false, true] {
        let momenta: Vec<Momentum> = particles
            .iter()
            .enumerate()
            .map(|(i, particle)| particle.momentum(rest.get(i).copied(), massive))
            .collect();
        let sum = Momentum::sum(&momenta.iter().collect::<Vec<_>>());
        if let Some((name, _)) = sum.quantities().into_iter().find(is) {
            return Some(format!("{name}({})", names.join(", ")));
        }
        if let (Some(mass), 2) = (sum.mass(), momenta.len()) {
            for (momentum, child) in momenta.iter().zip(&names) {
                let angles = decay_angle(&sum, &mass, momentum).into_iter().flatten();
                if let Some((name, _)) = angles.into_iter().find(is) {
                    return Some(format!("{name}({child} in {})", names.join(" + ")));
                }
            }
        }
    }
    match (&particles[..], &rest[..]) {
        ([particle], [other]) => {
            let (pt, eta, x) = (particle.pt(), particle.eta(), Expression::field(*other));
            let p = momentum_of(&pt, &eta);
            let mass = (x.clone().square() - p.clone().square()).sqrt();
            let product = ((x.clone() - p.clone()) * (x.clone() + p)).sqrt();
            let name = &names[0];
            if *expression == energy_of(&x, &pt, &eta) {
                return Some(format!("E({name})"));
            }
            (*expression == mass || *expression == product).then(|| format!("m({name})"))
        }
        ([_, _], [a, b, c]) => {
            let orders = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]];
            let pairs = [(0, 1), (1, 0)];
            let found = pairs.into_iter().find_map(|(parent, child)| {
                orders.iter().find_map(|[energy, of_child, mass]| {
                    let whole = particles[parent].momentum(Some(**energy), false);
                    let part = particles[child].momentum(Some(**of_child), false);
                    let angles = decay_angle(&whole, &Expression::field(**mass), &part)?;
                    let (name, _) = angles.into_iter().find(is)?;
                    Some((name, parent, child))
                })
            });
            found.map(|(name, parent, child)| {
                format!("{name}({} in {})", names[child], names[parent])
            })
        }
        _ => None,
    }
}

/// The fields that say where a particle flies, as far as an expression uses them.
struct Particle {
    pt: u16,
    eta: Option<u16>,
    phi: Option<u16>,
}

impl Particle {
    /// Those that are multiplied with sines, in the order in which they come.
    fn all(expression: &Expression) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for steps in expression.ops().windows(4) {
            let [Op::Field(pt), Op::Field(angle), Op::Unary(function), Op::Binary(times)] = steps
            else {
                continue;
            };
            let azimuth = matches!(function, Unary::Sin | Unary::Cos);
            let eta = matches!(function, Unary::Sinh | Unary::Cosh);
            if *times != Binary::Multiply || !(azimuth || eta) {
                continue;
            }
            let known = all.iter().position(|particle| particle.pt == *pt);
            let place = known.unwrap_or_else(|| {
                all.push(Self { pt: *pt, eta: None, phi: None });
                all.len() - 1
            });
            let particle = &mut all[place];
            *(if azimuth { &mut particle.phi } else { &mut particle.eta }) = Some(*angle);
        }
        all
    }

    fn fields(&self) -> impl Iterator<Item = u16> {
        [Some(self.pt), self.eta, self.phi].into_iter().flatten()
    }

    fn pt(&self) -> Expression {
        Expression::field(self.pt)
    }

    /// Its pseudorapidity; any other field where the expression uses none.
    fn eta(&self) -> Expression {
        Expression::field(self.eta.unwrap_or(self.pt))
    }

    fn momentum(&self, other: Option<u16>, massive: bool) -> Momentum {
        let (pt, eta) = (self.pt(), self.eta());
        let phi = Expression::field(self.phi.unwrap_or(self.pt));
        let other = other.map(Expression::field);
        let energy = other.map(|x| if massive { energy_of(&x, &pt, &eta) } else { x });
        Momentum { energy, ..Momentum::polar(&pt, &eta, &phi) }
    }
}

/// Each field once, in the order in which they come.
fn in_order(fields: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut once = Vec::new();
    for field in fields {
        if !once.contains(&field) {
            once.push(field);
        }
    }
    once
}

/// What the names of a particle's fields share at one end: `h1_j1` of `pt_h1_j1` and `eta_h1_j1`; the first name where they
/// share nothing.
fn of(fields: &[Field], particle: &[u16]) -> String {
    let names: Vec<&str> = particle.iter().map(|&i| fields[usize::from(i)].name.as_str()).collect();
    let first = names[0];
    let cuts = || first.char_indices().filter(|(_, c)| !c.is_alphanumeric());
    // A word begins behind a sign, and ends before one.
    let ends = cuts().map(|(at, c)| &first[at + c.len_utf8()..]);
    let starts = cuts().map(|(at, _)| &first[..at]);
    let end = ends.filter(|part| names.iter().all(|name| name.ends_with(part)));
    let start = starts.filter(|part| names.iter().all(|name| name.starts_with(part)));
    let longest = end.chain(start).filter(|part| !part.is_empty()).max_by_key(|part| part.len());
    longest.filter(|_| names.len() > 1).unwrap_or(first).into()
}
