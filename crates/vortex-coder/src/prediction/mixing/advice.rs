//! What a network says about the next symbol, as inputs for the decisions of the symbol.

use super::curves::{Curves, STRETCH_LIMIT};
use crate::cdf::Cdf;
use crate::cost::log2;
use crate::error::{Error, Result};
use crate::predictor::{Coding, Predictor};

/// Inputs of the mixers that come from the network.
pub(super) const ADVICE_INPUTS: usize = 2;
/// Converts logarithms to base 2 in units of 2^-16 to natural ones in units of 1/256, with 20 bits
/// of fraction.
const STRETCHED: i64 = 2839;

/// One lane of a network beside the contexts: it gets the same symbols.
pub(super) struct Adviser<'a> {
    predictor: &'a mut dyn Predictor,
    cdf: [Cdf; 1],
}

impl<'a> Adviser<'a> {
    /// Starts the lane.
    pub(super) fn begin(predictor: &'a mut dyn Predictor) -> Self {
        predictor.begin(1);
        Self { predictor, cdf: [Cdf::default()] }
    }

    /// Writes what the network says about the next symbol to `advice`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a distribution of another alphabet, and a failure of
    /// the predictor's device.
    #[inline(always)]
    pub(super) fn advise(&mut self, advice: &mut Advice) -> Result<()> {
        let coding = self.predictor.predict(1, &mut self.cdf);
        if let Some(failure) = self.predictor.failure() {
            return Err(failure);
        }
        match coding {
            Coding::Flat => *advice = Advice::NONE,
            Coding::Modelled => advice.set(&self.cdf[0])?,
        }
        Ok(())
    }

    /// Passes the symbol to the network.
    #[inline(always)]
    pub(super) fn update(&mut self, symbol: u8) {
        self.predictor.update(&[symbol]);
    }
}

/// The network's frequencies of the next symbol.
#[derive(Clone)]
pub(super) struct Advice {
    frequencies: [u32; 256],
    /// Their sum; 0 without advice.
    total: u32,
}

impl Advice {
    /// No advice: all inputs are 0.
    pub(super) const NONE: Self = Self { frequencies: [0; 256], total: 0 };

    fn set(&mut self, cdf: &Cdf) -> Result<()> {
        let frequencies = cdf.frequencies().first_chunk().ok_or_else(|| {
            let n = cdf.len();
            Error::invalid_argument(format!("a distribution of {n} symbols; 256 can be mixed"))
        })?;
        self.frequencies = *frequencies;
        self.total = cdf.total();
        Ok(())
    }

    /// The split before the first decision.
    #[inline(always)]
    pub(super) fn start(&self) -> Split {
        Split { whole: self.total, ones: 0 }
    }

    /// Counts the symbols that continue with 1 after the decisions that lead to `node`.
    #[inline(always)]
    pub(super) fn split(&self, split: &mut Split, node: usize, bit: u32) {
        if split.whole > 0 {
            let half = 1 << bit;
            let first = ((node << (bit + 1)) & 255) + half;
            split.ones = self.frequencies[first..first + half].iter().sum();
        }
    }
}

/// The frequencies of the symbols that are still possible before a decision. All are 0 without
/// advice; otherwise both parts are at least 1.
#[derive(Clone, Copy)]
pub(super) struct Split {
    whole: u32,
    ones: u32,
}

impl Split {
    /// The network's inputs for the decision.
    #[inline(always)]
    pub(super) fn inputs(self, curves: &Curves) -> [i16; ADVICE_INPUTS] {
        if self.whole == 0 {
            return [0; ADVICE_INPUTS];
        }
        let odds = i64::from(log2(self.ones)) - i64::from(log2(self.whole - self.ones));
        let limit = i64::from(STRETCH_LIMIT);
        let stretched = ((odds * STRETCHED) >> 20).clamp(-limit, limit);
        let stretched = i16::try_from(stretched).expect("clamped");
        let p = curves.squash(stretched.into()).cast_signed();
        [stretched, i16::try_from((p - (1 << 15)) >> 6).expect("10 bits")]
    }

    /// Keeps the symbols with the decision `y`.
    #[inline(always)]
    pub(super) fn take(&mut self, y: u32) {
        self.whole = if y == 1 { self.ones } else { self.whole - self.ones };
    }
}
