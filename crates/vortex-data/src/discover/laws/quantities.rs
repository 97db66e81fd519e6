//! What physicists compute from momenta, as expressions.

use vortex_coder::schema::{Binary, Expression, Unary};

/// The momentum of a particle, or the sum of several, in whatever unit the table has.
#[derive(Clone)]
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
        let add = |of: fn(&Self) -> &Expression| {
            let mut each = parts.iter().map(|part| of(part).clone());
            let first = each.next().expect("at least one");
            each.fold(first, |sum, next| sum + next)
        };
        let energies: Option<Vec<Expression>> = parts.iter().map(|p| p.energy.clone()).collect();
        Self {
            px: add(|p| &p.px),
            py: add(|p| &p.py),
            pz: add(|p| &p.pz),
            energy: energies.map(|each| {
                let mut each = each.into_iter();
                let first = each.next().expect("at least one");
                each.fold(first, |sum, next| sum + next)
            }),
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

    pub fn phi(&self) -> Expression {
        self.py.clone().with(Binary::Atan2, self.px.clone())
    }

    /// All that follows from it, in the orders of steps that are usual.
    pub fn quantities(&self) -> Vec<Expression> {
        let mut all = vec![self.pt(), self.eta(), self.phi(), self.squared().sqrt()];
        all.extend([&self.px, &self.py, &self.pz].map(Clone::clone));
        if let Some(e) = &self.energy {
            let e = || e.clone();
            let [x, y, z] = [&self.px, &self.py, &self.pz].map(|p| p.clone().square());
            let rapidity = ((e() + self.pz.clone()) / (e() - self.pz.clone())).apply(Unary::Log);
            all.extend([
                e(),
                (e().square() - self.squared()).sqrt(),
                (e().square() - x - y - z.clone()).sqrt(),
                (e().square() - z).sqrt(),
                Expression::constant(0.5) * rapidity,
            ]);
        }
        all
    }
}

/// Difference of two angles, between -pi and pi.
pub(super) fn delta_phi(a: &Expression, b: &Expression) -> Expression {
    (a.clone() - b.clone()).apply(Unary::Wrap)
}

/// Distance in pseudorapidity and azimuth: `sqrt(delta_eta^2 + delta_phi^2)`.
pub(super) fn delta_r(a: [&Expression; 2], b: [&Expression; 2]) -> Expression {
    (a[0].clone() - b[0].clone()).with(Binary::Hypot, delta_phi(a[1], b[1]))
}
