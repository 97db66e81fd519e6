//! Candidates for laws: sums of two, runs of fields with a constant sum, roots of sums of squares.

use vortex_coder::schema::{Law, LawForm, Predicted, Term};

use super::Proposal;
use super::columns::{Columns, FIRST, KEPT, RECORDS};
use super::median::{median, of_small_parts};

/// Largest deviation, as a share of the largest term.
const TOLERANCE: f64 = 2e-5;
/// A term this small beside the largest one says nothing.
const NEGLIGIBLE: f64 = 1e-3;
/// Fields before and after that a field is compared with.
const REACH: usize = 24;
/// Longest run of fields with a constant sum.
const LONGEST_RUN: usize = 6;

/// Most bits that a law may leave of each value of a field.
const LEFT: f64 = 14.0;

/// A relation between columns: `value = sum of signs * terms`, squared or not.
struct Candidate {
    target: usize,
    form: LawForm,
    terms: Vec<(usize, bool)>,
}

/// Sums and roots that hold. Each relation may be proposed for several of its fields.
pub(super) fn find(columns: &Columns) -> Vec<Proposal> {
    let mut found = Vec::new();
    for target in 0..columns.len() {
        let near: Vec<usize> = columns.around(target, REACH).collect();
        found.extend(columns.sums_of_two(target, &near));
        found.extend(columns.roots(target, &near));
    }
    found.extend(columns.constant_sums());
    found
}

impl Columns {
    fn law(&self, candidate: &Candidate, constant: f64) -> Option<Proposal> {
        let bits = self.bits(candidate, constant);
        if bits > LEFT {
            return None;
        }
        let term =
            |&(column, minus): &(usize, bool)| Term { field: self.field[column] as u16, minus };
        let terms = candidate.terms.iter().map(term).collect();
        let law = Law { form: candidate.form, constant: constant.to_bits(), terms };
        Some(Proposal { column: candidate.target, predicted: Predicted::Law(law), left: bits })
    }

    /// Bits of the distance between the field and what the law says, in units of its last place.
    fn bits(&self, candidate: &Candidate, constant: f64) -> f64 {
        let own = &self.values[candidate.target];
        let unusual = (0..self.records).filter(|&r| !self.is_usual(candidate.target, r));
        let n = unusual.clone().count().max(1);
        let left = unusual.map(|record| {
            let Some((rest, _)) = self.rest(candidate, record) else { return LEFT * 2.0 };
            let value = own[record];
            let expected = match candidate.form {
                LawForm::Sum => value - rest + constant,
                LawForm::RootOfSquares => (value * value - rest + constant).max(0.0).sqrt(),
            };
            (1.0 + (value - expected).abs() / (value.abs() * self.last_place(candidate.target)))
                .log2()
        });
        left.map(|bits| if bits.is_finite() { bits } else { LEFT * 2.0 }).sum::<f64>() / n as f64
    }

    /// What the target adds to its terms in a record, and the size of the largest part; `None` where a
    /// value is infinite or nothing is compared because all but one part are negligible.
    fn rest(&self, candidate: &Candidate, record: usize) -> Option<(f64, f64)> {
        let power = |x: f64| if candidate.form == LawForm::Sum { x } else { x * x };
        let own = power(self.values[candidate.target][record]);
        let (mut rest, mut largest) = (own, own.abs());
        for &(column, minus) in &candidate.terms {
            let part = power(self.values[column][record]);
            largest = largest.max(part.abs());
            rest += if minus { part } else { -part };
        }
        rest.is_finite().then_some((rest, largest))
    }

    /// Whether enough of the first `n` records keep the law, up to a constant.
    fn keeps(&self, candidate: &Candidate, constant: f64, n: usize) -> bool {
        let records: Vec<usize> = self.some(n).collect();
        let n = records.len();
        let keeping = records.into_iter().filter(|&record| {
            self.rest(candidate, record).is_some_and(|(rest, largest)| {
                largest > 0.0 && (rest - constant).abs() <= TOLERANCE * largest
            })
        });
        keeping.count() as f64 >= KEPT * n as f64 && n > 0
    }

