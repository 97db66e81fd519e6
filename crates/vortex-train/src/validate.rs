//! Bits per byte on held-out records: of the float model and of the integer network.

use std::ops::Range;

use vortex_coder::Model;
use vortex_coder::codec::{MAX_LANES, lanes_for, measure_records};
use vortex_coder::cost::COST_ONE_BIT;
use vortex_coder::layout::RecordLayout;
use vortex_data::RecordSet;
use vortex_infer::IntModel;
use vortex_model::QuantSpec;

use crate::backend::TrainBackend;
use crate::error::{Result, TrainError};
use crate::sampler::{Parts, WindowBatch, spread};
use crate::workers::Workers;

/// Held-out windows, read once.
#[derive(Debug)]
pub struct ValidationSet {
    batch: WindowBatch,
    bytes: Vec<u8>,
}

/// Costs on held-out records.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Mean bits per symbol of each role.
    pub role_bits: Vec<f64>,
    /// Bits per byte of the file.
    pub bits_per_byte: f64,
}

impl ValidationSet {
    /// Windows of `records` records spread over some parts, at most `max_bytes` (but at least one
    /// window).
    pub fn new(
        data: &RecordSet,
        layout: &RecordLayout,
        parts: &[Range<u64>],
        records: usize,
        max_bytes: usize,
    ) -> Result<Self> {
        let limit = (max_bytes / (records * layout.stride())).clamp(1, MAX_LANES);
        let roles = layout.roles().len();
        let mut batch = WindowBatch { symbols: Vec::new(), windows: 0, records, roles };
        let mut bytes = Vec::new();
        for (windows, starts) in spread(data, layout, parts, records, limit) {
            batch.records = windows.records();
            batch.windows += starts.len();
            batch.symbols.extend(windows.cold(&starts)?.symbols);
            bytes.extend(windows.bytes(&starts)?);
        }
        Ok(Self { batch, bytes })
    }

    /// The records that are measured, window after window.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes measured.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Cost under the float model, rounded with `quant`.
    pub fn float<B: TrainBackend>(
        &self,
        workers: &mut Workers<B>,
        params: &[f32],
        quant: Option<&QuantSpec>,
    ) -> Cost {
        let role_bits = workers.role_bits(params, &self.batch, quant);
        let records = self.batch.windows * self.batch.records;
        let total: f64 = role_bits.iter().sum::<f64>() * records as f64;
        Cost { role_bits, bits_per_byte: total / self.bytes.len() as f64 }
    }

    /// Cost under the integer network: each window is a lane, so that it sees what the float model sees.
    pub fn integer(&self, model: &IntModel) -> Result<Cost> {
        integer_cost(model, &self.bytes, self.batch.windows)
    }
}

/// Consecutive held-out records: at most `most_bytes`, but at least one record.
pub(crate) fn held_out_block(
    data: &RecordSet,
    layout: &RecordLayout,
    parts: &Parts,
    most_bytes: u64,
) -> Result<Vec<u8>> {
    let size = |part: &&Range<u64>| part.end - part.start;
    // The first of the longest: `max_by_key` would take the last.
    let longest = parts.validation.iter().rev().max_by_key(size).cloned().unwrap_or_default();
    let most = (most_bytes / layout.stride() as u64).max(1);
    let records = most.min(longest.end - longest.start) as usize;
    let mut block = Vec::new();
    data.read_records(longest.start, records, &mut block).map_err(TrainError::data)?;
    Ok(block)
}

/// Cost of consecutive records in the lanes that a block of a file would have.
pub fn block_cost(model: &IntModel, bytes: &[u8]) -> Result<Cost> {
    integer_cost(model, bytes, lanes_for(bytes.len()))
}

fn integer_cost(model: &IntModel, bytes: &[u8], lanes: usize) -> Result<Cost> {
    let mut predictor = model.predictor();
    let cost = measure_records(&mut *predictor, model.layout(), bytes, lanes)
        .map_err(|e| TrainError::Model(e.to_string()))?;
    let records = (bytes.len() / model.layout().stride()).max(1) as f64;
    let one = f64::from(COST_ONE_BIT);
    let total = cost.iter().sum::<u64>() as f64 / one;
    Ok(Cost {
        role_bits: cost.iter().map(|&c| c as f64 / one / records).collect(),
        bits_per_byte: total / bytes.len().max(1) as f64,
    })
}
