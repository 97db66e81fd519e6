//! Windows of several files in one stream.

use serde::{Deserialize, Serialize};
use vortex_coder::layout::RecordLayout;
use vortex_data::RecordSet;

use crate::error::{Result, TrainError};
use crate::rng::Rng;

use super::chunks::{ChunkOrder, Place, Pool};
use super::{Order, Parts, SamplingConfig, WindowBatch, Windows};

/// Draws windows: the file, the place in it, and whether the window is cold.
#[derive(Debug)]
pub struct Sampler<'a> {
    sources: Vec<Source<'a>>,
    rng: Rng,
    records: usize,
    roles: usize,
}

#[derive(Debug)]
struct Source<'a> {
    windows: Windows<'a>,
    /// Share of the windows that come from this file and the files before it.
    until: f64,
    order: Option<ChunkOrder>,
    pool: Pool,
    place: Place,
}

/// The state from which a sampler continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplerState {
    /// State of the generator.
    pub rng: String,
    /// Epoch and number of its finished windows, for each training file.
    pub places: Vec<Place>,
}

impl<'a> Sampler<'a> {
    /// Windows of `records` records of the training parts.
    ///
    /// # Errors
    /// [`TrainError::Data`] for one of several files that is shorter than a window;
    /// [`TrainError::Invalid`] if there is not one weight per file.
    pub fn new(
        data: &'a RecordSet,
        layout: &'a RecordLayout,
        parts: &Parts,
        records: usize,
        config: &SamplingConfig,
        seed: u64,
    ) -> Result<Self> {
        let files = data.files();
        if !config.weights.is_empty() && config.weights.len() != files.len() {
            return Err(TrainError::Invalid {
                field: "sampling.weights".into(),
                value: format!("a list of {}", config.weights.len()),
                rule: format!("one weight for each of the {} data files", files.len()),
            });
        }
        let mut sources = Vec::new();
        for (number, (file, part)) in parts.train.iter().enumerate() {
            let windows = Windows::new(data, layout, part.clone(), records);
            if parts.train.len() > 1 && windows.records() < records {
                return Err(TrainError::Data(format!(
                    "{}: {} records to train on, but a window has {records}; leave the file out or lower \
                     `batch.tokens`",
                    files[*file].name(),
                    windows.len(),
                )));
            }
            let bytes = windows.records() * layout.stride();
            let order = ChunkOrder {
                chunk: (config.chunk_bytes / bytes).max(1) as u64,
                pool: config.pool_chunks,
                seed: seed ^ (number as u64) << 32,
            };
            sources.push(Source {
                until: config.weights.get(*file).copied().unwrap_or(windows.len() as f64),
                windows,
                order: (config.order == Order::ShuffledChunks).then_some(order),
                pool: Pool::default(),
                place: (0, 0),
            });
        }
        let total: f64 = sources.iter().map(|s| s.until).sum();
        let mut until = 0.0;
        for source in &mut sources {
            until += source.until / total;
            source.until = until;
        }
        let records = sources[0].windows.records();
        Ok(Self { sources, rng: Rng::new(seed), records, roles: layout.roles().len() })
    }

    /// Records of a window that are predicted.
    pub fn records(&self) -> usize {
        self.records
    }

    /// The next windows. A share of `cold` of them, and those at the start of a part, are cold: all
    /// symbols before them are 0.
    pub fn draw(&mut self, windows: usize, cold: f64) -> Result<WindowBatch> {
        let mut symbols = Vec::with_capacity(windows * (1 + self.records) * self.roles);
        for _ in 0..windows {
            let last = self.sources.len() - 1;
            let index = match last {
                0 => 0,
                _ => {
                    let share = self.rng.unit();
                    self.sources.partition_point(|source| source.until <= share).min(last)
                }
            };
            let Source { windows, order, pool, place, .. } = &mut self.sources[index];
            match order {
                None => {
                    let start = windows.random(&mut self.rng);
                    let cold = self.rng.unit() < cold;
                    windows.append(start, cold, &mut symbols)?;
                }
                Some(order) => {
                    let cold = self.rng.unit() < cold;
                    order.next(windows, pool, place, cold, &mut symbols)?;
                }
            }
        }
        Ok(WindowBatch { symbols, windows, records: self.records, roles: self.roles })
    }

