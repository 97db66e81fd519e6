//! The network as a predictor of lanes: one step at a time with all frequencies, or many with the intervals of known
//! symbols.

use std::sync::Arc;

use cubecl::prelude::Runtime;
use vortex_coder::Error;
use vortex_coder::cdf::{Cdf, Interval};
use vortex_coder::predictor::{Coding, Predictor};
use vortex_coder::score::{Known, Score};

use crate::prepared::{Prepared, USUAL_LANES};
use crate::runtime::{Buffer, Launch};
use crate::shape::{CUBE_WORDS, EACH, FIRST_LANE, FREQUENCIES, INTERVALS, LANES, LONGER, Shape};

/// Lanes whose state is in one buffer.
struct Batch {
    first: usize,
    lanes: usize,
    /// `lanes` rounded up to whole cubes.
    room: usize,
    state: Buffer,
}

/// One thread's predictor.
pub struct GpuPredictor<R: Runtime> {
    prepared: Arc<Prepared<R>>,
    shape: Shape,
    batches: Vec<Batch>,
    /// Symbols of each lane so far.
    step: usize,
    /// The symbols of the step before, until the device has them.
    pending: Vec<u8>,
    failure: Option<Error>,
}

impl<R: Runtime> GpuPredictor<R> {
    pub fn new(prepared: Arc<Prepared<R>>) -> Self {
        let shape = prepared.shape(USUAL_LANES);
        Self { prepared, shape, batches: Vec::new(), step: 0, pending: Vec::new(), failure: None }
    }

    /// Runs `n_steps` steps of the first `active` lanes of a batch; `symbols` has a row for the step before and one for
    /// each step, `output` words are made for each lane and step.
    fn launch(
        &self,
        batch: &Batch,
        active: usize,
        symbols: &[u32],
        n_steps: usize,
        output: usize,
        mode: u32,
    ) -> Result<Vec<u32>, Error> {
        let n_cubes = active.div_ceil(self.shape.lanes);
        let entries: Vec<[u32; CUBE_WORDS]> = (0..n_cubes)
            .map(|cube| {
                let first = cube * self.shape.lanes;
                let mut entry = [0; CUBE_WORDS];
                entry[FIRST_LANE] = word(first);
                entry[LANES] = word((active - first).min(self.shape.lanes));
                (entry[EACH], entry[LONGER]) = (u32::MAX, 0);
                entry
            })
            .collect();
        let prepared = &*self.prepared;
        prepared.run("coding", |device| {
            let cubes = device.upload(&prepared.table(&self.shape, &entries));
            let data = device.empty(n_steps * batch.room * output);
            device.launch(&Launch {
                weights: &prepared.weights,
                params: &prepared.params,
                state: &batch.state,
                symbols: &device.upload(symbols),
                data: &data,
                cubes: &cubes,
                n_cubes,
                lanes: batch.room,
                first_step: self.step,
                n_steps,
                pending: !self.pending.is_empty(),
                shape: self.shape,
                mode,
            });
            device.finished(&cubes, n_cubes, n_steps)?;
            device.download(&data)
        })
    }

    /// The row of symbols of the step before, for the lanes of a batch.
    fn pending_row(&self, batch: &Batch, symbols: &mut [u32]) {
        let of_batch = self.pending.iter().skip(batch.first).take(batch.lanes);
        for (row, &symbol) in symbols.iter_mut().zip(of_batch) {
            *row = symbol.into();
        }
    }

    fn frequencies(&mut self, active: usize, out: &mut [Cdf], modelled: bool) -> Result<(), Error> {
        for batch in &self.batches {
            let here = active.saturating_sub(batch.first).min(batch.lanes);
            if here == 0 {
                break;
            }
            let mut symbols = vec![0; 2 * batch.room];
            self.pending_row(batch, &mut symbols);
            let found = self.launch(batch, here, &symbols, 1, 256, FREQUENCIES)?;
            if modelled {
                let alphabet =
                    usize::from(self.prepared.network.layout().roles()[self.role()].alphabet);
                for (cdf, row) in
                    out[batch.first..batch.first + here].iter_mut().zip(found.chunks_exact(256))
                {
                    let mut weights = [0; 256];
                    // Weights smaller by one give these frequencies: their total needs no shift.
                    for (w, f) in weights.iter_mut().zip(row) {
                        *w = f.saturating_sub(1);
                    }
                    cdf.set_weights(&weights[..alphabet]);
                }
            }
        }
        self.pending.clear();
        Ok(())
    }

