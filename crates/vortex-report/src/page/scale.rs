//! Axes: from values to shares of a length, and the values that are written beside it.

use super::numbers::short;

/// What a logarithmic axis can show: beyond are no speeds and no ratios.
const LEAST: f64 = 1e-15;
const MOST: f64 = 1e18;

/// An axis.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    /// Equal distances for equal differences; holds all finite values, with some air.
    pub fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (least, most) = bounds(values).unwrap_or((0.0, 1.0));
        let air = match (most - least) * 0.08 {
            air if air > 0.0 && air.is_finite() => air,
            _ => (most.abs() * 0.1).max(f64::MIN_POSITIVE * 1e9),
        };
        // Nothing here is measured below zero, and its side says nothing.
        let from = if least >= 0.0 { (least - air).max(0.0) } else { least - air };
        Self { from, to: most + air, logarithmic: false }
    }

    /// Equal distances for equal differences, between two values that differ.
    pub fn exact(from: f64, to: f64) -> Self {
        Self { from, to, logarithmic: false }
    }

    /// Equal distances for equal ratios; holds all values from 10^-15 to 10^18, with some air.
    pub fn logarithmic(values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|v| (LEAST..=MOST).contains(v));
        let (least, most) = bounds(positive).unwrap_or((1.0, 10.0));
        let air = (most / least).powf(0.06).max(1.3);
        Self { from: least / air, to: most * air, logarithmic: true }
    }

    /// The share of the axis before a value: 0 to 1 for the values that it was made for.
    pub fn share(&self, value: f64) -> f64 {
        let f = |v: f64| if self.logarithmic { v.max(f64::MIN_POSITIVE).ln() } else { v };
        let share = (f(value) - f(self.from)) / (f(self.to) - f(self.from));
        if share.is_finite() { share } else { 0.0 }
    }

    /// Whether a value is on the axis.
    pub fn holds(&self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }

    /// Round values on the axis, about `n` or fewer, with their texts.
    pub fn ticks(&self, n: usize) -> Vec<(f64, String)> {
        let values = if self.logarithmic { self.powers(n) } else { self.steps(n) };
        values.into_iter().filter(|v| self.holds(*v)).map(|v| (v, label(v))).collect()
    }

    fn steps(&self, n: usize) -> Vec<f64> {
        let rough = (self.to - self.from) / n.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough);
        let Some(step) = step.filter(|s| s.is_normal()) else { return Vec::new() };
        let first = (self.from / step).ceil();
        (0..=2 * n).map(|i| (first + i as f64) * step).take_while(|v| *v <= self.to).collect()
    }

    fn powers(&self, n: usize) -> Vec<f64> {
        let (first, last) = (self.from.log10().floor() as i32, self.to.log10().ceil() as i32);
        let all = |of: &[f64], every: i32| -> Vec<f64> {
            let powers = (first..=last).filter(|p| p.rem_euclid(every) == 0);
            let values = powers.flat_map(|p| of.iter().map(move |m| m * 10f64.powi(p)));
            values.filter(|v| self.holds(*v)).collect()
        };
        let choices = [
            (&[1.0, 2.0, 5.0][..], 1),
            (&[1.0, 3.0], 1),
            (&[1.0], 1),
            (&[1.0], 2),
            (&[1.0], 4),
            (&[1.0], 8),
        ];
        let mut choices = choices.into_iter().map(|(of, every)| all(of, every));
        // One value alone does not say how far apart others are.
        choices.find(|v| (2..=n).contains(&v.len())).unwrap_or_else(|| self.steps(n))
    }
}

/// As few digits as the value has.
fn label(value: f64) -> String {
    let text = match value.abs() {
        a if a >= 1000.0 => return short(value),
        a if a > 0.0 && a < 0.001 => return format!("{value:.0e}"),
        _ => format!("{value:.4}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn bounds(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.is_finite() && v.abs() < 1e300);
    finite.fold(None, |bounds, v| match bounds {
        None => Some((v, v)),
        Some((least, most)) => Some((least.min(v), most.max(v))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale, n: usize) -> Vec<String> {
        scale.ticks(n).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn round_values_inside() {
        assert_eq!(texts(Scale::linear([1.2, 3.9]), 6), ["1", "2", "3", "4"]);
        assert_eq!(texts(Scale::logarithmic([0.3, 900.0]), 5), ["1", "10", "100", "1,000"]);
        assert_eq!(texts(Scale::logarithmic([2.0, 9.0]), 6), ["2", "5", "10"]);
        // Between two powers.
        assert_eq!(texts(Scale::logarithmic([7.0]), 6), ["6", "7", "8", "9"]);
        assert_eq!(texts(Scale::logarithmic([1e-15, 1e18]), 6).len(), 5);
    }

    #[test]
    fn no_value_gives_a_place_that_is_no_number() {
        let wild = [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e300, f64::MIN_POSITIVE, f64::MAX];
        for values in [&wild[..], &[], &[5.0], &[0.0], &[5.0, 5.0], &[1e-300, 1e290]] {
            for scale in [Scale::linear(values.to_vec()), Scale::logarithmic(values.to_vec())] {
                for value in wild {
                    assert!(scale.share(value).is_finite(), "{scale:?} {value}");
                }
                assert!(
                    scale.ticks(6).len() <= 13 && scale.ticks(6).iter().all(|t| t.0.is_finite())
                );
            }
        }
        let one = Scale::logarithmic([7.0]);
        assert!((one.share(7.0) - 0.5).abs() < 1e-9);
    }
}