    /// A random one of these values; `None` if there are none.
    pub fn choose(&mut self, values: &[usize]) -> Option<usize> {
        (!values.is_empty()).then(|| values[self.rng.below(values.len() as u64) as usize])
    }

    /// Windows drawn with a separate generator, without changing this one.
    pub fn apart(&mut self, seed: u64, windows: usize, cold: f64) -> Result<WindowBatch> {
        let state = self.state();
        self.rng = Rng::new(seed);
        let batch = self.draw(windows, cold);
        // The state was written just before.
        let _ = self.restore(&state);
        batch
    }

    /// The state to save.
    pub fn state(&self) -> SamplerState {
        SamplerState {
            rng: self.rng.to_hex(),
            places: self.sources.iter().map(|source| source.place).collect(),
        }
    }

    /// Restores a saved state; `None` if it is damaged or belongs to other files.
    pub fn restore(&mut self, state: &SamplerState) -> Option<()> {
        if state.places.len() != self.sources.len() {
            return None;
        }
        self.rng = Rng::from_hex(&state.rng)?;
        for (source, &place) in self.sources.iter_mut().zip(&state.places) {
            source.place = place;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::parts;
    use crate::sampler::windows::tests::{layout, sources};
    use vortex_data::SplitRatios;

    fn firsts(batch: &WindowBatch) -> Vec<u16> {
        let window = batch.symbols.len() / batch.windows;
        batch.symbols.chunks(window).map(|w| u16::from_be_bytes([w[2], w[3]])).collect()
    }

    #[test]
    fn files_are_seen_by_weight_or_by_size() {
        let (layout, data) = (layout(), sources(&[3000, 1000]));
        let parts = parts(&data, SplitRatios::new(80, 10, 10).unwrap()).unwrap();
        for order in [Order::Random, Order::ShuffledChunks] {
            for (weights, share) in [(vec![], 0.75), (vec![1.0, 4.0], 0.2)] {
                let config = SamplingConfig { order, weights, ..SamplingConfig::default() };
                let mut sampler = Sampler::new(&data, &layout, &parts, 5, &config, 1).unwrap();
                let batch = sampler.draw(4000, 0.1).unwrap();
                let starts = firsts(&batch);
                // Values are numbered through: parts are 1..=2400 and 3001..=3800.
                assert!(starts.iter().all(|v| (1..=2396).contains(v) || (3001..=3796).contains(v)));
                let first = starts.iter().filter(|v| **v < 3000).count() as f64 / 4000.0;
                assert!((first - share).abs() < 0.03, "{first} {share}");
            }
        }
    }

    #[test]
    fn a_saved_sampler_goes_on_with_the_same_windows() {
        let (layout, data) = (layout(), sources(&[300, 100]));
        let parts = parts(&data, SplitRatios::new(80, 10, 10).unwrap()).unwrap();
        for order in [Order::Random, Order::ShuffledChunks] {
            let config =
                SamplingConfig { order, chunk_bytes: 60, pool_chunks: 2, ..Default::default() };
            let mut one = Sampler::new(&data, &layout, &parts, 5, &config, 1).unwrap();
            one.draw(77, 0.1).unwrap();
            let state = one.state();
            let text = serde_json::to_string(&state).unwrap();
            one.apart(5, 9, 0.1).unwrap();
            assert_eq!(one.state(), state);
            let mut two = Sampler::new(&data, &layout, &parts, 5, &config, 1).unwrap();
            two.restore(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(one.draw(100, 0.1).unwrap(), two.draw(100, 0.1).unwrap());
            let other = SamplerState { places: vec![(0, 0)], ..state };
            assert!(two.restore(&other).is_none());
        }
    }

    #[test]
    fn weights_and_windows_must_fit_the_files() {
        let (layout, data) = (layout(), sources(&[300, 10]));
        let parts = parts(&data, SplitRatios::new(80, 10, 10).unwrap()).unwrap();
        let config = SamplingConfig { weights: vec![1.0], ..SamplingConfig::default() };
        let error = Sampler::new(&data, &layout, &parts, 5, &config, 1).unwrap_err().to_string();
        assert!(error.contains("sampling.weights") && error.contains("2 data files"), "{error}");
        let config = SamplingConfig::default();
        let error = Sampler::new(&data, &layout, &parts, 9, &config, 1).unwrap_err().to_string();
        assert!(error.contains("file 1: 8 records") && error.contains("window has 9"), "{error}");
    }
}
