//! Symbols that are known before they are coded, as in an encoder: a predictor may process many
//! steps at once to compute their intervals.

use crate::cdf::{Cdf, Interval};
use crate::predictor::{Coding, Predictor};

/// The prediction for one known symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// The symbol's interval in its distribution.
    Modelled(Interval),
    /// Every symbol of the role's alphabet is equally likely.
    Flat,
    /// The distribution has no such symbol.
    Impossible,
}

/// The symbols of the next whole records of some lanes.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    symbols: &'a [u8],
    lanes: usize,
    roles: usize,
}

impl<'a> Known<'a> {
    /// Symbols as `[record][lane][role]`.
    ///
    /// # Panics
    /// Unless there are lanes, roles, and a whole number of records.
    pub fn new(symbols: &'a [u8], lanes: usize, roles: usize) -> Self {
        assert!(
            lanes > 0 && roles > 0 && symbols.len().is_multiple_of(lanes * roles),
            "{} symbols of {lanes} lanes and {roles} roles",
            symbols.len()
        );
        Self { symbols, lanes, roles }
    }

    /// Number of lanes.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Symbols per record.
    pub fn roles(&self) -> usize {
        self.roles
    }

    /// Records per lane.
    pub fn records(&self) -> usize {
        self.symbols.len() / (self.lanes * self.roles)
    }

    /// The symbols of one record of all lanes, `[lane][role]`.
    #[inline]
    pub fn record_of_all(&self, record: usize) -> &'a [u8] {
        let n = self.lanes * self.roles;
        &self.symbols[record * n..(record + 1) * n]
    }

    /// The symbols of one record of one lane.
    #[inline]
    pub fn record(&self, record: usize, lane: usize) -> &'a [u8] {
        &self.symbols[(record * self.lanes + lane) * self.roles..][..self.roles]
    }
}

/// The reference for [`Predictor::score`]: one step after the other.
pub fn score_by_steps<P: Predictor + ?Sized>(
    predictor: &mut P,
    known: Known<'_>,
    out: &mut Vec<Score>,
) {
    let mut cdfs = vec![Cdf::default(); known.lanes()];
    let mut step_symbols = vec![0; known.lanes()];
    for record in 0..known.records() {
        for role in 0..known.roles() {
            for (lane, symbol) in step_symbols.iter_mut().enumerate() {
                *symbol = known.record(record, lane)[role];
            }
            let coding = predictor.predict(known.lanes(), &mut cdfs);
            out.extend(cdfs.iter().zip(&step_symbols).map(|(cdf, &symbol)| match coding {
                Coding::Modelled => cdf.interval(symbol).map_or(Score::Impossible, Score::Modelled),
                Coding::Flat => Score::Flat,
            }));
            predictor.update(&step_symbols);
        }
    }
}
