//! The look before coding: what a sample says about decimals, laws and records, judged by what the
//! built-in predictor makes of it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use vortex_coder::container::Coder;
use vortex_coder::{BlockRecords, Model, Schema};
use vortex_data::detect::has_records;
use vortex_data::{Search, discover};

use crate::error::{Error, Result};
use crate::level::Level;
use crate::quick_look;

/// Bytes from the start of a stream that are looked at; more change nothing.
pub const SAMPLE_BYTES: usize = 8 << 20;

/// Share of the sample that a candidate is tried on, and its bounds in bytes.
const TRIAL_SHARE: usize = 40;
const TRIAL_BYTES: std::ops::RangeInclusive<usize> = 48 << 10..=256 << 10;
/// Candidates are tried first on a part of these bytes, and again on a larger part if they cost at
/// most a twentieth more than the best one.
const ROUNDS: [usize; 2] = [6, 3];
const STILL_GOOD: u64 = 20;

/// What the caller knows about the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Their layout is stated, and stays.
    Layout,
    /// Their layout was found in the bytes, and may be an accident.
    Guess,
}

/// The schema with decimals and laws of the sample where they make it shorter; instead of a guess that does not pay,
/// [`Schema::bytes`].
pub(crate) fn improve(level: Level, schema: Schema, known: Known, sample: &[u8]) -> Result<Schema> {
    if sample.is_empty() {
        return Ok(schema);
    }
    if let Some(columns) = level.columns() {
        return quick_look::improve(level, columns, schema, known, sample);
    }
    if known == Known::Guess && !has_records(&schema) {
        // The predictor finds numbers that change their type along the way, and their rows.
        return Ok(Schema::bytes());
    }
    let sample = &sample[..sample.len().min(SAMPLE_BYTES)];
    let search = Search { decimals: true, laws: true, deltas: false };
    let lawful = discover(&schema, sample, search)?.schema;
    let only_deltas = Search { decimals: false, laws: false, deltas: true };
    let with_deltas = discover(&lawful, sample, only_deltas)?.schema;
    let mut candidates = vec![lawful];
    for other in [with_deltas, schema] {
        if !candidates.contains(&other) {
            candidates.push(other);
        }
    }
    if known == Known::Guess && candidates[0] != Schema::bytes() {
        candidates.push(Schema::bytes());
    }
    cheapest(level, candidates, sample)
}

/// The schema with which the predictor makes the sample smallest; the first one of equal ones.
fn cheapest(level: Level, mut candidates: Vec<Schema>, sample: &[u8]) -> Result<Schema> {
    for part in ROUNDS {
        if candidates.len() == 1 {
            break;
        }
        let costs = costs_of(&candidates, |schema| {
            let bytes = trial_bytes(sample) / part;
            cost(level, schema, middle(sample, schema.stride(), bytes))
        })?;
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|&i| costs[i]);
        let most = costs[order[0]] + costs[order[0]] / STILL_GOOD;
        order.retain(|&i| costs[i] <= most);
        candidates = order.into_iter().map(|i| candidates[i].clone()).collect();
    }
    Ok(candidates.swap_remove(0))
}

/// Whole records from the middle of a sample.
pub(crate) fn trial(sample: &[u8], stride: usize) -> &[u8] {
    middle(sample, stride, trial_bytes(sample))
}

fn trial_bytes(sample: &[u8]) -> usize {
    (sample.len() / TRIAL_SHARE).clamp(*TRIAL_BYTES.start(), *TRIAL_BYTES.end())
}

/// Whole records from the middle of a sample, of about so many bytes; one at least, if there is one.
pub(crate) fn middle(sample: &[u8], stride: usize, bytes: usize) -> &[u8] {
    let records = sample.len() / stride;
    let tried = (bytes / stride).max(1).min(records);
    let start = (records - tried) / 2 * stride;
    &sample[start..start + tried * stride]
}

/// The cost of each candidate, measured on a thread of its own.
pub(crate) fn costs_of<T: Sync>(
    candidates: &[T],
    cost: impl Fn(&T) -> Result<u64> + Sync,
) -> Result<Vec<u64>> {
    std::thread::scope(|scope| {
        let cost = &cost;
        let trials: Vec<_> =
            candidates.iter().map(|candidate| scope.spawn(move || cost(candidate))).collect();
        let finished =
            trials.into_iter().map(|trial| trial.join().expect("a trial does not panic"));
        finished.collect()
    })
}

/// What a predictor makes of the records, in 2^-16 bits a byte.
fn cost(level: Level, schema: &Schema, records: &[u8]) -> Result<u64> {
    if records.is_empty() {
        return Ok(u64::MAX);
    }
    let Coder::Model(model) = level.coder(schema.clone()) else { return Ok(u64::MAX) };
    Ok(cost_of(&*model, records)? / records.len() as u64)
}

/// What a model makes of the records, in 2^-16 bits.
pub(crate) fn cost_of(model: &dyn Model, records: &[u8]) -> Result<u64> {
    let block = BlockRecords { bytes: records, lanes: model.lanes(records.len()) };
    let costs = model.coder().measure(&[block])?;
    Ok(costs.iter().flatten().sum())
}

/// The first bytes of a part of a file, as far as they are there.
pub(crate) fn sample_of(path: &Path, offset: u64, bytes: Option<u64>) -> Result<Vec<u8>> {
    let unreadable = |error| Error::from(error).context(path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let mut sample = Vec::new();
    let wanted = bytes.unwrap_or(u64::MAX).min(SAMPLE_BYTES as u64);
    file.take(wanted).read_to_end(&mut sample).map_err(unreadable)?;
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_data::detect;

    fn improved(bytes: &[u8]) -> Schema {
        improve(Level::DEFAULT, detect(bytes).schema, Known::Guess, bytes).unwrap()
    }

    #[test]
    fn the_period_of_a_signal_is_no_record() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 16) / 65_536.0 - 0.5
        };
        let sample = |i: u32| 12_000.0 * (f64::from(i) * std::f64::consts::TAU / 251.3).sin();
        let bytes: Vec<u8> = (0..60_000)
            .flat_map(|i| ((sample(i) + 200.0 * noise()) as i16).to_le_bytes())
            .collect();
        assert!(improved(&bytes).stride() <= 2);
    }

    #[test]
    fn records_that_pay_stay_and_stated_ones_always_do() {
        let mut state = 1u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 12
        };
        let mut bytes = Vec::new();
        for _ in 0..4000 {
            let (a, b) = (draw() % 1000, draw() % 7);
            bytes.extend(a.to_le_bytes());
            bytes.push(b.to_le_bytes()[0]);
            bytes.extend((f64::from(a) as f32 / 3.0).to_le_bytes());
        }
        assert_eq!(improved(&bytes).stride(), 9);
        let noise: Vec<u8> = (0..9000).map(|_| draw().to_le_bytes()[1]).collect();
        let stated = detect(&bytes).schema;
        let kept = improve(Level::DEFAULT, stated.clone(), Known::Layout, &noise).unwrap();
        assert!(kept.same_records(&stated));
    }

    #[test]
    fn the_old_levels_and_nothing_at_all_change_nothing() {
        let schema = Schema::bytes();
        assert_eq!(improve(Level::FASTEST, schema.clone(), Known::Guess, b"abc").unwrap(), schema);
        assert_eq!(improve(Level::DEFAULT, schema.clone(), Known::Guess, b"").unwrap(), schema);
    }
}
