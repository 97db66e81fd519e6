//! What physicists compute from momenta, as expressions.

use vortex_coder::schema::{Binary, Expression, Unary};

/// The momentum of a particle, or the sum of several, in whatever unit the table has.
pub(super) struct Momentum {
    pub px: Expression,
    pub py: Expression,
    pub pz: Expression,
    /// Energy, where it is known.
    pub energy: Option<Expression>,
}

impl Momentum {
    /// From transverse momentum, pseudorapidity and azimuth; `energy` stays to be added.
    pub fn polar(pt: &Expression, eta: &Expression, phi: &Expression) -> Self {
        Self {
            px: pt.clone() * phi.clone().apply(Unary::Cos),
            py: pt.clone() * phi.clone().apply(Unary::Sin),
            pz: pt.clone() * eta.clone().apply(Unary::Sinh),
            energy: None,
        }
    }

    /// The sum of some.
    pub fn sum(parts: &[&Self]) -> Self {
        fn added(each: impl IntoIterator<Item = Expression>) -> Expression {
            each.into_iter().reduce(|sum, next| sum + next).expect("at least one")
        }
        let add = |of: fn(&Self) -> &Expression| added(parts.iter().map(|part| of(part).clone()));
        let energies: Option<Vec<Expression>> = parts.iter().map(|p| p.energy.clone()).collect();
        Self {
            px: add(|p| &p.px),
            py: add(|p| &p.py),
            pz: add(|p| &p.pz),
            energy: energies.map(added),
        }
    }

    fn squared(&self) -> Expression {
        self.px.clone().square() + self.py.clone().square() + self.pz.clone().square()
    }

    pub fn pt(&self) -> Expression {
        self.px.clone().with(Binary::Hypot, self.py.clone())
    }

    pub fn eta(&self) -> Expression {
        (self.pz.clone() / self.pt()).apply(Unary::Asinh)
    }

    /// The same from the angle to the beam, `-log((1 - cos) / (1 + cos)) / 2`.
    pub fn eta_of_cosine(&self) -> Expression {
        let (cosine, one) = (self.pz.clone() / self.squared().sqrt(), Expression::constant(1.0));
        let ratio = (one.clone() - cosine.clone()) / (one + cosine);
        Expression::constant(-0.5) * ratio.apply(Unary::Log)
    }

    pub fn phi(&self) -> Expression {
        self.py.clone().with(Binary::Atan2, self.px.clone())
    }

    pub fn mass(&self) -> Option<Expression> {
        let energy = self.energy.clone()?;
        Some((energy.square() - self.squared()).sqrt())
    }

    /// All that follows from it, with its name, in the orders of steps that are usual.
    pub fn quantities(&self) -> Vec<(&'static str, Expression)> {
        let mut all = vec![
            ("pt", self.pt()),
            ("eta", self.eta()),
            ("eta", self.eta_of_cosine()),
            ("phi", self.phi()),
            ("p", self.squared().sqrt()),
            ("px", self.px.clone()),
            ("py", self.py.clone()),
            ("pz", self.pz.clone()),
        ];
        if let Some(e) = &self.energy {
            let e = || e.clone();
            let [x, y, z] = [&self.px, &self.py, &self.pz].map(|p| p.clone().square());
            let rapidity = ((e() + self.pz.clone()) / (e() - self.pz.clone())).apply(Unary::Log);
            all.extend([
                ("E", e()),
                ("m", self.mass().expect("it has an energy")),
                ("m", (e().square() - x - y - z.clone()).sqrt()),
                ("mt", (e().square() - z).sqrt()),
                ("rapidity", Expression::constant(0.5) * rapidity),
            ]);
        }
        all
    }
}

/// `pt cosh(eta)`.
pub(super) fn momentum_of(pt: &Expression, eta: &Expression) -> Expression {
    pt.clone() * eta.clone().apply(Unary::Cosh)
}

/// `sqrt(m^2 + (pt cosh(eta))^2)`
pub(super) fn energy_of(mass: &Expression, pt: &Expression, eta: &Expression) -> Expression {
    (mass.clone().square() + momentum_of(pt, eta).square()).sqrt()
}

/// The angle between a particle and the way its parent of this mass flies, in the parent's rest frame, and its cosine.
pub(super) fn decay_angle(
    parent: &Momentum,
    mass: &Expression,
    child: &Momentum,
) -> Option<[(&'static str, Expression); 2]> {
    let product = |a: &Expression, b: &Expression| a.clone() * b.clone();
    let cross =
        |a: [&Expression; 2], b: [&Expression; 2]| product(a[0], b[1]) - product(a[1], b[0]);
    let (p, c) = (parent, child);
    let x = cross([&c.py, &c.pz], [&p.py, &p.pz]).square();
    let y = cross([&c.pz, &c.px], [&p.pz, &p.px]).square();
    let z = cross([&c.px, &c.py], [&p.px, &p.py]).square();
    let across = (x + y + z).sqrt();
    let dot = product(&c.px, &p.px) + product(&c.py, &p.py) + product(&c.pz, &p.pz);
    let (parent_energy, energy) = (p.energy.clone()?, c.energy.clone()?);
    let along = (parent_energy * dot - p.squared() * energy) / mass.clone();
    let cosine = along.clone() / across.clone().with(Binary::Hypot, along.clone());
    let angle = across.with(Binary::Atan2, along);
    Some([("decay_angle", angle), ("cos_decay_angle", cosine)])
}

/// What two particles are apart, each as its pseudorapidity and azimuth, with its name.
pub(super) fn differences(
    [eta_a, phi_a]: [&Expression; 2],
    [eta_b, phi_b]: [&Expression; 2],
) -> Vec<(&'static str, Expression)> {
    let between = |a: &Expression, b: &Expression| (a.clone() - b.clone()).apply(Unary::Wrap);
    let (phi, eta) = (between(phi_a, phi_b), eta_a.clone() - eta_b.clone());
    vec![
        ("delta_r", eta.clone().with(Binary::Hypot, phi.clone())),
        ("abs_delta_phi", phi.clone().apply(Unary::Abs)),
        ("delta_phi", phi),
        ("delta_phi", between(phi_b, phi_a)),
        ("abs_delta_eta", eta.clone().apply(Unary::Abs)),
        ("delta_eta", eta),
        ("delta_eta", eta_b.clone() - eta_a.clone()),
    ]
}