    /// Whether one of the first few records keeps the law, which most candidates fail.
    fn keeps_some(&self, candidate: &Candidate, constant: f64) -> bool {
        (0..4).filter_map(|place| self.first(place)).any(|record| {
            self.rest(candidate, record)
                .is_some_and(|(rest, largest)| (rest - constant).abs() <= TOLERANCE * largest)
        })
    }

    /// Whether every term matters in most records.
    fn all_matter(&self, candidate: &Candidate) -> bool {
        candidate.terms.iter().all(|&(column, _)| {
            let matters = (0..self.records).filter(|&record| {
                let own = self.values[candidate.target][record].abs();
                self.values[column][record].abs() > NEGLIGIBLE * own
            });
            matters.count() as f64 >= 0.5 * self.records as f64
        })
    }

    fn holds(&self, candidate: &Candidate, constant: f64) -> bool {
        self.keeps_some(candidate, constant)
            && self.keeps(candidate, constant, FIRST)
            && self.keeps(candidate, constant, RECORDS)
            && self.all_matter(candidate)
    }

    fn sums_of_two(&self, target: usize, near: &[usize]) -> Vec<Proposal> {
        let mut found = Vec::new();
        for (i, &a) in near.iter().enumerate() {
            for &b in &near[i + 1..] {
                // -a - b is the same law seen from another of the three.
                for signs in [(false, false), (false, true), (true, false)] {
                    let terms = vec![(a, signs.0), (b, signs.1)];
                    let candidate = Candidate { target, form: LawForm::Sum, terms };
                    if self.holds(&candidate, 0.0) {
                        found.extend(self.law(&candidate, 0.0));
                    }
                }
            }
        }
        found
    }

    /// `target^2 = constant + sum of the squares of two or three fields in a row`.
    fn roots(&self, target: usize, near: &[usize]) -> Vec<Proposal> {
        let mut found = Vec::new();
        for length in [2, 3] {
            for run in near.windows(length) {
                let terms = run.iter().map(|&column| (column, false)).collect();
                let candidate = Candidate { target, form: LawForm::RootOfSquares, terms };
                let constant = self.constant(&candidate);
                if self.holds(&candidate, constant) {
                    found.extend(self.law(&candidate, constant));
                }
            }
        }
        found
    }

    /// Runs of fields with the same sum in all records; the largest is computed from the others.
    fn constant_sums(&self) -> Vec<Proposal> {
        let mut found = Vec::new();
        for length in 2..=LONGEST_RUN.min(self.values.len()) {
            for first in 0..=self.values.len() - length {
                let run: Vec<usize> = (first..first + length).collect();
                for &target in &run {
                    let others = run.iter().filter(|&&c| c != target).map(|&c| (c, true)).collect();
                    let candidate = Candidate { target, form: LawForm::Sum, terms: others };
                    let constant = self.constant(&candidate);
                    if constant != 0.0 && self.holds(&candidate, constant) {
                        found.extend(self.law(&candidate, constant));
                    }
                }
            }
        }
        found
    }

    /// What most records agree on: the median over those where the parts are smallest, so that their
    /// rounding counts least.
    fn constant(&self, candidate: &Candidate) -> f64 {
        let rests = |n: usize| self.some(n).filter_map(|r| self.rest(candidate, r));
        // Most candidates are wrong, which a few records show.
        let first: Vec<(f64, f64)> = rests(FIRST).collect();
        if spread(&first) {
            return f64::NAN;
        }
        of_small_parts(rests(self.records).collect()).unwrap_or(f64::NAN)
    }
}

/// Whether the rests lie too far apart, measured by their parts, to be one constant.
fn spread(rest: &[(f64, f64)]) -> bool {
    let middle = median(&mut rest.iter().map(|(rest, _)| *rest).collect::<Vec<f64>>());
    let Some(middle) = middle else { return true };
    let near = rest.iter().filter(|(r, largest)| (r - middle).abs() <= TOLERANCE * largest);
    (near.count() as f64) < 0.5 * rest.len() as f64
}
