//! The built-in adaptive model: adaptive counts in several contexts per symbol, mixed in integers.
//!
//! It needs no training and no file, so it codes data without a network, and golden files of the
//! container depend only on it. For each symbol it combines
//! - counts of all symbols of the role (a complete table), and
//! - short lists of the symbols that occurred in six more specific contexts: the symbols
//!   of this field so far, the same symbol of the previous record, the preceding fields, ...
//!
//! weighted by the cost of the role's recent symbols under each of them. Lanes share all counts and
//! use them in their order. Memory is fixed except for a few tables with one entry per role.

mod contexts;
mod mixing;
mod slots;

use crate::cdf::Cdf;
use crate::identity::Identity;
use crate::lane_coder::LaneCoder;
use crate::layout::RecordLayout;
use crate::model::{BlockCoder, Model};
use crate::predictor::{Coding, Predictor};
use crate::schema::Schema;
use contexts::Lane;
use mixing::{Experts, Mixer};
use slots::Slots;

/// The adaptive model of a record layout.
#[derive(Clone, Debug)]
pub struct AdaptiveModel {
    layout: RecordLayout,
}

impl AdaptiveModel {
    /// The model for records of this schema.
    pub fn new(schema: Schema) -> Self {
        Self { layout: RecordLayout::new(schema) }
    }

    /// A fresh predictor for one thread.
    pub fn predictor(&self) -> Box<dyn Predictor + '_> {
        Box::new(AdaptivePredictor {
            layout: &self.layout,
            lanes: Vec::new(),
            pending: Vec::new(),
            slots: Slots::new(),
            mixer: Mixer::new(self.layout.roles().len()),
            role: 0,
        })
    }
}

impl Model for AdaptiveModel {
    fn identity(&self) -> Identity {
        Identity::Adaptive
    }
    fn layout(&self) -> &RecordLayout {
        &self.layout
    }
    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        Box::new(LaneCoder::new(&self.layout, self.predictor()))
    }
}

struct AdaptivePredictor<'a> {
    layout: &'a RecordLayout,
    lanes: Vec<Lane>,
    /// The parts of the last prediction of each lane.
    pending: Vec<Experts>,
    slots: Slots,
    mixer: Mixer,
    role: usize,
}

impl Predictor for AdaptivePredictor<'_> {
    fn begin(&mut self, lanes: usize) {
        let roles = self.layout.roles().len();
        self.lanes.clear();
        self.lanes.resize_with(lanes, || Lane::new(roles));
        self.pending.clear();
        self.pending.resize_with(lanes, Experts::default);
        self.slots.clear();
        self.mixer.clear();
        self.role = 0;
    }

    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        let alphabet = usize::from(self.layout.roles()[self.role].alphabet);
        let lanes = self.lanes[..active].iter().zip(&mut self.pending);
        for ((lane, experts), cdf) in lanes.zip(out) {
            let hashes = lane.hashes(self.layout, self.role);
            for (found, hash) in experts.found.iter_mut().zip(hashes) {
                *found = self.slots.find(hash);
            }
            let weights = self.mixer.predict(self.role, &self.slots, experts);
            cdf.set_weights(&weights[..alphabet]);
        }
        Coding::Modelled
    }

    fn update(&mut self, symbols: &[u8]) {
        for ((&symbol, lane), experts) in symbols.iter().zip(&mut self.lanes).zip(&self.pending) {
            self.mixer.update(self.role, &mut self.slots, experts, symbol);
            lane.set(self.role, symbol);
        }
        self.role += 1;
        if self.role == self.layout.roles().len() {
            self.role = 0;
            self.lanes[..symbols.len()].iter_mut().for_each(Lane::next_record);
        }
    }
}