    fn intervals(&mut self, known: Known<'_>, out: &mut Vec<Score>) -> Result<(), Error> {
        let n_roles = known.roles();
        let n_steps = known.records() * n_roles;
        let prepared = Arc::clone(&self.prepared);
        let mut done = 0;
        while done < n_steps {
            let output = 3 * known.lanes().next_multiple_of(self.shape.lanes);
            let steps = prepared.steps(&self.shape, self.step, n_steps - done, 1, output);
            let start = out.len();
            out.resize(start + steps * known.lanes(), Score::Flat);
            for batch in &self.batches {
                let here = known.lanes().saturating_sub(batch.first).min(batch.lanes);
                if here == 0 {
                    break;
                }
                let mut symbols = vec![0; (1 + steps) * batch.room];
                let (before, rows) = symbols.split_at_mut(batch.room);
                self.pending_row(batch, before);
                for (at, row) in rows.chunks_exact_mut(batch.room).enumerate() {
                    let (record, role) = ((done + at) / n_roles, (done + at) % n_roles);
                    let of_all =
                        known.record_of_all(record).chunks_exact(n_roles).skip(batch.first);
                    for (symbol, of_lane) in row.iter_mut().zip(of_all.take(here)) {
                        *symbol = of_lane[role].into();
                    }
                }
                let found = self.launch(batch, here, &symbols, steps, 3, INTERVALS)?;
                for (at, row) in found.chunks_exact(3 * batch.room).enumerate() {
                    if self.prepared.network.network().flat[(self.step + at) % n_roles] {
                        continue;
                    }
                    let place = start + at * known.lanes() + batch.first;
                    let (rows, _) = row.as_chunks::<3>();
                    for (score, &[low, freq, total]) in
                        out[place..place + here].iter_mut().zip(rows)
                    {
                        *score = Interval::new(low, freq, total)
                            .map_or(Score::Impossible, Score::Modelled);
                    }
                }
            }
            self.pending.clear();
            self.step += steps;
            done += steps;
        }
        Ok(())
    }

    fn role(&self) -> usize {
        self.step % self.prepared.network.layout().roles().len()
    }
}

impl<R: Runtime> Predictor for GpuPredictor<R> {
    fn lane_bytes(&self) -> usize {
        self.prepared.network.network().lane_bytes()
    }

    fn max_group(&self) -> usize {
        usize::MAX
    }

    fn begin(&mut self, lanes: usize) {
        (self.step, self.failure) = (0, None);
        self.pending.clear();
        self.batches.clear();
        self.shape = self.prepared.shape(lanes.min(USUAL_LANES));
        let most = self.prepared.lanes_of_a_buffer();
        let prepared = Arc::clone(&self.prepared);
        let shape = self.shape;
        let made = prepared.run("memory for the lanes of these blocks", |device| {
            let batch = |first: usize| {
                let lanes = most.min(lanes - first);
                let room = lanes.next_multiple_of(shape.lanes);
                Batch { first, lanes, room, state: device.empty(room * shape.lane_words()) }
            };
            Ok((0..lanes).step_by(most).map(batch).collect())
        });
        match made {
            Ok(batches) => self.batches = batches,
            Err(error) => self.failure = Some(error),
        }
    }

    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        let modelled = !self.prepared.network.network().flat[self.role()];
        if self.failure.is_none()
            && let Err(error) = self.frequencies(active, out, modelled)
        {
            self.failure = Some(error);
        }
        if modelled { Coding::Modelled } else { Coding::Flat }
    }

    fn update(&mut self, symbols: &[u8]) {
        self.pending.clear();
        self.pending.extend(symbols);
        self.step += 1;
    }

    fn score(&mut self, known: Known<'_>, out: &mut Vec<Score>) {
        let end = out.len() + known.records() * known.roles() * known.lanes();
        if self.failure.is_none()
            && let Err(error) = self.intervals(known, out)
        {
            self.failure = Some(error);
        }
        out.resize(end, Score::Impossible);
    }

    fn records_to_score(&self, lanes: usize) -> usize {
        // Whole launches, as far as records allow it.
        let roles = self.prepared.network.layout().roles().len();
        let steps = self.prepared.steps(&self.shape, 0, usize::MAX, 1, 3 * lanes.max(1));
        (steps / roles).max(1)
    }

    fn failure(&mut self) -> Option<Error> {
        self.failure.as_ref().map(|error| Error::new(error.kind, error.message.clone()))
    }
}

/// A number that the length of a buffer bounds.
pub fn word(n: usize) -> u32 {
    u32::try_from(n).expect("buffers have fewer words")
}
